//! A proxy for connections, as `proxy_url` names one: HTTP's `CONNECT`, or SOCKS5. It counts what it has connected.
//!
//! Not here: the proxy that reads what is asked ([`crate::Proxy`]).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// A running proxy. It lives as long as the test process.
pub struct Tunnel {
    protocol: Protocol,
    address: SocketAddr,
    connected: Arc<AtomicUsize>,
}

/// How it is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP's method.
    Connect,
    /// RFC 1928, without credentials.
    Socks5,
}

impl Tunnel {
    /// Starts one on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// Where there is none.
    pub fn start(protocol: Protocol) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let connected = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&connected);
        thread::spawn(move || {
            for caller in listener.incoming().map_while(Result::ok) {
                let counter = Arc::clone(&counter);
                // A caller that breaks off is the caller's business.
                thread::spawn(move || drop(serve(protocol, caller, &counter)));
            }
        });
        Self { protocol, address, connected }
    }

    /// Its address, as `proxy_url` has it.
    pub fn url(&self) -> String {
        let scheme = match self.protocol {
            Protocol::Connect => "http",
            Protocol::Socks5 => "socks5",
        };
        format!("{scheme}://{}", self.address)
    }

    /// How many connections it has made for callers.
    pub fn connected(&self) -> usize {
        self.connected.load(Ordering::SeqCst)
    }
}

fn serve(protocol: Protocol, mut caller: TcpStream, counter: &AtomicUsize) -> io::Result<()> {
    let target = match protocol {
        Protocol::Connect => asked_by_connect(&mut caller)?,
        Protocol::Socks5 => asked_by_socks(&mut caller)?,
    };
    let server = TcpStream::connect(target)?;
    counter.fetch_add(1, Ordering::SeqCst);
    caller.write_all(match protocol {
        Protocol::Connect => b"HTTP/1.1 200 Connected\r\n\r\n",
        Protocol::Socks5 => &[5, 0, 0, 1, 0, 0, 0, 0, 0, 0],
    })?;
    let (mut from_server, mut to_caller) = (server.try_clone()?, caller.try_clone()?);
    let back = thread::spawn(move || io::copy(&mut from_server, &mut to_caller));
    let mut to_server = server;
    io::copy(&mut caller, &mut to_server)?;
    to_server.shutdown(std::net::Shutdown::Write)?;
    back.join().expect("no panic").map(drop)
}

fn asked_by_connect(caller: &mut TcpStream) -> io::Result<String> {
    let mut head = BufReader::new(caller.try_clone()?);
    let mut first = String::new();
    head.read_line(&mut first)?;
    let mut line = String::new();
    while line != "\r\n" {
        line.clear();
        head.read_line(&mut line)?;
    }
    let target = first.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next());
    target.map(str::to_owned).ok_or_else(|| io::Error::other("another method"))
}

fn asked_by_socks(caller: &mut TcpStream) -> io::Result<String> {
    let [_version, methods] = read(caller)?;
    io::copy(&mut caller.take(methods.into()), &mut io::sink())?;
    caller.write_all(&[5, 0])?;
    let [_version, _command, _reserved, kind] = read(caller)?;
    let host = match kind {
        1 => Ipv4Addr::from(read::<4>(caller)?).to_string(),
        3 => {
            let [length] = read(caller)?;
            let mut name = String::new();
            caller.take(length.into()).read_to_string(&mut name)?;
            name
        }
        _ => return Err(io::Error::other("another kind of address")),
    };
    Ok(format!("{host}:{}", u16::from_be_bytes(read(caller)?)))
}

fn read<const N: usize>(from: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}
