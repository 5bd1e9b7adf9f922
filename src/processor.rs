//! What this processor can do beyond every processor of its kind, asked for while the program runs.
//!
//! Loops that gain by it are there twice: plainly, and with the wider instructions, from one source where the compiler makes
//! the best of that. Nothing is counted or decided here, and no result depends on it.

/// Whether it fetches eight words of 32 bits at once, from places anywhere (AVX2).
#[inline]
pub fn gathers_8() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx2")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// Whether it fetches 16 words of 32 bits at once, from places anywhere (AVX-512F).
#[inline]
pub fn gathers_16() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx512f")
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// Whether loops may be run that were compiled for 256-bit words and for counting bits.
#[inline]
pub fn has_wide_words() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        gathers_8()
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

/// That this processor runs loops compiled for 256-bit words and for counting bits: who has one need not ask again.
#[derive(Clone, Copy, Debug)]
pub struct WideWords(());

impl WideWords {
    /// None where the processor does not ([`has_wide_words`]).
    pub fn of_processor() -> Option<Self> {
        has_wide_words().then_some(Self(()))
    }
}

/// The same for 512-bit words, with lanes of 8 bits too (AVX-512F and AVX-512BW).
#[derive(Clone, Copy, Debug)]
pub struct WidestWords(WideWords);

impl WidestWords {
    /// None where the processor has none.
    pub fn of_processor() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        let has_them = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
        #[cfg(not(target_arch = "x86_64"))]
        let has_them = false;
        WideWords::of_processor().filter(|_| has_them).map(Self)
    }

    /// It has the narrower ones too.
    pub fn wide(self) -> WideWords {
        self.0
    }
}
