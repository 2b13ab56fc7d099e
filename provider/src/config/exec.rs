//! The `exec` block: a program that prints credentials.

use std::collections::{BTreeMap, HashMap};

use kube::config::{ExecConfig, ExecInteractiveMode};
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::value::{FromValue, Path, Step, Value};

tfplugin::model! {
    /// A credential plugin.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Exec {
        /// The version of its protocol.
        pub api_version: String,
        /// The program.
        pub command: String,
        /// Its arguments.
        pub args: Option<Vec<String>>,
        /// Variables besides the provider's own.
        pub env: Option<BTreeMap<String, String>>,
    }
}

impl Exec {
    /// The one block, where there is one and all of it is known.
    ///
    /// # Errors
    /// About the attribute that is wrong.
    pub fn read(blocks: &Value) -> Result<Option<Self>, Diagnostics> {
        let Value::List(blocks) = blocks else { return Ok(None) };
        let Some(block) = blocks.first() else { return Ok(None) };
        let at =
            |name: &str| Path::attribute("exec").then(Step::Index(0)).then(Step::Attribute(name.to_owned()));
        let exec = Self::from_value(block.clone()).map_err(|mismatch| {
            Diagnostic::error("The credential plugin is not complete", format!("{mismatch}."))
                .at(Path::attribute("exec"))
        })?;
        let known = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"];
        if !known.contains(&exec.api_version.as_str()) {
            let detail = format!(
                "`{}` is not a known version: write `{}` or `{}`.",
                exec.api_version, known[0], known[1]
            );
            return Err(Diagnostic::error("Unknown version of credential plugins", detail)
                .at(at("api_version"))
                .into());
        }
        if exec.command.is_empty() {
            let detail = "The program's name is empty.";
            return Err(Diagnostic::error("No credential plugin", detail).at(at("command")).into());
        }
        Ok(Some(exec))
    }

    pub(super) fn into_config(self) -> ExecConfig {
        let variable = |(name, value): (String, String)| {
            HashMap::from([("name".to_owned(), name), ("value".to_owned(), value)])
        };
        ExecConfig {
            api_version: Some(self.api_version),
            command: Some(self.command),
            args: self.args,
            env: self.env.map(|env| env.into_iter().map(variable).collect()),
            drop_env: None,
            install_hint: None,
            // Standard input is Terraform's.
            interactive_mode: Some(ExecInteractiveMode::Never),
            provide_cluster_info: false,
            cluster: None,
            other: BTreeMap::new(),
        }
    }
}
