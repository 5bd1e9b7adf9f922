//! What this processor can do beyond every processor of its kind, asked for while the program runs.
//!
//! Loops that gain by it are compiled twice from one source: plainly, and with the wider instructions allowed. Nothing is
//! counted or decided here, and no result depends on it.

/// Whether loops may be run that were compiled for 256-bit words and for counting bits.
#[inline]
pub fn has_wide_words() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// Asks for the element at an index to be brought near; an index beyond the end asks for nothing that matters.
#[inline(always)]
pub fn prefetch<T>(elements: &[T], index: usize) {
    #[cfg(target_arch = "x86_64")]
    #[allow(unsafe_code)]
    // SAFETY: every x86-64 processor has the instruction, which is a hint: it reads no memory that the program could see, and
    // faults at no address. The address is computed without a claim that it lies in the slice.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(elements.as_ptr().wrapping_add(index).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (elements, index);
}
