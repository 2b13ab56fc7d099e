//! A folder with a configuration and a state, in which Terraform or OpenTofu is run as its user would.
//!
//! Nothing of the user who runs the tests is seen there: home, settings and environment are the folder's own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{Debugged, Plugin, Running, Tool};
use crate::program::Run;

/// A folder of a user of one of the tools.
pub struct Workspace {
    tool: Tool,
    plugin: Plugin,
    folder: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

/// A plan as the tool told it.
#[derive(Debug)]
pub struct Planned {
    /// 0: nothing to do; 1: an error; 2: something to do.
    pub code: i32,
    /// What people see, on both streams.
    pub said: String,
    /// The plan in the tool's JSON form, where there is something to do.
    pub json: Value,
}

impl Workspace {
    /// One where `plugin` is taken straight from its build (`dev_overrides`), which needs no `init`.
    pub fn new(tool: Tool, plugin: Plugin) -> Self {
        Self::with_program(tool, plugin, plugin.executable())
    }

    /// The same with another program in the plugin's place.
    pub fn with_program(tool: Tool, plugin: Plugin, program: &Path) -> Self {
        let workspace = Self::bare(tool, plugin);
        let folder = workspace.path("plugins");
        place(program, &folder.join(format!("terraform-provider-{}", plugin.name())));
        let overrides = format!(
            "provider_installation {{\n  dev_overrides {{\n    \"{}\" = \"{}\"\n  }}\n  direct {{}}\n}}\n",
            plugin.source(),
            folder.display()
        );
        workspace.file("tool.rc", &overrides);
        workspace
    }

    /// One where `plugin` is installed from a mirror in the file system, as `version`, by `init`.
    pub fn mirrored(tool: Tool, plugin: Plugin, version: &str) -> Self {
        let workspace = Self::bare(tool, plugin);
        let mirror = workspace.path("mirror");
        let name = format!("terraform-provider-{}_v{version}", plugin.name());
        let place_in = format!("{}/{}/{version}/{}", tool.registry(), plugin.source(), platform());
        place(plugin.executable(), &mirror.join(place_in).join(name));
        workspace.install_from(&mirror);
        workspace
    }

    /// One where `plugin` is installed from a release's zip, whose name has its version and platform.
    pub fn packed(tool: Tool, plugin: Plugin, zip: &Path) -> Self {
        let workspace = Self::bare(tool, plugin);
        let mirror = workspace.path("mirror");
        let folder = mirror.join(tool.registry()).join(plugin.source());
        place(zip, &folder.join(zip.file_name().expect("a name")));
        workspace.install_from(&mirror);
        workspace
    }

    /// One whose provider is a process that already runs.
    pub fn attached(tool: Tool, debugged: &Debugged) -> Self {
        let mut workspace = Self::bare(tool, debugged.plugin());
        workspace.file("tool.rc", "");
        workspace.set("TF_REATTACH_PROVIDERS", &debugged.reattach(tool));
        workspace
    }

    fn install_from(&self, mirror: &Path) {
        let installation = format!(
            "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
            mirror.display()
        );
        self.file("tool.rc", &installation);
    }

    fn bare(tool: Tool, plugin: Plugin) -> Self {
        let folder = tempfile::Builder::new().prefix("p0-terraform-").tempdir().expect("a temporary folder");
        Self { tool, plugin, folder, environment: BTreeMap::new() }
    }

