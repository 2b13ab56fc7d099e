//! `init`: the first files of a GitOps repository, in a folder or as a commit of a bare repository.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;
use p0_access::change::Edit;
use p0_access::cluster::PolicyNeed;
use p0_access::eks::{Eks, EksTextError, ManifestPath};
use p0_access::identity::IDENTITIES;
use p0_access::layout::{ClusterName, OWNERS, REPOSITORY};
use p0_access::name::PersonName;
use p0_access::owners::Owners;
use p0_access::repository_id::RepositoryId;
use p0_grant::name::Namespace;
use p0_grant::signature::Purpose;

use super::args::{CatalogueArgs, SigningArgs, new_id};
use super::environment::identity;
use super::output::{Outcome, table, write_whole};
use crate::forge::setup::Making;
use crate::git::{Credentials, Made, Message, Remote, add_files, create_bare};
use crate::init::{NewFile, Scaffold, files};

mod forge;

/// Scaffold a GitOps repository.
///
/// Makes a policy, persons, allowed signers, owners, the repository's id, the cluster's settings, its catalogue, the sentinel, CODEOWNERS, a CI workflow and a pre-receive
/// hook that run `verify`, and manifests for Argo CD and Flux. A file that is there is kept as it is. With `--forge` it also sets the
/// repository up where it is hosted; that too may be run again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops init ./access --cluster prod --kube-context prod --owners @acme/security
  p0-gitops init ./access.git --bare --cluster prod --key ./bot_key --owner alice=alice.pub --owner bob=bob.pub --owner-threshold 2
  p0-gitops init ./access --cluster prod --eks aws-auth=infra/prod/aws-auth.yaml
  p0-gitops init ./access --cluster staging --catalogue staging.yaml --grantable view --grantable edit
  P0_GITEA_ADMIN_TOKEN=… p0-gitops init access.git --bare --cluster prod --url https://git.example.com/ops/access.git \\
    --forge gitea --merger alice --webhook-url https://p0.example.com/webhooks/gitea --dry-run")]
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

    /// How the cluster knows its users, if it is one of EKS: `access-entries`, or `aws-auth=FILE` with the path of the ConfigMap's
    /// manifest in the repository, in a folder of its own.
    #[arg(long, value_name = "WAY", value_parser = parse_eks)]
    eks: Option<Eks>,

    #[command(flatten)]
    signing: SigningArgs,

    /// Make no policy: the holder of an allowed signing key decides alone.
    #[arg(long)]
    without_policy: bool,

    /// What the signing key is listed as in `p0/allowed_signers`.
    #[arg(long, value_name = "NAME", default_value = "p0-gitops")]
    principal: String,

    /// An owner of the files that decide about access, and the file of their public key; may be repeated. Without one, the forge's
    /// review by code owners has to guard these files.
    #[arg(long = "owner", value_name = "NAME=FILE")]
    owner: Vec<OwnerKey>,

    /// How many owners have to sign a change of these files.
    #[arg(long, value_name = "NUMBER", default_value = "1", requires = "owner")]
    owner_threshold: NonZeroUsize,

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

    #[command(flatten)]
    forge: forge::ForgeArgs,
}

/// An owner's name and the file of their public key.
#[derive(Clone, Debug)]
struct OwnerKey {
    name: PersonName,
    file: PathBuf,
}

impl std::str::FromStr for OwnerKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, file) = text.split_once('=').ok_or("write NAME=FILE, such as alice=alice.pub")?;
        let name = PersonName::new(name).map_err(|error| error.to_string())?;
        Ok(Self { name, file: file.into() })
    }
}

impl OwnerKey {
    /// The line of `p0/owners`.
    fn line(&self) -> anyhow::Result<String> {
        let place = self.file.display();
        let text = std::fs::read_to_string(&self.file).with_context(|| format!("cannot read `{place}`"))?;
        let mut key = ssh_key::PublicKey::from_openssh(text.trim()).with_context(|| {
            format!("`{place}` is not a public key of OpenSSH; name the file that ends in `.pub`")
        })?;
        key.set_comment("");
        let purpose = Purpose::Owners.namespace();
        Ok(format!("{} namespaces=\"{purpose}\" {}", self.name, key.to_openssh()?))
    }
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
    let owners = args.owner.iter().map(OwnerKey::line).collect::<anyhow::Result<Vec<_>>>()?;
    let scaffold = Scaffold {
        id: RepositoryId::new(new_id()?.as_str())?,
        owner_keys: (owners, args.owner_threshold.get()),
        cluster: args.cluster.clone(),
        catalogue: args.catalogue.read()?,
        eks: args.eks.clone(),
        policy: if args.without_policy { PolicyNeed::Optional } else { PolicyNeed::Required },
        signers,
        owners: args.owners.clone(),
        url: args.url.clone(),
        base: args.base.clone(),
        sentinel_namespace: args.sentinel_namespace.clone(),
        grantable: args.grantable.clone(),
    };
    let files = files(&scaffold)?;
    let owners = files.iter().filter(|file| file.path == OWNERS);
    for file in owners {
        Owners::read(&file.text)
            .context("the owners that `--owner` and `--owner-threshold` name do not make a file")?;
    }
    let making = args.forge.making();
    let done = match (args.bare, making) {
        (true, Making::Really) => into_bare(args, files, now)?,
        (true, Making::DryRun) => bare_compared(args, files)?,
        (false, making) => into_folder(&args.path, files, making)?,
    };
    let rows = done.iter().map(|(path, done)| {
        let word = match done {
            Done::Made if making == Making::DryRun => "would be made",
            Done::Made => "made",
            Done::Kept => "kept: it was edited",
            Done::Same => "there",
        };
        vec![path.clone(), word.to_owned()]
    });
    table(&["FILE", ""], rows).lines().for_each(|line| outln!("{}", line.trim_end()));
    if scaffold.signers.is_empty()
        && done.iter().any(|(path, done)| path.ends_with("allowed_signers") && *done == Done::Made)
    {
        outln!("\nNo key may sign yet: add a line to p0/allowed_signers.");
    }
    if args.owner.is_empty() && done.iter().any(|(path, done)| path == OWNERS && *done == Done::Made) {
        outln!(
            "\nNo owner signs: the forge has to require a review by code owners for p0/ and the other files of CODEOWNERS. On a plain Git \
             server name owners with `--owner NAME=KEY.pub`."
        );
    }
    if done.iter().any(|(path, done)| path == IDENTITIES && *done == Done::Made) {
        outln!("\nNo person may ask yet: add persons to p0/identities.yaml, and look at p0/policy.yaml.");
    }
    if let Some(eks) = &args.eks {
        tell_eks(eks, &args.cluster, &done);
    }
    args.forge.run(&args.url, &args.base)
}

