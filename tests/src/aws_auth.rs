//! AWS' own reader of the ConfigMap `aws-auth`, asked by JSON lines: who a cluster knows for a ConfigMap.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use serde::Deserialize;

use crate::upstream::Module;

/// The running reader.
pub struct AwsReader {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// What the cluster keeps of a ConfigMap.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SeenByAws {
    /// `mapUsers`.
    #[serde(default, deserialize_with = "list")]
    pub users: Vec<UserMapping>,
    /// `mapRoles`.
    #[serde(default, deserialize_with = "list")]
    pub roles: Vec<UserMapping>,
    /// `mapAccounts`.
    #[serde(default, deserialize_with = "list")]
    pub accounts: Vec<String>,
    /// What the reader complains about; it keeps what it could read.
    #[serde(default)]
    pub error: String,
}

/// One mapping.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct UserMapping {
    /// The ARN of a user or a role.
    #[serde(alias = "userarn", alias = "rolearn")]
    pub arn: String,
    /// The user name, with its placeholders.
    pub username: String,
    /// Its groups.
    #[serde(default, deserialize_with = "list")]
    pub groups: Vec<String>,
    /// AWS' id of the principal.
    #[serde(default)]
    pub userid: String,
}

/// Go writes an empty list as null.
fn list<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Vec<T>, D::Error> {
    Option::<Vec<T>>::deserialize(from).map(Option::unwrap_or_default)
}

impl AwsReader {
    /// Starts one.
    pub fn start() -> Self {
        let mut command = Module::AwsAuth.command();
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the reader starts");
        let (questions, answers) = (child.stdin.take(), child.stdout.take().expect("a pipe"));
        Self { child, questions, answers: BufReader::new(answers) }
    }

    /// Reads the data of a ConfigMap.
    pub fn read(&mut self, data: &BTreeMap<String, String>) -> SeenByAws {
        let questions = self.questions.as_mut().expect("the reader is running");
        let question = serde_json::to_string(data).expect("JSON");
        writeln!(questions, "{question}").and_then(|()| questions.flush()).expect("the reader listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the reader answers");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("`{line}`: {error}"))
    }
}

impl Drop for AwsReader {
    fn drop(&mut self) {
        // It ends when its questions end.
        self.questions.take();
        let _ended = self.child.wait();
    }
}
