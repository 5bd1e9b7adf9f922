//! The binary traces of libCacheSim: `oracleGeneral`, 24 bytes a request.
//!
//! - A request is, little-endian and without gaps: time in seconds (32 bits), object (64), size in bytes (32), and the
//!   number of the request that asks for the object next (64, signed; -1 or 2^63 - 1 where none does).
//! - An object is a page, whatever its size: objects are hashes of names, so the numbers that follow one are not the rest of
//!   it. A request of size 0 asks for nothing and is passed over, as it is by libCacheSim.
//! - Times are handed on in nanoseconds. All references are reads. There is one process, 1, and one segment, 0, unless the
//!   user says otherwise (see `trace/flat`).

use super::error::{At, TraceError};
use super::flat::lines::PROCESS;
use super::flat::{Flat, FlatReference, Numbers};
use super::input::{HEAD, Input};
use super::reading::Reading;
use super::{Fidelity, Settings};

/// Bytes of a request.
const REQUEST: usize = 24;
/// Bytes that are taken at once.
const BLOCK: usize = REQUEST << 11;
/// Where no request asks for the object again, beside -1.
const NEVER: i64 = i64::MAX;
/// No trace has so many requests: what says otherwise is something else.
const MOST_REQUESTS: i64 = 1 << 40;
const NANOSECONDS: u64 = 1_000_000_000;

/// One request.
struct Request {
    time: u32,
    object: u64,
    size: u32,
    next: i64,
}

impl Request {
    fn parse(bytes: &[u8; REQUEST]) -> Self {
        let [t0, t1, t2, t3, o0, o1, o2, o3, o4, o5, o6, o7, s0, s1, s2, s3, next @ ..] = *bytes;
        Self {
            time: u32::from_le_bytes([t0, t1, t2, t3]),
            object: u64::from_le_bytes([o0, o1, o2, o3, o4, o5, o6, o7]),
            size: u32::from_le_bytes([s0, s1, s2, s3]),
            next: i64::from_le_bytes(next),
        }
    }
}

/// Whether a file that begins like this is of this format, which has no mark: all of its requests must be plausible. Times
/// ascend, and the next request for an object comes later; in other data the latter is rare enough for one request to do.
pub fn detect(head: &[u8]) -> bool {
    let (requests, rest) = head.as_chunks::<REQUEST>();
    let is_whole = rest.is_empty() || head.len() >= HEAD;
    let mut time = 0;
    is_whole
        && !requests.is_empty()
        && requests.iter().map(Request::parse).zip(0..).all(|(request, number)| {
            let ascends = request.time >= time;
            time = request.time;
            ascends && (matches!(request.next, -1 | NEVER) || (number + 1..MOST_REQUESTS).contains(&request.next))
        })
}

/// Reads a trace.
///
/// # Errors
/// Those of reading; a file that ends inside a request; a request that is refused by the sink, unless the reading is lenient.
pub fn read(input: &mut Input<'_>, reading: &mut Reading<'_>) -> Result<(), TraceError> {
    let settings = Settings { has_time: true, fidelity: vec![Fidelity::NoWrites], ..Settings::default() };
    let mut flat = Flat::new(reading, &settings, Numbers::Pages);
    let mut block = Vec::with_capacity(BLOCK);
    loop {
        let mut byte = input.offset();
        block.clear();
        input.take(BLOCK, &mut block)?;
        let (requests, rest) = block.as_chunks::<REQUEST>();
        for bytes in requests {
            let Request { time, object, size, .. } = Request::parse(bytes);
            if size > 0 {
                let time = u64::from(time) * NANOSECONDS;
                let reference = FlatReference { process: PROCESS, number: object, count: 1, write: false, time };
                flat.reference(reading, At::Byte(byte), b"", reference)?;
            }
            byte += REQUEST as u64;
        }
        if !rest.is_empty() {
            let what = format!("the file ends {} bytes into a request of {REQUEST}", rest.len());
            return Err(reading.damaged(At::Byte(byte), what, "get the file again"));
        }
        if block.is_empty() {
            return flat.finish(reading);
        }
    }
}
