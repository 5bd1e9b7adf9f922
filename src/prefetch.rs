//! Calling memory into the cache before it is needed. It never changes what a program does, only how long it waits.
#![allow(unsafe_code)]

/// Calls an element of a slice; nothing where there is no such element, or the processor has no instruction for it.
#[inline(always)]
pub(crate) fn prefetch<T>(slice: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    if let Some(element) = slice.get(index) {
        // SAFETY: every x86-64 processor has the instruction; it reads nothing, and the address is one of the slice.
        unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(std::ptr::from_ref(element).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (slice, index);
}
