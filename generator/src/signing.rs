//! Signing: where the key is that signs grants, and how it signs.
//!
//! A private key in a file, or one that an SSH agent holds. The signing key is not the key that reaches the forge. Not
//! here: what is signed, and whose signatures count.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use p0_grant::signature::{Purpose, Signature, SignatureError};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use ssh_key::{Algorithm, LineEnding, PrivateKey, PublicKey};

mod agent;

use agent::Agent;

/// Far more than any Ed25519 key has in its file.
const MAX_BYTES: u16 = u16::MAX;

/// What a caller knows of the key.
#[derive(Debug, Default)]
pub struct KeySource {
    /// A private key, or the public half of one that the agent holds.
    pub file: Option<PathBuf>,
    /// The passphrase of the file.
    pub passphrase: Option<SecretString>,
    /// The agent's socket.
    pub agent: Option<PathBuf>,
}

/// A key that can sign.
pub enum SigningKey {
    /// Held here.
    Private(Box<PrivateKey>),
    /// Held by an agent.
    Agent {
        /// Its socket.
        socket: PathBuf,
        /// Which of its keys.
        key: Box<PublicKey>,
    },
}

/// Why there is no key, or it does not sign.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// Neither a file nor an agent.
    #[error(
        "there is no key to sign with; name one with `--key FILE`, or start an SSH agent and add one (`ssh-add`)"
    )]
    NoKey,
    /// A public key alone.
    #[error(
        "`{0}` is a public key, and there is no SSH agent to hold its private half; start one and add the key (`ssh-add`), or name the private key"
    )]
    NoAgent(PathBuf),
    /// A file that cannot be read.
    #[error("cannot read the signing key `{path}`")]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// The system's own word.
        #[source]
        source: std::io::Error,
    },
    /// A file that others may read.
    #[error("the signing key `{0}` can be read by others; take that away with `chmod 600`")]
    Open(PathBuf),
    /// A file that is no key.
    #[error("`{0}` is not an OpenSSH key; make one with `ssh-keygen -t ed25519`")]
    NotAKey(PathBuf),
    /// A key whose passphrase was not given.
    #[error(
        "the signing key `{0}` has a passphrase; add the key to an SSH agent and name its `.pub` file, or set P0_SIGNING_KEY_PASSPHRASE"
    )]
    Passphrase(PathBuf),
    /// Another passphrase.
    #[error("the passphrase in P0_SIGNING_KEY_PASSPHRASE does not open `{0}`")]
    WrongPassphrase(PathBuf),
    /// Another kind of key.
    #[error("`{0}` is not an Ed25519 key, and only those sign grants; make one with `ssh-keygen -t ed25519`")]
    Algorithm(PathBuf),
    /// An agent that does not answer.
    #[error("the SSH agent at `{socket}` does not answer; check SSH_AUTH_SOCK")]
    Agent {
        /// Its socket.
        socket: PathBuf,
        /// What went wrong.
        #[source]
        source: std::io::Error,
    },
    /// An agent without the key.
    #[error("the SSH agent does not hold {0}; add it with `ssh-add`")]
    NotInAgent(String),
    /// An agent with several keys.
    #[error(
        "the SSH agent holds several Ed25519 keys; name the public half of one with `--key FILE.pub`: {0}"
    )]
    Several(String),
    /// The key did not sign.
    #[error(transparent)]
    Signature(#[from] SignatureError),
}

impl SigningKey {
    /// Finds the key that `source` tells of.
    ///
    /// # Errors
    /// [`SigningError`] says what is missing and how to give it.
    pub fn find(source: &KeySource) -> Result<Self, SigningError> {
        match (&source.file, &source.agent) {
            (Some(path), agent) if path.extension().is_some_and(|ending| ending == "pub") => {
                let key = public(path)?;
                in_agent(agent.as_deref().ok_or_else(|| SigningError::NoAgent(path.clone()))?, Some(&key))
            }
            (Some(path), _) => {
                private(path, source.passphrase.as_ref()).map(|key| Self::Private(Box::new(key)))
            }
            (None, Some(socket)) => in_agent(socket, None),
            (None, None) => Err(SigningError::NoKey),
        }
    }

    /// Signs `text` for `purpose`.
    ///
    /// # Errors
    /// [`SigningError`] where the agent refuses or is gone.
    pub fn sign(&self, purpose: Purpose, text: &[u8]) -> Result<Signature, SigningError> {
        match self {
            Self::Private(key) => Ok(Signature::make(purpose, key, text)?),
            Self::Agent { socket, key } => {
                let data = Signature::payload(purpose, text)?;
                let raw = Agent::connect(socket).and_then(|mut agent| agent.sign(key, &data));
                let raw = raw.map_err(|source| silent(socket, source))?;
                Ok(Signature::from_agent(purpose, key, text, raw)?)
            }
        }
    }

    /// Its public half.
    pub fn public(&self) -> PublicKey {
        match self {
            Self::Private(key) => key.public_key().clone(),
            Self::Agent { key, .. } => PublicKey::clone(key),
        }
    }

    /// Whether `public` is its public half.
    pub fn is_half_of(&self, public: &PublicKey) -> bool {
        self.public().key_data() == public.key_data()
    }

    /// The public half as one line of OpenSSH, without a comment.
    pub fn public_line(&self) -> String {
        let mut key = self.public();
        key.set_comment("");
        key.to_openssh().unwrap_or_default()
    }
}

