//! Remotes: a repository in a folder, worked on in place, or one behind an address, worked on through a cache.
//!
//! In a folder, objects go straight into its database and branches move by compare-and-swap, so the cost does not grow
//! with history; the repository's server-side hooks do not run, because nothing is pushed. Behind an address, the first
//! contact fetches the history and later ones the news; a push names the commit that it replaces. Not here: what is
//! committed.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use git2::{BranchType, FetchOptions, ObjectType, Oid, PushOptions, RemoteCallbacks, Repository, Tree};
use p0_access::change::{File, FileChange};

use super::credentials::Attempts;
use super::moving::Moving;
use super::{Credentials, GitError, tree};

/// The name of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(pub(super) Oid);

/// A repository that can be read and whose branches can be moved.
pub struct Remote {
    pub(super) repository: Repository,
    place: Place,
}

enum Place {
    Folder(PathBuf),
    Address { url: String, shown: String, credentials: Credentials },
}

/// How the commit that a branch moves to stands to the one where it was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It has it behind it.
    Successor,
    /// It need not.
    Replacement,
}

/// Why a branch was not moved.
#[derive(Debug)]
pub(super) enum Unmoved {
    /// It was not where it was expected: somebody else was quicker.
    Lost,
    /// Anything else.
    Failed(GitError),
}

/// Where a branch's tip is kept in a cache.
const FETCHED: &str = "refs/p0/remote/";
/// What is being pushed is referred to from here, so that nothing collects it.
const PUSHING: &str = "refs/p0/push/";

/// How often, and how long in between, one waits for another Git program that moves the same branch.
const WAITS: (usize, Duration) = (20, Duration::from_millis(25));

impl Remote {
    /// Opens `location`: a path, a `file://` URL, or any other URL or `user@host:path`, whose cache is kept under `cache`.
    ///
    /// # Errors
    /// [`GitError`] where there is no repository, or the cache cannot be made. Behind an address nothing is asked yet.
    pub fn open(location: &str, credentials: Credentials, cache: &Path) -> Result<Self, GitError> {
        let path = location.strip_prefix("file://").unwrap_or(location);
        if path.len() < location.len() || !is_address(location) {
            let source = |source| GitError::Open { place: path.to_owned(), source };
            let repository = Repository::open(path).map_err(source)?;
            return Ok(Self { place: Place::Folder(path.into()), repository });
        }
        let shown = without_secrets(location);
        let folder = cache.join(cache_name(&shown));
        let source = |source| GitError::at(&folder.display().to_string(), "opening the cache", source);
        let repository =
            Repository::open_bare(&folder).or_else(|_| Repository::init_bare(&folder)).map_err(source)?;
        Ok(Self { place: Place::Address { url: location.to_owned(), shown, credentials }, repository })
    }

    /// Opens the repository that this process runs in, as `git` itself would: in a hook that is the one being pushed to,
    /// with the objects that are not accepted yet.
    ///
    /// # Errors
    /// [`GitError::Open`] where there is none.
    pub fn open_here() -> Result<Self, GitError> {
        let source = |source| GitError::Open { place: ".".to_owned(), source };
        let repository = Repository::open_from_env().map_err(source)?;
        Ok(Self { place: Place::Folder(repository.path().into()), repository })
    }

    /// The path or address, without secrets.
    pub fn place(&self) -> String {
        match &self.place {
            Place::Folder(path) => path.display().to_string(),
            Place::Address { shown, .. } => shown.clone(),
        }
    }

    /// The commit at the tip of `branch`; `None` where there is no such branch. Behind an address this asks the network.
    ///
    /// # Errors
    /// [`GitError`] where the remote cannot be asked.
    pub fn tip(&self, branch: &str) -> Result<Option<CommitId>, GitError> {
        let reference = match &self.place {
            Place::Folder(_) => format!("refs/heads/{branch}"),
            Place::Address { url, credentials, .. } => {
                self.fetch(url, credentials, branch)?;
                format!("{FETCHED}{branch}")
            }
        };
        match self.repository.refname_to_id(&reference) {
            Ok(id) => Ok(Some(CommitId(id))),
            Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
            Err(source) => Err(self.failed("reading a branch", source)),
        }
    }