/// Flux applies every manifest below the folder, so that of `aws-auth` must be alone there.
fn parse_eks(text: &str) -> Result<Eks, String> {
    let eks: Eks = text.parse().map_err(|error: EksTextError| error.to_string())?;
    let folder = eks.aws_auth_file().map_or("infra", ManifestPath::folder);
    match folder.split('/').next() {
        None | Some("" | "clusters" | "deploy" | "hooks") => {
            Err("Flux applies every manifest below the folder of FILE: give it a folder of its own, as in \
             `aws-auth=infra/prod/aws-auth.yaml`"
                .to_owned())
        }
        Some(_) => Ok(eks),
    }
}

/// What remains to be done by hand before the first grant.
fn tell_eks(eks: &Eks, cluster: &ClusterName, done: &[(String, Done)]) {
    if done.iter().any(|(path, done)| *path == cluster.settings_path() && *done == Done::Kept) {
        outln!("\n{} is kept as it is: write `eks` into it yourself.", cluster.settings_path());
    }
    match eks.aws_auth_file() {
        None => outln!(
            "\nMake a standing access entry without rights for each person, and write its user name under `kubernetes` in {IDENTITIES}."
        ),
        Some(file) => outln!(
            "\nPut the ConfigMap aws-auth, with everything that the cluster has in it, into {file} before an applier follows it: an \
             entry of a node that is missing there takes the node out of the cluster.",
            file = file.as_str()
        ),
    }
}

fn compare(existing: Option<&[u8]>, file: &NewFile) -> Done {
    match existing {
        None => Done::Made,
        Some(bytes) if bytes == file.text.as_bytes() => Done::Same,
        // The id is made once.
        Some(_) if file.path == REPOSITORY => Done::Same,
        Some(_) => Done::Kept,
    }
}

fn into_folder(root: &Path, files: Vec<NewFile>, making: Making) -> anyhow::Result<Vec<(String, Done)>> {
    let mut done = Vec::with_capacity(files.len());
    for file in files {
        let path = root.join(&file.path);
        let existing = path.exists().then(|| std::fs::read(&path)).transpose();
        let outcome =
            compare(existing.with_context(|| format!("cannot read `{}`", path.display()))?.as_deref(), &file);
        if outcome == Done::Made && making == Making::Really {
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

/// What would be committed.
fn bare_compared(args: &Args, files: Vec<NewFile>) -> anyhow::Result<Vec<(String, Done)>> {
    if !args.path.exists() {
        return Ok(files.into_iter().map(|file| (file.path, Done::Made)).collect());
    }
    let remote = Remote::open(&args.path.display().to_string(), Credentials::default(), Path::new(""))?;
    Ok(compared(&remote, &args.base, files)?.into_iter().map(|(file, done)| (file.path, done)).collect())
}

/// Which files are there.
fn compared(remote: &Remote, base: &str, files: Vec<NewFile>) -> anyhow::Result<Vec<(NewFile, Done)>> {
    let tip = remote.tip(base)?;
    let mut done = Vec::with_capacity(files.len());
    for file in files {
        let existing = tip.map(|tip| remote.read_file(tip, &file.path)).transpose()?.flatten();
        let outcome = compare(existing.as_ref().map(|file| file.bytes.as_slice()), &file);
        done.push((file, outcome));
    }
    Ok(done)
}

/// Commits the files that are not there.
fn commit(
    remote: &Remote,
    base: &str,
    cluster: &ClusterName,
    files: Vec<NewFile>,
    now: Timestamp,
) -> anyhow::Result<Vec<(NewFile, Done)>> {
    let done = compared(remote, base, files)?;
    let new = done.iter().filter(|(_, done)| *done == Done::Made);
    let edits: Vec<Edit> = new
        .map(|(file, _)| Edit::Put { path: file.path.clone(), bytes: file.text.clone().into_bytes() })
        .collect();
    let message = Message { subject: format!("Scaffold cluster {cluster}"), ..Message::default() };
    match add_files(remote, base, &edits, &identity(now), &message)? {
        Made::Commit(_) | Made::Nothing => Ok(done),
    }
}
