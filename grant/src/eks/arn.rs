//! IAM identities of persons, read from ARNs: an IAM user, or a user of IAM Identity Center by the role that they assume.
//!
//! Not here: other roles, the root user, federated users and groups. The caller of `sts:AssumeRole` chooses the session's
//! name, so none of them is one person.
//!
//! Sources: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>,
//! <https://github.com/kubernetes-sigs/aws-iam-authenticator/blob/master/pkg/arn/arn.go>.

use std::fmt;

/// The partitions that the authenticator of EKS recognises, and the European sovereign one.
const PARTITIONS: [&str; 8] =
    ["aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc"];

/// What a role of IAM Identity Center begins with; AWS lets no other role have it.
const SSO_ROLE: &str = "AWSReservedSSO_";

/// The path of those roles, which `aws-auth` must not have.
const SSO_PATH: &str = "aws-reserved/sso.amazonaws.com/";

/// One person as AWS knows them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IamIdentity {
    partition: String,
    account: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// Path and name, as the ARN has them: `division/alice`.
    User(String),
    Sso {
        role: String,
        session: String,
    },
}

/// What was left out of an ARN to make it the one that `aws-auth` needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ArnNote {
    /// A role's path: the authenticator sees roles without it.
    PathRemoved(String),
    /// The session of an assumed role: it names the person, the entry names the role.
    SessionRemoved(String),
}

/// Why a text is not the ARN of one person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArnError {
    /// Not six fields that begin with `arn`.
    #[error("`{0}` is not an ARN: write `arn:aws:iam::123456789012:user/NAME`")]
    Form(String),
    /// A partition that EKS does not recognise.
    #[error("`{0}` is not a partition of AWS: use `aws`, `aws-cn`, `aws-us-gov` or another that AWS has")]
    Partition(String),
    /// Not twelve digits.
    #[error("`{0}` is not an AWS account: it has 12 digits")]
    Account(String),
    /// An IAM ARN with a region.
    #[error("the ARN names the region `{0}`; IAM has no regions")]
    Region(String),
    /// A resource that IAM does not have or that `aws-auth` cannot map.
    #[error("`{0}` cannot be mapped: use an IAM user, or a session of an `AWSReservedSSO_` role")]
    Resource(String),
    /// Characters that IAM does not allow in names and paths.
    #[error("`{0}` holds a character that this program does not take in an IAM name or path")]
    Name(String),
    /// A role of Identity Center without the session that says who.
    #[error(
        "the role `{0}` serves everyone with its permission set: add the user's name, as in `arn:aws:sts::…:assumed-role/{0}/NAME`"
    )]
    NoSession(String),
    /// A role of the account's own.
    #[error(
        "the role `{0}` is not one person: its session names are chosen by the caller. Only `AWSReservedSSO_` roles are mapped"
    )]
    Role(String),
    /// A session name that STS does not allow.
    #[error("`{0}` cannot be a session's name: it has 2 to 64 of `A-Z a-z 0-9 _ + = , . @ -`")]
    Session(String),
}

impl IamIdentity {
    /// Reads the ARN of an IAM user, or of a session of an `AWSReservedSSO_` role. The notes say what was left out.
    ///
    /// # Errors
    /// [`ArnError`] for everything that is not one person.
    ///
    /// ```
    /// use p0_grant::arn::IamIdentity;
    /// let session = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/alice@example.com";
    /// let (identity, notes) = IamIdentity::read(session)?;
    /// assert_eq!(identity.arn(), "arn:aws:iam::123456789012:role/AWSReservedSSO_Dev_0123456789abcdef");
    /// assert_eq!(identity.session(), Some("alice@example.com"));
    /// assert_eq!(notes.len(), 1);
    /// # Ok::<(), p0_grant::arn::ArnError>(())
    /// ```
    pub fn read(text: &str) -> Result<(Self, Vec<ArnNote>), ArnError> {
        let Fields { partition, service, account, resource } = Fields::read(text)?;
        let of = |kind| Self { partition: partition.to_owned(), account: account.to_owned(), kind };
        match (service, resource.split_once('/')) {
            ("iam", Some(("user", name))) => {
                check_path(name)?;
                Ok((of(Kind::User(name.to_owned())), Vec::new()))
            }
            ("iam", Some(("role", role))) => {
                let (role, _) = sso_role(role)?;
                Err(ArnError::NoSession(role.to_owned()))
            }
            ("sts", Some(("assumed-role", rest))) => {
                let (role, session) = rest.rsplit_once('/').ok_or_else(|| ArnError::Form(text.to_owned()))?;
                let (role, path) = sso_role(role)?;
                check_session(session)?;
                let mut notes: Vec<ArnNote> = path.map(ArnNote::PathRemoved).into_iter().collect();
                notes.push(ArnNote::SessionRemoved(session.to_owned()));
                Ok((of(Kind::Sso { role: role.to_owned(), session: session.to_owned() }), notes))
            }
            _ => Err(ArnError::Resource(resource.to_owned())),
        }
    }

