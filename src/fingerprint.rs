//! What tells one trace from another whatever file it is in: a hash of everything in a program that can change a count.
//!
//! Compressing a trace anew or converting it to another format alters its file and not its fingerprint. Names of segments
//! and numbers of processes are not in it, since no count depends on them; times are where the program has kept them. The
//! hash is XXH3 with 128 bits: it tells what has changed by mistake, not what somebody forged.

use xxhash_rust::xxh3::Xxh3Default;

use crate::program::{Bits, Change, Control, Program, Segment};
use crate::trace::{OutOfMemory, Settings};

/// References in a block between two calls of the hash.
const BLOCK: usize = 1024;

/// The fingerprint of a program: 32 hexadecimal digits. It is the same in all versions that number segments, processes,
/// pages and attachments in the order in which the trace has them.
pub fn fingerprint(program: &Program) -> String {
    let mut hash = Hash::default();
    settings(&program.settings, &mut hash);
    hash.number(program.segments.len() as u64);
    program.segments.iter().for_each(|segment| add_segment(segment, &mut hash));
    hash.number(program.changes.len() as u64);
    program.changes.iter().for_each(|change| add_change(change, &mut hash));
    references(program, &mut hash);
    if let Some(times) = &program.times {
        hash.number(u64::from(program.settings.has_time));
        hash.block(times.iter().copied());
    }
    format!("{:032x}", hash.0.digest128())
}

/// The hash, fed with numbers.
#[derive(Default)]
struct Hash(Xxh3Default);

impl Hash {
    fn number(&mut self, number: u64) {
        self.0.update(&number.to_le_bytes());
    }

    fn numbers<const N: usize>(&mut self, numbers: [u64; N]) {
        for number in numbers {
            self.number(number);
        }
    }

    /// Adds many numbers with few calls.
    fn block(&mut self, numbers: impl Iterator<Item = u64>) {
        let mut bytes = Vec::with_capacity(8 * BLOCK);
        for number in numbers {
            bytes.extend_from_slice(&number.to_le_bytes());
            if bytes.len() == 8 * BLOCK {
                self.0.update(&bytes);
                bytes.clear();
            }
        }
        self.0.update(&bytes);
    }
}

/// What the trace says of its replay, where no option says otherwise.
fn settings(settings: &Settings, hash: &mut Hash) {
    hash.number(u64::from(settings.kernel_defaults));
    hash.number(match settings.out_of_memory {
        None => 0,
        Some(OutOfMemory::Stop) => 1,
        Some(OutOfMemory::Continue) => 2,
    });
    hash.number(settings.swap.as_ref().map_or(u64::MAX, |areas| areas.len() as u64));
    for area in settings.swap.iter().flatten() {
        let priority = area.priority.map_or(i64::MIN, i64::from);
        hash.numbers([area.slots.into(), priority.cast_unsigned()]);
    }
}

/// The size of a segment, and which of its pages are touched as ranges of indices.
fn add_segment(segment: &Segment, hash: &mut Hash) {
    hash.numbers([segment.size, segment.touched.into()]);
    let mut last = None;
    for &(index, before) in &segment.runs {
        // Two rows of pages that follow one another are one range.
        let offset = index.wrapping_sub(before.into());
        if last.replace(offset) != Some(offset) {
            hash.numbers([index, before.into()]);
        }
    }
    hash.number(u64::MAX);
}

fn add_change(change: &Change, hash: &mut Hash) {
    let [kind, first, second] = match change.control {
        Control::Create { segment, locked } => [0, segment.get(), u32::from(locked)],
        Control::Attach { process, segment } => [1, process.get(), segment.get()],
        Control::Detach { process, segment } => [2, process.get(), segment.get()],
        Control::Remove(segment) => [3, segment.get(), 0],
        Control::Lock(segment) => [4, segment.get(), 0],
        Control::Unlock(segment) => [5, segment.get(), 0],
        Control::Fork { parent, child } => [6, parent.get(), child.get()],
        Control::Exit(process) => [7, process.get(), 0],
    };
    hash.numbers([change.before, kind.into(), first.into(), second.into()]);
}

/// The references as they would be if every column had 31 bits: how a program packs them is its own affair.
fn references(program: &Program, hash: &mut Hash) {
    hash.number(program.references.len());
    let packing = program.packing;
    let wide = |bits: u64| {
        let reference = packing.unpack(bits);
        let low = (reference.column.get() << 1) | u32::from(reference.write);
        (u64::from(reference.page.get()) << 32) | u64::from(low)
    };
    match &program.references {
        crate::program::References::Narrow(words) => hash.block(words.iter().map(|&word| wide(word.into()))),
        crate::program::References::Wide(words) => hash.block(words.iter().map(|word| wide(word.bits()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resolve::{ResolveOptions, program_of};

    fn of(text: &'static str, keep_times: bool) -> String {
        fingerprint(&program_of(text, ResolveOptions { keep_times, ..ResolveOptions::default() }))
    }

    const TRACE: &str = "time,pid,op,segment,page\n1,1,create,0,9\n2,1,attach,0,9\n3,1,R,0,2\n4,1,W,0,7\n5,1,R,0,3\n";

    #[test]
    fn what_no_count_depends_on_does_not_matter() {
        let renamed = "time,pid,op,segment,page\n1,8,create,5,9\n2,8,attach,5,9\n3,8,R,5,2\n6,8,W,5,7\n7,8,R,5,3\n";
        assert_eq!(of(TRACE, false), of(renamed, false));
        assert_ne!(of(TRACE, true), of(renamed, true), "times are part of it where they are kept");
        assert_ne!(of(TRACE, true), of(TRACE, false));
    }

    #[test]
    fn whatever_can_change_a_count_does() {
        let others = [
            "time,pid,op,segment,page\n1,1,create,0,8\n2,1,attach,0,8\n3,1,R,0,2\n4,1,W,0,7\n5,1,R,0,3\n",
            "time,pid,op,segment,page\n1,1,create,0,9\n2,1,attach,0,9\n3,1,W,0,2\n4,1,W,0,7\n5,1,R,0,3\n",
            "time,pid,op,segment,page\n1,1,create,0,9\n2,1,attach,0,9\n3,1,R,0,2\n4,1,W,0,6\n5,1,R,0,3\n",
            "time,pid,op,segment,page\n1,1,create,0,9\n2,1,attach,0,9\n3,1,R,0,2\n4,1,R,0,3\n5,1,W,0,7\n",
            "time,pid,op,segment,page\n1,1,create,0,9\n2,1,attach,0,9\n3,1,R,0,2\n4,1,W,0,7\n5,1,lock,0,9\n5,1,R,0,3\n",
            "time,pid,op,segment,page\n1,1,create,0,9\n2,1,attach,0,9\n3,1,R,0,2\n4,1,W,0,7\n5,1,R,0,3\n6,1,R,0,3\n",
            "time,pid,op,segment,page\n1,1,create,0,9\n2,1,attach,0,9\n2,1,attach,0,9\n3,1,R,0,2\n4,1,W,0,7\n5,1,R,0,3\n",
            "# oom=continue\nseg a 9\nattach 1 a\nr 1 a 2\nw 1 a 7\nr 1 a 3\n",
            "# swap=5\nseg a 9\nattach 1 a\nr 1 a 2\nw 1 a 7\nr 1 a 3\n",
            "seg a 9\nattach 1 a\nr 1 a 2\nw 1 a 7\nr 1 a 3\n",
        ];
        let mut all: Vec<String> = others.iter().map(|text| of(text, false)).collect();
        all.push(of(TRACE, false));
        let count = all.len();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), count);
    }
}
