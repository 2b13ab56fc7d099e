//! The pattern that gives IAM identities to persons who have none of their own.

use p0_grant::arn::IamIdentity;
use schemars::JsonSchema;
use serde::Deserialize;

use super::person::{Person, PersonError, iam};

/// An ARN with one placeholder in its last part: the name of the user or of the session.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
pub(super) struct IamPattern {
    before: String,
    by: By,
}

/// What takes the placeholder's place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, JsonSchema)]
enum By {
    Name,
    Email,
}

/// A text that is no such pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no pattern of IAM ARNs: write the ARN of a user or of a session of an `AWSReservedSSO_` role, with `{{name}}` or \
     `{{email}}` as its whole last part"
)]
pub(super) struct IamPatternError(String);

impl TryFrom<String> for IamPattern {
    type Error = IamPatternError;

    fn try_from(text: String) -> Result<Self, IamPatternError> {
        let found = [("{name}", By::Name), ("{email}", By::Email)]
            .into_iter()
            .find_map(|(placeholder, by)| Some((text.strip_suffix(placeholder)?, by)));
        match found {
            Some((before, by))
                if before.ends_with('/') && IamIdentity::read(&format!("{before}ab")).is_ok() =>
            {
                Ok(Self { before: before.to_owned(), by })
            }
            _ => Err(IamPatternError(text)),
        }
    }
}

impl IamPattern {
    /// The person with the identity that the pattern gives, where they have none and the pattern has what it needs.
    pub(super) fn fill(&self, person: Person) -> Result<Person, PersonError> {
        let word = match self.by {
            By::Name => Some(person.name.to_string()),
            By::Email => person.email.clone(),
        };
        match (word, &person.iam) {
            (Some(word), None) => {
                let identity = iam(&person.name, &format!("{}{word}", self.before))?;
                Ok(Person { iam: Some(identity), ..person })
            }
            _ => Ok(person),
        }
    }
}