    /// A user of IAM Identity Center: the ARN of the permission set's role, with or without its path, and the user's name.
    ///
    /// # Errors
    /// As [`IamIdentity::read`].
    pub fn of_role(role_arn: &str, session: &str) -> Result<(Self, Vec<ArnNote>), ArnError> {
        let Fields { partition, service, account, resource } = Fields::read(role_arn)?;
        let Some(("role", role)) = resource.split_once('/').filter(|_| service == "iam") else {
            return Err(ArnError::Resource(resource.to_owned()));
        };
        let (role, path) = sso_role(role)?;
        check_session(session)?;
        let kind = Kind::Sso { role: role.to_owned(), session: session.to_owned() };
        let identity = Self { partition: partition.to_owned(), account: account.to_owned(), kind };
        Ok((identity, path.map(ArnNote::PathRemoved).into_iter().collect()))
    }

    /// The ARN that the entry in `aws-auth` has: the user's with its path, the role's without.
    pub fn arn(&self) -> String {
        let Self { partition, account, kind } = self;
        match kind {
            Kind::User(name) => format!("arn:{partition}:iam::{account}:user/{name}"),
            Kind::Sso { role, .. } => format!("arn:{partition}:iam::{account}:role/{role}"),
        }
    }

    /// The 12 digits of the account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// `aws`, `aws-cn`, …
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The name of an Identity Center user, which is the session's name; none for an IAM user.
    pub fn session(&self) -> Option<&str> {
        match &self.kind {
            Kind::User(_) => None,
            Kind::Sso { session, .. } => Some(session),
        }
    }
}

/// The ARN of the person: an IAM user's, or the session's. [`IamIdentity::read`] takes it back.
impl fmt::Display for IamIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, account, kind } = self;
        match kind {
            Kind::User(_) => f.write_str(&self.arn()),
            Kind::Sso { role, session } => {
                write!(f, "arn:{partition}:sts::{account}:assumed-role/{role}/{session}")
            }
        }
    }
}

impl fmt::Display for ArnNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PathRemoved(path) => write!(f, "the role's path `{path}` is left out, as aws-auth needs"),
            Self::SessionRemoved(session) => {
                write!(f, "the entry names the role; the session `{session}` is the user's name")
            }
        }
    }
}

struct Fields<'a> {
    partition: &'a str,
    service: &'a str,
    account: &'a str,
    resource: &'a str,
}

impl<'a> Fields<'a> {
    fn read(text: &'a str) -> Result<Self, ArnError> {
        let mut fields = text.splitn(6, ':');
        let mut next = || fields.next().ok_or_else(|| ArnError::Form(text.to_owned()));
        let (prefix, partition, service) = (next()?, next()?, next()?);
        let (region, account, resource) = (next()?, next()?, next()?);
        if prefix != "arn" {
            return Err(ArnError::Form(text.to_owned()));
        }
        if !PARTITIONS.contains(&partition) {
            return Err(ArnError::Partition(partition.to_owned()));
        }
        if !region.is_empty() {
            return Err(ArnError::Region(region.to_owned()));
        }
        if account.len() != 12 || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ArnError::Account(account.to_owned()));
        }
        Ok(Self { partition, service, account, resource })
    }
}

/// The name and the path of a role that Identity Center made.
fn sso_role(resource: &str) -> Result<(&str, Option<String>), ArnError> {
    let (path, name) = resource.rsplit_once('/').map_or((None, resource), |(path, name)| (Some(path), name));
    let hex = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let made_by_sso = name
        .strip_prefix(SSO_ROLE)
        .and_then(|rest| rest.rsplit_once('_'))
        .is_some_and(|(set, id)| is_name(set) && hex(id));
    if !made_by_sso {
        return Err(ArnError::Role(name.to_owned()));
    }
    match path {
        None => Ok((name, None)),
        Some(path) if format!("{path}/").starts_with(SSO_PATH) && path.split('/').all(is_name) => {
            Ok((name, Some(format!("{path}/"))))
        }
        Some(path) => Err(ArnError::Name(path.to_owned())),
    }
}