    /// The commit at the tip of `branch`.
    ///
    /// # Errors
    /// [`GitError::NoBranch`] lists what there is.
    pub fn head(&self, branch: &str) -> Result<CommitId, GitError> {
        self.tip(branch)?.ok_or_else(|| GitError::NoBranch {
            place: self.place(),
            branch: branch.to_owned(),
            branches: self.branches(),
        })
    }

    /// The commit that `name` means: a full branch or tag name, `HEAD`, a commit's name or any of Git's spellings.
    ///
    /// # Errors
    /// [`GitError::NoBranch`] where it means nothing here.
    pub fn resolve(&self, name: &str) -> Result<CommitId, GitError> {
        let found = self.repository.revparse_single(name).and_then(|object| object.peel(ObjectType::Commit));
        match found {
            Ok(object) => Ok(CommitId(object.id())),
            Err(_) => self.head(name),
        }
    }

    /// The file at `path` in `commit`; `None` where there is none.
    ///
    /// # Errors
    /// [`GitError`] where the commit cannot be read.
    pub fn read_file(&self, commit: CommitId, path: &str) -> Result<Option<File>, GitError> {
        let tree = self.tree(commit)?;
        tree::read_file(&self.repository, &tree, path).map_err(|source| self.failed("reading a file", source))
    }

    /// The names of the entries of `folder` in `commit`, in Git's order.
    ///
    /// # Errors
    /// [`GitError`] where the commit cannot be read.
    pub fn list(&self, commit: CommitId, folder: &str) -> Result<Vec<String>, GitError> {
        let tree = self.tree(commit)?;
        tree::list(&self.repository, &tree, folder).map_err(|source| self.failed("reading a folder", source))
    }

    /// Every path that differs from `base` to `head`.
    ///
    /// # Errors
    /// [`GitError`] where one of them cannot be read.
    pub fn diff(&self, base: CommitId, head: CommitId) -> Result<Vec<FileChange>, GitError> {
        let (old, new) = (self.tree(base)?, self.tree(head)?);
        tree::diff(&self.repository, &old, &new).map_err(|source| self.failed("comparing trees", source))
    }

    /// The commit from which `head` left `base`.
    ///
    /// # Errors
    /// [`GitError`] where they have nothing in common.
    pub fn merge_base(&self, base: CommitId, head: CommitId) -> Result<CommitId, GitError> {
        let found = self.repository.merge_base(base.0, head.0).map(CommitId);
        found.map_err(|source| self.failed("finding where the branch left base", source))
    }

