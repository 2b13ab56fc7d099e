//! What can go wrong with the store, and what to do about it.

use jiff::Timestamp;

use super::location::StoreLocation;
use crate::when::written;

/// Why the store did not do what was asked. Nothing of it was done.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No address of a database.
    #[error(
        "`{0}` is no store; write `sqlite:///path/to/p0.db` or `postgres://user@host/database` (the password goes into PGPASSWORD or ~/.pgpass)"
    )]
    Address(String),
    /// The file cannot be made or opened.
    #[error("cannot open the store {location}; its folder must exist and be writable by this user")]
    Open {
        /// Where.
        location: StoreLocation,
        /// The system's own word.
        #[source]
        source: std::io::Error,
    },
    /// No file.
    #[error(
        "there is no store {0}; check the path. `p0-gitops serve` makes the store that its settings name, and `p0-gitops store init` makes one for the command line alone"
    )]
    Missing(StoreLocation),
    /// No answer, or not in time.
    #[error("cannot reach the store {location}; nothing was written")]
    Unreachable {
        /// Where.
        location: StoreLocation,
        /// The driver's own word.
        #[source]
        source: sqlx::Error,
    },
    /// The database does not let this user in, or not do this.
    #[error("the store {location} does not let this user in; check the user, the password and its rights")]
    Denied {
        /// Where.
        location: StoreLocation,
        /// The driver's own word.
        #[source]
        source: sqlx::Error,
    },
    /// Somebody else writes, longer than we wait.
    #[error("the store {location} is being written by another program; nothing was written, try again")]
    Busy {
        /// Where.
        location: StoreLocation,
        /// The driver's own word.
        #[source]
        source: sqlx::Error,
    },
    /// No space is left.
    #[error(
        "no space is left for the store {location}; nothing was written. Free some: what is due is tried again"
    )]
    DiskFull {
        /// Where.
        location: StoreLocation,
        /// The driver's own word.
        #[source]
        source: sqlx::Error,
    },
    /// The file is damaged, or no database.
    #[error(
        "the store {location} is damaged or is no database; stop the server and put a backup in its location (docs/operations.md)"
    )]
    Damaged {
        /// Where.
        location: StoreLocation,
        /// What was found.
        #[source]
        source: sqlx::Error,
    },
    /// A later version of this program wrote it.
    #[error(
        "the store {location} was made by a newer version of this program: it is at step {theirs}, this program knows {ours}; nothing was changed. Install the newer version"
    )]
    Newer {
        /// Where.
        location: StoreLocation,
        /// The database's step.
        theirs: i64,
        /// The last one known here.
        ours: i64,
    },
    /// Its tables were made by something else.
    #[error(
        "step {step} of the store {location} is not the one this program makes; it was changed by hand or belongs to another program"
    )]
    Foreign {
        /// Where.
        location: StoreLocation,
        /// Which step.
        step: i64,
    },
    /// Another server works on the file.
    #[error("another server works on the store {0}; run one per file, or use PostgreSQL for several")]
    Taken(StoreLocation),
    /// A backup of what has its own way to be backed up.
    #[error("{0} is backed up with `pg_dump`")]
    NoCopy(StoreLocation),
    /// The id is taken.
    #[error("there is a request `{0}` already")]
    Exists(String),
    /// The clock went back.
    #[error(
        "the clock says {}, but the store has seen {}; nothing is done until the clock is right. If the earlier time was the wrong one, accept this one with `p0-gitops serve --accept-clock`",
        written(*now),
        written(*seen)
    )]
    ClockBack {
        /// The time of the step.
        now: Timestamp,
        /// The latest time written.
        seen: Timestamp,
    },
    /// The audit log was changed.
    #[error("the audit log of {location} is broken at line {seq}: {problem}; compare it with a backup")]
    Broken {
        /// Where.
        location: StoreLocation,
        /// Which line.
        seq: i64,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// What is stored does not read back.
    #[error("what the store has of `{what}` cannot be read")]
    Unreadable {
        /// Which.
        what: String,
        /// The reader's own word.
        #[source]
        source: serde_json::Error,
    },
    /// A value that is no JSON.
    #[error("cannot write `{what}` as JSON")]
    Unwritable {
        /// Which.
        what: String,
        /// The writer's own word.
        #[source]
        source: serde_json::Error,
    },
    /// Anything else.
    #[error("the store {location} failed")]
    Other {
        /// Where.
        location: StoreLocation,
        /// The driver's own word.
        #[source]
        source: sqlx::Error,
    },
}

impl StoreError {
    /// Sorts the driver's errors.
    pub(super) fn at(location: &StoreLocation, source: sqlx::Error) -> Self {
        let location = location.clone();
        let code = match &source {
            sqlx::Error::Database(error) => error.code().map(|code| code.into_owned()),
            sqlx::Error::Io(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => {
                return Self::Unreachable { location, source };
            }
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                return Self::Damaged { location, source };
            }
            _ => None,
        };
        match Trouble::of(code.as_deref().unwrap_or_default()) {
            Trouble::Full => Self::DiskFull { location, source },
            Trouble::Damaged => Self::Damaged { location, source },
            Trouble::Busy => Self::Busy { location, source },
            Trouble::Denied => Self::Denied { location, source },
            Trouble::Away => Self::Unreachable { location, source },
            Trouble::Other => Self::Other { location, source },
        }
    }
}

/// What a database's error code means for its operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Full,
    Damaged,
    Busy,
    Denied,
    Away,
    Other,
}

impl Trouble {
    fn of(code: &str) -> Self {
        // PostgreSQL's codes have five characters; SQLite's are numbers whose low byte is the kind.
        if code.len() == 5 {
            return match code {
                "53100" => Self::Full,
                "XX001" | "XX002" => Self::Damaged,
                "40001" | "40P01" | "55P03" | "57014" => Self::Busy,
                "42501" | "25006" | "3D000" => Self::Denied,
                _ if code.starts_with("28") => Self::Denied,
                _ if code.starts_with("08") || code.starts_with("57P") || code.starts_with("53") => {
                    Self::Away
                }
                _ => Self::Other,
            };
        }
        match code.parse::<u32>().map(|code| code & 0xff) {
            Ok(13) => Self::Full,
            Ok(11 | 26) => Self::Damaged,
            Ok(5 | 6) => Self::Busy,
            Ok(3 | 8 | 14 | 23) => Self::Denied,
            _ => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_databases_codes_are_sorted() {
        for (code, trouble) in [
            ("13", Trouble::Full),
            ("53100", Trouble::Full),
            ("11", Trouble::Damaged),
            ("267", Trouble::Damaged),
            ("26", Trouble::Damaged),
            ("XX001", Trouble::Damaged),
            ("5", Trouble::Busy),
            ("517", Trouble::Busy),
            ("40P01", Trouble::Busy),
            ("8", Trouble::Denied),
            ("1032", Trouble::Denied),
            ("28P01", Trouble::Denied),
            ("57P01", Trouble::Away),
            ("08006", Trouble::Away),
            ("1", Trouble::Other),
            ("42P01", Trouble::Other),
            ("", Trouble::Other),
        ] {
            assert_eq!(Trouble::of(code), trouble, "{code}");
        }
    }
}
