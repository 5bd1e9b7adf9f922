//! Draws from any distribution over pages in constant time: the alias method (Walker 1977, built as by Vose 1991).
//!
//! The distribution is met to 2^-32 of one page's mean share. It takes 8 bytes a page, and nothing but the four operations
//! of arithmetic in a fixed order, so the same seed gives the same pages on every machine.

use super::draw::Draw;
use super::permutation::Permutation;
use super::power::inverse_power;

/// The most pages of a table: 1 GiB of memory.
pub(super) const MOST_PAGES: u64 = 1 << 27;

/// What happens at one page of the table: itself where the rest of the draw is below the share, or else the other one.
#[derive(Clone, Copy, Debug)]
struct Slot {
    share: u32,
    other: u32,
}

/// A table to draw pages from.
#[derive(Debug)]
pub(super) struct Alias(Vec<Slot>);

impl Alias {
    /// Pages by Zipf's law: the page of rank r (from 1) has weight `r^-skew`. Which page has which rank follows from
    /// `order`; without one, page r - 1 has rank r.
    ///
    /// # Errors
    /// When there are more than [`MOST_PAGES`] pages.
    pub fn zipf(pages: u64, skew: f64, order: Option<&Permutation>) -> Result<Self, String> {
        if pages > MOST_PAGES {
            return Err(format!("{pages} pages are more than the {MOST_PAGES} that a table of weights can hold"));
        }
        let mut weights = vec![0.0; pages as usize];
        for rank in 0..pages {
            let page = order.map_or(rank, |order| order.of(rank));
            weights[page as usize] = inverse_power(rank + 1, skew);
        }
        Ok(Self::new(weights))
    }

    /// Pages by these weights, at least one of which is above 0.
    fn new(mut weights: Vec<f64>) -> Self {
        let total: f64 = weights.iter().sum();
        let scale = weights.len() as f64 / total;
        // Those with less than the mean in front, those with more behind: `poor` is where the latter begin.
        let mut pages = vec![0_u32; weights.len()];
        let (mut poor, mut rich) = (0, weights.len());
        for (page, weight) in weights.iter_mut().enumerate() {
            *weight *= scale;
            if *weight < 1.0 {
                pages[poor] = page as u32;
                poor += 1;
            } else {
                rich -= 1;
                pages[rich] = page as u32;
            }
        }
        let mut slots: Vec<Slot> =
            (0..weights.len()).map(|page| Slot { share: u32::MAX, other: page as u32 }).collect();
        let mut next = 0;
        while next < poor && poor < pages.len() {
            let (page, giver) = (pages[next] as usize, pages[poor]);
            slots[page] = Slot { share: (weights[page] * 4_294_967_296.0) as u32, other: giver };
            weights[giver as usize] = weights[giver as usize] + weights[page] - 1.0;
            next += 1;
            // The giver may have fallen below the mean itself: then it stands where the poor ones end.
            poor += usize::from(weights[giver as usize] < 1.0);
        }
        Self(slots)
    }

    /// A page.
    #[inline]
    pub fn draw(&self, draw: &mut Draw) -> u64 {
        let product = u128::from(draw.bits()) * self.0.len() as u128;
        let (page, rest) = ((product >> 64) as usize, (product >> 32) as u32);
        let slot = self.0[page];
        if rest < slot.share { page as u64 } else { u64::from(slot.other) }
    }

    /// The share of each page in the draws, as the table has it.
    #[cfg(test)]
    fn shares(&self) -> Vec<f64> {
        let mut shares = vec![0.0; self.0.len()];
        for (page, slot) in self.0.iter().enumerate() {
            let own = f64::from(slot.share) / 4_294_967_296.0;
            shares[page] += own;
            shares[slot.other as usize] += 1.0 - own;
        }
        shares.iter().map(|share| share / self.0.len() as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_the_share_of_its_rank() {
        for (pages, skew) in [(1, 1.0), (2, 0.5), (10, 1.0), (1000, 0.0), (1000, 0.99), (5000, 2.5)] {
            let order = Permutation::new(pages, &mut Draw::new(3));
            let table = Alias::zipf(pages, skew, Some(&order)).unwrap();
            let total: f64 = (1..=pages).map(|rank| (rank as f64).powf(-skew)).sum();
            let shares = table.shares();
            for rank in 0..pages {
                let (have, want) = (shares[order.of(rank) as usize], ((rank + 1) as f64).powf(-skew) / total);
                assert!((have - want).abs() < 1e-9, "{pages} pages, skew {skew}, rank {rank}: {have}, not {want}");
            }
        }
        assert!(Alias::zipf(MOST_PAGES + 1, 1.0, None).is_err());
    }
}
