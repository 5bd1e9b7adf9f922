//! The rows of the registry of policies, and policies as users type them: `clock:ref-on-load=0`.
//!
//! A row ties a policy to the replay loop by what it may see: [`bits`], [`references`] and [`future`] each ask for the
//! trait that goes with that sight, so a policy that reads accessed bits can't be told of a reference. Nothing about any
//! one policy is here.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::parameters::{Arguments, Parameter};
use super::{POLICIES, Policy, SeesFuture, SeesReferences, Setup, Sight, Together};
use crate::ids::PageId;
use crate::kernel::Memory;
use crate::prefetch::prefetch;
use crate::program::{self, NO_NEXT_USE, Program, Reference};
use crate::replay::{Options, Replay, Sees, Simulation, together};

/// Starts a run of a policy with these arguments.
type Start = fn(&Arc<Program>, &Options, &Arguments) -> Result<Box<dyn Replay>, String>;

/// A row of the registry.
#[derive(Debug)]
pub struct Entry {
    /// See [`Policy::NAME`].
    pub name: &'static str,
    /// See [`Policy::SUMMARY`].
    pub summary: &'static str,
    /// See [`Policy::SOURCE`].
    pub source: &'static str,
    /// See [`Policy::FILE`].
    pub file: &'static str,
    /// What it may know.
    pub sight: Sight,
    /// See [`Policy::PARAMETERS`].
    pub parameters: &'static [Parameter],
    /// See [`Policy::BYTES_PER_PAGE`]; and what it takes to tell it of references together.
    pub bytes_per_page: u64,
    start: Start,
    check: fn(&Arguments) -> Result<(), String>,
}

/// The row of a policy that reads accessed bits.
pub const fn bits<P: Policy>() -> Entry {
    row::<P>(Sight::AccessedBits, |program, options, arguments| {
        let policy = P::new(&setup(program, options), arguments)?;
        Ok(Box::new(Simulation::new(program, options, policy, Bits)))
    })
}

/// The row of a policy that is told of every reference.
pub const fn references<P: SeesReferences>() -> Entry {
    let row = row::<P>(Sight::EveryReference, |program, options, arguments| {
        let policy = P::new(&setup(program, options), arguments)?;
        Ok(Box::new(Simulation::new(program, options, policy, References)))
    });
    let together = if P::TOGETHER { together::BYTES_PER_PAGE } else { 0 };
    Entry { bytes_per_page: row.bytes_per_page + together, ..row }
}

/// The row of a policy that knows the future.
pub const fn future<P: SeesFuture>() -> Entry {
    row::<P>(Sight::Future, |program, options, arguments| {
        let future = Future::of(program)?;
        let policy = P::foreseeing(&setup(program, options), arguments, future.clone())?;
        Ok(Box::new(Simulation::new(program, options, policy, future)))
    })
}

const fn row<P: Policy>(sight: Sight, start: Start) -> Entry {
    Entry {
        name: P::NAME,
        summary: P::SUMMARY,
        source: P::SOURCE,
        file: P::FILE,
        sight,
        parameters: P::PARAMETERS,
        bytes_per_page: P::BYTES_PER_PAGE,
        start,
        check: P::check,
    }
}

fn setup(program: &Program, options: &Options) -> Setup {
    Setup {
        pages: program.footprint() as usize,
        segments: program.segments.len(),
        frames: options.frames,
        seed: options.seed,
    }
}

/// The sight of a policy that is never told of a hit.
struct Bits;

impl<P: Policy> Sees<P> for Bits {
    const EVERY_REFERENCE: bool = false;
}

/// The sight of a policy that is told of every reference.
struct References;

impl<P: SeesReferences> Sees<P> for References {
    const EVERY_REFERENCE: bool = true;
    const TOGETHER: bool = P::TOGETHER;

    #[inline(always)]
    fn only_last_matters(&self, policy: &P) -> bool {
        policy.only_last_matters()
    }

    #[inline(always)]
    fn referenced(&self, policy: &mut P, _position: u64, reference: Reference) {
        policy.referenced(reference.page, reference.write);
    }

    fn together(&self, policy: &P, length: usize, page_at: impl Fn(usize) -> PageId) -> usize {
        policy.together(length, page_at)
    }

    #[inline(always)]
    fn referenced_together(&self, policy: &mut P, together: Together, first: impl Fn(PageId) -> Option<u64>) {
        policy.referenced_together(together, first);
    }

    fn passed(&self, policy: &mut P, references: u64) {
        policy.passed(references);
    }
}

impl<P: SeesFuture> Sees<P> for Future {
    const EVERY_REFERENCE: bool = true;

    #[inline(always)]
    fn only_last_matters(&self, _policy: &P) -> bool {
        true
    }

