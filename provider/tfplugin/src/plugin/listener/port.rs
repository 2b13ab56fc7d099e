//! A port of this machine, for systems whose sockets have no names. The certificates keep others out.

use std::net::Ipv4Addr;

use tokio::net::TcpListener;

use super::{Bound, Handshake, ListenError, Place};

/// Where Terraform names no ports: any that is free.
const ANY: u16 = 0;

pub(super) fn bind(handshake: &Handshake) -> Result<Bound<TcpListener>, ListenError> {
    let ports = handshake.ports.clone().unwrap_or(ANY..=ANY);
    let (first, last) = (*ports.start(), *ports.end());
    ports.into_iter().find_map(listening).ok_or(ListenError::Port { first, last })
}

fn listening(port: u16) -> Option<Bound<TcpListener>> {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok()?;
    listener.set_nonblocking(true).ok()?;
    let address = listener.local_addr().ok()?.to_string();
    let place = Place { network: "tcp", address };
    Some(Bound { listener: TcpListener::from_std(listener).ok()?, place, folder: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_port_that_is_free_is_taken() {
        let Bound { listener: taken, place, .. } = bind(&Handshake::default()).unwrap();
        assert!(place.address.starts_with("127.0.0.1:"));
        let port = taken.local_addr().unwrap().port();
        let handshake = Handshake { ports: Some(port..=port), ..Handshake::default() };
        let error = bind(&handshake).err().unwrap();
        assert_eq!(error.to_string(), format!("no port between {port} and {port} is free"));
        drop(taken);
        assert_eq!(bind(&handshake).unwrap().place, place);
    }
}
