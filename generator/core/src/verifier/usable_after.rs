//! Whether each file that decides about access can still be used once a change has landed.
//!
//! Only files that the change touches are judged, so that a base which is broken already can be mended one file at a time. A
//! file that goes counts as one that cannot be used, where something that stays needs it. Not here: whether somebody can still
//! revoke what is live ([`super::answerable`]).

use jiff::Timestamp;
use p0_grant::signers::AllowedSigners;

use super::after::{After, ClusterFile, cluster_of, parsed};
use super::{Base, Finding, LiveGrant, Refusal};
use crate::change::{File, FileChange};
use crate::cluster::PolicyNeed;
use crate::identity::{IDENTITIES, Identities};
use crate::layout::{ALLOWED_SIGNERS, ClusterName, OWNER_SIGNATURES, OWNERS, REPOSITORY};
use crate::owners::{OwnerChange, Owners};
use crate::policy::{POLICY, Policy};
use crate::repository_id::RepositoryFile;

/// The files of the whole repository that decide about access.
const FILES: [&str; 6] = [OWNERS, POLICY, IDENTITIES, ALLOWED_SIGNERS, REPOSITORY, OWNER_SIGNATURES];

/// The files that a change leaves unusable.
pub(super) fn findings(
    guarded: &[&FileChange],
    after: After<'_>,
    base: &Base,
    now: Timestamp,
) -> Vec<Finding> {
    let judge = |file: &&FileChange| {
        let refusal = match &file.after {
            Some(left) => unreadable(&file.path, left, after),
            None => needed(&file.path, after, base, now)
                .map(|why| Refusal::Unusable(format!("there would be none, and {why}"))),
        };
        Some(Finding { path: file.path.clone(), refusal: refusal? })
    };
    guarded.iter().filter_map(judge).collect()
}

/// Why a file that the change leaves cannot be used.
fn unreadable(path: &str, file: &File, after: After<'_>) -> Option<Refusal> {
    let problem = match path {
        path if path.contains(char::REPLACEMENT_CHARACTER) => return Some(Refusal::NameNotText),
        path if is_in_the_way(path) => Some("it stands in place of such a file, or of its folder".to_owned()),
        OWNERS => return parsed(file, Owners::read).err().map(Refusal::OwnersFile),
        POLICY => parsed(file, Policy::read).err(),
        IDENTITIES => parsed(file, Identities::read).err(),
        ALLOWED_SIGNERS => parsed(file, AllowedSigners::read).err(),
        REPOSITORY => parsed(file, RepositoryFile::read).err(),
        OWNER_SIGNATURES => parsed(file, OwnerChange::read).err(),
        _ => match cluster_of(path)? {
            (cluster, ClusterFile::Settings) => after.settings(&cluster)?.err(),
            (cluster, ClusterFile::Catalogue) => after.catalogue(&cluster)?.err(),
        },
    };
    problem.map(Refusal::Unusable)
}

/// Whether `path` is where no file can be: a folder in place of a file that decides about access, or a file in place of a folder.
fn is_in_the_way(path: &str) -> bool {
    let is_below = |file: &str| path.strip_prefix(file).is_some_and(|rest| rest.starts_with('/'));
    let is_clusters = || {
        let cluster = path.split('/').nth(1).and_then(|name| ClusterName::new(name).ok());
        cluster.is_some_and(|own| is_below(&own.settings_path()) || is_below(&own.catalogue_path()))
    };
    path == "p0" || FILES.into_iter().any(is_below) || is_clusters()
}

/// What needs a file that goes.
fn needed(path: &str, after: After<'_>, base: &Base, now: Timestamp) -> Option<String> {
    match path {
        OWNERS => Some("without it no change needs an owner; where the forge's review decides, write `# p0-threshold: forge-review`".to_owned()),
        ALLOWED_SIGNERS => Some("without it no grant can be verified".to_owned()),
        REPOSITORY => Some("approvals and grants name its id".to_owned()),
        IDENTITIES => after.policy().map(|_| format!("{POLICY} needs it")),
        POLICY => {
            let requires = |cluster: &ClusterName| match after.settings(cluster) {
                Some(Ok(settings)) => settings.grants.policy == PolicyNeed::Required,
                Some(Err(_)) | None => false,
            };
            let cluster = after.clusters().into_iter().find(requires)?;
            Some(format!("the cluster `{cluster}` grants nothing without one; to stop granting, write `frozen: true`"))
        }
        _ => match cluster_of(path)? {
            (cluster, ClusterFile::Settings) => {
                let stands = |live: &&LiveGrant| live.cluster == cluster && now < live.claims.expires_at;
                let live = base.live.iter().filter(stands).count();
                (live > 0).then(|| format!("the cluster has {live} live grant(s); revoke them first"))
            }
            (cluster, ClusterFile::Catalogue) => {
                after.settings(&cluster)?.ok().map(|_| "without it nothing can be asked for on the cluster".to_owned())
            }
        },
    }
}
