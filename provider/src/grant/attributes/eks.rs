//! `eks`: who the subject is for AWS, where the cluster knows users by the ConfigMap `aws-auth`.

use p0_grant::arn::{ArnNote, IamIdentity};
use p0_grant::mapping::Mapping;
use p0_grant::subject::{Subject, SubjectView};
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::value::{Attr, Path, Value};

use super::parts::EksParts;
use super::{at, part, refuse};
use crate::text::{chain, sentence};

/// An IAM identity, and what was left out of the ARN that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::grant) struct NamedIdentity {
    pub(in crate::grant) identity: IamIdentity,
    notes: Vec<ArnNote>,
}

impl NamedIdentity {
    /// What people are told of the ARN.
    pub(in crate::grant) fn told(&self) -> Option<Diagnostic> {
        let notes: Vec<String> = self.notes.iter().map(|note| sentence(&note.to_string())).collect();
        let detail = || format!("{} The entry has the ARN `{}`.", notes.join(" "), self.identity.arn());
        (!notes.is_empty()).then(|| {
            Diagnostic::warning("The ARN is written otherwise in aws-auth", detail()).at(at("eks", "iam_arn"))
        })
    }
}

/// Who the subject is for AWS.
pub(in crate::grant) fn eks(config: &Value, wrong: &mut Diagnostics) -> Attr<NamedIdentity> {
    let parts = match part(config, "eks", wrong) {
        Attr::Known(EksParts { iam_arn }) => iam_arn,
        Attr::Null => return Attr::Null,
        Attr::Unknown => return Attr::Unknown,
    };
    let Attr::Known(arn) = parts else { return Attr::Unknown };
    match IamIdentity::read(&arn) {
        Ok((identity, notes)) => Attr::Known(NamedIdentity { identity, notes }),
        Err(error) => {
            refuse(wrong, at("eks", "iam_arn"), "Not the ARN of a person", chain(&error));
            Attr::Unknown
        }
    }
}

/// Refuses an identity that cannot have the subject's user name.
pub(in crate::grant) fn check(eks: &Attr<NamedIdentity>, subject: &Attr<Subject>, wrong: &mut Diagnostics) {
    let (Some(eks), Some(subject)) = (eks.known(), subject.known()) else { return };
    let SubjectView::User(name) = subject.view() else {
        let detail =
            "An IAM identity belongs to a user: set `kind = \"User\"` in `subject`, or leave `eks` out.";
        refuse(wrong, Path::attribute("eks"), "Not a user", detail);
        return;
    };
    if let Err(error) = Mapping::new(eks.identity.clone(), name) {
        refuse(wrong, at("subject", "name"), "The user name cannot be mapped", chain(&error));
    }
}
