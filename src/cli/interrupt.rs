//! Ctrl-C: the first one asks the work to stop, the second ends the process.

use std::sync::atomic::{AtomicBool, Ordering};

/// Set when the user presses Ctrl-C.
static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Listens for it from now on. Where no handler can be had, the first ends the process at once.
pub fn listen() {
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
}

/// Asks the work to stop, as the first Ctrl-C does.
pub fn stop() {
    INTERRUPTED.store(true, Ordering::Relaxed);
}

/// Whether the work is to go on.
pub fn go_on() -> bool {
    !INTERRUPTED.load(Ordering::Relaxed)
}
