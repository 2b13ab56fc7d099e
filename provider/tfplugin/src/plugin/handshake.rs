//! The handshake: what Terraform puts into the environment, and the one line that answers it.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use super::place::Place;

/// Public; it tells a user who starts the program by hand from Terraform.
const COOKIE: (&str, &str) =
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2");

/// The one version that this library speaks.
pub(super) const PROTOCOL: u8 = 6;

/// Why there is no handshake.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum HandshakeError {
    #[error(
        "This program is a plugin for Terraform and OpenTofu, which start it themselves: name the provider in a \
         configuration and run `terraform init`. To run it in a debugger, start it with --debug."
    )]
    NotAPlugin,
    #[error(
        "Terraform speaks the plugin protocols {offered}; this provider speaks {PROTOCOL}. Use Terraform 1.0 or later."
    )]
    Version { offered: String },
}

/// What Terraform wants.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Handshake {
    /// The certificate that the one client has; without it the connection is not encrypted.
    pub(super) client_certificate: Option<String>,
    /// Where sockets are put.
    pub(super) socket_dir: Option<PathBuf>,
    /// The number of the group that may use the socket too.
    pub(super) socket_group: Option<u32>,
    /// Ports, where there are no sockets with names.
    pub(super) ports: Option<RangeInclusive<u16>>,
    /// Whether the client asks whether one connection can serve for several; this one says that its own does.
    pub(super) multiplex: bool,
}

impl Handshake {
    /// Reads it from the environment.
    pub(super) fn read(environment: impl Fn(&str) -> Option<String>) -> Result<Self, HandshakeError> {
        let (name, cookie) = COOKIE;
        if environment(name).as_deref() != Some(cookie) {
            return Err(HandshakeError::NotAPlugin);
        }
        // In no order. Who says nothing speaks the version that was asked for.
        let offered = environment("PLUGIN_PROTOCOL_VERSIONS").unwrap_or_else(|| PROTOCOL.to_string());
        if !offered.split(',').any(|version| version.trim() == PROTOCOL.to_string()) {
            return Err(HandshakeError::Version { offered });
        }
        let number = |name| environment(name).and_then(|text| text.parse::<u16>().ok());
        Ok(Self {
            client_certificate: environment("PLUGIN_CLIENT_CERT"),
            socket_dir: environment("PLUGIN_UNIX_SOCKET_DIR").map(PathBuf::from),
            socket_group: environment("PLUGIN_UNIX_SOCKET_GROUP").and_then(|text| text.parse().ok()),
            ports: number("PLUGIN_MIN_PORT").zip(number("PLUGIN_MAX_PORT")).map(|(min, max)| min..=max),
            multiplex: environment("PLUGIN_MULTIPLEX_GRPC").is_some(),
        })
    }

    /// The answer: version of the line, version of the protocol, where to connect, and the server's certificate.
    pub(super) fn line(&self, place: &Place, certificate: Option<&[u8]>) -> String {
        let certificate = certificate.map(|der| STANDARD_NO_PAD.encode(der)).unwrap_or_default();
        let multiplex = if self.multiplex { "|false" } else { "" };
        format!("1|{PROTOCOL}|{}|{}|grpc|{certificate}{multiplex}", place.network, place.address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Handshake, HandshakeError> {
        Handshake::read(|name| {
            let found = variables.iter().find(|(one, _)| *one == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn place() -> Place {
        Place { network: "unix", address: "/tmp/p/socket".to_owned() }
    }

    #[test]
    fn without_the_cookie_there_is_no_plugin() {
        assert_eq!(read(&[]), Err(HandshakeError::NotAPlugin));
        assert_eq!(read(&[(COOKIE.0, "another")]), Err(HandshakeError::NotAPlugin));
        assert_eq!(read(&[COOKIE]), Ok(Handshake::default()));
    }

    #[test]
    fn versions_come_in_any_order() {
        for offered in ["6", "5,6", "6,5"] {
            assert!(read(&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", offered)]).is_ok(), "{offered}");
        }
        let refused = read(&[COOKIE, ("PLUGIN_PROTOCOL_VERSIONS", "4,5")]);
        assert_eq!(refused, Err(HandshakeError::Version { offered: "4,5".to_owned() }));
    }

    #[test]
    fn the_line_has_the_certificate_without_padding_and_says_no_more_than_it_is_asked() {
        let plain = read(&[COOKIE]).unwrap();
        assert_eq!(plain.line(&place(), None), "1|6|unix|/tmp/p/socket|grpc|");
        assert_eq!(plain.line(&place(), Some(b"a")), "1|6|unix|/tmp/p/socket|grpc|YQ");
        let asked = read(&[COOKIE, ("PLUGIN_MULTIPLEX_GRPC", "true")]).unwrap();
        assert_eq!(asked.line(&place(), None), "1|6|unix|/tmp/p/socket|grpc||false");
    }

    #[test]
    fn the_environment_says_where_to_listen() {
        let handshake = read(&[
            COOKIE,
            ("PLUGIN_UNIX_SOCKET_DIR", "/run/x"),
            ("PLUGIN_UNIX_SOCKET_GROUP", "7"),
            ("PLUGIN_MIN_PORT", "10000"),
            ("PLUGIN_MAX_PORT", "25000"),
        ]);
        let expected = Handshake {
            socket_dir: Some("/run/x".into()),
            socket_group: Some(7),
            ports: Some(10000..=25000),
            ..Handshake::default()
        };
        assert_eq!(handshake, Ok(expected));
    }
}
