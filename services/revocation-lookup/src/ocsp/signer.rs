//! The delegated keys that sign answers, read again when their files change.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pki::{OcspAnswer, OcspDelegate, OcspIssuer, UnixTime, UnsignedOcspResponse, Verifier};
use runtime::clock::Clock;
use runtime::config::ConfigError;
use runtime::{Refreshed, Reloading, ServeError};

use super::config::OcspSignerConfig;
use crate::signing_key::{NotSigned, SigningKey};

/// A certificate has 2 KB.
const CERTIFICATE_FILE_OCTETS: u64 = 64 * 1024;

/// One certificate and its key.
pub(super) struct Signer {
    delegate: OcspDelegate,
    key: SigningKey,
    /// Another one for whatever was loaded later: answers that were kept are this key's only.
    number: u64,
}

impl Signer {
    fn load(
        config: &OcspSignerConfig,
        issuer: &OcspIssuer,
        now: UnixTime,
        verifier: &Verifier,
    ) -> Result<Self, ServeError> {
        static LOADED: AtomicU64 = AtomicU64::new(0);
        let wrong = |problem: String| ConfigError::file(&config.certificate, problem);
        let certificate = config.certificate.read(CERTIFICATE_FILE_OCTETS)?;
        let delegate = OcspDelegate::from_pem_or_der(&certificate, issuer, now, verifier)
            .map_err(|error| wrong(error.to_string()))?;
        Ok(Self {
            key: SigningKey::load(&config.private_key, delegate.key())?,
            delegate,
            number: LOADED.fetch_add(1, Ordering::Relaxed),
        })
    }

    /// Whether answers signed now count.
    pub(super) fn is_current(&self, now: UnixTime) -> bool {
        self.delegate.is_current(now)
    }

    /// Which one it is.
    pub(super) fn number(&self) -> u64 {
        self.number
    }

    /// The last moment of its certificate.
    pub(super) fn not_after(&self) -> UnixTime {
        self.delegate.not_after()
    }

    /// Whether a response is signed sooner than another thread is woken.
    pub(super) fn is_quick(&self) -> bool {
        self.key.is_quick()
    }

    /// A signed response. Takes up to a millisecond.
    pub(super) fn sign(
        &self,
        answer: &OcspAnswer,
        nonce: Option<&[u8]>,
        now: UnixTime,
    ) -> Result<Vec<u8>, NotSigned> {
        let response = UnsignedOcspResponse::new(&self.delegate, now, answer, nonce);
        let signature = self.key.sign(response.to_be_signed())?;
        Ok(response.signed(&signature))
    }
}

/// A signer that follows its files, and the authority's key that it speaks for.
pub(super) struct RollingSigner {
    pub(super) issuer: OcspIssuer,
    files: Reloading<Signer, ServeError>,
}

impl RollingSigner {
    /// Reads the files: one of the authority's keys must have issued the certificate.
    pub(super) fn load(
        config: &OcspSignerConfig,
        issuers: &[OcspIssuer],
        clock: &Arc<dyn Clock>,
        verifier: &Arc<Verifier>,
    ) -> Result<Self, ServeError> {
        let mut refused = None;
        for issuer in issuers {
            let files = Reloading::new(
                vec![
                    config.certificate.as_path().to_owned(),
                    Path::to_owned(config.private_key.path()),
                ],
                {
                    let (config, issuer) = (config.clone(), issuer.clone());
                    let (clock, verifier) = (clock.clone(), verifier.clone());
                    move || Signer::load(&config, &issuer, clock.now(), &verifier)
                },
            );
            match files {
                Ok(files) => {
                    let issuer = issuer.clone();
                    return Ok(Self { issuer, files });
                }
                Err(error) => refused = Some(error),
            }
        }
        Err(refused.unwrap_or_else(|| ConfigError::invalid("ocsp.signer", "no issuer").into()))
    }

    /// The signer of the files as they were last looked at.
    pub(super) fn current(&self) -> Arc<Signer> {
        self.files.current()
    }

