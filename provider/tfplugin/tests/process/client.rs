//! Terraform's side of the connection: a certificate of its own, and one root.

use std::path::Path;
use std::sync::Arc;

use hyper_util::rt::TokioIo;
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, KeyPair, PKCS_ECDSA_P521_SHA512,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::net::UnixStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint, Uri};

/// A certificate as Terraform makes it: P-521, for `localhost`, marked as an authority's.
pub(crate) struct Identity {
    pub(crate) pem: String,
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Identity {
    pub(crate) fn new() -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P521_SHA512).unwrap();
        let mut parameters = CertificateParams::new(["localhost".to_owned()]).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ClientAuth, ExtendedKeyUsagePurpose::ServerAuth];
        let certificate: CertificateDer<'static> = parameters.self_signed(&key).unwrap().into();
        Self { pem: pem(&certificate), certificate, key: key.serialize_der() }
    }
}

impl Identity {
    /// This certificate with another's key: what an observer of the certificate has.
    pub(crate) fn with_key_of(&self, other: &Self) -> Self {
        Self { pem: self.pem.clone(), certificate: self.certificate.clone(), key: other.key.clone() }
    }
}

fn pem(der: &[u8]) -> String {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

/// Both versions that Terraform may speak.
pub(crate) const VERSIONS: [&SupportedProtocolVersion; 2] =
    [&rustls::version::TLS12, &rustls::version::TLS13];

/// What is needed for the encryption: who we are, if anybody, and whom we trust.
pub(crate) fn tls(
    identity: Option<&Identity>,
    server: Vec<u8>,
    version: &'static SupportedProtocolVersion,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(server.into()).unwrap();
    let crypto = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(Arc::clone(&crypto)).with_protocol_versions(&[version]).unwrap();
    let config = config.with_root_certificates(roots);
    let mut config = match identity {
        None => config.with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::Pkcs8(identity.key.clone().into());
            let key = crypto.key_provider.load_private_key(key).unwrap();
            // Whether the two go together is for the other side to see.
            let own = CertifiedKey::new(vec![identity.certificate.clone()], key);
            config.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own)))
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// A connection to the socket, encrypted or not.
pub(crate) async fn connect(
    socket: &Path,
    tls: Option<ClientConfig>,
) -> Result<Channel, tonic::transport::Error> {
    let (socket, tls) = (socket.to_owned(), tls.map(|config| TlsConnector::from(Arc::new(config))));
    let connect = tower::service_fn(move |_: Uri| {
        let (socket, tls) = (socket.clone(), tls.clone());
        async move {
            let raw = UnixStream::connect(socket).await?;
            let stream: Box<dyn Stream> = match tls {
                None => Box::new(raw),
                Some(tls) => {
                    let stream = tls.connect(ServerName::try_from("localhost").unwrap(), raw).await?;
                    // What go-plugin's gRPC insists on.
                    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
                    Box::new(stream)
                }
            };
            Ok::<_, std::io::Error>(TokioIo::new(stream))
        }
    });
    Endpoint::from_static("http://localhost").connect_with_connector(connect).await
}

trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin {}

impl<T: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin> Stream for T {}
