//! Calling memory into the cache before it is needed. It never changes what a program does, only how long it waits.
#![allow(unsafe_code)]

/// Calls an element of a slice; an index past the end calls something that does not matter. Nothing happens where the
/// processor has no instruction for it.
#[inline(always)]
pub(crate) fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 processor has the instruction, which is a hint: it reads nothing that the program could see, and
    // faults at no address. The address is computed without a claim that it lies in the slice.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(slice.as_ptr().wrapping_add(index).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}
