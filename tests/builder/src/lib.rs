//! The upstream programs: built once from their own published Go modules, and kept outside the checkout. Vendors' own libraries in
//! Python and JavaScript are installed beside them.
//!
//! `KUBEBUILDER_ASSETS` is honoured as Kubernetes' own test environments do: etcd, kube-apiserver and
//! kube-controller-manager are taken from there where they are. Everything else is always built.
//!
//! This crate has no dependencies, so that its program can start Go while the rest of the workspace is compiled.

use std::path::PathBuf;
use std::process::Command;

mod module;
pub mod npm;
mod python;
mod recipe;

pub use module::Module;
pub use python::python;

/// The version of Kubernetes that `tests/upstream/kubernetes/go.mod` requires.
pub const KUBERNETES: &str = "v1.36.3";

/// One of the programs inside [`Module::Kubernetes`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The store.
    Etcd,
    /// The API server.
    ApiServer,
    /// The controllers, which resolve aggregated roles among other things.
    ControllerManager,
    /// Kubernetes' own authorizer, validation and YAML readers, behind JSON lines.
    Oracle,
}

impl Program {
    fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::ApiServer => "kube-apiserver",
            Self::ControllerManager => "kube-controller-manager",
            Self::Oracle => "oracle",
        }
    }

    /// The command that runs it: a program of its own, or the built one with its first argument.
    pub fn command(self) -> Command {
        let assets = std::env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
        let found = assets
            .map(|folder| folder.join(self.name()))
            .filter(|path| self != Self::Oracle && path.exists());
        match found {
            Some(path) => Command::new(path),
            None => {
                let mut command = Module::Kubernetes.command();
                command.arg(self.name());
                command
            }
        }
    }
}

/// Where built programs and big inputs are kept: `P0_TEST_CACHE`, else `p0-gitops-tests` in the user's cache folder.
pub fn cache() -> PathBuf {
    let named = std::env::var_os("P0_TEST_CACHE").map(PathBuf::from);
    let users = || std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    named.unwrap_or_else(|| users().or_else(home).expect("HOME is set").join("p0-gitops-tests"))
}
