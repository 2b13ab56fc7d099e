//! The manifest of `aws-auth` as a companion: the entries that are ours are those that live grants need.
//!
//! The file is edited towards what all grants need together, so the order in which grants come and go makes no difference.

use p0_grant::arn::IamIdentity;
use p0_grant::aws_auth::file::AwsAuthFile;
use p0_grant::aws_auth::{Addition, AwsAuth, Edit, Owner, Refusal};
use p0_grant::mapping::Mapping;

use super::GrantsChange;

const OWNER: Owner = Owner::P0Gitops;

/// The file with an entry for each mapping that a grant needs, and none of ours besides.
///
/// # Errors
/// [`Refusal`] where an entry that comes cannot be added. What goes never waits: a file that cannot be read stays as it is.
pub(super) fn edit(text: &str, change: &GrantsChange) -> Result<String, Refusal> {
    let kept: Vec<&Mapping> = kept(change).collect();
    match edited(text, &kept, change) {
        Err(_) if change.mapping.is_empty() => Ok(text.to_owned()),
        result => result,
    }
}

/// The same change, as if no other grant needed the entries of those that go.
pub(super) fn without_the_removed(change: &GrantsChange) -> GrantsChange {
    let gone: Vec<String> = change.removed.iter().filter_map(|id| change.mapped.get(id)).map(arn).collect();
    let mut alone = change.clone();
    if change.added.is_empty() && change.mapping.is_empty() {
        alone.mapped.retain(|_, mapping| !gone.contains(&arn(mapping)));
    }
    alone
}

/// What grants on base need that neither go nor are written anew.
fn kept(change: &GrantsChange) -> impl Iterator<Item = &Mapping> {
    let stays =
        |id: &p0_grant::name::GrantId| !change.removed.contains(id) && !change.mapping.contains_key(id);
    change.mapped.iter().filter(move |(id, _)| stays(id)).map(|(_, mapping)| mapping)
}

fn edited(text: &str, kept: &[&Mapping], change: &GrantsChange) -> Result<String, Refusal> {
    let needed: Vec<String> = kept.iter().copied().chain(change.mapping.values()).map(arn).collect();
    let owned = AwsAuthFile::read(text)?.aws_auth()?.owned_arns(OWNER);
    let unneeded = owned.iter().filter(|arn| !needed.contains(arn)).filter_map(|arn| identity(arn));
    let text = with_each(text.to_owned(), unneeded, |lists, identity| lists.remove(&identity, OWNER))?;
    // What somebody has mapped otherwise since is theirs, and is no reason to stop another grant.
    let text = with_each(text, kept, |lists, mapping| Ok(addition(lists, mapping).unwrap_or_default()))?;
    with_each(text, change.mapping.values(), addition)
}

/// What adds an entry; nothing where the lists have it.
fn addition(lists: &AwsAuth<'_>, mapping: &Mapping) -> Result<Option<Edit>, Refusal> {
    Ok(match lists.add(mapping, OWNER)? {
        Addition::Edit(edit) => Some(edit),
        Addition::Mapped(_) => None,
    })
}

/// The text after an edit for each item. It is read once, and again only after an edit.
fn with_each<T>(
    mut text: String,
    items: impl IntoIterator<Item = T>,
    edit: impl Fn(&AwsAuth<'_>, T) -> Result<Option<Edit>, Refusal>,
) -> Result<String, Refusal> {
    let mut items = items.into_iter().peekable();
    while items.peek().is_some() {
        let file = AwsAuthFile::read(&text)?;
        let lists = file.aws_auth()?;
        if let Some(edited) = items.find_map(|item| edit(&lists, item).transpose()) {
            text = file.with(&edited?)?;
        }
    }
    Ok(text)
}

fn arn(mapping: &Mapping) -> String {
    mapping.identity().arn()
}

/// An identity with this ARN. The entry of a role is the same for every session.
fn identity(arn: &str) -> Option<IamIdentity> {
    let user = IamIdentity::read(arn);
    user.or_else(|_| IamIdentity::of_role(arn, "any")).ok().map(|(identity, _)| identity)
}
