//! A mapping: which IAM identity is which user of a cluster, as one entry of `aws-auth` can say it.
//!
//! Not here: the entry's text, and whether an existing ConfigMap allows it ([`crate::aws_auth`]).

use crate::arn::IamIdentity;
use crate::username::{self, SESSION, UsernameError};

/// One person and their user name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    identity: IamIdentity,
    username: String,
    written: String,
}

impl Mapping {
    /// Maps an identity to the user name that grants bind. The name of an Identity Center user is a fixed prefix, which
    /// ends in `:` or `/`, and the session's name: the role's entry serves every user of its permission set.
    ///
    /// # Errors
    /// [`UsernameError`].
    ///
    /// ```
    /// use p0_grant::{arn::IamIdentity, mapping::Mapping};
    /// let session = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/alice";
    /// let mapping = Mapping::new(IamIdentity::read(session)?.0, "corp:alice")?;
    /// assert_eq!(mapping.written(), "corp:{{SessionNameRaw}}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(identity: IamIdentity, username: &str) -> Result<Self, UsernameError> {
        username::check(username)?;
        let written = match identity.session() {
            None if username.starts_with("arn:") && username != identity.arn() => {
                return Err(UsernameError::OtherArn(username.to_owned()));
            }
            None => username.to_owned(),
            Some(session) => {
                let prefix = username.strip_suffix(session).filter(|prefix| prefix.ends_with([':', '/']));
                let refused =
                    || UsernameError::Session { name: username.to_owned(), session: session.to_owned() };
                format!("{}{SESSION}", prefix.ok_or_else(refused)?)
            }
        };
        Ok(Self { identity, username: username.to_owned(), written })
    }

    /// Who.
    pub fn identity(&self) -> &IamIdentity {
        &self.identity
    }

    /// The user name that Kubernetes sees, which a grant binds.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// The user name as the entry writes it, with the placeholder of the session.
    pub fn written(&self) -> &str {
        &self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_belongs_to_one_identity() {
        let user = IamIdentity::read("arn:aws:iam::123456789012:user/alice").unwrap().0;
        assert_eq!(Mapping::new(user.clone(), "alice").unwrap().written(), "alice");
        assert!(Mapping::new(user.clone(), "arn:aws:iam::123456789012:user/alice").is_ok());
        let other = Mapping::new(user.clone(), "arn:aws:iam::123456789012:user/bob");
        assert!(matches!(other, Err(UsernameError::OtherArn(_))));
        assert!(Mapping::new(user, "system:admin").is_err());
        let role = "arn:aws:iam::123456789012:role/AWSReservedSSO_Dev_0123456789abcdef";
        let session = IamIdentity::of_role(role, "alice@example.com").unwrap().0;
        let name =
            "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/alice@example.com";
        assert!(Mapping::new(session.clone(), name).unwrap().written().ends_with("/{{SessionNameRaw}}"));
        for name in ["alice@example.com", "corp-alice@example.com", "corp:bob", "{{SessionNameRaw}}"] {
            assert!(Mapping::new(session.clone(), name).is_err(), "{name}");
        }
    }
}
