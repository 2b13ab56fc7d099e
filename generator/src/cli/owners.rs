//! `owners`: owners sign a change of the files that decide about access.

use anyhow::Context;
use jiff::Timestamp;
use p0_grant::signature::Purpose;

use super::args::{BaseArgs, SigningArgs};
use super::environment::identity;
use super::output::Outcome;

/// Sign changes of the files that decide about access, as `p0/owners` asks for.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  p0-gitops owners sign --repo ssh://git@forge.example/access.git --key ~/.ssh/id_ed25519 more-reviewers")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    Sign(SignArgs),
}

/// Sign a branch that changes owned files.
///
/// The signature is over what each owned file was and becomes, the repository and the number of the change. It is committed to the
/// branch in `p0/owner-signatures.yaml`, beside those that are there. Merge the branch with a merge commit once enough owners
/// have signed; `verify` counts them by `p0/owners` on base.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  git push origin HEAD:more-reviewers
  p0-gitops owners sign --repo ssh://git@forge.example/access.git --key ~/.ssh/id_ed25519 more-reviewers
  p0-gitops verify --repo ./access.git --head more-reviewers")]
struct SignArgs {
    #[command(flatten)]
    repository: BaseArgs,

    #[command(flatten)]
    signing: SigningArgs,

    /// The branch.
    branch: String,
}

pub(super) fn run(args: &Args, now: Timestamp) -> anyhow::Result<Outcome> {
    match &args.command {
        Command::Sign(args) => sign(args, now),
    }
}

fn sign(args: &SignArgs, now: Timestamp) -> anyhow::Result<Outcome> {
    let repository = args.repository.open()?;
    let mut change = repository.owned_change(&args.branch, now)?;
    let key = args.signing.find()?;
    let signature = key.sign(Purpose::Owners, change.text()?.as_bytes())?;
    let owner =
        change.add(&signature, now).context("this key is no owner's; p0/owners on base lists them")?;
    repository.put_owner_signatures(&change, &identity(now))?;
    outln!("signed by {owner}: the change that `{}` makes to", args.branch);
    change.files.iter().for_each(|path| outln!("  {path}"));
    let signed = change.signed(now);
    let names = signed.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match change.needed.get().checked_sub(signed.len()) {
        None | Some(0) => {
            outln!("{names} have signed, and that is enough; merge the branch with a merge commit");
        }
        Some(missing) => outln!("{names} signed; {missing} more owner(s) have to sign"),
    }
    Ok(Outcome::Done)
}
