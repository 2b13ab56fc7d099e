//! The SSH agent's protocol, as far as signing needs it: which keys are there, and a signature by one.
//!
//! Every length comes from the other side and is checked before it is believed. Not here: which key is taken.
//!
//! Source: <https://datatracker.ietf.org/doc/html/draft-ietf-sshm-ssh-agent>.

use std::io::{Error, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use ssh_key::public::KeyData;
use ssh_key::{PublicKey, Signature};

/// How long an agent may take: long enough to touch a hardware key or answer a prompt.
const PATIENCE: Duration = Duration::from_secs(60);

/// OpenSSH's own limit for a message.
const MAX_BYTES: u32 = 256 * 1024;

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// A connection to an agent.
pub(super) struct Agent(UnixStream);

impl Agent {
    pub(super) fn connect(socket: &Path) -> Result<Self, Error> {
        let stream = UnixStream::connect(socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        Ok(Self(stream))
    }

    /// The keys that the agent holds; kinds that this program cannot read are left out.
    pub(super) fn keys(&mut self) -> Result<Vec<PublicKey>, Error> {
        let answer = self.ask(REQUEST_IDENTITIES, &[], IDENTITIES_ANSWER)?;
        let mut rest = answer.as_slice();
        let count = number(&mut rest)?;
        let mut keys = Vec::new();
        for _ in 0..count {
            let (blob, comment) = (text(&mut rest)?, text(&mut rest)?);
            if let Ok(key) = PublicKey::from_bytes(blob) {
                keys.push(PublicKey::new(KeyData::from(key), String::from_utf8_lossy(comment)));
            }
        }
        Ok(keys)
    }

    /// A signature over `data` by `key`.
    pub(super) fn sign(&mut self, key: &PublicKey, data: &[u8]) -> Result<Signature, Error> {
        let blob = key.to_bytes().map_err(strange)?;
        let mut request = Vec::with_capacity(blob.len() + data.len() + 12);
        put(&mut request, &blob)?;
        put(&mut request, data)?;
        // No flags: they choose between RSA's hashes.
        request.extend([0; 4]);
        let answer = self.ask(SIGN_REQUEST, &request, SIGN_RESPONSE)?;
        Signature::try_from(text(&mut answer.as_slice())?).map_err(strange)
    }

    fn ask(&mut self, request: u8, body: &[u8], expected: u8) -> Result<Vec<u8>, Error> {
        let mut message = Vec::with_capacity(body.len() + 5);
        message.extend(length(body.len() + 1)?.to_be_bytes());
        message.push(request);
        message.extend(body);
        self.0.write_all(&message)?;
        let mut header = [0; 4];
        self.0.read_exact(&mut header)?;
        let length = u32::from_be_bytes(header);
        if length == 0 || length > MAX_BYTES {
            return Err(strange("its answer has an impossible length"));
        }
        let mut answer = vec![0; usize::try_from(length).map_err(strange)?];
        self.0.read_exact(&mut answer)?;
        match answer.split_first() {
            Some((kind, body)) if *kind == expected => Ok(body.to_vec()),
            _ => Err(strange("it refused")),
        }
    }
}

fn strange(problem: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::InvalidData, problem)
}

fn length(bytes: usize) -> Result<u32, Error> {
    u32::try_from(bytes)
        .ok()
        .filter(|length| *length <= MAX_BYTES)
        .ok_or_else(|| strange("the message is too long"))
}

fn put(message: &mut Vec<u8>, text: &[u8]) -> Result<(), Error> {
    message.extend(length(text.len())?.to_be_bytes());
    message.extend(text);
    Ok(())
}

fn number(rest: &mut &[u8]) -> Result<u32, Error> {
    let (number, after) = rest.split_first_chunk().ok_or_else(|| strange("its answer ends too early"))?;
    *rest = after;
    Ok(u32::from_be_bytes(*number))
}

fn text<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], Error> {
    let length = usize::try_from(number(rest)?).map_err(strange)?;
    let (text, after) = rest.split_at_checked(length).ok_or_else(|| strange("its answer ends too early"))?;
    *rest = after;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made of an agent's answer.
    fn read(answer: &[u8]) -> Result<Vec<PublicKey>, Error> {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(answer).unwrap();
        Agent(ours).keys()
    }

    #[test]
    fn lengths_from_the_other_side_are_not_believed() {
        for answer in [
            &[0xff, 0xff, 0xff, 0xff, 12][..],
            &[0, 0, 0, 0],
            &[0, 0, 0, 1, 5],
            &[0, 0, 0, 1, 12],
            &[0, 0, 0, 5, 12, 0, 0, 0, 1],
            &[0, 0, 0, 9, 12, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(read(answer).is_err(), "{answer:?}");
        }
        assert_eq!(read(&[0, 0, 0, 5, 12, 0, 0, 0, 0]).unwrap(), []);
    }
}
