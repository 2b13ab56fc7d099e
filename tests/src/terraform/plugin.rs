//! The providers that are tried, as executables.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::program::{build, build_for_release};
use crate::upstream::Module;

/// A provider's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plugin {
    /// What this project ships.
    P0,
    /// The plugin library's example.
    Pets,
    /// hashicorp/kubernetes.
    Kubernetes,
}

impl Plugin {
    /// What it is called in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::P0 => "p0",
            Self::Pets => "pets",
            Self::Kubernetes => "kubernetes",
        }
    }

    /// Who publishes it: the first half of a source address.
    pub fn publisher(self) -> &'static str {
        match self {
            Self::P0 => "p0-gitops",
            Self::Pets => "example",
            Self::Kubernetes => "hashicorp",
        }
    }

    /// The source address without a registry.
    pub fn source(self) -> String {
        format!("{}/{}", self.publisher(), self.name())
    }

    /// The built program.
    ///
    /// # Panics
    /// Where it does not build.
    pub fn executable(self) -> &'static Path {
        static BUILT: [OnceLock<PathBuf>; 2] = [const { OnceLock::new() }; 2];
        match self {
            Self::P0 => BUILT[0].get_or_init(|| build("--bin", "terraform-provider-p0")),
            Self::Pets => BUILT[1].get_or_init(|| build("--example", "pets")),
            Self::Kubernetes => Module::KubernetesProvider.program(),
        }
    }

    /// The program the way it is shipped, for measuring.
    ///
    /// # Panics
    /// Where it does not build.
    pub fn shipped(self) -> PathBuf {
        match self {
            Self::P0 => build_for_release("--bin", "terraform-provider-p0"),
            Self::Pets => build_for_release("--example", "pets"),
            Self::Kubernetes => self.executable().to_owned(),
        }
    }

    /// The head of a configuration, which says where the provider comes from.
    pub fn required(self) -> String {
        let (name, source) = (self.name(), self.source());
        format!("terraform {{\n  required_providers {{\n    {name} = {{ source = \"{source}\" }}\n  }}\n}}\n")
    }
}