    /// Which tool it is.
    pub fn tool(&self) -> Tool {
        self.tool
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file.
    pub fn file(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Makes `body` the configuration, below the lines that say where the provider comes from.
    pub fn configure(&self, body: &str) {
        self.file("main.tf", &format!("{}\n{body}", self.plugin.required()));
    }

    /// Sets an environment variable for every run.
    pub fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// The tool's command line.
    pub fn command<A: AsRef<str>>(&self, arguments: &[A]) -> Command {
        let mut command = self.tool.command();
        command.args(arguments.iter().map(AsRef::as_ref)).current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", self.folder.path()).env("TMPDIR", std::env::temp_dir());
        command.env("TF_CLI_CONFIG_FILE", self.path("tool.rc")).env("TF_IN_AUTOMATION", "1");
        command.env("CHECKPOINT_DISABLE", "1").env("TF_INPUT", "0").env("TF_CLI_ARGS", "-no-color");
        command.envs(&self.environment).stdin(Stdio::null());
        command
    }

    /// Runs the tool.
    pub fn run<A: AsRef<str>>(&self, arguments: &[A]) -> Run {
        crate::program::finish(&mut self.command(arguments))
    }

    /// Runs the tool with lines for its standard input, as `console` reads them.
    pub fn run_with_input(&self, arguments: &[&str], input: &str) -> Run {
        self.file("input", input);
        let input = std::fs::File::open(self.path("input")).expect("a file");
        crate::program::finish(self.command(arguments).stdin(input))
    }

    /// Starts the tool, for a test that does something meanwhile.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }

    /// Plans into a file, which [`Workspace::apply_plan`] applies.
    pub fn plan(&self, arguments: &[&str]) -> Planned {
        let run = self.run(&[&["plan", "-detailed-exitcode", "-out=saved.plan"], arguments].concat());
        let json = match run.code {
            2 => self.json(&["show", "-json", "saved.plan"]),
            _ => Value::Null,
        };
        Planned { code: run.code, said: run.out + &run.err, json }
    }

    /// Applies the plan that was made last.
    pub fn apply_plan(&self) -> Run {
        self.run(&["apply", "saved.plan"])
    }

    /// Applies the configuration.
    pub fn apply(&self) -> Run {
        self.run(&["apply", "-auto-approve"])
    }

    /// Destroys everything.
    pub fn destroy(&self) -> Run {
        self.run(&["destroy", "-auto-approve"])
    }

    /// The values of a resource in the state, by its address; null where it is not there.
    pub fn state_of(&self, address: &str) -> Value {
        let state: Value = serde_json::from_str(&self.state_text()).unwrap_or_default();
        let all = state["resources"].as_array().cloned().unwrap_or_default();
        let is_it = |each: &Value| {
            let part = |name: &str| each[name].as_str().unwrap_or_default();
            format!("{}.{}", part("type"), part("name")) == address
        };
        let found = all.into_iter().find(is_it);
        // A resource that was not made may be there with no instance.
        found.and_then(|found| found.pointer("/instances/0/attributes").cloned()).unwrap_or(Value::Null)
    }

    /// The file that holds the state.
    pub fn state_text(&self) -> String {
        std::fs::read_to_string(self.path("terraform.tfstate")).unwrap_or_default()
    }

    /// An output of the configuration.
    pub fn output(&self, name: &str) -> Value {
        let state: Value = serde_json::from_str(&self.state_text()).unwrap_or_default();
        state["outputs"][name]["value"].clone()
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let text = self.run(arguments).done();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {text}"))
    }
}

impl Planned {
    /// Asserts the exit code.
    pub fn ended(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.said);
        self
    }

    /// What is to be done to a resource: `["no-op"]`, `["create"]`, `["update"]`, `["delete", "create"]`…
    pub fn actions(&self, address: &str) -> Vec<String> {
        let text = |value: &Value| value.as_str().expect("a word").to_owned();
        let actions = self.change(address)["change"]["actions"].as_array().cloned().unwrap_or_default();
        actions.iter().map(text).collect()
    }

    /// The values a resource will have; those not yet known are not there.
    pub fn after(&self, address: &str) -> Value {
        self.change(address)["change"]["after"].clone()
    }

    /// Which values of a resource are not yet known.
    pub fn unknown(&self, address: &str) -> Value {
        self.change(address)["change"]["after_unknown"].clone()
    }

    fn change(&self, address: &str) -> Value {
        let changes = self.json["resource_changes"].as_array().cloned().unwrap_or_default();
        changes.into_iter().find(|each| each["address"] == address).unwrap_or(Value::Null)
    }
}

/// Puts a provider's program where the tools look for it.
fn place(program: &Path, at: &Path) {
    std::fs::create_dir_all(at.parent().expect("a folder")).expect("made");
    // A link would be followed by `dev_overrides`, but a mirror's is not hashed.
    if std::fs::hard_link(program, at).is_err() {
        std::fs::copy(program, at).expect("copied");
    }
}

/// This machine in the words of the registries: `linux_amd64`.
pub fn platform() -> String {
    let machine = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    format!("{}_{machine}", std::env::consts::OS.replace("macos", "darwin"))
}
