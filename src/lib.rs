//! clockhand replays memory-access traces of processes that share memory segments against an array-based page-table
//! model, and shows what each victim policy costs.

pub mod ids;
pub mod kernel;
pub mod observers;
mod page_numbers;
pub mod policy;
pub mod program;
pub mod replay;
pub mod resolve;
pub mod results;
pub mod trace;
