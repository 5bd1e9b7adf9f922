//! Random numbers that are the same on every machine: integers and the four operations of arithmetic, nothing of the
//! system's mathematical library.
//!
//! What is drawn for is not known here.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// A generator (xoshiro256++, seeded through splitmix64).
#[derive(Clone, Debug)]
pub struct Draw(Xoshiro256PlusPlus);

/// A probability, exact to 2^-63.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chance(u64);

impl Chance {
    /// The chance of a fraction from 0 (never) to 1 (always); outside, the nearer of the two.
    pub fn of(fraction: f64) -> Self {
        Self((fraction.clamp(0.0, 1.0) * (1_u64 << 63) as f64) as u64)
    }
}

impl Draw {
    /// A generator whose numbers follow from the seed.
    pub fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    /// 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `limit`, each as likely as the others (Lemire, ACM TOMACS 29(1), 2019); 0 where the limit is 0.
    #[inline]
    pub fn below(&mut self, limit: u64) -> u64 {
        let mut product = u128::from(self.bits()) * u128::from(limit);
        if (product as u64) < limit {
            let uneven = limit.wrapping_neg() % limit;
            while (product as u64) < uneven {
                product = u128::from(self.bits()) * u128::from(limit);
            }
        }
        (product >> 64) as u64
    }

    /// Whether what has this chance happens.
    #[inline]
    pub fn happens(&mut self, chance: Chance) -> bool {
        self.bits() >> 1 < chance.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_below_a_limit_are_even_and_chances_are_met() {
        let mut draw = Draw::new(7);
        let mut counts = [0_u32; 6];
        for _ in 0..60_000 {
            counts[draw.below(6) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (9_600..10_400).contains(count)), "{counts:?}");
        let third = Chance::of(1.0 / 3.0);
        let met = (0..30_000).filter(|_| draw.happens(third)).count();
        assert!((9_700..10_300).contains(&met), "{met}");
        assert!((0..1000).all(|_| draw.happens(Chance::of(1.0)) && !draw.happens(Chance::of(0.0))));
        assert_eq!((draw.below(1), draw.below(0)), (0, 0));
    }
}
