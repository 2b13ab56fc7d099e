//! What the doctor finds: each thing that was looked at, with what was found and, where something is missing, what to do.
//!
//! Not here: looking. Each room examines what is its own, and `p0-gitops doctor` puts the findings together.

use serde::Serialize;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Examination {
    /// Of what it is a part: `settings`, `store`, the address of a repository.
    pub of: String,
    /// What was looked at, in a few words.
    pub what: String,
    /// What was found.
    pub verdict: Verdict,
    /// The same as a sentence; where something is missing, with what to do.
    pub says: String,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is as the server needs it.
    Passed,
    /// It keeps the server from working, or from being safe.
    Failed,
    /// It could not be looked at, or need not be there.
    NotChecked,
}

impl Verdict {
    /// The word for people.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::NotChecked => "not checked",
        }
    }
}

/// Examinations of one thing, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Examinations {
    of: String,
    all: Vec<Examination>,
}

impl Examinations {
    /// None yet.
    pub fn of(of: impl Into<String>) -> Self {
        Self { of: of.into(), all: Vec::new() }
    }

    /// `what` is as it should be.
    pub fn passed(&mut self, what: &str, says: impl Into<String>) {
        self.push(what, Verdict::Passed, says.into());
    }

    /// `what` is not, and what to do.
    pub fn failed(&mut self, what: &str, says: impl Into<String>) {
        self.push(what, Verdict::Failed, says.into());
    }

    /// `what` was not looked at, and why not.
    pub fn not_checked(&mut self, what: &str, says: impl Into<String>) {
        self.push(what, Verdict::NotChecked, says.into());
    }

    /// `what` is `says` where nothing is wrong with it; else each fault.
    pub fn faults(&mut self, what: &str, says: impl Into<String>, faults: impl IntoIterator<Item = String>) {
        let mut faults = faults.into_iter().peekable();
        if faults.peek().is_none() {
            self.passed(what, says);
        }
        faults.for_each(|fault| self.failed(what, fault));
    }

    /// What was found.
    pub fn found(self) -> Vec<Examination> {
        self.all
    }

    fn push(&mut self, what: &str, verdict: Verdict, says: String) {
        self.all.push(Examination { of: self.of.clone(), what: what.to_owned(), verdict, says });
    }
}