    /// Each reference is at the position that the policy expects the page at.
    #[inline(always)]
    fn repeats_go_untold(&self, _policy: &P) -> bool {
        false
    }

    /// The last reference to a page is the one after which the next is not in the run.
    fn last_of_run(&self, policy: &mut P, first: u64, length: usize, places: &mut Vec<u32>) -> bool {
        let end = first + length as u64;
        policy.passed_over(first, end);
        let next_uses = self.next_uses[first as usize..end as usize].iter().enumerate();
        places.extend(next_uses.filter(|&(_, &next)| u64::from(next) >= end).map(|(place, _)| place as u32));
        true
    }

    fn loaded(&self, policy: &mut P, position: u64, page: PageId, memory: &mut Memory<'_>) {
        policy.loaded(page, memory);
        policy.next_use(page, position, self.next_use(position));
    }

    #[inline(always)]
    fn expect(&self, policy: &P, position: u64, page: PageId) {
        policy.expect(page);
        if let Some(next) = self.next_use(position) {
            policy.expect_next_use(next);
        }
    }

    #[inline(always)]
    fn referenced(&self, policy: &mut P, position: u64, reference: Reference) {
        policy.next_use(reference.page, position, self.next_use(position));
    }
}

/// The references to come.
#[derive(Clone, Debug)]
pub struct Future {
    program: Arc<Program>,
    next_uses: Arc<Vec<u32>>,
}

impl Future {
    fn of(program: &Arc<Program>) -> Result<Self, String> {
        Ok(Self { program: Arc::clone(program), next_uses: Arc::clone(program.next_uses()?) })
    }

    /// The references of the whole trace.
    pub fn references(&self) -> u64 {
        self.program.references.len()
    }

    /// The page referenced at a position.
    ///
    /// # Panics
    /// When the trace is not that long.
    pub fn page_at(&self, position: u64) -> PageId {
        self.program.reference(position).page
    }

    /// Calls near the reference at a position.
    pub fn expect(&self, position: u64) {
        match &self.program.references {
            program::References::Narrow(words) => prefetch(words, position as usize),
            program::References::Wide(words) => prefetch(words, position as usize),
        }
    }

    /// The position of the next reference to the page that is referenced at this one; none when there is no further one.
    #[inline(always)]
    fn next_use(&self, position: u64) -> Option<u64> {
        let next = self.next_uses[position as usize];
        (next != NO_NEXT_USE).then_some(u64::from(next))
    }
}

/// A policy and its arguments, as typed.
#[derive(Clone, Debug)]
pub struct PolicySpec {
    /// Its row in the registry.
    pub entry: &'static Entry,
    arguments: Arguments,
}

impl PolicySpec {
    /// The policy with its default arguments.
    ///
    /// # Panics
    /// Never for rows of the registry.
    pub fn plain(entry: &'static Entry) -> Self {
        let arguments = Arguments::parse("", entry.parameters).expect("the defaults are parameters");
        Self { entry, arguments }
    }

    /// Every policy of the registry with its default arguments.
    pub fn all() -> Vec<Self> {
        POLICIES.iter().map(Self::plain).collect()
    }

    /// A list of policies separated by commas, or `all`. An item without a colon that has an equals sign is a further
    /// argument of the policy before it.
    ///
    /// # Errors
    /// When a policy or a key is unknown or comes twice with the same arguments; the text lists the right ones.
    pub fn parse_list(text: &str) -> Result<Vec<Self>, String> {
        let mut items: Vec<String> = Vec::new();
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            match items.last_mut() {
                Some(last) if item.contains('=') && !item.contains(':') => {
                    last.push(if last.contains(':') { ',' } else { ':' });
                    last.push_str(item);
                }
                _ => items.push(item.to_owned()),
            }
        }
        let mut specs: Vec<Self> = Vec::new();
        for item in items {
            let more = if item == "all" { Self::all() } else { vec![item.parse()?] };
            for spec in more {
                if !specs.iter().any(|other| other.to_string() == spec.to_string()) {
                    specs.push(spec);
                }
            }
        }
        if specs.is_empty() {
            return Err(format!("no policy is named; there are {}, and `all`", names()));
        }
        Ok(specs)
    }

    /// Whether the arguments are in range, before any trace is read.
    ///
    /// # Errors
    /// When one is not; the text names the policy and says what is allowed.
    pub fn check(&self) -> Result<(), String> {
        (self.entry.check)(&self.arguments(0)).map_err(|error| format!("policy `{}`: {error}", self.entry.name))
    }

    /// A parameter that can be given as a multiple of the frames and was given as a number, and its value.
    pub fn not_relative(&self) -> Option<(&'static Parameter, String)> {
        let relative = self.entry.parameters.iter().filter(|parameter| parameter.default.ends_with('x'));
        let mut given = relative.filter_map(|parameter| Some((parameter, self.arguments.get(parameter.key, "").ok()?)));
        given.find(|(_, value): &(_, String)| !value.ends_with('x'))
    }

    /// Starts a run of the policy.
    ///
    /// # Errors
    /// When an argument is out of range, or the policy can't run on the program; the text names the policy.
    pub fn start(&self, program: &Arc<Program>, options: &Options) -> Result<Box<dyn Replay>, String> {
        (self.entry.start)(program, options, &self.arguments(options.seed))
            .map_err(|error| format!("policy `{}`: {error}", self.entry.name))
    }

    /// The arguments as they stand in the results, for a run with this seed.
    pub fn arguments(&self, seed: u64) -> Arguments {
        let mut arguments = self.arguments.clone();
        arguments.replace("seed", SEED_OF_THE_RUN, &seed.to_string());
        arguments
    }
}

