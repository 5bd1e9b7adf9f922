//! clockhand replays memory-access traces of processes that share memory segments against an array-based page-table
//! model, and shows what each victim policy costs.

pub mod cli;
pub mod combine;
pub mod compare;
pub mod fingerprint;
pub mod frames;
pub mod gate;
pub mod ids;
pub mod journal;
pub mod kernel;
pub mod load;
pub mod matrix;
pub mod metrics;
pub mod observers;
pub mod outcome;
mod page_numbers;
pub mod policy;
pub mod program;
pub mod replay;
pub mod report;
pub mod resolve;
pub mod results;
pub mod shard;
pub mod speed;
pub mod stack_distances;
pub mod statistics;
pub mod timeline;
pub mod trace;
mod translation;
pub mod verify;
pub mod whole_file;
pub mod workload;
