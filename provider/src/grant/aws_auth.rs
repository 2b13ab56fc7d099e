//! A grant's entry in the ConfigMap `aws-auth`: judged before anything is written, added after the binding, removed after it.
//!
//! An entry serves every grant of its IAM identity, of any state: it goes with the last one. Entries of others are used as they
//! are and never changed. Not here: the edit itself and what is refused ([`p0_grant::aws_auth`]), and the requests
//! ([`crate::cluster`]).

use std::time::Duration;

use p0_grant::arn::IamIdentity;
use p0_grant::aws_auth::{Addition, AwsAuth, Edit, Owner, Refusal};
use p0_grant::grant::ManagedBy;
use p0_grant::manifest::{GRANT, IAM_ARN, MANAGED_BY};
use p0_grant::mapping::Mapping;
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::value::{Path, Step};

use super::record::Record;
use crate::cluster::{Cluster, ConfigMap, Kind, LiveObject};
use crate::text::chain;

const OWNER: Owner = Owner::TerraformProviderP0;

/// The longest wait before the first repetition; each further one waits up to twice as long, and never longer than
/// [`LONGEST_WAIT`].
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What the ConfigMap says of a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Standing {
    Mapped,
    Missing,
    NoConfigMap,
    Immutable,
    Refused(Refusal),
}

impl Standing {
    fn of(found: Option<&ConfigMap>, mapping: &Mapping) -> Self {
        let Some(found) = found else { return Self::NoConfigMap };
        match AwsAuth::read(&found.data).and_then(|aws_auth| aws_auth.add(mapping, OWNER)) {
            Err(refusal) => Self::Refused(refusal),
            Ok(Addition::Mapped(_)) => Self::Mapped,
            Ok(Addition::Edit(_)) if found.immutable => Self::Immutable,
            Ok(Addition::Edit(_)) => Self::Missing,
        }
    }

    fn allowed(self) -> Result<(), Diagnostics> {
        match self {
            Self::Mapped | Self::Missing => Ok(()),
            Self::NoConfigMap => Err(no_config_map()),
            Self::Immutable => Err(immutable()),
            Self::Refused(refusal) => Err(refused(&refusal)),
        }
    }

    fn drift(self) -> Option<String> {
        match self {
            Self::Mapped => None,
            Self::Missing => Some("aws-auth entry missing".to_owned()),
            Self::NoConfigMap => Some("aws-auth missing".to_owned()),
            Self::Immutable => Some("aws-auth entry missing, and aws-auth is immutable".to_owned()),
            Self::Refused(refusal) => Some(format!("aws-auth: {}", chain(&refusal).trim_end_matches('.'))),
        }
    }
}

/// Refuses a mapping that the ConfigMap does not allow, before anything is written.
pub(super) async fn check(cluster: &Cluster, record: &Record, mapping: &Mapping) -> Result<(), Diagnostics> {
    Standing::of(cluster.aws_auth_for(record.id.as_str()).await?.as_deref(), mapping).allowed()
}

/// The same before a plan. What only an entry of this provider speaks against is left to the apply: the entry may go before, with
/// the grant that this one replaces.
pub(super) async fn check_planned(cluster: &Cluster, mapping: &Mapping) -> Result<(), Diagnostics> {
    let found = cluster.aws_auth_for(&format!("{mapping:?}")).await?;
    match (Standing::of(found.as_deref(), mapping), &found) {
        (
            Standing::Refused(Refusal::SharedUsername { arn, .. } | Refusal::OtherUsername { arn, .. }),
            Some(found),
        ) if AwsAuth::read(&found.data).is_ok_and(|aws_auth| is_ours(&aws_auth, &arn)) => Ok(()),
        (standing, _) => standing.allowed(),
    }
}

/// How the ConfigMap differs from what the grant needs.
pub(super) async fn drift(cluster: &Cluster, record: &Record) -> Result<Option<String>, Diagnostics> {
    let Some(mapping) = record.mapping() else { return Ok(None) };
    let found = cluster.aws_auth_for(record.id.as_str()).await?;
    Ok(Standing::of(found.as_deref(), &mapping).drift())
}

/// Adds the entry of a grant where it is missing.
pub(super) async fn ensure(cluster: &Cluster, mapping: &Mapping) -> Result<(), Diagnostics> {
    let change = |aws_auth: &AwsAuth<'_>| match aws_auth.add(mapping, OWNER)? {
        Addition::Mapped(_) => Ok(None),
        Addition::Edit(edit) => Ok(Some(edit)),
    };
    match edit(cluster, change).await? {
        Edited::Yes | Edited::NothingToDo => Ok(()),
        Edited::NoConfigMap => Err(no_config_map()),
    }
}

