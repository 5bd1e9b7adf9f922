//! The commands of the gate: results kept as a baseline, and later ones held against it.

pub mod arguments;
pub mod baseline;
pub mod check;
