//! A policy beside the obvious form of it, each replayed to the end: what tests of policies compare that take short ways. Which
//! worlds they are put in, and what the obvious form is, is each policy's own.

use std::sync::Arc;

use super::registry::{Entry, PolicySpec};
use crate::outcome::outcome;
use crate::program::Program;
use crate::replay::Options;
use crate::results::Run;

/// What a policy comes to, and what its obvious form does with the same arguments. Both under its own name.
///
/// # Panics
/// When either can't run.
pub(super) fn outcomes(
    policy: &PolicySpec,
    plain: &'static Entry,
    program: &Arc<Program>,
    options: &Options,
) -> [Run; 2] {
    let mut plainly = policy.clone();
    plainly.entry = plain;
    [policy, &plainly].map(|spec| {
        let mut replay = spec.start(program, options).expect("its arguments are allowed");
        replay.run(&|| true);
        outcome(&*replay, "test", policy, options)
    })
}
