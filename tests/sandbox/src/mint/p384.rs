//! Keys of a card and an authority to come: ECDSA on P-384 with SHA-384.

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};

use super::keys::KeyError;
use crate::der;

/// A key pair on P-384.
pub struct P384Key(EcdsaKeyPair);

impl P384Key {
    /// A fresh key.
    pub fn generate() -> Result<Self, KeyError> {
        EcdsaKeyPair::generate(&ECDSA_P384_SHA384_ASN1_SIGNING)
            .map(Self)
            .map_err(|_| KeyError("no P-384 key could be generated"))
    }

    /// AlgorithmIdentifier of ecdsa-with-SHA384, without parameters (RFC 5758 section 3.2).
    pub fn signature_algorithm() -> Vec<u8> {
        der::sequence([der::object_identifier("1.2.840.10045.4.3.3")])
    }

    /// SubjectPublicKeyInfo: id-ecPublicKey on secp384r1, the point uncompressed.
    pub fn subject_public_key_info(&self) -> Vec<u8> {
        der::sequence([
            der::sequence([
                der::object_identifier("1.2.840.10045.2.1"),
                der::object_identifier("1.3.132.0.34"),
            ]),
            der::bit_string(self.0.public_key().as_ref()),
        ])
    }

    /// The key identifier: SHA-1 over the public key's bits (RFC 5280 section 4.2.1.2, method 1).
    pub fn key_id(&self) -> Vec<u8> {
        let algorithm = &digest::SHA1_FOR_LEGACY_USE_ONLY;
        digest::digest(algorithm, self.0.public_key().as_ref())
            .as_ref()
            .to_vec()
    }

    /// ECDSA with SHA-384 over a message, in DER.
    ///
    /// # Panics
    /// If the library cannot sign with a key it made itself.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.0.sign(&SystemRandom::new(), message);
        let signature = signature.expect("a key that was generated can sign");
        signature.as_ref().to_vec()
    }
}

impl std::fmt::Debug for P384Key {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("P384Key")
    }
}
