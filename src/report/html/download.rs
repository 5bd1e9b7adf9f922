//! `results.csv` as a link that holds all of it: it needs no server and no script.

use std::io;

use crate::report::csv;
use crate::results::Results;

/// The whole file as an address.
pub(super) fn csv(results: &Results) -> io::Result<String> {
    let mut text = Vec::new();
    csv::write_runs(&results.runs, &mut text)?;
    Ok(address(&text))
}

/// Bytes as a `data:` address (RFC 2397).
fn address(bytes: &[u8]) -> String {
    const PLAIN: &[u8] = b"-._~,;:=@$!*()";
    let mut address = String::from("data:text/csv;charset=utf-8,");
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || PLAIN.contains(&byte) {
            address.push(char::from(byte));
        } else {
            address.push_str(&format!("%{byte:02X}"));
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn addresses_hold_every_byte() {
        assert_eq!(address("a,b\n\"é\"%".as_bytes()), "data:text/csv;charset=utf-8,a,b%0A%22%C3%A9%22%25");
    }
}
