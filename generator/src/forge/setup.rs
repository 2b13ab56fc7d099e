//! What became of setting a forge up: each step was there already, was made, or is for a person. Not here: the steps.

use serde::Serialize;

/// Whether something is made, or only said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Making {
    /// It is made.
    Really,
    /// It is only said what would be made.
    DryRun,
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum SetupOutcome {
    /// It was so before.
    There,
    /// It was made, or would be in a dry run.
    Made,
    /// A person has to do it.
    ForPerson,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SetupStep {
    /// What it is about.
    pub what: String,
    /// What became of it.
    pub outcome: SetupOutcome,
    /// The same in words.
    pub says: String,
}

/// The steps, as they are done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetupLog(Vec<SetupStep>);

impl SetupLog {
    /// It was so before.
    pub fn there(&mut self, what: &str, says: impl Into<String>) {
        self.push(what, SetupOutcome::There, says.into());
    }

    /// It was made.
    pub fn made(&mut self, what: &str, says: impl Into<String>) {
        self.push(what, SetupOutcome::Made, says.into());
    }

    /// A person has to do it.
    pub fn for_person(&mut self, what: &str, says: impl Into<String>) {
        self.push(what, SetupOutcome::ForPerson, says.into());
    }

    /// Every step, in order.
    pub fn steps(&self) -> &[SetupStep] {
        &self.0
    }

    fn push(&mut self, what: &str, outcome: SetupOutcome, says: String) {
        self.0.push(SetupStep { what: what.to_owned(), outcome, says });
    }
}
