//! Who signs questions, for responders that answer nobody else (RFC 6960 section 4.1.2).

use std::path::Path;

use pki::{CertId, OcspRequest, OcspRequester, UnixTime};
use runtime::config::ConfigError;
use runtime::{Reloading, ServeError};

use super::config::OcspClientRequesterConfig;
use crate::signing_key::{NotSigned, SigningKey};

/// A certificate has 2 KB.
const CERTIFICATE_FILE_OCTETS: u64 = 64 * 1024;

/// A certificate and its key.
pub(super) struct Requester {
    certificate: OcspRequester,
    key: SigningKey,
}

impl Requester {
    fn load(config: &OcspClientRequesterConfig) -> Result<Self, ServeError> {
        let bytes = config.certificate.read(CERTIFICATE_FILE_OCTETS)?;
        let certificate = OcspRequester::from_pem_or_der(&bytes)
            .map_err(|error| ConfigError::file(&config.certificate, error))?;
        Ok(Self {
            key: SigningKey::load(&config.private_key, certificate.key())?,
            certificate,
        })
    }

    /// The same, as its files are from time to time.
    pub(super) fn following(
        config: &OcspClientRequesterConfig,
    ) -> Result<Reloading<Self, ServeError>, ServeError> {
        let paths = vec![
            config.certificate.as_path().to_owned(),
            Path::to_owned(config.private_key.path()),
        ];
        let config = config.clone();
        Reloading::new(paths, move || Self::load(&config))
    }

    /// The last moment of its certificate.
    pub(super) fn not_after(&self) -> UnixTime {
        self.certificate.not_after()
    }

    /// A signed question. Takes up to a millisecond.
    pub(super) fn ask(&self, cert_id: &CertId, nonce: &[u8; 32]) -> Result<OcspRequest, NotSigned> {
        let request = OcspRequest::by(&self.certificate, cert_id, Some(nonce));
        let signature = self.key.sign(request.to_be_signed())?;
        Ok(request.signed(&signature))
    }
}
