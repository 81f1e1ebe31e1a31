//! TLS to Postgres, with the meaning that libpq gives to `sslmode`.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::error::Error;

/// How much protection the connection must have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mode {
    /// None.
    Disable,
    /// Encrypted if the server can.
    #[default]
    Prefer,
    /// Encrypted; by whom, is not asked.
    Require,
    /// Encrypted, and the server has a certificate for its name from one of the given roots.
    VerifyFull,
}

impl Mode {
    /// Reads a value of `sslmode`.
    pub fn parse(text: &str) -> Result<Self, Error> {
        match text {
            "disable" => Ok(Self::Disable),
            "allow" | "prefer" => Ok(Self::Prefer),
            "require" => Ok(Self::Require),
            "verify-ca" | "verify-full" => Ok(Self::VerifyFull),
            other => Err(Error::Setting {
                name: "DATABASE_SSLMODE",
                problem: format!("is {other:?}: expected disable, prefer, require or verify-full"),
            }),
        }
    }
}

/// The client side of TLS; none where it is disabled. Given roots are always used, whatever the mode.
pub fn client(mode: Mode, roots: Option<&PathBuf>) -> Result<Option<ClientConfig>, Error> {
    if mode == Mode::Disable {
        return Ok(None);
    }
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unusable(format!("cannot be used: {error}")))?;
    let Some(path) = roots else {
        if mode == Mode::VerifyFull {
            return Err(unusable(
                "is missing: verify-full needs the path of a PEM file of root certificates".into(),
            ));
        }
        let verifier = Arc::new(Unverified(provider));
        return Ok(Some(
            builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth(),
        ));
    };
    let mut store = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path)
        .map_err(|error| unusable(format!("cannot be read: {}: {error}", path.display())))?;
    for certificate in certificates {
        certificate
            .map_err(|error| error.to_string())
            .and_then(|certificate| store.add(certificate).map_err(|error| error.to_string()))
            .map_err(|error| unusable(format!("cannot be used: {}: {error}", path.display())))?;
    }
    Ok(Some(builder.with_root_certificates(store).with_no_client_auth()))
}

fn unusable(problem: String) -> Error {
    Error::Setting { name: "DATABASE_SSLROOTCERT", problem }
}

/// What `prefer` and `require` mean for libpq: encryption without asking who is there.
#[derive(Debug)]
struct Unverified(Arc<CryptoProvider>);

impl ServerCertVerifier for Unverified {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
