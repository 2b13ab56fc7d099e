//! Asking at the terminal before something is done.

use std::io::{IsTerminal, Write};
use std::time::Instant;

use jiff::Timestamp;

use super::whole_seconds;

/// What was answered, and when.
pub(super) struct Answered {
    pub(super) answer: Answer,
    /// The present time after the answer: what follows is signed then, however long a person thought.
    pub(super) at: Timestamp,
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    /// There is no terminal to ask at.
    NotAsked,
}

/// Asks a question at `now`; what is not a clear yes is a no.
pub(super) fn ask(question: &str, now: Timestamp) -> anyhow::Result<Answered> {
    let began = Instant::now();
    let answer = answer(question)?;
    let at = now.checked_add(began.elapsed()).map_or(now, whole_seconds);
    Ok(Answered { answer, at })
}

fn answer(question: &str) -> anyhow::Result<Answer> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return Ok(Answer::NotAsked);
    }
    let mut prompt = anstream::stderr();
    write!(prompt, "{question} [y/N] ")?;
    prompt.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Answer::Yes,
        _ => Answer::No,
    })
}
