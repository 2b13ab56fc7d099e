//! The oracle: Kubernetes' own authorizer, escalation check, validation and YAML readers, asked by JSON lines.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use p0_grant::evaluate::BindingScope;
use p0_grant::request::Request;
use p0_grant::rule::Rule;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::upstream::Program;

/// A running oracle.
pub struct Oracle {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// Rules, and how they are bound.
#[derive(Clone, Debug, Serialize)]
pub struct RoleSet<'a> {
    /// The role's rules.
    pub rules: &'a [Rule],
    /// The binding.
    pub binding: Binding,
}

/// A ClusterRoleBinding, or a RoleBinding in a namespace.
#[derive(Clone, Debug, Serialize)]
pub struct Binding {
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    namespace: String,
}

/// One text as three readers of Go see it: documents, or what each says is wrong.
#[derive(Debug, Deserialize)]
pub struct Readers {
    /// `sigs.k8s.io/yaml`, strict: kubectl and the API server.
    pub sigs: Value,
    /// `go.yaml.in/yaml/v2`.
    pub v2: Value,
    /// `go.yaml.in/yaml/v3`.
    pub v3: Value,
}

impl From<&BindingScope> for Binding {
    fn from(scope: &BindingScope) -> Self {
        match scope {
            BindingScope::Cluster => Self { kind: "ClusterRoleBinding", namespace: String::new() },
            BindingScope::Namespace(namespace) => Self { kind: "RoleBinding", namespace: namespace.clone() },
        }
    }
}

impl Oracle {
    /// Starts one.
    pub fn start() -> Self {
        let mut command = Program::Oracle.command();
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the oracle starts");
        let (questions, answers) = (child.stdin.take(), child.stdout.take().expect("a pipe"));
        Self { child, questions, answers: BufReader::new(answers) }
    }

    fn ask<T: DeserializeOwned>(&mut self, question: &Value) -> T {
        let questions = self.questions.as_mut().expect("the oracle is running");
        writeln!(questions, "{question}").and_then(|()| questions.flush()).expect("the oracle listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the oracle answers");
        let answer: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("`{line}`: {error}"));
        assert!(answer.get("error").is_none(), "the oracle says {answer}");
        serde_json::from_value(answer).expect("an answer of the expected form")
    }

    /// For each role set, whether each request is allowed.
    pub fn decide(&mut self, sets: &[RoleSet<'_>], requests: &[Request<'_>]) -> Vec<Vec<bool>> {
        #[derive(Deserialize)]
        struct Answer {
            allowed: Vec<String>,
        }
        let requests: Vec<Value> = requests.iter().map(wire).collect();
        let Answer { allowed } =
            self.ask(&json!({ "op": "decide", "role_sets": sets, "requests": requests }));
        allowed.iter().map(|digits| digits.bytes().map(|digit| digit == b'1').collect()).collect()
    }

    /// The API server's escalation check.
    pub fn covers(&mut self, owner: &[Rule], servant: &[Rule]) -> bool {
        #[derive(Deserialize)]
        struct Answer {
            covers: bool,
        }
        self.ask::<Answer>(&json!({ "op": "covers", "owner": owner, "servant": servant })).covers
    }

    /// Nanoseconds that one escalation check takes in Go.
    pub fn covers_nanos(&mut self, owner: &[Rule], servant: &[Rule], iterations: u32) -> f64 {
        #[derive(Deserialize)]
        struct Answer {
            nanos_per_call: f64,
        }
        let question =
            json!({ "op": "covers-bench", "owner": owner, "servant": servant, "iterations": iterations });
        self.ask::<Answer>(&question).nanos_per_call
    }

    /// What the API server's validation finds wrong with an RBAC object.
    pub fn validate(&mut self, object: &Value) -> Vec<String> {
        #[derive(Deserialize)]
        struct Answer {
            errors: Vec<String>,
        }
        self.ask::<Answer>(&json!({ "op": "validate", "object": object })).errors
    }

    /// A text as Go's readers see it.
    pub fn read_yaml(&mut self, text: &str) -> Readers {
        self.ask(&json!({ "op": "yaml", "text": text }))
    }
}

fn wire(request: &Request<'_>) -> Value {
    match request {
        Request::Resource(request) => {
            json!([
                request.verb,
                request.group,
                request.resource,
                request.subresource,
                request.namespace,
                request.name
            ])
        }
        Request::Url { verb, path } => json!([verb, path]),
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        // It ends when its questions end.
        self.questions.take();
        let _ended = self.child.wait();
    }
}
