//! The oracle for values: Terraform's own library, asked by JSON lines.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::upstream::Module;

/// A running oracle.
pub struct Cty {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// A value as Terraform's library says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// In Go's words, which are equal exactly where two values are.
    pub words: String,
    /// In msgpack.
    pub msgpack: Vec<u8>,
    /// In JSON, where everything is known.
    pub json: Option<String>,
}

#[derive(Deserialize)]
struct Answer {
    words: Option<String>,
    msgpack: Option<String>,
    json: Option<String>,
    error: Option<String>,
}

impl Cty {
    /// Starts one.
    pub fn start() -> Self {
        let mut command = Module::GoCty.command();
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the oracle starts");
        let (questions, answers) = (child.stdin.take(), child.stdout.take().expect("a pipe"));
        Self { child, questions, answers: BufReader::new(answers) }
    }

    /// Reads msgpack as a value of the type, which is in its JSON form.
    ///
    /// # Errors
    /// Where Terraform refuses it, in its words.
    pub fn read_msgpack(&mut self, of: &Value, bytes: &[u8]) -> Result<Said, String> {
        self.ask(&json!({ "type": of, "msgpack": STANDARD.encode(bytes) }))
    }

    /// Reads JSON as a value of the type.
    ///
    /// # Errors
    /// Where Terraform refuses it, in its words.
    pub fn read_json(&mut self, of: &Value, text: &str) -> Result<Said, String> {
        self.ask(&json!({ "type": of, "json": text }))
    }

    fn ask(&mut self, question: &Value) -> Result<Said, String> {
        let questions = self.questions.as_mut().expect("the oracle is running");
        writeln!(questions, "{question}").and_then(|()| questions.flush()).expect("the oracle listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the oracle answers");
        let answer: Answer = serde_json::from_str(&line).unwrap_or_else(|error| panic!("`{line}`: {error}"));
        match answer {
            Answer { error: Some(problem), .. } => Err(problem),
            Answer { words, msgpack, json, .. } => Ok(Said {
                words: words.expect("words"),
                msgpack: STANDARD.decode(msgpack.expect("msgpack")).expect("base64"),
                json,
            }),
        }
    }
}

impl Drop for Cty {
    fn drop(&mut self) {
        // It ends when its questions end.
        self.questions.take();
        let _ended = self.child.wait();
    }
}
