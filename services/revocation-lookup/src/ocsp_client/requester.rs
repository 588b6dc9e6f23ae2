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

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use pki::{CertIdHash, CrossCheck, SerialNumber, UnreadOcspRequest, Verifier};
    use runtime::Refreshed;
    use runtime::config::{ConfigPath, SecretFile};
    use sandbox::mint::{Authority, CaKind, CertificateSpec, EcKey, RsaKey, pem};
    use tempfile::TempDir;

    use super::*;

    const KIND: CaKind = CaKind::UserAuthentication;

    /// A folder for a requestor's files.
    struct Scene(TempDir);

    impl Scene {
        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// A new file in place of the former one, as whoever rolls a key does it.
        fn replace(&self, name: &str, text: &str) {
            std::fs::write(self.path("new"), text).unwrap();
            std::fs::rename(self.path("new"), self.path(name)).unwrap();
        }

        fn write_certificate(&self, subject_public_key_info: Vec<u8>) {
            let (issuer, now) = (RsaKey::generate().unwrap(), sandbox::now());
            let validity = (now.plus_secs(-60), now.plus_secs(86_400));
            let mut spec = CertificateSpec::ocsp_responder(KIND, &issuer, &issuer, validity);
            spec.subject_public_key_info = subject_public_key_info;
            self.replace("own.pem", &pem("CERTIFICATE", &spec.sign(&issuer)));
        }

        fn write_key(&self, pkcs8: &[u8]) {
            self.replace("own.key", &pem("PRIVATE KEY", pkcs8));
        }

        fn load(&self) -> Result<Reloading<Requester, ServeError>, ServeError> {
            Requester::following(&OcspClientRequesterConfig {
                certificate: ConfigPath::new(self.path("own.pem")),
                private_key: SecretFile::new(self.path("own.key")),
            })
        }
    }

    /// Whether a question is signed by the key of this requestor's certificate.
    fn signs(requester: &Requester) -> bool {
        let now = sandbox::now();
        let mut authority = Authority::new(KIND);
        authority.add_generation(now.plus_secs(-60)).unwrap();
        let trusted = authority.trusted(pki::CrlSigner::NewestKey);
        let anchor = trusted.newest_anchor();
        let serial = SerialNumber::from_unsigned_be(&[7]).unwrap();
        let (name, key) = (anchor.subject_der(), anchor.public_key());
        let cert_id = CertId::new(CertIdHash::Sha1, name, key, serial).unwrap();
        let question = requester.ask(&cert_id, &[1; 32]).unwrap();
        let unread = UnreadOcspRequest::read(question.der()).unwrap();
        let verifier = Verifier::new(CrossCheck::All);
        requester.certificate.signed(&unread, now, &verifier)
    }

    #[test]
    fn questions_are_signed_with_rsa_or_p256_and_the_certificate_s_own_key() {
        let scene = Scene(tempfile::tempdir().unwrap());
        let (rsa, p256) = (RsaKey::generate().unwrap(), EcKey::generate().unwrap());
        scene.write_certificate(rsa.subject_public_key_info());
        assert!(scene.load().is_err());
        scene.write_key(rsa.pkcs8());
        assert!(signs(&scene.load().unwrap().current()));
        scene.write_key(p256.pkcs8());
        assert!(scene.load().is_err());
        scene.write_key(RsaKey::generate().unwrap().pkcs8());
        let refused = scene.load().map(drop).unwrap_err().to_string();
        assert!(refused.contains("another certificate"), "{refused}");
        scene.write_certificate(p256.subject_public_key_info());
        scene.write_key(p256.pkcs8());
        assert!(signs(&scene.load().unwrap().current()));
    }

    #[test]
    fn a_key_rolls_when_both_files_have_changed() {
        let scene = Scene(tempfile::tempdir().unwrap());
        let (first, second) = (RsaKey::generate().unwrap(), RsaKey::generate().unwrap());
        scene.write_certificate(first.subject_public_key_info());
        scene.write_key(first.pkcs8());
        let requester = scene.load().unwrap();
        let before = requester.current().certificate.der().to_vec();
        scene.write_certificate(second.subject_public_key_info());
        assert_eq!(requester.refresh(), Refreshed::Refused);
        assert_eq!(requester.current().certificate.der(), before);
        scene.write_key(second.pkcs8());
        assert_eq!(requester.refresh(), Refreshed::Loaded);
        assert_ne!(requester.current().certificate.der(), before);
        assert!(signs(&requester.current()));
    }
}
