//! Mutual TLS: this side makes a certificate for this one run, and the other side is the one whose certificate came with
//! the handshake. Other clients that reach the socket get no answer.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, ServerConfig, SignatureScheme};
use tokio_rustls::TlsAcceptor;

/// Why there can be no encrypted connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum TlsError {
    #[error("PLUGIN_CLIENT_CERT is no certificate")]
    Client(#[source] rustls::pki_types::pem::Error),
    #[error("the certificate of this run cannot be made")]
    Own(#[source] rcgen::Error),
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

/// This side of the connection.
pub(super) struct Secured {
    pub(super) certificate: CertificateDer<'static>,
    pub(super) acceptor: TlsAcceptor,
}

/// For the client with this certificate, in PEM.
pub(super) fn for_client(certificate: &str) -> Result<Secured, TlsError> {
    let client = CertificateDer::from_pem_slice(certificate.as_bytes()).map_err(TlsError::Client)?;
    let (certificate, key) = own_certificate().map_err(TlsError::Own)?;
    let crypto = Arc::new(aws_lc_rs::default_provider());
    let verifier = Arc::new(Pinned { client, algorithms: crypto.signature_verification_algorithms });
    let config = config(crypto, verifier, certificate.clone(), key).map_err(TlsError::Setup)?;
    Ok(Secured { certificate, acceptor: TlsAcceptor::from(Arc::new(config)) })
}

fn config(
    crypto: Arc<CryptoProvider>,
    verifier: Arc<Pinned>,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(crypto)
        .with_safe_default_protocol_versions()?
        .with_client_cert_verifier(verifier)
        .with_single_cert(vec![certificate], key)?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

/// Terraform takes it as the only root, for the name `localhost`.
fn own_certificate() -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), rcgen::Error> {
    let key = rcgen::KeyPair::generate()?;
    let mut parameters = rcgen::CertificateParams::new(["localhost".to_owned()])?;
    parameters.extended_key_usages =
        vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth, rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = parameters.self_signed(&key)?;
    Ok((certificate.into(), PrivateKeyDer::Pkcs8(key.serialize_der().into())))
}

/// Takes one certificate, byte for byte. Webpki would not take it at all: Terraform's is marked as an authority's own.
#[derive(Debug)]
struct Pinned {
    client: CertificateDer<'static>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ClientCertVerifier for Pinned {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        match end_entity.as_ref() == self.client.as_ref() {
            true => Ok(ClientCertVerified::assertion()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
