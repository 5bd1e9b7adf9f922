//! clockhand replays memory-access traces of processes that share memory segments against an array-based page-table
//! model, and shows what each victim policy costs.

pub mod frames;
pub mod ids;
pub mod program;
pub mod report;
pub mod results;
pub mod trace;