fn check_path(resource: &str) -> Result<(), ArnError> {
    match resource.split('/').all(is_name) && resource.len() <= 576 {
        true => Ok(()),
        false => Err(ArnError::Name(resource.to_owned())),
    }
}

fn check_session(name: &str) -> Result<(), ArnError> {
    match is_name(name) && (2..=64).contains(&name.len()) {
        true => Ok(()),
        false => Err(ArnError::Session(name.to_owned())),
    }
}

/// What IAM allows in names; paths may hold more, which this program does not need.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROLE: &str = "AWSReservedSSO_Dev_0123456789abcdef";

    #[test]
    fn reads_users_and_sessions_and_says_what_it_left_out() {
        for text in [
            "arn:aws:iam::123456789012:user/alice",
            "arn:aws-cn:iam::123456789012:user/division/team/alice@example.com",
            "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/alice@example.com",
        ] {
            let (identity, _) = IamIdentity::read(text).unwrap();
            assert_eq!(identity.to_string(), text);
        }
        let long = format!("arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-west-1/{ROLE}");
        let (identity, notes) = IamIdentity::of_role(&long, "alice").unwrap();
        assert_eq!(identity.arn(), format!("arn:aws:iam::123456789012:role/{ROLE}"));
        let path = "aws-reserved/sso.amazonaws.com/eu-west-1/".to_owned();
        assert_eq!(notes, [ArnNote::PathRemoved(path.clone())]);
        let session = format!("arn:aws:sts::123456789012:assumed-role/{path}{ROLE}/alice");
        let (same, notes) = IamIdentity::read(&session).unwrap();
        assert_eq!(same, identity);
        assert_eq!(notes, [ArnNote::PathRemoved(path), ArnNote::SessionRemoved("alice".to_owned())]);
    }

    #[test]
    fn refuses_everything_that_is_not_one_person() {
        let refused = |text: &str| IamIdentity::read(text).unwrap_err();
        assert!(matches!(refused(""), ArnError::Form(_)));
        assert!(matches!(refused("arn:aws:iam::123456789012"), ArnError::Form(_)));
        assert!(matches!(refused("ARN:aws:iam::123456789012:user/a"), ArnError::Form(_)));
        assert!(matches!(refused("arn:aws2:iam::123456789012:user/a"), ArnError::Partition(_)));
        assert!(matches!(refused("arn:aws:iam:eu:123456789012:user/a"), ArnError::Region(_)));
        assert!(matches!(refused("arn:aws:iam::12345678901:user/a"), ArnError::Account(_)));
        assert!(matches!(refused("arn:aws:iam::12345678901x:user/a"), ArnError::Account(_)));
        assert!(matches!(refused("arn:aws:iam::123456789012:user/"), ArnError::Name(_)));
        assert!(matches!(refused("arn:aws:iam::123456789012:user/a b"), ArnError::Name(_)));
        assert!(matches!(refused("arn:aws:iam::123456789012:user/a\"b"), ArnError::Name(_)));
        assert!(matches!(refused("arn:aws:iam::123456789012:user/${x}"), ArnError::Name(_)));
        for resource in ["root", "group/a", "user", "mfa/a"] {
            let text = format!("arn:aws:iam::123456789012:{resource}");
            assert!(matches!(refused(&text), ArnError::Resource(_)), "{text}");
        }
        assert!(matches!(refused("arn:aws:sts::123456789012:federated-user/a"), ArnError::Resource(_)));
        assert!(matches!(refused("arn:aws:s3::123456789012:user/a"), ArnError::Resource(_)));
        assert!(matches!(refused("arn:aws:iam::123456789012:role/Admin"), ArnError::Role(_)));
        assert!(matches!(refused("arn:aws:sts::123456789012:assumed-role/Admin/alice"), ArnError::Role(_)));
        let near = "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdeg/alice";
        assert!(matches!(refused(near), ArnError::Role(_)));
        let role = format!("arn:aws:iam::123456789012:role/{ROLE}");
        assert!(matches!(refused(&role), ArnError::NoSession(_)));
        assert!(matches!(IamIdentity::of_role(&role, "a").unwrap_err(), ArnError::Session(_)));
        assert!(matches!(IamIdentity::of_role(&role, "a b").unwrap_err(), ArnError::Session(_)));
        let elsewhere = format!("arn:aws:iam::123456789012:role/mine/{ROLE}");
        assert!(matches!(IamIdentity::of_role(&elsewhere, "alice").unwrap_err(), ArnError::Name(_)));
    }
}
