//! When the swap daemon wakes up and how much it then asks for (R36): `swap_tick` and `kswapd`.
//!
//! Only the timing is here, in jiffies of a hundredth of a second or of so many references; the reclaim itself is that of
//! [`crate::replay`], at the priorities that R33 gives the daemon.

use std::fmt;
use std::str::FromStr;

/// Calls of `try_to_free_page` at each wake-up (`kswapd_ctl.maxpages`, R36).
pub const PAGES_A_WAKE_UP: u32 = 4;
/// Jiffies between wake-ups while free memory is between the marks (HZ/4, R36).
const INTERVAL: u64 = 25;
/// The last priority of a daemon that may not wait (R33).
const LAST_PRIORITY: u32 = 3;

/// What a jiffy is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jiffy {
    /// So many nanoseconds of the trace's time column; a kernel's is 10 ms.
    Nanoseconds(u64),
    /// So many references.
    References(u64),
}

/// The swap daemon as the user asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KswapdOptions {
    /// `free_pages_low`: below it the daemon is woken at once.
    pub low: u64,
    /// `free_pages_high`: from it on the daemon sleeps.
    pub high: u64,
    /// What it counts time by; none is by the time column where the trace has one, else a jiffy every 100 references.
    pub jiffy: Option<Jiffy>,
}

impl KswapdOptions {
    /// The jiffy of the kernel, 10 ms.
    pub const KERNEL_JIFFY: Jiffy = Jiffy::Nanoseconds(10_000_000);
    /// The jiffy where the trace has no time.
    pub const REFERENCE_JIFFY: Jiffy = Jiffy::References(100);
}

impl FromStr for KswapdOptions {
    type Err = String;

    /// `low,high`, then if wanted `,10ms` or `,100refs`: what a jiffy is.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is not low,high in frames, with low at most high, then if wanted a jiffy as in 8,16,100refs or 8,16,10ms"
            )
        };
        let mut parts = text.split(',').map(str::trim);
        let mut number = || parts.next()?.replace('_', "").parse::<u64>().ok();
        let (Some(low), Some(high)) = (number(), number()) else { return Err(wrong()) };
        let jiffy = parts.next().map(|jiffy| parse_jiffy(jiffy).ok_or_else(wrong)).transpose()?;
        if low > high || high == 0 || parts.next().is_some() {
            return Err(wrong());
        }
        Ok(Self { low, high, jiffy })
    }
}

impl fmt::Display for KswapdOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.low, self.high)?;
        match self.jiffy {
            None => Ok(()),
            Some(Jiffy::Nanoseconds(nanoseconds)) => write!(f, ",{nanoseconds}ns"),
            Some(Jiffy::References(references)) => write!(f, ",{references}refs"),
        }
    }
}

fn parse_jiffy(text: &str) -> Option<Jiffy> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number = number.parse::<u64>().ok().filter(|&number| number > 0)?;
    match unit {
        "refs" => Some(Jiffy::References(number)),
        "ns" => Some(Jiffy::Nanoseconds(number)),
        "us" => number.checked_mul(1_000).map(Jiffy::Nanoseconds),
        "ms" => number.checked_mul(1_000_000).map(Jiffy::Nanoseconds),
        "s" => number.checked_mul(1_000_000_000).map(Jiffy::Nanoseconds),
        _ => None,
    }
}

/// The daemon's timer.
#[derive(Clone, Copy, Debug)]
pub struct Kswapd {
    low: u64,
    high: u64,
    /// The next jiffy at which it may wake while memory stays short (`next_swap_jiffies`).
    next: u64,
    /// Whether free memory was below the low mark when it was last woken (`last_wakeup_low`).
    was_low: bool,
}

impl Kswapd {
    /// A daemon that has not been woken yet.
    pub fn new(options: &KswapdOptions) -> Self {
        Self { low: options.low, high: options.high, next: 0, was_low: false }
    }

    /// A timer tick: whether the daemon wakes, given the free frames (`swap_tick`).
    pub fn tick(&mut self, jiffies: u64, free: u64) -> bool {
        if free >= self.high {
            return false;
        }
        let newly_low = free < self.low && !self.was_low;
        self.was_low = free < self.low;
        newly_low || jiffies >= self.next
    }

    /// The daemon is done with a wake-up: when it may wake next. Below the low mark that is after half the interval.
    pub fn sleep(&mut self, jiffies: u64) {
        self.next = jiffies + if self.was_low { INTERVAL / 2 } else { INTERVAL };
    }

    /// The first jiffy after `jiffies` at which it can wake if nothing but itself changes memory.
    pub fn next_chance(&self, jiffies: u64, free: u64) -> u64 {
        if free < self.low && !self.was_low { jiffies + 1 } else { self.next.max(jiffies + 1) }
    }

    /// Free frames from which on it sleeps.
    pub fn high(&self) -> u64 {
        self.high
    }

    /// The last priority of its calls (R33): it may wait, and so goes on to 0, when no more than the reserve is free. The
    /// reserve is 0 frames here, as in the recorded runs (assumption A1).
    pub fn last_priority(free: u64) -> u32 {
        if free == 0 { 0 } else { LAST_PRIORITY }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_read_and_nonsense_is_refused() {
        let read = |text: &str| text.parse::<KswapdOptions>();
        assert_eq!(read("8,16").unwrap(), KswapdOptions { low: 8, high: 16, jiffy: None });
        assert_eq!(read("8, 1_600, 5refs").unwrap().jiffy, Some(Jiffy::References(5)));
        assert_eq!(read("8,16,10ms").unwrap().jiffy, Some(KswapdOptions::KERNEL_JIFFY));
        for wrong in
            ["", "8", "16,8", "0,0", "8,16,", "8,16,0refs", "8,16,10", "8,16,5refs,1", "a,b", "8,16,99999999999s"]
        {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn it_wakes_at_once_below_low_then_at_half_the_interval_and_between_the_marks_at_the_interval() {
        let mut daemon = Kswapd::new(&KswapdOptions { low: 4, high: 8, jiffy: None });
        assert!(!daemon.tick(1, 8));
        assert!(daemon.tick(2, 3));
        daemon.sleep(2);
        assert!(!daemon.tick(13, 3));
        assert!(daemon.tick(14, 3));
        daemon.sleep(14);
        assert!(daemon.tick(26, 5), "between the marks, due since jiffy 26");
        daemon.sleep(26);
        assert!(!daemon.tick(50, 5));
        assert!(daemon.tick(51, 5));
        daemon.sleep(51);
        assert!(daemon.tick(52, 3), "below low for the first time again: at once");
    }
}