    pub(super) fn tree(&self, commit: CommitId) -> Result<Tree<'_>, GitError> {
        let found = self.repository.find_commit(commit.0).and_then(|commit| commit.tree());
        found.map_err(|source| self.failed("reading a commit", source))
    }

    pub(super) fn failed(&self, doing: &'static str, source: git2::Error) -> GitError {
        GitError::at(&self.place(), doing, source)
    }

    /// Moves `branch` to a commit that need not have the former one behind it.
    pub(super) fn replace_branch(
        &self,
        branch: &str,
        from: Option<CommitId>,
        to: CommitId,
    ) -> Result<(), Unmoved> {
        match &self.place {
            Place::Folder(_) => self.move_here(branch, from, Some(to)),
            Place::Address { url, credentials, .. } => {
                self.push(url, credentials, (branch, Kind::Replacement), from, Some(to))
            }
        }
    }

    /// Moves `branch` from one commit to another; `None` is "no such branch".
    pub(super) fn move_branch(
        &self,
        branch: &str,
        from: Option<CommitId>,
        to: Option<CommitId>,
    ) -> Result<(), Unmoved> {
        match &self.place {
            Place::Folder(_) => self.move_here(branch, from, to),
            Place::Address { url, credentials, .. } => {
                self.push(url, credentials, (branch, Kind::Successor), from, to)
            }
        }
    }

    fn move_here(&self, branch: &str, from: Option<CommitId>, to: Option<CommitId>) -> Result<(), Unmoved> {
        self.check_not_checked_out(branch).map_err(Unmoved::Failed)?;
        // A lock file left behind would block the branch for everybody.
        let _step = crate::interrupt::step();
        let name = format!("refs/heads/{branch}");
        let git_dir = self.repository.commondir();
        let _moving = Moving::begin(git_dir, &name).map_err(|error| {
            let source =
                git2::Error::new(git2::ErrorCode::GenericError, git2::ErrorClass::Os, error.to_string());
            Unmoved::Failed(self.failed("locking the branch", source))
        })?;
        let mut moved = || match (from, to) {
            (None, Some(to)) => self.repository.reference(&name, to.0, false, "p0-gitops").map(drop),
            (Some(from), Some(to)) => {
                self.repository.reference_matching(&name, to.0, true, from.0, "p0-gitops").map(drop)
            }
            (Some(from), None) => self.repository.find_reference(&name).and_then(|mut reference| {
                // Deleting compares too, with what was just read.
                if reference.target() == Some(from.0) {
                    reference.delete()
                } else {
                    Err(git2::Error::new(git2::ErrorCode::Modified, git2::ErrorClass::Reference, "moved"))
                }
            }),
            (None, None) => Ok(()),
        };
        patiently(&mut moved).map_err(|source| match source.code() {
            git2::ErrorCode::Modified | git2::ErrorCode::Exists | git2::ErrorCode::NotFound => Unmoved::Lost,
            git2::ErrorCode::Locked => {
                let lock = git_dir.join(format!("{name}.lock")).display().to_string();
                Unmoved::Failed(GitError::Locked { branch: branch.to_owned(), lock })
            }
            _ => Unmoved::Failed(self.failed("moving a branch", source)),
        })
    }

    /// As `git push` has it: the files of a checked-out branch would not follow.
    fn check_not_checked_out(&self, branch: &str) -> Result<(), GitError> {
        let repository = &self.repository;
        let checked_out = !repository.is_bare()
            && repository.head().is_ok_and(|head| head.shorthand().ok() == Some(branch));
        let allowed = || {
            let setting =
                repository.config().and_then(|config| config.get_string("receive.denycurrentbranch"));
            setting.is_ok_and(|setting| matches!(setting.as_str(), "ignore" | "warn" | "false"))
        };
        if checked_out && !allowed() {
            return Err(GitError::CheckedOut { place: self.place(), branch: branch.to_owned() });
        }
        Ok(())
    }

    fn push(
        &self,
        url: &str,
        credentials: &Credentials,
        (branch, kind): (&str, Kind),
        from: Option<CommitId>,
        to: Option<CommitId>,
    ) -> Result<(), Unmoved> {
        let attempts = Attempts::new(credentials);
        let (name, local) = (format!("refs/heads/{branch}"), format!("{PUSHING}{branch}"));
        let mut lost = false;
        let mut rejected = None;
        let outcome = (|| {
            if let Some(to) = to {
                self.repository.reference(&local, to.0, true, "p0-gitops")?;
            }
            let mut callbacks = RemoteCallbacks::new();
            callbacks.credentials(|url, user, allowed| attempts.next(url, user, allowed));
            // What the remote has now must be what the new commit was built on.
            callbacks.push_negotiation(|updates| {
                lost = updates.iter().any(|update| update.src() != from.map_or(Oid::ZERO_SHA1, |id| id.0));
                if lost { Err(git2::Error::from_str("moved")) } else { Ok(()) }
            });
            callbacks.push_update_reference(|_, status| {
                rejected = status.map(str::to_owned);
                Ok(())
            });
            let mut options = PushOptions::new();
            options.remote_callbacks(callbacks);
            let source = if to.is_some() { local.as_str() } else { "" };
            // The server compares with what was there either way.
            let force = if kind == Kind::Replacement { "+" } else { "" };
            self.repository
                .remote_anonymous(url)?
                .push(&[format!("{force}{source}:{name}")], Some(&mut options))
        })();
        if let Ok(mut reference) = self.repository.find_reference(&local) {
            // Left behind it would only keep an object longer.
            let _kept = reference.delete();
        }
        match (outcome, rejected) {
            _ if lost => Err(Unmoved::Lost),
            // Between our look and the server's lock somebody else pushed.
            (_, Some(reason)) if is_race(&reason) => Err(Unmoved::Lost),
            (_, Some(reason)) => {
                let (place, branch) = (self.place(), branch.to_owned());
                Err(Unmoved::Failed(GitError::Rejected { place, branch, reason }))
            }
            (Err(error), None) if error.code() == git2::ErrorCode::NotFastForward => Err(Unmoved::Lost),
            (Err(error), None) => Err(Unmoved::Failed(self.network(&attempts, "pushing", error))),
            (Ok(()), None) => Ok(()),
        }
    }

    fn fetch(&self, url: &str, credentials: &Credentials, branch: &str) -> Result<(), GitError> {
        let attempts = Attempts::new(credentials);
        let outcome = (|| {
            let mut callbacks = RemoteCallbacks::new();
            callbacks.credentials(|url, user, allowed| attempts.next(url, user, allowed));
            let mut options = FetchOptions::new();
            options
                .remote_callbacks(callbacks)
                .download_tags(git2::AutotagOption::None)
                .prune(git2::FetchPrune::On);
            // A wildcard that only the one branch matches lets pruning notice that it is gone.
            let specification = format!("+refs/heads/{branch}*:{FETCHED}{branch}*");
            self.repository.remote_anonymous(url)?.fetch(&[specification], Some(&mut options), None)
        })();
        outcome.map_err(|error| self.network(&attempts, "fetching", error))
    }

    fn network(&self, attempts: &Attempts<'_>, doing: &'static str, source: git2::Error) -> GitError {
        match self.failed(doing, source) {
            GitError::Credentials { place, source, .. } => {
                GitError::Credentials { place, tried: attempts.tried(), source }
            }
            other => other,
        }
    }

    fn branches(&self) -> String {
        let here = self.repository.branches(Some(BranchType::Local)).into_iter().flatten().flatten();
        let mut names: Vec<String> = here
            .filter_map(|(branch, _)| branch.name().ok().map(|name| format!("`{}`", name.unwrap_or("?"))))
            .collect();
        let fetched = self.repository.references_glob(&format!("{FETCHED}*")).into_iter().flatten().flatten();
        names.extend(fetched.filter_map(|reference| {
            reference.name().ok()?.strip_prefix(FETCHED).map(|name| format!("`{name}`"))
        }));
        names.truncate(10);
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    }
}

