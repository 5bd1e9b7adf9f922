//! The slow, obvious model of System V shared memory under Linux 2.0, and worlds to run it on.
//!
//! Nothing here is fast and nothing is shared with the crate: the model is a second opinion, written from the rules
//! (R1 ..., those of the specification of `shm_swap`) in the kernel's order of statements and with the kernel's names.
//! An integration test says `mod reference;` and compares an implementation with it, event by event.
//!
//! * [`script`]: event scripts, as text and as values.
//! * [`model`]: the machine; [`scan`] is its reclaim, [`swap`] its slot allocator, [`view`] what can be asked of it.
//! * [`worlds`]: seeded random scripts that are always legal.

// Every integration test compiles this room for itself and none uses all of it.
#![allow(dead_code)]

pub mod model;
pub mod scan;
pub mod script;
pub mod swap;
pub mod view;
pub mod worlds;
