//! Standard output and standard error of a command. A reader that has left, a full disk or a closed stream stops no command in the
//! middle: what was asked is done to its end, and the exit code says what happened.
//!
//! The macros `outln!`, `out!` and `errln!` are `println!`, `print!` and `eprintln!` that do not panic. Colours are removed where
//! the stream is no terminal.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};
use std::sync::OnceLock;

/// The first error of standard output. Nothing is written to it afterwards.
static FAILED: OnceLock<io::Error> = OnceLock::new();

macro_rules! outln {
    () => { $crate::cli::stream::write_out(format_args!("\n")) };
    ($($argument:tt)*) => { $crate::cli::stream::write_out(format_args!("{}\n", format_args!($($argument)*))) };
}

macro_rules! out {
    ($($argument:tt)*) => { $crate::cli::stream::write_out(format_args!($($argument)*)) };
}

macro_rules! errln {
    ($($argument:tt)*) => { $crate::cli::stream::write_error(format_args!($($argument)*)) };
}

/// Writes to standard output.
pub(super) fn write_out(text: Arguments<'_>) {
    if FAILED.get().is_some() {
        return;
    }
    let mut out = anstream::stdout().lock();
    if let Err(error) = out.write_fmt(text).and_then(|()| out.flush()) {
        // A second error says nothing more.
        let _kept_before = FAILED.set(error);
    }
}

/// Writes a line to standard error. What cannot be written there cannot be told at all.
pub(super) fn write_error(text: Arguments<'_>) {
    let _nowhere_to_tell = writeln!(anstream::stderr().lock(), "{text}");
}

/// Why the output is not complete; `None` where it is, or where the reader has left, as `head` does, and has seen enough.
pub(super) fn failure() -> Option<&'static io::Error> {
    FAILED.get().filter(|error| error.kind() != ErrorKind::BrokenPipe)
}

/// Whether what is written still arrives.
pub(super) fn has_reader() -> bool {
    FAILED.get().is_none()
}
