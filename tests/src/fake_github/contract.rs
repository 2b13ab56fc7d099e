//! GitHub's own descriptions, and whether what was said keeps to them: a program of Node's with GitHub's packages, one for all tests of a
//! process.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use serde_json::Value;

struct Judge {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    _program: Child,
}

/// What is wrong with each exchange.
pub(crate) fn problems(said: &[Value]) -> Vec<String> {
    static JUDGE: OnceLock<Mutex<Judge>> = OnceLock::new();
    if said.is_empty() {
        return Vec::new();
    }
    let mut judge = JUDGE.get_or_init(|| Mutex::new(start())).lock().expect("no test panicked in it");
    let mut all = Vec::new();
    for exchange in said {
        writeln!(judge.input, "{exchange}").expect("it reads");
        let mut line = String::new();
        judge.output.read_line(&mut line).expect("it answers");
        let found: Vec<String> =
            serde_json::from_str(&line).unwrap_or_else(|_| panic!("`{line}` to {exchange}"));
        all.extend(found);
    }
    all.sort();
    all.dedup();
    all
}

fn start() -> Judge {
    let folder = crate::upstream::npm::installed("github");
    let mut program = Command::new("node")
        .arg(folder.join("contract.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Node is installed (apt-get install nodejs)");
    let (input, output) = (program.stdin.take().expect("a pipe"), program.stdout.take().expect("a pipe"));
    Judge { input, output: BufReader::new(output), _program: program }
}
