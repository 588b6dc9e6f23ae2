//! The private keys of this service that sign OCSP: a responder's answers, and a client's questions.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use pki::{KeyAlgorithm, PublicKey};
use runtime::ServeError;
use runtime::config::{ConfigError, SecretFile};

/// A key of a kind that everybody can verify.
pub(crate) enum SigningKey {
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
}

/// The key did not sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an OCSP message could not be signed")]
pub(crate) struct NotSigned;

impl SigningKey {
    /// Reads the private key of a certificate with this key.
    pub(crate) fn load(file: &SecretFile, public: &PublicKey) -> Result<Self, ServeError> {
        let wrong = |problem| ConfigError::file(file.path(), problem);
        let private_key = runtime::private_key(file)?;
        let key =
            Self::from_pkcs8(private_key.secret_der(), public.algorithm()).ok_or_else(|| {
                wrong("holds no RSA or P-256 key in PKCS#8 of the certificate's kind")
            })?;
        if key.public() != public.subject_public_key() {
            return Err(wrong("is the key of another certificate").into());
        }
        Ok(key)
    }

    fn from_pkcs8(der: &[u8], algorithm: KeyAlgorithm) -> Option<Self> {
        match algorithm {
            KeyAlgorithm::Rsa { .. } => RsaKeyPair::from_pkcs8(der)
                .ok()
                .map(Box::new)
                .map(Self::Rsa),
            KeyAlgorithm::EcP256 => EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, der)
                .ok()
                .map(Self::P256),
            KeyAlgorithm::EcP384 | KeyAlgorithm::EcP521 => None,
        }
    }

    fn public(&self) -> &[u8] {
        match self {
            Self::Rsa(pair) => pair.public_key().as_ref(),
            Self::P256(pair) => pair.public_key().as_ref(),
        }
    }

    /// Whether a signature takes less than handing it to another thread and back: P-256 some 20 microseconds, RSA up to a
    /// millisecond.
    pub(crate) fn is_quick(&self) -> bool {
        matches!(self, Self::P256(_))
    }

    /// RSASSA-PKCS1-v1_5 or ECDSA with SHA-256. RSA takes up to a millisecond.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, NotSigned> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| NotSigned)?;
                Ok(signature)
            }
            Self::P256(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| NotSigned),
        }
    }
}