/// The default of a parameter `seed`: the seed of the run.
pub const SEED_OF_THE_RUN: &str = "--seed";

impl FromStr for PolicySpec {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, arguments) = text.split_once(':').unwrap_or((text, ""));
        let name = name.trim();
        let Some(entry) = POLICIES.iter().find(|entry| entry.name == name) else {
            return Err(format!("there is no policy `{name}`; there are {}", names()));
        };
        let arguments =
            Arguments::parse(arguments, entry.parameters).map_err(|error| format!("policy `{name}`: {error}"))?;
        Ok(Self { entry, arguments })
    }
}

impl fmt::Display for PolicySpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let arguments = self.arguments.to_string();
        let separator = if arguments.is_empty() { "" } else { ":" };
        write!(f, "{}{separator}{arguments}", self.entry.name)
    }
}

/// A policy and its parameters as the results have them, for people: parameters that have their default are left out.
pub fn label(policy: &str, params: &str) -> String {
    let parameters = POLICIES.iter().find(|entry| entry.name == policy).map_or(&[][..], |entry| entry.parameters);
    let is_default = |item: &str| {
        let (key, value) = item.split_once('=').unwrap_or((item, ""));
        let known = parameters.iter().find(|parameter| parameter.key == key);
        known.is_some_and(|parameter| parameter.default == value)
    };
    let shown: Vec<&str> = params.split(';').filter(|item| !item.is_empty() && !is_default(item)).collect();
    if shown.is_empty() { policy.to_owned() } else { format!("{policy}:{}", shown.join(",")) }
}

fn names() -> String {
    POLICIES.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        PolicySpec::parse_list(text).unwrap().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn lists_are_split_at_the_commas_that_begin_a_policy() {
        assert_eq!(list("fifo,clock:ref-on-load=0,lru"), ["fifo", "clock:ref-on-load=0", "lru"]);
        assert_eq!(list("random:seed=7"), ["random:seed=7"]);
        assert_eq!(list("all").len(), POLICIES.len());
        assert_eq!(list("all,fifo").len(), POLICIES.len());
        assert_eq!(list("clock,clock:ref-on-load=0"), ["clock:ref-on-load=1", "clock:ref-on-load=0"]);
    }

    #[test]
    fn a_wrong_name_or_key_is_told_with_the_right_ones() {
        let error = |text| PolicySpec::parse_list(text).unwrap_err();
        assert!(error("clokc").contains("linux-2.0, sweep, clock"));
        assert!(error("clock:bit=1").contains("there is ref-on-load"));
        assert!(error("fifo:x=1").contains("has none"));
        assert!(error("clock:ref-on-load").contains("needs a value"));
        assert!(error("clock:ref-on-load=1,ref-on-load=0").contains("twice"));
        assert!(error(" , ").contains("no policy"));
    }

    #[test]
    fn labels_leave_defaults_out() {
        assert_eq!(label("clock", "ref-on-load=1"), "clock");
        assert_eq!(label("clock", "ref-on-load=0"), "clock:ref-on-load=0");
        assert_eq!(label("fifo", ""), "fifo");
        assert_eq!(label("of another version", "a=1;b=2"), "of another version:a=1,b=2");
    }

    #[test]
    fn the_seed_of_the_run_is_the_default_of_a_seed() {
        let arguments = |text: &str| text.parse::<PolicySpec>().unwrap().arguments(5).to_string();
        assert_eq!(arguments("random"), "seed=5");
        assert_eq!(arguments("random:seed=7"), "seed=7");
    }

    #[test]
    fn names_are_unique_and_each_row_is_complete() {
        for (place, entry) in POLICIES.iter().enumerate() {
            assert!(POLICIES[..place].iter().all(|other| other.name != entry.name), "{} comes twice", entry.name);
            assert!(!entry.summary.is_empty() && !entry.source.is_empty());
            assert!(entry.file.starts_with("src/policy/"), "{}", entry.file);
        }
    }
}