/// Removes the entry of a grant whose binding is gone, unless another grant needs it. A binding that comes between the look and
/// the removal is seen afterwards, and the entry is added again.
pub(super) async fn withdraw(cluster: &Cluster, record: &Record) -> Result<(), Diagnostics> {
    let Some(mapping) = record.mapping() else { return Ok(()) };
    let identity = mapping.identity();
    let Some(found) = cluster.aws_auth().await? else { return Ok(()) };
    let aws_auth = AwsAuth::read(&found.data).map_err(|refusal| refused(&refusal))?;
    if !is_ours(&aws_auth, &identity.arn()) || is_needed(cluster, record, identity).await? {
        return Ok(());
    }
    let change = |aws_auth: &AwsAuth<'_>| match is_ours(aws_auth, &identity.arn()) {
        true => aws_auth.remove(identity, OWNER),
        false => Ok(None),
    };
    match edit(cluster, change).await? {
        // The entry of an Identity Center role is the same for all its users, so this grant's mapping serves the other one too.
        Edited::Yes if is_needed(cluster, record, identity).await? => ensure(cluster, &mapping).await,
        _ => Ok(()),
    }
}

/// Whether the entry of a grant without objects is left behind: `reap` removes objects and does not know the entry.
pub(super) async fn is_left(cluster: &Cluster, record: &Record) -> Result<bool, Diagnostics> {
    let Some(identity) = &record.iam else { return Ok(false) };
    let Some(found) = cluster.aws_auth_for(record.id.as_str()).await? else { return Ok(false) };
    let is_there = AwsAuth::read(&found.data).is_ok_and(|aws_auth| is_ours(&aws_auth, &identity.arn()));
    Ok(is_there && !is_needed(cluster, record, identity).await?)
}

fn is_ours(aws_auth: &AwsAuth<'_>, arn: &str) -> bool {
    aws_auth.owned_arns(OWNER).iter().any(|owned| owned.eq_ignore_ascii_case(arn))
}

/// Whether another grant in the cluster needs the entry of this identity.
async fn is_needed(cluster: &Cluster, record: &Record, identity: &IamIdentity) -> Result<bool, Diagnostics> {
    let selector = format!("{MANAGED_BY}={}", ManagedBy::TerraformProviderP0);
    let (bindings, cluster_bindings) = tokio::try_join!(
        cluster.list(Kind::RoleBinding, None, &selector),
        cluster.list(Kind::ClusterRoleBinding, None, &selector)
    )?;
    let arn = identity.arn();
    let needs = |live: &LiveObject| {
        let named = live.annotation(IAM_ARN).and_then(|text| IamIdentity::read(text).ok());
        live.label(GRANT) != Some(record.id.as_str()) && named.is_some_and(|(named, _)| named.arn() == arn)
    };
    Ok(bindings.iter().chain(&cluster_bindings).any(needs))
}

/// What became of an edit.
enum Edited {
    Yes,
    NothingToDo,
    NoConfigMap,
}

/// Reads, changes and writes the ConfigMap, again and again where another client was faster: each time that client has done its
/// part, and `timeouts` bounds the whole. One grant of this process at a time.
async fn edit(
    cluster: &Cluster,
    change: impl Fn(&AwsAuth<'_>) -> Result<Option<Edit>, Refusal>,
) -> Result<Edited, Diagnostics> {
    let _writer = cluster.aws_auth_writer().await;
    let mut attempt = 1;
    loop {
        let Some(found) = cluster.aws_auth().await? else { return Ok(Edited::NoConfigMap) };
        let edit = AwsAuth::read(&found.data).and_then(|aws_auth| change(&aws_auth));
        let Some(edit) = edit.map_err(|refusal| refused(&refusal))? else { return Ok(Edited::NothingToDo) };
        if found.immutable {
            return Err(immutable());
        }
        match cluster.edit_aws_auth(&found, &edit).await {
            Ok(()) => return Ok(Edited::Yes),
            Err(error) if error.is_conflict() => {
                tracing::debug!(%error, attempt, "another client has changed aws-auth, reading it again");
                tokio::time::sleep(pause(attempt)).await;
                attempt += 1;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// A random wait, so that two runs do not meet again and again.
fn pause(attempt: u32) -> Duration {
    let longest = LONGEST_WAIT.min(FIRST_WAIT * 2_u32.saturating_pow(attempt - 1));
    let mut random = [u8::MAX];
    // Without random numbers it waits the longest time.
    let _filled = getrandom::fill(&mut random);
    longest.mul_f64(f64::from(random[0]) / f64::from(u8::MAX))
}

fn path() -> Path {
    Path::attribute("eks").then(Step::Attribute("iam_arn".to_owned()))
}

fn refused(refusal: &Refusal) -> Diagnostics {
    let detail = format!("{} The ConfigMap `aws-auth` in `kube-system` is left as it is.", chain(refusal));
    Diagnostic::error("aws-auth is not changed", detail).at(path()).into()
}

fn no_config_map() -> Diagnostics {
    let detail = "The cluster has no ConfigMap `aws-auth` in `kube-system`, and the provider never creates it: it also maps the \
                  cluster's nodes. Where the cluster knows its users by access entries, leave `eks` out and use the entry's user \
                  name as the subject.";
    Diagnostic::error("No aws-auth", detail).at(path()).into()
}

fn immutable() -> Diagnostics {
    let detail =
        "The ConfigMap `aws-auth` in `kube-system` is immutable, so no entry can be added or removed.";
    Diagnostic::error("aws-auth is immutable", detail).at(path()).into()
}
