//! The chapter "Swapping Out System V Shared Memory Pages" read literally: the two indices move over (segment, page), and
//! every resident page they meet is swapped out at once.
//!
//! The chapter has no accessed bits, no second chance and no budget, and what it remembers is the page it last swapped
//! out. The hands are those of `linux-2.0`; locked segments are passed over there, which the chapter does not mention.
//! Source: David A. Rusling, The Linux Kernel, chapter 3.

use super::parameters::Arguments;
use super::two_hands::TwoHands;
use super::{Hand, Policy, Setup};
use crate::kernel::{Memory, Pick};
use crate::program::Program;

/// Two hands without a second chance.
#[derive(Debug)]
pub struct Sweep {
    hands: TwoHands,
}

impl Policy for Sweep {
    const NAME: &'static str = "sweep";
    const SUMMARY: &'static str = "the two hands alone: each resident page they meet goes, used or not";
    const SOURCE: &'static str = "Rusling, The Linux Kernel, \"Swapping Out System V Shared Memory Pages\"";
    const FILE: &'static str = file!();
    const BYTES_PER_PAGE: u64 = 0;

    fn new(_setup: &Setup, _arguments: &Arguments) -> Result<Self, String> {
        Ok(Self { hands: TwoHands::default() })
    }

    fn begin_scan(&mut self, _memory: &mut Memory<'_>) {
        self.hands.begin_scan();
    }

    fn pick(&mut self, memory: &mut Memory<'_>) -> Option<Pick> {
        self.hands.advance(memory).map(Pick::Now)
    }

    fn two_hands(&mut self) -> Option<&mut TwoHands> {
        Some(&mut self.hands)
    }

    fn gives_second_chances(&self) -> bool {
        false
    }

    fn hand(&self, program: &Program) -> Option<Hand> {
        Some(self.hands.position(program))
    }
}
