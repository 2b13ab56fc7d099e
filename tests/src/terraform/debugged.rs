//! A provider that runs by itself, for the tool to attach to.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::{Plugin, Tool};

/// A provider started with `--debug`. It ends with this value.
pub struct Debugged {
    plugin: Plugin,
    child: Child,
    reattach: serde_json::Value,
    _output: BufReader<ChildStdout>,
}

impl Debugged {
    /// Starts one and waits for the line that says how to attach.
    ///
    /// # Panics
    /// Where it ends without.
    pub fn start(plugin: Plugin, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(plugin.executable());
        command.arg("--debug").env_clear().envs(environment.iter().copied());
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the provider starts");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        let text = loop {
            line.clear();
            assert_ne!(output.read_line(&mut line).expect("UTF-8"), 0, "the provider ends");
            if let Some((_, text)) = line.split_once("TF_REATTACH_PROVIDERS=") {
                break text.trim().trim_matches('\'').to_owned();
            }
        };
        let reattach = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        Self { plugin, child, reattach, _output: output }
    }

    /// Which provider it is.
    pub fn plugin(&self) -> Plugin {
        self.plugin
    }

    /// The process id.
    pub fn id(&self) -> String {
        self.child.id().to_string()
    }

    /// What a tool is told, under the source address that the tool makes of the short one.
    pub(super) fn reattach(&self, tool: Tool) -> String {
        let how = self.reattach.as_object().and_then(|all| all.values().next()).expect("one provider");
        let address = format!("{}/{}", tool.registry(), self.plugin.source());
        serde_json::json!({ address: how }).to_string()
    }
}

impl Drop for Debugged {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}
