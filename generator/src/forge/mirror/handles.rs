//! The open handles of one repository, lent to one user at a time each. Git's handles cannot be shared between threads, and one that
//! fetches is busy for as long as the network takes. Not here: what is done with a handle.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::repository::{Repository, RepositoryError};

/// How many handles are open at most.
const MOST: usize = 4;

/// What a handle is lent for. One handle is always kept for the other purpose: a removal does not wait behind readers that fetch, nor
/// a reader behind merges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::forge) enum Purpose {
    /// To learn what the repository says.
    Read,
    /// What the forge does: propose, judge, merge, remove.
    Change,
}

/// The handles of one repository.
pub(super) struct Handles {
    open: Box<dyn Fn() -> Result<Repository, RepositoryError> + Send + Sync>,
    state: Mutex<State>,
    returned: Condvar,
}

/// Which handles are where.
#[derive(Default)]
struct State {
    /// The one that was used last is lent next: its caches are the warmest.
    idle: Vec<Repository>,
    reading: usize,
    changing: usize,
}

/// A handle that goes back when this is dropped.
pub(super) struct Lent<'h> {
    handles: &'h Handles,
    purpose: Purpose,
    repository: Option<Repository>,
}

impl Handles {
    /// With `repository` as the first handle; the others are opened when they are needed.
    pub(super) fn new(repository: Repository) -> Self {
        let open = Box::new(repository.opener());
        let state = State { idle: vec![repository], ..State::default() };
        Self { open, state: Mutex::new(state), returned: Condvar::new() }
    }

    /// Does `act` with a handle, after waiting until one may be lent for this purpose.
    ///
    /// # Errors
    /// What `act` says, or [`RepositoryError`] where a further handle cannot be opened.
    pub(super) fn with<T>(
        &self,
        purpose: Purpose,
        act: impl FnOnce(&Repository) -> Result<T, RepositoryError>,
    ) -> Result<T, RepositoryError> {
        let mut lent = self.lend(purpose);
        match &mut lent.repository {
            Some(repository) => act(repository),
            none => act(none.insert((self.open)()?)),
        }
    }

    /// A handle, or the right to open one.
    fn lend(&self, purpose: Purpose) -> Lent<'_> {
        let is_busy =
            |state: &mut State| state.reading + state.changing >= MOST || *state.count(purpose) >= MOST - 1;
        let state = self.returned.wait_while(self.state(), is_busy);
        let mut state = state.unwrap_or_else(PoisonError::into_inner);
        *state.count(purpose) += 1;
        Lent { handles: self, purpose, repository: state.idle.pop() }
    }

    /// It is changed in one step, so a thread that broke off left nothing half done.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn count(&mut self, purpose: Purpose) -> &mut usize {
        match purpose {
            Purpose::Read => &mut self.reading,
            Purpose::Change => &mut self.changing,
        }
    }
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        let mut state = self.handles.state();
        let count = state.count(self.purpose);
        *count = count.saturating_sub(1);
        // A thread that broke off left the repository as it was: every operation is one move of a branch.
        state.idle.extend(self.repository.take());
        drop(state);
        self.handles.returned.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::time::Duration;

    use super::*;
    use crate::git::{BaseBranch, Credentials, Remote};

    const SOON: Duration = Duration::from_secs(60);

    fn handles(folder: &std::path::Path) -> Handles {
        git2::Repository::init_bare(folder).unwrap();
        let remote = Remote::open(folder.to_str().unwrap(), Credentials::default(), folder).unwrap();
        Handles::new(Repository::new(BaseBranch::new(remote, "main")))
    }

    #[test]
    fn either_purpose_finds_a_handle_while_the_other_has_all_that_it_may_have() {
        let folder = tempfile::tempdir().unwrap();
        for (many, other) in [(Purpose::Read, Purpose::Change), (Purpose::Change, Purpose::Read)] {
            let handles = handles(folder.path());
            let lent: Vec<_> = (1..MOST).map(|_| handles.lend(many)).collect();
            let (tell, told) = channel();
            std::thread::scope(|threads| {
                threads.spawn(|| {
                    handles.with(other, |_| {
                        tell.send(()).unwrap();
                        Ok(())
                    })
                });
                told.recv_timeout(SOON).expect("a handle for the other purpose");
                drop(lent);
            });
        }
    }

    #[test]
    fn a_reader_too_many_waits_until_a_handle_comes_back_and_gets_that_one() {
        let folder = tempfile::tempdir().unwrap();
        let handles = handles(folder.path());
        let mut lent: Vec<_> = (1..MOST).map(|_| handles.lend(Purpose::Read)).collect();
        let (tell, told) = channel();
        std::thread::scope(|threads| {
            threads.spawn(|| {
                handles.with(Purpose::Read, |_| {
                    tell.send(()).unwrap();
                    Ok(())
                })
            });
            assert!(told.recv_timeout(Duration::from_millis(50)).is_err(), "all are lent");
            lent.pop();
            told.recv_timeout(SOON).expect("the handle that came back");
        });
        drop(lent);
        assert!(handles.state().idle.len() < MOST);
    }
}
