//! The settings of a trace as bytes.

use super::wire::{Cursor, put_varint, unzigzag, zigzag};
use crate::trace::{Fidelity, MAX_SWAP_AREAS, OutOfMemory, Settings, SwapArea, is_page_size};

/// Flags: what is given.
mod flag {
    /// Frames are given.
    pub const FRAMES: u8 = 1;
    /// Swap areas are given.
    pub const SWAP: u8 = 2;
    /// What happens out of memory is given.
    pub const OOM: u8 = 4;
    /// And it is to continue.
    pub const OOM_CONTINUE: u8 = 8;
    /// An event script's defaults.
    pub const KERNEL_DEFAULTS: u8 = 16;
    /// The times say something.
    pub const HAS_TIME: u8 = 32;
    /// All there are.
    pub const ALL: u8 = 63;
}

/// The settings as bytes.
pub fn encode(settings: &Settings) -> Vec<u8> {
    let when = |condition: bool, flag: u8| if condition { flag } else { 0 };
    let flags = when(settings.frames.is_some(), flag::FRAMES)
        | when(settings.swap.is_some(), flag::SWAP)
        | when(settings.out_of_memory.is_some(), flag::OOM)
        | when(settings.out_of_memory == Some(OutOfMemory::Continue), flag::OOM_CONTINUE)
        | when(settings.kernel_defaults, flag::KERNEL_DEFAULTS)
        | when(settings.has_time, flag::HAS_TIME);
    let mut bytes = vec![flags];
    put_varint(&mut bytes, settings.page_size);
    if let Some(frames) = settings.frames {
        put_varint(&mut bytes, frames);
    }
    if let Some(areas) = &settings.swap {
        put_varint(&mut bytes, areas.len() as u64);
        for area in areas {
            put_varint(&mut bytes, u64::from(area.slots));
            bytes.push(u8::from(area.priority.is_some()));
            if let Some(priority) = area.priority {
                put_varint(&mut bytes, zigzag(i64::from(priority).cast_unsigned()));
            }
        }
    }
    put_varint(&mut bytes, settings.fidelity.len() as u64);
    for mark in &settings.fidelity {
        let text = mark.to_string();
        put_varint(&mut bytes, text.len() as u64);
        bytes.extend_from_slice(text.as_bytes());
    }
    bytes
}

/// The settings of these bytes; `None` when they are none.
pub fn decode(bytes: &[u8]) -> Option<Settings> {
    let mut fields = Cursor(bytes);
    let flags = fields.byte().filter(|flags| flags & !flag::ALL == 0)?;
    let has = |flag: u8| flags & flag != 0;
    let page_size = fields.varint().filter(|&size| is_page_size(size))?;
    let frames = if has(flag::FRAMES) { Some(fields.varint()?) } else { None };
    let swap = if has(flag::SWAP) { Some(swap(&mut fields)?) } else { None };
    let out_of_memory = match (has(flag::OOM), has(flag::OOM_CONTINUE)) {
        (false, false) => None,
        (false, true) => return None,
        (true, false) => Some(OutOfMemory::Stop),
        (true, true) => Some(OutOfMemory::Continue),
    };
    let fidelity = fidelity(&mut fields)?;
    let (kernel_defaults, has_time) = (has(flag::KERNEL_DEFAULTS), has(flag::HAS_TIME));
    let settings = Settings { frames, swap, out_of_memory, kernel_defaults, has_time, page_size, fidelity };
    fields.0.is_empty().then_some(settings)
}

fn swap(fields: &mut Cursor<'_>) -> Option<Vec<SwapArea>> {
    let count = fields.varint().filter(|&count| count <= MAX_SWAP_AREAS as u64)?;
    let mut areas = Vec::new();
    for _ in 0..count {
        let slots = fields.varint_u32()?;
        let priority = match fields.byte()? {
            0 => None,
            1 => Some(i32::try_from(unzigzag(fields.varint()?).cast_signed()).ok()?),
            _ => return None,
        };
        areas.push(SwapArea { slots, priority });
    }
    Some(areas)
}

fn fidelity(fields: &mut Cursor<'_>) -> Option<Vec<Fidelity>> {
    let mut marks = Vec::new();
    for _ in 0..fields.varint()? {
        let length = usize::try_from(fields.varint()?).ok()?;
        marks.push(std::str::from_utf8(fields.bytes(length)?).ok()?.parse().ok()?);
    }
    Some(marks)
}