/// Makes a new Ed25519 key in `path`, which must not exist, readable by its owner only.
///
/// # Errors
/// [`SigningError::Unreadable`] where the file is there or cannot be made.
pub fn make_key(path: &Path) -> Result<SigningKey, SigningError> {
    let unreadable = |source| SigningError::Unreadable { path: path.to_owned(), source };
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut()).map_err(|error| unreadable(std::io::Error::other(error)))?;
    let key = PrivateKey::from(ssh_key::private::Ed25519Keypair::from_seed(&seed));
    let text = key.to_openssh(LineEnding::LF).map_err(|error| unreadable(std::io::Error::other(error)))?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(unreadable)?;
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(unreadable)?;
    Ok(SigningKey::Private(Box::new(key)))
}

fn private(path: &Path, passphrase: Option<&SecretString>) -> Result<PrivateKey, SigningError> {
    let unreadable = |source| SigningError::Unreadable { path: path.to_owned(), source };
    let file = File::open(path).map_err(unreadable)?;
    // Of the open file, so that what is judged is what is read.
    let status = file.metadata().map_err(unreadable)?;
    if open_to_others(status.mode(), status.uid(), rustix::process::geteuid().as_raw()) {
        return Err(SigningError::Open(path.to_owned()));
    }
    // Large enough at once: growing would leave a copy of the key behind.
    let mut text = Zeroizing::new(Vec::with_capacity(usize::from(MAX_BYTES) + 1));
    file.take(u64::from(MAX_BYTES)).read_to_end(&mut text).map_err(unreadable)?;
    let key = PrivateKey::from_openssh(&text).map_err(|_| SigningError::NotAKey(path.to_owned()))?;
    check_algorithm(&key.algorithm(), path)?;
    match (key.is_encrypted(), passphrase) {
        (false, _) => Ok(key),
        (true, None) => Err(SigningError::Passphrase(path.to_owned())),
        (true, Some(phrase)) => {
            key.decrypt(phrase.expose_secret()).map_err(|_| SigningError::WrongPassphrase(path.to_owned()))
        }
    }
}

/// Whether more people can read a key's file than may. Kubernetes mounts a secret as files of root's that the pod's group can read, and
/// other managers of secrets do so too: a group may read what root owns, unless it is root who reads.
fn open_to_others(mode: u32, owner: u32, reader: u32) -> bool {
    const ROOT: u32 = 0;
    let closed = if owner == ROOT && reader != ROOT { 0o037 } else { 0o077 };
    mode & closed != 0
}

fn public(path: &Path) -> Result<PublicKey, SigningError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| SigningError::Unreadable { path: path.to_owned(), source })?;
    let key = PublicKey::from_openssh(text.trim()).map_err(|_| SigningError::NotAKey(path.to_owned()))?;
    check_algorithm(&key.algorithm(), path)?;
    Ok(key)
}

fn check_algorithm(algorithm: &Algorithm, path: &Path) -> Result<(), SigningError> {
    if *algorithm == Algorithm::Ed25519 { Ok(()) } else { Err(SigningError::Algorithm(path.to_owned())) }
}

/// The asked key, or the only one that could sign.
fn in_agent(socket: &Path, asked: Option<&PublicKey>) -> Result<SigningKey, SigningError> {
    let keys = Agent::connect(socket).and_then(|mut agent| agent.keys());
    let keys = keys.map_err(|source| silent(socket, source))?;
    let is_asked = |key: &PublicKey| asked.is_none_or(|asked| asked.key_data() == key.key_data());
    let mut keys: Vec<PublicKey> =
        keys.into_iter().filter(|key| key.algorithm() == Algorithm::Ed25519 && is_asked(key)).collect();
    let names = |keys: &[PublicKey]| keys.iter().map(name).collect::<Vec<_>>().join(", ");
    match (keys.pop(), keys.as_slice()) {
        (Some(key), []) => Ok(SigningKey::Agent { socket: socket.to_owned(), key: Box::new(key) }),
        (Some(key), others) => Err(SigningError::Several(format!("{}, {}", names(others), name(&key)))),
        (None, _) => Err(SigningError::NotInAgent(asked.map_or_else(|| "any Ed25519 key".to_owned(), name))),
    }
}

fn name(key: &PublicKey) -> String {
    format!("{} {}", key.fingerprint(ssh_key::HashAlg::Sha256), key.comment()).trim_end().to_owned()
}

fn silent(socket: &Path, source: std::io::Error) -> SigningError {
    SigningError::Agent { socket: socket.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_may_read_a_key_only_where_root_handed_it_over() {
        const ME: u32 = 65532;
        for (mode, owner, reader, open) in [
            (0o100_600, ME, ME, false),
            (0o100_400, ME, ME, false),
            (0o100_440, ME, ME, true),
            (0o100_604, ME, ME, true),
            (0o100_600, 0, 0, false),
            (0o100_440, 0, 0, true),
            (0o100_440, 0, ME, false),
            (0o100_460, 0, ME, true),
            (0o100_444, 0, ME, true),
            (0o100_440, 1000, ME, true),
        ] {
            assert_eq!(open_to_others(mode, owner, reader), open, "{mode:o}, of {owner}, read by {reader}");
        }
    }
}
