//! Typed numbers for the things of the model, all dense and starting at zero, so that each indexes a flat array.
//!
//! Casts between numbers and indices are made here and nowhere else. What a number *means* (which segment, which page)
//! is never decided here: that is [`crate::program`].

/// Defines a 32-bit id type with `new`, `get` and `index`.
macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $name(u32);

        impl $name {
            /// The id with this number.
            pub const fn new(number: u32) -> Self {
                Self(number)
            }

            /// The id with this index of an array.
            ///
            /// # Panics
            /// When `index` does not fit 32 bits; arrays of that length are refused when a trace is resolved.
            pub fn from_index(index: usize) -> Self {
                Self(u32::try_from(index).expect("more than 2^32 of one kind is refused when the trace is resolved"))
            }

            /// The number.
            pub const fn get(self) -> u32 {
                self.0
            }

            /// The number as an index of an array.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id! {
    /// One page of a segment that the trace refers to at least once, numbered across segments: first by segment in order
    /// of creation, then by index in the segment. Pages that are never referenced have no number: they can never be
    /// resident, and the scan passes them without cost (rule R23).
    PageId
}
impl PageId {
    /// The page with the next number; there may be none with it, but no number is the last of all.
    #[must_use]
    #[inline(always)]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

id! {
    /// One segment, numbered in order of creation. Unlike a slot of the segment table (the kernel's shmid) it is never
    /// used again after the segment is gone.
    SegmentNumber
}
id! {
    /// One process, numbered in order of appearance in the trace.
    ProcessNumber
}
id! {
    /// The place of one attachment among those of its segment: the bit that stands for its page-table entry in the masks
    /// of each page. The lowest free one is used when a segment is attached.
    Column
}
