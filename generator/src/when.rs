//! Times as people say them. Not here: times that programs read, which are RFC 3339.

use jiff::Timestamp;
pub(crate) use p0_grant::time::written;

/// How far `at` is from `now`: "in 3 h 12 min", "5 s ago", by its greatest unit or two.
pub(crate) fn relative(at: Timestamp, now: Timestamp) -> String {
    let passed = now.duration_since(at);
    let seconds = passed.unsigned_abs().as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let length = match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, 0) => format!("{hours} h"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, 0, _) => format!("{days} d"),
        (days, hours, _) => format!("{days} d {hours} h"),
    };
    match passed.signum() {
        0 => "now".to_owned(),
        1 => format!("{length} ago"),
        _ => format!("in {length}"),
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[test]
    fn times_are_said_as_people_say_them() {
        let now: Timestamp = "2026-11-24T10:00:00Z".parse().unwrap();
        for (seconds, said) in [
            (0, "now"),
            (5, "5 s ago"),
            (-59, "in 59 s"),
            (-60, "in 1 min"),
            (3600, "1 h ago"),
            (-11_520, "in 3 h 12 min"),
            (90_000, "1 d 1 h ago"),
            (172_800, "2 d ago"),
        ] {
            assert_eq!(relative(now - SignedDuration::from_secs(seconds), now), said);
        }
    }
}
