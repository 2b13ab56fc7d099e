//! A real browser: Debian's Chromium without a window, one page at a time.

use std::path::Path;
use std::process::Command;

/// What keeps it to the page that it is shown.
const ALONE: &[&str] = &[
    "--headless",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
];

/// The document of a page, as the browser has built it from what it was sent.
///
/// # Panics
/// Where Chromium is not installed, or ends with an error.
pub fn document(url: &str) -> String {
    let output = run(&["--dump-dom", url]);
    String::from_utf8(output).expect("UTF-8")
}

/// A picture of a page.
///
/// # Panics
/// As [`document`].
pub fn picture(url: &str, file: &Path, width: u32, height: u32) {
    run(&[&format!("--screenshot={}", file.display()), &format!("--window-size={width},{height}"), url]);
}

/// A picture of a page for a reader who prefers dark.
///
/// # Panics
/// As [`document`].
pub fn dark_picture(url: &str, file: &Path, width: u32, height: u32) {
    let (shot, size) =
        (format!("--screenshot={}", file.display()), format!("--window-size={width},{height}"));
    run(&["--blink-settings=preferredColorScheme=0", &shot, &size, url]);
}

/// A page as it is printed.
///
/// # Panics
/// As [`document`].
pub fn paper(url: &str, file: &Path) {
    run(&["--no-pdf-header-footer", &format!("--print-to-pdf={}", file.display()), url]);
}

fn run(arguments: &[&str]) -> Vec<u8> {
    let profile = tempfile::tempdir().expect("a temporary folder");
    let mut browser = Command::new("chromium");
    // Its own sandbox needs rights that root in a container lacks; the pages are our own.
    browser.args(ALONE).arg("--no-sandbox").arg(format!("--user-data-dir={}", profile.path().display()));
    let output = browser.args(arguments).output().expect("Chromium is installed (apt-get install chromium)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