    /// Looks at the files. Blocks on the file system.
    pub(super) fn refresh(&self) -> Refreshed {
        self.files.refresh()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use pki::{CrlSigner, CrossCheck};
    use runtime::clock::ManualClock;
    use runtime::config::{ConfigPath, SecretFile};
    use sandbox::mint::{Authority, CaKind, CertificateSpec, RsaKey, pem};
    use tempfile::TempDir;

    use super::*;

    const KIND: CaKind = CaKind::UserAuthentication;
    const DAY: i64 = 86_400;

    /// An authority, a folder for a signer's files, and the clock.
    struct Scene {
        authority: Authority,
        folder: TempDir,
        clock: ManualClock,
    }

    impl Scene {
        fn new() -> Self {
            let mut authority = Authority::new(KIND);
            let now = sandbox::now();
            authority.add_generation(now.plus_secs(-100 * DAY)).unwrap();
            Self {
                authority,
                folder: tempfile::tempdir().unwrap(),
                clock: ManualClock::at(now),
            }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        /// Writes a certificate that `issuer` signed, valid for so many days from an hour ago.
        fn write_certificate(&self, issuer: &RsaKey, key: &RsaKey, days: i64) {
            let now = sandbox::now();
            let validity = (now.plus_secs(-3_600), now.plus_secs(days * DAY));
            let spec = CertificateSpec::ocsp_responder(KIND, issuer, key, validity);
            let certificate = pem("CERTIFICATE", &spec.sign(issuer));
            self.replace("signer.pem", &certificate);
        }

        /// A new file in place of the former one, as whoever rolls a key does it.
        fn replace(&self, name: &str, text: &str) {
            std::fs::write(self.path("new"), text).unwrap();
            std::fs::rename(self.path("new"), self.path(name)).unwrap();
        }

        fn write_key(&self, key: &RsaKey) {
            self.replace("signer.key", &pem("PRIVATE KEY", key.pkcs8()));
        }

        fn load(&self) -> Result<RollingSigner, ServeError> {
            let config = OcspSignerConfig {
                certificate: ConfigPath::new(self.path("signer.pem")),
                private_key: SecretFile::new(self.path("signer.key")),
            };
            let trusted = self.authority.trusted(CrlSigner::NewestKey);
            let issuers: Vec<_> = trusted.anchors().iter().map(OcspIssuer::new).collect();
            let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
            let verifier = Arc::new(Verifier::new(CrossCheck::All));
            RollingSigner::load(&config, &issuers, &clock, &verifier)
        }

        fn refused(&self) -> String {
            self.load().map(drop).unwrap_err().to_string()
        }
    }

    #[test]
    fn a_signer_is_the_authority_s_current_and_has_its_own_key() {
        let scene = Scene::new();
        let issuer = &scene.authority.newest().key;
        let (key, other) = (RsaKey::generate().unwrap(), RsaKey::generate().unwrap());
        scene.write_certificate(issuer, &key, 1);
        scene.write_key(&key);
        scene.load().unwrap();
        scene.write_key(&other);
        assert!(scene.refused().contains("another certificate"));
        scene.write_key(&key);
        scene.write_certificate(&other, &key, 1);
        assert!(scene.refused().contains("did not sign"));
        scene.write_certificate(issuer, &key, 1);
        scene.clock.advance(2 * DAY);
        assert!(scene.refused().contains("expired"));
    }

    #[test]
    fn a_key_rolls_when_its_files_change_and_wrong_files_leave_the_former_one() {
        let scene = Scene::new();
        let issuer = &scene.authority.newest().key;
        let (first, second) = (RsaKey::generate().unwrap(), RsaKey::generate().unwrap());
        scene.write_certificate(issuer, &first, 1);
        scene.write_key(&first);
        let signer = scene.load().unwrap();
        let before = signer.current().number();
        assert_eq!(signer.refresh(), Refreshed::Unchanged);
        // Half of a change: certificate and key do not belong together.
        scene.write_certificate(issuer, &second, 300);
        assert_eq!(signer.refresh(), Refreshed::Refused);
        assert_eq!(signer.current().number(), before);
        assert!(signer.current().is_current(scene.clock.now()));
        scene.write_key(&second);
        assert_eq!(signer.refresh(), Refreshed::Loaded);
        assert_ne!(signer.current().number(), before);
        // Whoever was loaded is not current for ever.
        scene.clock.advance(301 * DAY);
        assert!(!signer.current().is_current(scene.clock.now()));
    }
}
