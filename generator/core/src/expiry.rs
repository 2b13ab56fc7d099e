//! When a file says that its grant ends, without reading the rest of it: for sweeps over thousands of files.
//!
//! It errs on the early side: of several expiries the first to come counts. Not here: whether the file is a grant.

use jiff::Timestamp;
use p0_grant::manifest::EXPIRES_AT;

/// The earliest expiry that any line of `bytes` states; nothing where a line states one that cannot be read, or none does.
///
/// ```
/// let text = b"metadata:\n  annotations:\n    p0.dev/expires-at: \"2026-11-24T14:00:00Z\"\n";
/// assert_eq!(p0_access::expiry::stated(text), Some("2026-11-24T14:00:00Z".parse()?));
/// # Ok::<(), jiff::Error>(())
/// ```
pub fn stated(bytes: &[u8]) -> Option<Timestamp> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut earliest: Option<Timestamp> = None;
    for (place, _) in text.match_indices(EXPIRES_AT) {
        let rest = text.get(place + EXPIRES_AT.len()..)?;
        let line = rest.split('\n').next().unwrap_or(rest);
        let value = line.trim_start_matches(['"', '\'']).strip_prefix(':')?.trim().trim_matches(['"', '\'']);
        let time: Timestamp = value.parse().ok()?;
        earliest = Some(earliest.map_or(time, |own| own.min(time)));
    }
    earliest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_counts_and_doubt_is_none() {
        let line = |time: &str| format!("    p0.dev/expires-at: \"{time}\"\n");
        let (early, late) = (line("2026-11-24T14:00:00Z"), line("2026-11-24T15:00:00Z"));
        let earliest = "2026-11-24T14:00:00Z".parse().ok();
        for text in [early.clone(), format!("{late}{early}"), format!("{early}# \n{late}")] {
            assert_eq!(stated(text.as_bytes()), earliest, "{text}");
        }
        for text in
            [String::new(), line("soon"), format!("{early}{}", line("never")), early.replace(':', ";")]
        {
            assert_eq!(stated(text.as_bytes()), None, "{text}");
        }
        assert_eq!(stated(&[0xff]), None);
    }
}
