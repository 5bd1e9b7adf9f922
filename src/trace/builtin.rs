//! The trace inside the binary, so that there is something to replay right after the installation.

/// Its name.
pub const NAME: &str = "pg-tpcb-exact";

/// Its bytes, in the native format. Where it comes from is in `traces/README.md`.
pub static BYTES: &[u8] = include_bytes!("../../traces/pg-tpcb-exact.cht");
