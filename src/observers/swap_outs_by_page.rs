//! Which part of the pages each swap-out takes: a count for each bin of the axis of pages.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Attention, End, Observer, SwapOut};
use crate::kernel::Kernel;
use crate::timeline::page_axis::PageAxis;

/// Counts swap-outs by bin. A copy shares the counts: one watches the replay, the other is asked.
#[derive(Clone, Debug)]
pub struct SwapOutsByPage {
    axis: Arc<PageAxis>,
    counts: Arc<[AtomicU64]>,
}

impl SwapOutsByPage {
    /// Nothing counted yet.
    pub fn new(axis: &Arc<PageAxis>) -> Self {
        Self { axis: Arc::clone(axis), counts: (0..axis.bins()).map(|_| AtomicU64::new(0)).collect() }
    }

    /// What was counted in each bin since it was last asked.
    pub fn take(&self) -> impl Iterator<Item = u64> + '_ {
        self.counts.iter().map(|count| count.swap(0, Ordering::Relaxed))
    }
}

impl Observer for SwapOutsByPage {
    fn attention(&self) -> Attention {
        Attention::SwapOuts
    }

    fn swapped_out(&mut self, _kernel: &Kernel, out: &SwapOut) {
        self.counts[self.axis.bin(out.page)].fetch_add(1, Ordering::Relaxed);
    }

    fn finish(&mut self, _kernel: &Kernel, _end: End) -> io::Result<()> {
        Ok(())
    }
}
