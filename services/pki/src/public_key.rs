//! RSA public keys.

/// An RSA public key of 2048 to 4096 bits with an odd exponent of at least 65537.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// `RSAPublicKey` (RFC 8017 appendix A.1.1) in DER.
    rsa_public_key: Box<[u8]>,
}

/// Why a key is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PublicKeyError {
    /// Not an RSA key.
    #[error("not an RSA key")]
    NotRsa,
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo` in DER.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, PublicKeyError> {
        let _ = der;
        todo!()
    }

    /// The `RSAPublicKey` in DER.
    pub fn rsa_public_key_der(&self) -> &[u8] {
        &self.rsa_public_key
    }

    /// The modulus, unsigned big-endian without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        todo!()
    }

    /// The public exponent.
    pub fn exponent(&self) -> u64 {
        todo!()
    }
}
