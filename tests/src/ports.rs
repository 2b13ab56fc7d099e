//! Ports for programs that have to be told one. Not here: our own servers, which get theirs from the kernel.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// Below those that the kernel gives to connections and to servers that ask for any.
const RANGE: Range<u16> = 16_384..32_768;

/// Ports on which nothing listens, and which no other test gets as long as this process lives.
///
/// # Panics
/// Where there are none.
pub fn reserve<const N: usize>() -> [u16; N] {
    static HELD: Mutex<Vec<(u16, File)>> = Mutex::new(Vec::new());
    let mut held = HELD.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = crate::upstream::cache().join("ports");
    fs::create_dir_all(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    // Test processes that start together look in different places first.
    let size = u32::from(RANGE.end - RANGE.start);
    let first = std::process::id().wrapping_mul(97) % size;
    let mut candidates = (0..size).filter_map(|step| u16::try_from((first + step) % size).ok());
    std::array::from_fn(|_| {
        let mut lock = |port: u16| {
            // A lock on a file ends with its process. What has the port open in this process holds the lock too.
            let file = File::create(folder.join(port.to_string())).ok()?;
            let is_ours = !held.iter().any(|(other, _)| *other == port) && file.try_lock().is_ok();
            let is_free = is_ours && TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
            is_free.then(|| held.push((port, file))).map(|()| port)
        };
        candidates.find_map(|offset| lock(RANGE.start + offset)).expect("a free port")
    })
}
