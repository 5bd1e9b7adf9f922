//! Published figures, where the traces of other people are at hand: `CLOCKHAND_TRACES=FOLDER cargo test --test published`.

use std::process::Command;

#[test]
fn every_published_figure_is_met() {
    let Some(folder) = std::env::var_os("CLOCKHAND_TRACES") else {
        println!("skipped: CLOCKHAND_TRACES names no folder with the traces");
        return;
    };
    let output = Command::new(env!("CARGO_BIN_EXE_clockhand")).arg("verify").arg(folder).output().unwrap();
    let (table, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{table}{error}");
    assert!(!error.contains("left out"), "{error}");
}
