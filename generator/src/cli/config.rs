//! The configuration file of a person: contexts, each with what one would else type at every command.
//!
//! What is typed wins over what the environment says, and that over a context. Not here: what the options mean. There is no secret
//! in the file.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use p0_grant::yaml::{self, Limits};
use serde::{Deserialize, Serialize};

use crate::serve::holds_password;

mod command;

pub(super) use command::{Args, run};

/// The variable that names another file.
const FILE: &str = "P0_CONFIG";

/// The file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Config {
    api_version: ApiVersion,
    kind: Kind,
    /// The context that counts where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) context: Option<String>,
    pub(super) contexts: Vec<Context>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum ApiVersion {
    #[default]
    #[serde(rename = "p0.dev/v1alpha1")]
    V1Alpha1,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Kind {
    #[default]
    Config,
}

/// What a person works with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Context {
    /// What it is called.
    pub(super) name: String,
    /// The GitOps repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    repo: Option<String>,
    /// Its protected branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    /// The store.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    store: Option<String>,
    /// The person's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<PathBuf>,
    /// The key that signs grants, where this machine has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signing_key: Option<PathBuf>,
    /// The cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cluster: Option<String>,
}

impl Config {
    /// Reads the file at `location`; the default location may be empty.
    pub(super) fn read(location: &ConfigLocation) -> anyhow::Result<Self> {
        let shown = location.path.display();
        let text = match std::fs::read_to_string(&location.path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound && !location.is_named => {
                return Ok(Self::default());
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read `{shown}`")),
        };
        let config: Self =
            yaml::read(&text, Limits::FILE).with_context(|| format!("`{shown}` cannot be used"))?;
        for context in &config.contexts {
            let is_secret =
                [&context.repo, &context.store].into_iter().flatten().any(|url| holds_password(url));
            ensure!(
                !is_secret,
                "`{shown}`: the context `{}` holds a password; give it in the environment: PGPASSWORD, P0_GIT_TOKEN",
                context.name
            );
        }
        Ok(config)
    }

    /// The context called `name`, or the one that counts where none is named.
    pub(super) fn context(&self, name: Option<&str>) -> anyhow::Result<Option<&Context>> {
        let Some(name) = name.or(self.context.as_deref()) else { return Ok(None) };
        match self.contexts.iter().find(|context| context.name == name) {
            Some(context) => Ok(Some(context)),
            None => {
                let names: Vec<&str> = self.contexts.iter().map(|context| context.name.as_str()).collect();
                let there = if names.is_empty() { "there are none".to_owned() } else { names.join(", ") };
                bail!("there is no context `{name}`; those of the configuration file: {there}")
            }
        }
    }
}

impl Context {
    /// The value of the option that `variable` sets too; relative files are beside the configuration file.
    fn value(&self, variable: &str, folder: &Path) -> Option<String> {
        let file =
            |path: &PathBuf| Some(in_home(path).unwrap_or_else(|| folder.join(path)).display().to_string());
        match variable {
            "P0_REPO" => self.repo.clone(),
            "P0_BASE" => self.base.clone(),
            "P0_STORE" => self.store.clone(),
            "P0_KEY" => self.key.as_ref().and_then(file),
            "P0_SIGNING_KEY" => self.signing_key.as_ref().and_then(file),
            "P0_CLUSTER" => self.cluster.clone(),
            _ => None,
        }
    }

    /// `command` with the values of this context as defaults of its options.
    pub(super) fn applied_to(&self, command: clap::Command, folder: &Path) -> clap::Command {
        // It judges the repository that it runs in: what a person works with elsewhere is not meant.
        if command.get_name() == "verify" {
            return command;
        }
        let command = command.mut_args(|argument| {
            let variable = argument.get_env().and_then(|name| name.to_str()).unwrap_or_default();
            match self.value(variable, folder) {
                Some(value) => argument.default_value(value).required(false),
                None => argument,
            }
        });
        command.mut_subcommands(|command| self.applied_to(command, folder))
    }
}

/// `~/` at the beginning of a path, as a shell reads it.
fn in_home(path: &Path) -> Option<PathBuf> {
    let rest = path.strip_prefix("~").ok()?;
    std::env::var_os("HOME").map(|home| PathBuf::from(home).join(rest))
}

/// Where the file is.
pub(super) struct ConfigLocation {
    pub(super) path: PathBuf,
    is_named: bool,
}

impl ConfigLocation {
    /// What `P0_CONFIG` names, else `p0-gitops/config.yaml` in the folder for configuration.
    pub(super) fn find() -> Option<Self> {
        let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(path) = set(FILE) {
            return Some(Self { path, is_named: true });
        }
        let folder = set("XDG_CONFIG_HOME").or_else(|| set("HOME").map(|home| home.join(".config")))?;
        Some(Self { path: folder.join("p0-gitops/config.yaml"), is_named: false })
    }

    /// The folder that relative files are in.
    pub(super) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new(""))
    }
}

/// The context that the command line names, before it is read as a whole.
pub(super) fn named(arguments: impl IntoIterator<Item = std::ffi::OsString>) -> Option<String> {
    let mut words = arguments.into_iter().map(|word| word.to_string_lossy().into_owned());
    while let Some(word) = words.next().filter(|word| word != "--") {
        if word == "--context" {
            return words.next();
        }
        if let Some(name) = word.strip_prefix("--context=") {
            return Some(name.to_owned());
        }
    }
    std::env::var("P0_CONTEXT").ok().filter(|name| !name.is_empty())
}
