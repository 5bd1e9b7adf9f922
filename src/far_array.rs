//! Arrays that are looked at in no order, in huge pages where the system has them.
//!
//! Where an array has more pages of the machine's own memory than the processor keeps translations of, each look at it waits for
//! one of those first; of huge pages it has few. The system is advised to give them and may refuse: nothing but speed depends on
//! it. Only memory that was never touched can get them, so a large array is mapped by itself and not taken from the allocator,
//! which hands out what was used before. 16 sharers of each of a million pages: `clock` takes a tenth less time. What did not help:
//! to map arrays of half a megabyte too.
#![allow(unsafe_code)]

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::ptr::{NonNull, slice_from_raw_parts_mut};
use std::slice;

use memmap2::MmapMut;

/// Bytes of the huge pages of most processors: an array of fewer has none to itself.
const LARGE: usize = 2 << 20;

/// A whole number: any bytes are one, and those of zero are all zero.
///
/// # Safety
/// It has to be.
pub(crate) unsafe trait WholeNumber: Copy + Default {}

// SAFETY: they are.
unsafe impl WholeNumber for u8 {}
// SAFETY: they are.
unsafe impl WholeNumber for u32 {}
// SAFETY: they are.
unsafe impl WholeNumber for u64 {}

/// An array of whole numbers, of a fixed length.
pub(crate) struct FarArray<T: WholeNumber> {
    /// The numbers: what `mapped` maps, or a box of them where there is none.
    start: NonNull<T>,
    length: usize,
    mapped: Option<MmapMut>,
}

// SAFETY: the numbers are its own, and reached through it alone.
unsafe impl<T: WholeNumber + Send> Send for FarArray<T> {}
// SAFETY: as above; a shared reference to it gives shared references to them.
unsafe impl<T: WholeNumber + Sync> Sync for FarArray<T> {}

impl<T: WholeNumber> FarArray<T> {
    /// So many zeros.
    pub(crate) fn zeros(length: usize) -> Self {
        if let Some(mut mapped) = length.checked_mul(size_of::<T>()).filter(|&bytes| bytes >= LARGE).and_then(map) {
            // It begins with a page of memory, so it is aligned for any number.
            let start = NonNull::from(&mut mapped[..]).cast();
            return Self { start, length, mapped: Some(mapped) };
        }
        let numbers = vec![T::default(); length].into_boxed_slice();
        let start = NonNull::from(Box::leak(numbers)).cast();
        Self { start, length, mapped: None }
    }
}

/// So many bytes at least, all zero; none where the system refuses to map them. Only what is as long as whole huge pages do some
/// systems place where one begins: with the start and the end in small pages, `clock` took up to an eighth more time.
fn map(bytes: usize) -> Option<MmapMut> {
    let mapped = MmapMut::map_anon(bytes.checked_next_multiple_of(LARGE)?).ok()?;
    // It is no error where there are none.
    #[cfg(target_os = "linux")]
    let _refused = mapped.advise(memmap2::Advice::HugePage);
    Some(mapped)
}

impl<T: WholeNumber> Deref for FarArray<T> {
    type Target = [T];

    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: so many numbers are there, aligned and initialised, as long as it lives, and who changes them borrows it.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }
}

impl<T: WholeNumber> DerefMut for FarArray<T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above, and it is borrowed for nobody else.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl<T: WholeNumber> Drop for FarArray<T> {
    fn drop(&mut self) {
        if self.mapped.is_none() {
            // SAFETY: it was leaked from a box of this length, and nobody has it any more.
            drop(unsafe { Box::from_raw(slice_from_raw_parts_mut(self.start.as_ptr(), self.length)) });
        }
    }
}

impl<T: WholeNumber> Clone for FarArray<T> {
    fn clone(&self) -> Self {
        let mut clone = Self::zeros(self.length);
        clone.copy_from_slice(self);
        clone
    }
}

impl<T: WholeNumber + fmt::Debug> fmt::Debug for FarArray<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds_what_is_put_there<T: WholeNumber + PartialEq + fmt::Debug + Send + Sync + 'static>(number: fn(u8) -> T) {
        let large = LARGE / size_of::<T>();
        for length in [0, 1, 1000, large - 1, large, large + 1] {
            let mut array = FarArray::<T>::zeros(length);
            assert_eq!(array.mapped.is_some(), length >= large && cfg!(unix), "{length}");
            assert_eq!((array.len(), array.iter().all(|&value| value == T::default())), (length, true));
            assert!(array.as_ptr().is_aligned());
            (0..).zip(array.iter_mut()).for_each(|(place, value): (usize, _)| *value = number((place % 251) as u8));
            let clone = array.clone();
            array.fill(T::default());
            drop(array);
            // A replay goes to another thread with its arrays.
            let same =
                move || (0..).zip(clone.iter()).all(|(place, &value): (usize, _)| value == number((place % 251) as u8));
            assert!(std::thread::spawn(same).join().unwrap(), "{length}");
        }
    }

    #[test]
    fn arrays_of_all_lengths_hold_what_is_put_there() {
        holds_what_is_put_there::<u8>(|byte| byte);
        holds_what_is_put_there::<u32>(|byte| u32::from(byte) << 20 | 1);
        holds_what_is_put_there::<u64>(|byte| u64::from(byte) << 50 | 1);
    }

    #[test]
    fn no_array_is_so_long_that_its_bytes_are_too_many_to_count() {
        assert!(std::panic::catch_unwind(|| FarArray::<u64>::zeros(usize::MAX / 4)).is_err());
    }
}
