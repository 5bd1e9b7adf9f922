//! When each part of a trace's pages was referenced: one pass over the references, whatever policy replays them.

use super::page_axis::PageAxis;
use super::window;
use crate::program::{Packed, Packing, Program, References};
use crate::results::AccessMap;

/// The map of a program on its axis.
pub fn access_map(program: &Program, axis: &PageAxis) -> AccessMap {
    let window = window(program.references.len());
    let columns = match &program.references {
        References::Narrow(words) => columns(words, program.packing, axis, window),
        References::Wide(words) => columns(words, program.packing, axis, window),
    };
    let references = (0..axis.bins()).map(|bin| columns.iter().map(|column| column[bin]).collect()).collect();
    AccessMap { window, bands: axis.bands().to_vec(), references }
}

/// The references to each bin, window after window.
fn columns<W: Packed>(words: &[W], packing: Packing, axis: &PageAxis, window: u64) -> Vec<Vec<u64>> {
    let window = usize::try_from(window).unwrap_or(usize::MAX);
    let count = |words: &[W]| {
        let mut counts = vec![0; axis.bins()];
        for word in words {
            counts[axis.bin(packing.unpack(word.bits()).page)] += 1;
        }
        counts
    };
    words.chunks(window).map(count).collect()
}
