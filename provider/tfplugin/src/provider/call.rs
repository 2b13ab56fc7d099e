//! What comes with every call: when to stop, where warnings go, and whether the answer may be put off.

use super::Stop;
use crate::diagnostics::{Diagnostic, Diagnostics};

/// What comes with every call.
#[derive(Debug)]
pub struct Call {
    /// Comes when the user interrupts Terraform.
    pub stop: Stop,
    /// Warnings, and errors beside an answer.
    pub diagnostics: Diagnostics,
    may_defer: bool,
    deferral: Option<Deferral>,
}

/// Why an answer is put off until more is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deferral {
    /// The resource's own configuration is not known yet.
    ResourceConfigUnknown,
    /// The provider's configuration is not known yet.
    ProviderConfigUnknown,
    /// Something that has to be there first is not there yet.
    AbsentPrerequisite,
}

impl Call {
    /// One that may not put its answer off.
    pub fn new(stop: Stop) -> Self {
        Self { stop, diagnostics: Diagnostics::new(), may_defer: false, deferral: None }
    }

    /// Whether the answer may be put off from now on.
    pub(crate) fn allow_deferral(&mut self, may_defer: bool) {
        self.may_defer = may_defer;
    }

    /// Adds a warning, or an error beside the answer.
    pub fn add(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Puts the answer off. `false`: Terraform does not take that, and the call has to be answered as it is.
    pub fn defer(&mut self, why: Deferral) -> bool {
        self.deferral = self.may_defer.then_some(why);
        self.may_defer
    }

    /// Why the answer was put off, where it was.
    pub fn deferral(&self) -> Option<Deferral> {
        self.deferral
    }
}
