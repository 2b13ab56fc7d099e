//! Commits as values: who, when, and a message with trailers.

use git2::{Repository, Signature, Time};
use jiff::Timestamp;

use super::{GitError, Remote};

/// Who makes a commit, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The name in the commit.
    pub name: String,
    /// The e-mail address in the commit.
    pub email: String,
    /// The time in the commit.
    pub at: Timestamp,
}

/// A commit message: a subject, a text, and trailers as `git interpret-trailers` reads them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// One line.
    pub subject: String,
    /// What follows; may be empty.
    pub body: String,
    /// `Key: value` lines, last of all.
    pub trailers: Vec<(&'static str, String)>,
}

impl Identity {
    pub(super) fn signature(&self) -> Result<Signature<'static>, GitError> {
        Signature::new(&self.name, &self.email, &Time::new(self.at.as_second(), 0))
            .map_err(|source| GitError::Other { doing: "naming the author", source })
    }
}

impl Message {
    /// The whole message.
    pub fn text(&self) -> String {
        let trailers = self.trailers.iter().map(|(key, value)| format!("{key}: {}", one_line(value)));
        let trailers = trailers.collect::<Vec<_>>().join("\n");
        let parts = [one_line(&self.subject), self.body.trim().to_owned(), trailers];
        let mut text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n");
        text.push('\n');
        text
    }
}

/// A trailer's value cannot start another trailer.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What a commit says of itself; nothing of it is proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its author's name.
    pub author: String,
    /// Its message.
    pub message: String,
}

impl Remote {
    /// What the commit with this name says of itself.
    ///
    /// # Errors
    /// [`GitError`] where it cannot be read.
    pub fn told(&self, commit: &str) -> Result<Told, GitError> {
        let read = || {
            let commit = self.repository.find_commit(git2::Oid::from_str(commit)?)?;
            let author = commit.author();
            Ok(Told {
                author: String::from_utf8_lossy(author.name_bytes()).into_owned(),
                message: String::from_utf8_lossy(commit.message_bytes()).into_owned(),
            })
        };
        read().map_err(|source| self.failed("reading a commit", source))
    }
}

pub(super) fn write(
    repository: &Repository,
    by: &Identity,
    message: &str,
    tree: git2::Oid,
    parents: &[git2::Oid],
) -> Result<git2::Oid, git2::Error> {
    let tree = repository.find_tree(tree)?;
    let parents: Vec<_> = parents.iter().map(|id| repository.find_commit(*id)).collect::<Result<_, _>>()?;
    let signature =
        by.signature().map_err(|_| git2::Error::from_str("the author's name or address is empty"))?;
    repository.commit(None, &signature, &signature, message, &tree, &parents.iter().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_forge_a_trailer() {
        let message = Message {
            subject: "Grant\nRequest-Id: forged".to_owned(),
            body: String::new(),
            trailers: vec![("Request-Id", "real\nApproved-by: nobody".to_owned())],
        };
        assert_eq!(message.text(), "Grant Request-Id: forged\n\nRequest-Id: real Approved-by: nobody\n");
    }
}
