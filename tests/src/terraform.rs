//! Real Terraform and real OpenTofu with a provider of this project, in a folder of their own.
//!
//! Not here: what the provider talks to ([`crate::ControlPlane`], [`crate::Proxy`]).

mod cty;
mod debugged;
mod plugin;
mod running;
mod values;
mod workspace;

pub use cty::{Cty, Said};
pub use debugged::Debugged;
pub use plugin::Plugin;
pub use running::{Running, lives};
pub use values::{filled, object, text};
pub use workspace::{Planned, Workspace, platform};

use std::path::PathBuf;
use std::process::Command;

use crate::upstream::Module;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// HashiCorp's.
    Terraform,
    /// The Linux Foundation's.
    OpenTofu,
}

impl Tool {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::Terraform, Self::OpenTofu];

    /// The host of the registry that a source address without one means.
    pub fn registry(self) -> &'static str {
        match self {
            Self::Terraform => "registry.terraform.io",
            Self::OpenTofu => "registry.opentofu.org",
        }
    }

    /// The command: the built program, or the one that `P0_TERRAFORM` or `P0_TOFU` names, to try another version.
    pub fn command(self) -> Command {
        let (variable, module) = match self {
            Self::Terraform => ("P0_TERRAFORM", Module::Terraform),
            Self::OpenTofu => ("P0_TOFU", Module::OpenTofu),
        };
        match std::env::var_os(variable).map(PathBuf::from) {
            Some(path) => Command::new(path),
            None => module.command(),
        }
    }
}

/// What the tools say, without the boxes they draw and the lines they break.
pub fn unwrapped(text: &str) -> String {
    let plain = text.replace(['│', '╷', '╵', '\n'], " ");
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}
