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
