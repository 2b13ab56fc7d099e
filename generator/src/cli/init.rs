//! `init`: the first files of a GitOps repository, in a folder or as a commit of a bare repository.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use p0_access::change::Edit;
use p0_access::cluster::PolicyNeed;
use p0_access::identity::IDENTITIES;
use p0_access::layout::ClusterName;
use p0_grant::name::Namespace;

use super::args::{CatalogueArgs, SigningArgs, identity};
use super::generate::write_whole;
use super::output::{Outcome, table};
use crate::git::{Made, Message, Remote, add_files, create_bare};
use crate::init::{NewFile, Scaffold, files};

/// Scaffold a GitOps repository.
///
/// Makes a policy, persons, allowed signers, the cluster's settings, its catalogue, the sentinel, CODEOWNERS, a CI workflow and a pre-receive
/// hook that run `verify`, and manifests for Argo CD and Flux. A file that is there is kept as it is.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops init ./access --cluster prod --context prod --owners @acme/security
  p0-gitops init ./access.git --bare --cluster prod --key ./bot_key
  p0-gitops init ./access --cluster staging --catalogue staging.yaml --grantable view --grantable edit")]
pub(super) struct Args {
    /// The folder, or the bare repository.
    path: PathBuf,

    /// The cluster whose folder is made; run again for another one.
    #[arg(long, value_name = "NAME")]
    cluster: ClusterName,

    /// Make or use a bare repository, and commit to its base branch.
    #[arg(long)]
    bare: bool,

    /// The protected branch.
    #[arg(long, value_name = "BRANCH", default_value = "main")]
    base: String,

    #[command(flatten)]
    catalogue: CatalogueArgs,

    #[command(flatten)]
    signing: SigningArgs,

    /// Make no policy: whoever holds an allowed signing key decides alone.
    #[arg(long)]
    without_policy: bool,

    /// What the signing key is listed as in `p0/allowed_signers`.
    #[arg(long, value_name = "NAME", default_value = "p0-gitops")]
    principal: String,

    /// Who reviews what decides about access, as CODEOWNERS names them.
    #[arg(long, value_name = "OWNERS", default_value = "@your-org/security")]
    owners: String,

    /// Where Argo CD and Flux fetch the repository.
    #[arg(long, value_name = "URL", default_value = "https://git.example.com/access.git")]
    url: String,

    /// The namespace of the sentinel, a Role without rules.
    #[arg(long, value_name = "NAME", default_value = "default")]
    sentinel_namespace: Namespace,

    /// A ClusterRole that the applier may hand on; may be repeated.
    #[arg(long = "grantable", value_name = "ROLE", default_value = "view")]
    grantable: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Done {
    Made,
    Kept,
    Same,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    let signers = match args.signing.find() {
        Ok(key) => vec![format!("{} namespaces=\"p0.dev/grant\" {}", args.principal, key.public_line())],
        Err(error) if args.signing.is_named() => return Err(error),
        // A repository may be made before the key is.
        Err(_) => Vec::new(),
    };
    let scaffold = Scaffold {
        cluster: args.cluster.clone(),
        catalogue: args.catalogue.read()?,
        policy: if args.without_policy { PolicyNeed::Optional } else { PolicyNeed::Required },
        signers,
        owners: args.owners.clone(),
        url: args.url.clone(),
        base: args.base.clone(),
        sentinel_namespace: args.sentinel_namespace.clone(),
        grantable: args.grantable.clone(),
    };
    let files = files(&scaffold)?;
    let done = match args.bare {
        true => into_bare(args, files, now)?,
        false => into_folder(&args.path, files)?,
    };
    let rows = done.iter().map(|(path, done)| {
        let word = match done {
            Done::Made => "made",
            Done::Kept => "kept: it was edited",
            Done::Same => "there",
        };
        vec![path.clone(), word.to_owned()]
    });
    table(&["FILE", ""], rows).lines().for_each(|line| anstream::println!("{}", line.trim_end()));
    if scaffold.signers.is_empty()
        && done.iter().any(|(path, done)| path.ends_with("allowed_signers") && *done == Done::Made)
    {
        anstream::println!("\nNobody may sign yet: add a line to p0/allowed_signers.");
    }
    if done.iter().any(|(path, done)| path == IDENTITIES && *done == Done::Made) {
        anstream::println!(
            "\nNobody may ask yet: add persons to p0/identities.yaml, and look at p0/policy.yaml."
        );
    }
    Ok(Outcome::Done)
}

fn compare(existing: Option<&[u8]>, file: &NewFile) -> Done {
    match existing {
        None => Done::Made,
        Some(bytes) if bytes == file.text.as_bytes() => Done::Same,
        Some(_) => Done::Kept,
    }
}

fn into_folder(root: &Path, files: Vec<NewFile>) -> anyhow::Result<Vec<(String, Done)>> {
    let mut done = Vec::with_capacity(files.len());
    for file in files {
        let path = root.join(&file.path);
        let existing = path.exists().then(|| std::fs::read(&path)).transpose();
        let outcome =
            compare(existing.with_context(|| format!("cannot read `{}`", path.display()))?.as_deref(), &file);
        if outcome == Done::Made {
            let written = std::fs::create_dir_all(path.parent().unwrap_or(root))
                .and_then(|()| write_whole(&path, file.text.as_bytes()));
            written.with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        done.push((file.path, outcome));
    }
    Ok(done)
}

fn into_bare(args: &Args, files: Vec<NewFile>, now: Timestamp) -> anyhow::Result<Vec<(String, Done)>> {
    let remote = create_bare(&args.path, &args.base)?;
    let done = commit(&remote, &args.base, &args.cluster, files, now)?;
    Ok(done.into_iter().map(|(file, done)| (file.path, done)).collect())
}

/// Commits the files that are not there.
fn commit(
    remote: &Remote,
    base: &str,
    cluster: &ClusterName,
    files: Vec<NewFile>,
    now: Timestamp,
) -> anyhow::Result<Vec<(NewFile, Done)>> {
    let tip = remote.tip(base)?;
    let mut done = Vec::with_capacity(files.len());
    for file in files {
        let existing = tip.map(|tip| remote.read_file(tip, &file.path)).transpose()?.flatten();
        let outcome = compare(existing.as_ref().map(|file| file.bytes.as_slice()), &file);
        done.push((file, outcome));
    }
    let new = done.iter().filter(|(_, done)| *done == Done::Made);
    let edits: Vec<Edit> = new
        .map(|(file, _)| Edit::Put { path: file.path.clone(), bytes: file.text.clone().into_bytes() })
        .collect();
    let message = Message { subject: format!("Scaffold cluster {cluster}"), ..Message::default() };
    match add_files(remote, base, &edits, &identity(now), &message)? {
        Made::Commit(_) | Made::Nothing => Ok(done),
    }
}
