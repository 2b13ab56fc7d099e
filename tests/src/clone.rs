//! A clone of a site's repository that somebody pushes from, past the program. Not here: what is pushed.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::program::program;
use crate::site::Site;

/// Somebody's clone of the repository.
pub struct GitClone {
    /// The work tree.
    pub path: PathBuf,
}

/// How a push ended.
pub struct Push {
    /// Whether the server took it.
    pub accepted: bool,
    /// What Git and the hook said.
    pub words: String,
}

impl GitClone {
    /// A clone beside the repository, called `name`.
    pub fn of(site: &Site, name: &str) -> Self {
        let path = site.beside(name);
        site.git(&["clone", "-q", ".", path.to_str().expect("a path in UTF-8")]);
        Self { path }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let who = ["-c", "user.name=mallory", "-c", "user.email=m@example.com", "-c", "commit.gpgsign=false"];
        let mut command = Command::new("git");
        command.arg("-C").arg(&self.path).args(who).args(arguments);
        command
    }

    /// Runs `git` in the clone; it must succeed. What it prints, without the space around it.
    ///
    /// # Panics
    /// Where it fails.
    pub fn git(&self, arguments: &[&str]) -> String {
        printed(arguments, self.command(arguments).output().expect("git is installed"))
    }

    /// The bytes of an object.
    ///
    /// # Panics
    /// Where there is no such object.
    pub fn object(&self, kind: &str, name: &str) -> Vec<u8> {
        self.command(&["cat-file", kind, name]).output().expect("git is installed").stdout
    }

    /// Writes a tree of these bytes, whether Git finds it sound or not, and its name.
    ///
    /// # Panics
    /// Where Git cannot write it.
    pub fn write_tree(&self, bytes: &[u8]) -> String {
        self.write_object("tree", bytes)
    }

    fn write_object(&self, kind: &str, bytes: &[u8]) -> String {
        let arguments = ["hash-object", "-t", kind, "-w", "--literally", "--stdin"];
        let mut command = self.command(&arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("git is installed");
        child.stdin.take().expect("a pipe").write_all(bytes).expect("git reads");
        printed(&arguments, child.wait_with_output().expect("git ends"))
    }

    /// Writes a file of these bytes to the object database, and its name.
    ///
    /// # Panics
    /// Where Git cannot write it.
    pub fn write_blob(&self, bytes: &[u8]) -> String {
        self.write_object("blob", bytes)
    }

    /// Writes the tree `tree` with one entry more, or another one under its name, in Git's order; its name.
    ///
    /// # Panics
    /// Where Git cannot write it.
    pub fn with_entry(&self, tree: &str, mode: &str, name: &[u8], object: &str) -> String {
        let mut entries = Vec::new();
        let raw = self.object("tree", tree);
        let mut rest = raw.as_slice();
        while let Some(end) = rest.iter().position(|byte| *byte == 0) {
            let (entry, after) = rest.split_at(end + 21);
            entries.push(entry.to_vec());
            rest = after;
        }
        let name_of = |entry: &[u8]| {
            let (mode, name) = entry.split_at(entry.iter().position(|byte| *byte == b' ').expect("a mode"));
            let end = name.iter().position(|byte| *byte == 0).expect("a name");
            let folder: &[u8] = if mode == b"40000" { b"/" } else { b"" };
            [&name[1..end], folder].concat()
        };
        entries.retain(|entry| name_of(entry).strip_suffix(b"/").unwrap_or(&name_of(entry)) != name);
        entries.push(self.entry(mode, name, object));
        entries.sort_by_key(|entry| name_of(entry));
        self.write_tree(&entries.concat())
    }

    /// An entry of a raw tree.
    ///
    /// # Panics
    /// Where there is no such object.
    pub fn entry(&self, mode: &str, name: &[u8], object: &str) -> Vec<u8> {
        let hex = self.git(&["rev-parse", object]);
        let id = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex"));
        [mode.as_bytes(), b" ", name, b"\0"].concat().into_iter().chain(id).collect()
    }

    /// Writes a file and commits it.
    ///
    /// # Panics
    /// Where it cannot be written.
    pub fn commit_file(&self, path: &str, text: &str) {
        std::fs::write(self.path.join(path), text).expect("a file can be written");
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "-m", "a file"]);
    }

    /// Commits a tree on top of what is checked out, by somebody whose clock says `date`; the commit.
    ///
    /// # Panics
    /// Where Git cannot write it.
    pub fn commit_dated(&self, tree: &str, date: &str) -> String {
        let arguments = ["commit-tree", "-p", "HEAD", "-m", "dated", tree];
        let mut command = self.command(&arguments);
        command.env("GIT_COMMITTER_DATE", date).env("GIT_AUTHOR_DATE", date);
        printed(&arguments, command.output().expect("git is installed"))
    }

    /// Pushes to the site with these environment variables, `p0-gitops` on the server's path.
    ///
    /// # Panics
    /// Where Git cannot be run.
    pub fn push(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Push {
        let programs = program().parent().expect("a folder").display().to_string();
        let path = format!("{programs}:{}", std::env::var("PATH").expect("a path"));
        let mut command = self.command(&["push"]);
        command.args(arguments).env("PATH", path).envs(environment.iter().copied());
        let output = command.output().expect("git is installed");
        Push {
            accepted: output.status.success(),
            words: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

fn printed(arguments: &[&str], output: Output) -> String {
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8").trim().to_owned()
}

impl Push {
    /// The push was taken.
    ///
    /// # Panics
    /// Where it was not.
    pub fn done(self) {
        assert!(self.accepted, "{}", self.words);
    }

    /// The push was refused with these words.
    ///
    /// # Panics
    /// Where it was taken, or refused for another reason.
    pub fn refused(self, words: &str) {
        assert!(!self.accepted && self.words.contains(words), "expected `{words}`: {}", self.words);
    }
}
