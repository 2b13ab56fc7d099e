//! HTTPS on this machine: a router behind TLS with a certificate of its own authority.
//!
//! Not here: what is served.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// How long a client may take to greet.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// A running server. It ends with this value.
pub struct Https {
    address: SocketAddr,
    authority: PathBuf,
    _folder: tempfile::TempDir,
    runtime: Option<Runtime>,
}

/// Connections whose handshake is done: one that hangs holds up no other.
struct Greeted {
    connections: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
    address: SocketAddr,
}

impl Https {
    /// Serves `router` on a free port of localhost.
    pub fn start(router: Router) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let authority = folder.path().join("authority.pem");
        let acceptor = TlsAcceptor::from(Arc::new(identity(&authority)));
        // A test that is asynchronous itself starts it too, so nothing blocks here.
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let (sender, connections) = mpsc::channel(64);
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a socket");
            greet(listener, acceptor, sender).await;
        });
        runtime.spawn(async move { axum::serve(Greeted { connections, address }, router).await });
        Self { address, authority, _folder: folder, runtime: Some(runtime) }
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// The certificate of its authority, in PEM.
    pub fn authority(&self) -> &Path {
        &self.authority
    }
}

impl Drop for Https {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Listener for Greeted {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.connections.recv().await {
            Some(greeted) => greeted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        Ok(self.address)
    }
}

async fn greet(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    sender: mpsc::Sender<(TlsStream<TcpStream>, SocketAddr)>,
) {
    while let Ok((stream, peer)) = listener.accept().await {
        let (acceptor, sender) = (acceptor.clone(), sender.clone());
        tokio::spawn(async move {
            if let Ok(Ok(greeted)) = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                _ = sender.send((greeted, peer)).await;
            }
        });
    }
}

fn named(name: &str) -> DistinguishedName {
    let mut named = DistinguishedName::new();
    named.push(DnType::CommonName, name);
    named
}

/// A certificate for localhost, by an authority that is written to `authority`.
fn identity(authority: &Path) -> ServerConfig {
    let mut params = CertificateParams::new(Vec::new()).expect("parameters");
    // OpenSSL takes a certificate whose issuer has its own name for one that signed itself.
    params.distinguished_name = named("the authority of a test");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let issuer =
        CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    std::fs::write(authority, issuer.pem()).expect("a file");
    let key = KeyPair::generate().expect("a key");
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
    params.distinguished_name = named("localhost");
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, &issuer).expect("a certificate");
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key");
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions of TLS")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate and its key")
}
