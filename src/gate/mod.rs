//! The gate: results kept in a file, and whether others are worse.
//!
//! Counts are deterministic, so they are compared to the last digit: whatever differs has a cause in a policy, the model or
//! the trace. [`baseline`] is the file, [`limits`] what may be worse without failing, [`found`] what was replayed or read in
//! its place, [`comparison`] the verdict. Nothing is replayed here and no file touched.

pub mod baseline;
pub mod comparison;
pub mod found;
pub mod limits;

pub use baseline::{Baseline, BaselineError, TraceRecord};
pub use comparison::{Change, ComparedRun, Comparison, Standing};
pub use found::Found;
pub use limits::{Limit, Limits};
