//! A Unix socket in a folder of its own, which goes with the process.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

use super::{Bound, Handshake, ListenError, Place};

/// What a socket's path may have in bytes on every system, with some to spare.
const LONGEST: usize = 100;

pub(super) fn bind(handshake: &Handshake) -> Result<Bound<UnixListener>, ListenError> {
    let wanted = handshake.socket_dir.clone().unwrap_or_else(std::env::temp_dir);
    let parent = match wanted.as_os_str().len() + "/plugin-XXXXXXXX/socket".len() <= LONGEST {
        true => wanted,
        false => PathBuf::from("/tmp"),
    };
    bound(&parent, handshake.socket_group).map_err(|error| ListenError::Socket { folder: parent, error })
}

fn bound(parent: &Path, group: Option<u32>) -> io::Result<Bound<UnixListener>> {
    // The folder is this user's alone from its first moment, so no other user can open the socket before its mode is set.
    let own = Permissions::from_mode(0o700);
    let folder =
        tempfile::Builder::new().prefix("plugin-").rand_bytes(8).permissions(own).tempdir_in(parent)?;
    let path = folder.path().join("socket");
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    if let Some(group) = group {
        for (path, mode) in [(path.as_path(), 0o660), (folder.path(), 0o710)] {
            chown(path, None, Some(group))?;
            std::fs::set_permissions(path, Permissions::from_mode(mode))?;
        }
    }
    let place = Place { network: "unix", address: path.display().to_string() };
    Ok(Bound { listener, place, folder: Some(folder) })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().mode() & 0o777
    }

    #[tokio::test]
    async fn only_this_user_opens_the_socket_and_it_goes_with_the_process() {
        let parent = tempfile::tempdir().unwrap();
        let handshake = Handshake { socket_dir: Some(parent.path().to_owned()), ..Handshake::default() };
        let bound = bind(&handshake).unwrap();
        let path = PathBuf::from(&bound.place.address);
        assert!(path.starts_with(parent.path()));
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        drop(bound);
        assert!(!path.parent().unwrap().exists());
    }

    #[tokio::test]
    async fn a_group_may_where_it_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let own = std::fs::metadata(parent.path()).unwrap().gid();
        let bound = bound(parent.path(), Some(own)).unwrap();
        let path = PathBuf::from(&bound.place.address);
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o660, 0o710));
    }

    #[tokio::test]
    async fn a_folder_with_a_long_name_is_passed_by() {
        let handshake = Handshake { socket_dir: Some("/x".repeat(60).into()), ..Handshake::default() };
        let bound = bind(&handshake).unwrap();
        assert!(bound.place.address.starts_with("/tmp/plugin-"), "{:?}", bound.place);
    }

    #[tokio::test]
    async fn a_folder_that_is_not_there_is_named() {
        let handshake = Handshake { socket_dir: Some("/nowhere".into()), ..Handshake::default() };
        let error = bind(&handshake).err().unwrap();
        assert_eq!(error.to_string(), "no socket can be made in /nowhere");
    }
}
