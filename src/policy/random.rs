//! Random: any resident page that is not locked, each as likely as the others.
//!
//! The resident pages are kept in an array in no order. A number is drawn until it hits a page that is not locked; when
//! most are locked, the others are counted instead. The same seed gives the same victims. Source: textbook.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

use super::parameters::{Arguments, Parameter};
use super::registry::SEED_OF_THE_RUN;
use super::{Policy, Setup};
use crate::ids::PageId;
use crate::kernel::{Memory, Pick};

/// Draws before the pages that are not locked are counted.
const DRAWS: u32 = 16;
/// The place of a page that is not resident.
const NOWHERE: u32 = u32::MAX;

/// The resident pages and a generator.
#[derive(Debug)]
pub struct Random {
    resident: Vec<PageId>,
    place_of: Vec<u32>,
    generator: Xoshiro256PlusPlus,
}

impl Random {
    /// A number below a limit, which is not 0.
    fn draw(&mut self, limit: usize) -> usize {
        ((u128::from(self.generator.next_u64()) * limit as u128) >> 64) as usize
    }

    fn remove(&mut self, page: PageId) {
        let place = std::mem::replace(&mut self.place_of[page.index()], NOWHERE) as usize;
        self.resident.swap_remove(place);
        if let Some(moved) = self.resident.get(place) {
            self.place_of[moved.index()] = place as u32;
        }
    }
}

impl Policy for Random {
    const NAME: &'static str = "random";
    const SUMMARY: &'static str = "any resident page, each as likely as the others";
    const SOURCE: &'static str = "textbook";
    const FILE: &'static str = file!();
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        key: "seed",
        default: SEED_OF_THE_RUN,
        help: "what the draws follow from, a whole number; the seed of the run if not given",
    }];

    fn new(setup: &Setup, arguments: &Arguments) -> Result<Self, String> {
        let seed = arguments.get("seed", "a whole number from 0 to 2^64 - 1")?;
        let room = setup.pages.min(usize::try_from(setup.frames).unwrap_or(usize::MAX));
        Ok(Self {
            resident: Vec::with_capacity(room),
            place_of: vec![NOWHERE; setup.pages],
            generator: Xoshiro256PlusPlus::seed_from_u64(seed),
        })
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        if self.resident.is_empty() {
            return None;
        }
        for _ in 0..DRAWS {
            let place = self.draw(self.resident.len());
            if !memory.is_locked(self.resident[place]) {
                return Some(Pick::Now(self.resident[place]));
            }
        }
        let free = self.resident.iter().filter(|&&page| !memory.is_locked(page)).count();
        if free == 0 {
            return None;
        }
        let nth = self.draw(free);
        self.resident.iter().copied().filter(|&page| !memory.is_locked(page)).nth(nth).map(Pick::Now)
    }

    fn loaded(&mut self, page: PageId, _memory: &mut Memory<'_>) {
        self.place_of[page.index()] = self.resident.len() as u32;
        self.resident.push(page);
    }

    fn evicted(&mut self, page: PageId) {
        self.remove(page);
    }

    fn freed(&mut self, page: PageId) {
        self.remove(page);
    }
}
