//! TLS of the listeners: the certificate shown, the certificates asked for, and reading both again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

/// Why TLS cannot be offered.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path}: cannot be read: {source}")]
    Read { path: String, source: std::io::Error },
    #[error("{path}: holds no {wanted} in PEM form: {message}")]
    Pem { path: String, wanted: &'static str, message: String },
    #[error("the certificate, the key or the client CA cannot be used: {0}")]
    Unusable(String),
}

/// Where the certificate, its key and the CA of the callers' certificates lie, as PEM.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// When given, every caller must show a certificate that this CA signed.
    pub client_ca: Option<PathBuf>,
}

/// What the listeners offer; new connections see a certificate that was read again.
pub struct Tls {
    files: TlsFiles,
    offered: ArcSwap<Offered>,
}

struct Offered {
    config: Arc<ServerConfig>,
    /// SHA-256 of all the files, to tell whether they changed.
    digest: [u8; 32],
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// A file that cannot be read, that is not PEM, or a key that does not fit its certificate.
    pub fn load(files: TlsFiles) -> Result<Self, TlsError> {
        let offered = ArcSwap::from_pointee(Offered::read(&files)?);
        Ok(Self { files, offered })
    }

    /// Reads the files again, and says whether they changed; the old ones stay when they cannot be used.
    ///
    /// # Errors
    /// As for [`Tls::load`].
    pub fn reload(&self) -> Result<bool, TlsError> {
        let read = Offered::read(&self.files)?;
        if read.digest == self.offered.load().digest {
            return Ok(false);
        }
        self.offered.store(Arc::new(read));
        Ok(true)
    }

    /// Agrees on TLS with a caller by what is offered now.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.offered.load().config.clone())
    }
}

impl Offered {
    fn read(files: &TlsFiles) -> Result<Self, TlsError> {
        let mut digest = Sha256::new();
        let mut read = |path: &Path| {
            let bytes = std::fs::read(path)
                .map_err(|source| TlsError::Read { path: path.display().to_string(), source })?;
            digest.update(Sha256::digest(&bytes));
            Ok(bytes)
        };
        let chain = certificates(&files.certificate, &read(&files.certificate)?)?;
        let key = PrivateKeyDer::from_pem_slice(&read(&files.key)?)
            .map_err(|error| not_pem(&files.key, "private key", &error))?;
        let client_ca = match &files.client_ca {
            Some(path) => Some(certificates(path, &read(path)?)?),
            None => None,
        };
        Ok(Self { config: Arc::new(config(chain, key, client_ca)?), digest: digest.finalize().into() })
    }
}

fn certificates(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(|error| not_pem(path, "certificate", &error))?;
    if read.is_empty() {
        let message = "no section of that kind".to_owned();
        return Err(TlsError::Pem { path: path.display().to_string(), wanted: "certificate", message });
    }
    Ok(read)
}

fn not_pem(path: &Path, wanted: &'static str, error: &rustls::pki_types::pem::Error) -> TlsError {
    TlsError::Pem { path: path.display().to_string(), wanted, message: error.to_string() }
}

fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    client_ca: Option<Vec<CertificateDer<'static>>>,
) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let unusable = |error: rustls::Error| TlsError::Unusable(error.to_string());
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?;
    let builder = match client_ca {
        None => builder.with_no_client_auth(),
        Some(signers) => {
            let mut roots = RootCertStore::empty();
            for signer in signers {
                roots.add(signer).map_err(unusable)?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build();
            builder
                .with_client_cert_verifier(verifier.map_err(|error| TlsError::Unusable(error.to_string()))?)
        }
    };
    let mut config = builder.with_single_cert(chain, key).map_err(unusable)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// What a verified certificate says of its owner.
#[derive(Debug, PartialEq, Eq)]
pub struct PeerCertificate {
    /// SHA-256 of the whole certificate.
    pub fingerprint: [u8; 32],
    /// Its DNS and URI names, a SPIFFE id for instance.
    pub names: Vec<String>,
}

impl PeerCertificate {
    /// Reads a certificate that the handshake has verified.
    pub fn read(certificate: &CertificateDer<'_>) -> Self {
        let names = webpki::EndEntityCert::try_from(certificate)
            .map(|read| read.valid_dns_names().chain(read.valid_uri_names()).map(str::to_owned).collect());
        // The handshake has read it already; one without names is still known by its fingerprint.
        Self { fingerprint: Sha256::digest(certificate).into(), names: names.unwrap_or_default() }
    }
}
