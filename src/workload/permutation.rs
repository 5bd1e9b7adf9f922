//! A seeded permutation of the numbers below a limit that needs no table: a Feistel network over the next power of four,
//! walked until it is back below the limit (Black and Rogaway, CT-RSA 2002).

use super::draw::Draw;

/// Rounds of the network; four are enough for a pseudorandom permutation (Luby and Rackoff).
const ROUNDS: usize = 4;

/// A permutation of the numbers below a limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Permutation {
    limit: u64,
    /// Bits of each half.
    half: u32,
    keys: [u64; ROUNDS],
}

impl Permutation {
    /// One of the numbers below `limit`, at most 2^62.
    pub fn new(limit: u64, draw: &mut Draw) -> Self {
        let bits = u64::BITS - limit.saturating_sub(1).leading_zeros();
        Self { limit, half: bits.div_ceil(2).max(1), keys: std::array::from_fn(|_| draw.bits()) }
    }

    /// Where a number goes, which is below the limit.
    #[inline]
    pub fn of(&self, number: u64) -> u64 {
        let mut at = self.round_trip(number);
        while at >= self.limit {
            at = self.round_trip(at);
        }
        at
    }

    #[inline]
    fn round_trip(&self, number: u64) -> u64 {
        let mask = (1 << self.half) - 1;
        let (mut left, mut right) = (number >> self.half & mask, number & mask);
        for key in self.keys {
            let mixed = (right ^ key).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let mixed = (mixed ^ mixed >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93) >> 32;
            (left, right) = (right, left ^ (mixed & mask));
        }
        left << self.half | right
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_comes_once_and_not_in_order() {
        for limit in [1, 2, 3, 4, 5, 16, 17, 100, 1000, 4096, 4097] {
            let permutation = Permutation::new(limit, &mut Draw::new(limit));
            let there: Vec<u64> = (0..limit).map(|number| permutation.of(number)).collect();
            let mut sorted = there.clone();
            sorted.sort_unstable();
            assert!(sorted.iter().copied().eq(0..limit), "{limit}");
            let steps = there.windows(2).filter(|pair| pair[0] + 1 == pair[1]).count();
            assert!(limit < 100 || steps < 10, "{steps} of {limit} stay in order");
        }
    }
}
