//! A terminal: the program at the other end of a pseudo-terminal, as a person meets it. It has a width, colours, prompts and Ctrl-C.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// As long as a person would wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// A program that runs at a terminal.
pub struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
}

impl Terminal {
    /// Starts `command` at a terminal that is so many columns wide, and leads its session: Ctrl-C reaches it.
    ///
    /// # Panics
    /// Where there is no pseudo-terminal, or no `setsid` (util-linux).
    pub fn start(command: &Command, columns: u16) -> Self {
        let near = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo-terminal");
        grantpt(&near).expect("a pseudo-terminal");
        unlockpt(&near).expect("a pseudo-terminal");
        let size = Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&near, size).expect("a size");
        let name = ptsname(&near, Vec::new()).expect("its name");
        let far =
            File::options().read(true).write(true).open(OsStr::from_bytes(name.as_bytes())).expect("its end");
        let mut session = Command::new("setsid");
        session.args(["--ctty", "--wait"]).arg(command.get_program()).args(command.get_args()).env_clear();
        session
            .envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))))
            .env("TERM", "xterm");
        let end = || Stdio::from(far.try_clone().expect("a handle"));
        let child = session
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("setsid is installed (util-linux)");
        let keyboard = File::from(near);
        let screen = read_all(keyboard.try_clone().expect("a handle"));
        Self { child, keyboard, screen, seen: String::new() }
    }

    /// Waits until these words are on the screen.
    ///
    /// # Panics
    /// Where they do not come.
    pub fn wait_for(&mut self, words: &str) {
        while !self.seen.contains(words) {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.seen.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("`{words}` does not come; there is {}", self.seen),
            }
        }
    }

    /// What is on the screen so far.
    pub fn seen(&self) -> &str {
        &self.seen
    }

    /// Presses these keys: `\r` is Enter, `\x03` is Ctrl-C.
    ///
    /// # Panics
    /// Where the terminal is gone.
    pub fn types(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("a keyboard");
    }

    /// Waits for the end: the exit code, and everything that was on the screen.
    ///
    /// # Panics
    /// Where it does not end.
    pub fn end(mut self) -> (i32, String) {
        while let Ok(bytes) = self.screen.recv_timeout(PATIENCE) {
            self.seen.push_str(&String::from_utf8_lossy(&bytes));
        }
        let status = self.child.wait().expect("it ends");
        (status.code().unwrap_or(-1), std::mem::take(&mut self.seen))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Reads what comes until no program has the other end.
fn read_all(mut from: File) -> Receiver<Vec<u8>> {
    let (to, screen) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut bytes) {
            if to.send(bytes[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    screen
}
