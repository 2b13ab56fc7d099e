//! A file that appears whole or not at all.

use std::io::Write;
use std::path::Path;

/// Beside the file first, then in its place: a reader never sees half of it.
pub(in crate::cli) fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let _step = crate::interrupt::step();
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