/// What `step` comes to once no other program holds its lock, or has held it for too long.
fn patiently(step: &mut impl FnMut() -> Result<(), git2::Error>) -> Result<(), git2::Error> {
    for _ in 0..WAITS.0 {
        match step() {
            Err(error) if error.code() == git2::ErrorCode::Locked => std::thread::sleep(WAITS.1),
            other => return other,
        }
    }
    step()
}

/// What receive-pack says when the branch moved under its lock.
fn is_race(reason: &str) -> bool {
    ["failed to update ref", "cannot lock ref", "non-fast-forward", "fetch first", "stale info"]
        .iter()
        .any(|word| reason.contains(word))
}

/// `scheme://…`, or `user@host:path`; everything else is a path.
fn is_address(location: &str) -> bool {
    location.contains("://")
        || location.split_once(':').is_some_and(|(host, _)| host.contains('@') && !host.contains('/'))
}

/// The address without user name and password.
fn without_secrets(url: &str) -> String {
    match url.split_once("://") {
        Some((scheme, rest)) => {
            let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
            format!("{scheme}://{host}/{path}")
        }
        None => url.to_owned(),
    }
}

/// A folder's name for an address: readable, and different for different addresses.
fn cache_name(url: &str) -> String {
    let letters = url.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' });
    let digest = url.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{}-{digest:016x}.git", letters.collect::<String>())
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_told_from_a_path_and_never_shows_secrets() {
        for (location, address, shown) in [
            ("https://x:secret@forge.example/a/b.git", true, "https://forge.example/a/b.git"),
            ("ssh://git@forge.example/a.git", true, "ssh://forge.example/a.git"),
            ("git@forge.example:a/b.git", true, "git@forge.example:a/b.git"),
            ("/srv/git/a.git", false, "/srv/git/a.git"),
            ("./a:b", false, "./a:b"),
            ("demo", false, "demo"),
        ] {
            assert_eq!(is_address(location), address, "{location}");
            assert_eq!(without_secrets(location), shown);
        }
        assert_ne!(cache_name("https://a/b"), cache_name("https://a-b"));
    }
}
