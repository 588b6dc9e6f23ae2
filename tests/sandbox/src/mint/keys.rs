//! Keys of the throw-away JPKI: RSA-2048 for authorities and cards, P-256 for readers and clients.

use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384,
    RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair, RsaSignatureEncoding,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::der;

/// Why a key could not be made, read or used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the key cannot be used: {0}")]
pub struct KeyError(pub(super) &'static str);

/// An RSA-2048 key pair.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RsaKey {
    pair: RsaKeyPair,
    pkcs8: Vec<u8>,
}

impl RsaKey {
    /// A fresh key.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048)
            .map_err(|_| KeyError("no RSA key could be generated"))?;
        let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair)
            .map_err(|_| KeyError("the RSA key has no PKCS#8 form"))?;
        Ok(Self {
            pkcs8: pkcs8.as_ref().to_vec(),
            pair,
        })
    }

    /// Reads PKCS#8.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| KeyError("not an RSA key"))?;
        Ok(Self {
            pair,
            pkcs8: pkcs8.to_vec(),
        })
    }

    /// The private key in PKCS#8.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// SubjectPublicKeyInfo: rsaEncryption with its NULL parameter.
    pub fn subject_public_key_info(&self) -> Vec<u8> {
        der::sequence([
            der::sequence([der::object_identifier("1.2.840.113549.1.1.1"), der::null()]),
            der::bit_string(self.pair.public_key().as_ref()),
        ])
    }

    /// The bits of the public key: an RSAPublicKey in DER.
    pub fn public_key_bits(&self) -> Vec<u8> {
        self.pair.public_key().as_ref().to_vec()
    }

    /// Octets of every signature by this key.
    pub fn signature_octets(&self) -> usize {
        self.pair.public_modulus_len()
    }

    /// The key identifier: SHA-1 over the public key's bits (RFC 5280 section 4.2.1.2, method 1).
    pub fn key_id(&self) -> Vec<u8> {
        let algorithm = &digest::SHA1_FOR_LEGACY_USE_ONLY;
        digest::digest(algorithm, self.pair.public_key().as_ref())
            .as_ref()
            .to_vec()
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 over a message.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.sign_with(&RSA_PKCS1_SHA256, message)
    }

    /// RSASSA-PKCS1-v1_5 over a message with any hash, or PSS.
    ///
    /// # Panics
    /// If the library cannot sign with a key it made or read itself.
    pub fn sign_with(&self, encoding: &'static dyn RsaEncoding, message: &[u8]) -> Vec<u8> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(encoding, &SystemRandom::new(), message, &mut signature)
            .expect("a key that was read can sign");
        signature
    }

    /// What the card does: PKCS#1 v1.5 over a DigestInfo with this SHA-256 digest.
    ///
    /// # Panics
    /// If the library cannot sign with a key it made or read itself.
    pub fn sign_digest(&self, sha256: &[u8; 32]) -> Vec<u8> {
        let digest = Digest::import_less_safe(sha256, &digest::SHA256).expect("32 octets");
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign_digest(&RSA_PKCS1_SHA256, &digest, &mut signature)
            .expect("a key that was read can sign");
        signature
    }
}

/// The DigestInfo that a card signs (RFC 8017 section 9.2), before its digest, and what makes it: SHA-256, 384 and 512.
const DIGEST_INFOS: [(&[u8], &digest::Algorithm, &RsaSignatureEncoding); 3] = [
    (
        b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        &digest::SHA256,
        &RSA_PKCS1_SHA256,
    ),
    (
        b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        &digest::SHA384,
        &RSA_PKCS1_SHA384,
    ),
    (
        b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
        &digest::SHA512,
        &RSA_PKCS1_SHA512,
    ),
];

/// The DigestInfo of a SHA-256 digest.
pub fn sha256_digest_info(digest: &[u8; 32]) -> Vec<u8> {
    [DIGEST_INFOS[0].0, digest].concat()
}

impl RsaKey {
    /// PKCS#1 v1.5 over a whole DigestInfo; `None` for any that a card should not sign.
    ///
    /// # Panics
    /// If the library cannot sign with a key it made or read itself.
    pub fn sign_digest_info(&self, info: &[u8]) -> Option<Vec<u8>> {
        let (digest, algorithm, encoding) =
            DIGEST_INFOS
                .iter()
                .find_map(|(prefix, algorithm, encoding)| {
                    let digest = info.strip_prefix(*prefix)?;
                    (digest.len() == algorithm.output_len())
                        .then_some((digest, *algorithm, *encoding))
                })?;
        let digest = Digest::import_less_safe(digest, algorithm).expect("of its length");
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign_digest(encoding, &digest, &mut signature)
            .expect("a key that was read can sign");
        Some(signature)
    }
}

impl Clone for RsaKey {
    fn clone(&self) -> Self {
        Self::from_pkcs8(&self.pkcs8).expect("the octets are of a key")
    }
}

impl std::fmt::Debug for RsaKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("RsaKey")
    }
}

impl From<RsaKey> for String {
    fn from(key: RsaKey) -> Self {
        STANDARD.encode(&key.pkcs8)
    }
}

impl TryFrom<String> for RsaKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::from_pkcs8(&STANDARD.decode(text).map_err(|_| KeyError("not base64"))?)
    }
}

/// A P-256 key pair that signs ES256: a registered reader's, or a relying party's.
#[derive(serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EcKey {
    pair: EcdsaKeyPair,
    pkcs8: Vec<u8>,
}

impl EcKey {
    /// A fresh key.
    pub fn generate() -> Result<Self, KeyError> {
        let document =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new())
                .map_err(|_| KeyError("no P-256 key could be generated"))?;
        Self::from_pkcs8(document.as_ref())
    }

    /// Reads PKCS#8.
    pub fn from_pkcs8(pkcs8: &[u8]) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8)
            .map_err(|_| KeyError("not a P-256 key"))?;
        Ok(Self {
            pair,
            pkcs8: pkcs8.to_vec(),
        })
    }

    /// The private key in PKCS#8.
    pub fn pkcs8(&self) -> &[u8] {
        &self.pkcs8
    }

    /// The private key in PKCS#8, as PEM.
    pub fn pkcs8_pem(&self) -> String {
        pem("PRIVATE KEY", &self.pkcs8)
    }

    /// SubjectPublicKeyInfo: id-ecPublicKey on prime256v1, the point uncompressed.
    pub fn subject_public_key_info(&self) -> Vec<u8> {
        der::sequence([
            der::sequence([
                der::object_identifier("1.2.840.10045.2.1"),
                der::object_identifier("1.2.840.10045.3.1.7"),
            ]),
            der::bit_string(self.pair.public_key().as_ref()),
        ])
    }

    /// The coordinates of the public point as in a JWK: base64url, no padding.
    pub fn jwk_coordinates(&self) -> (String, String) {
        let point = self.pair.public_key().as_ref();
        (
            URL_SAFE_NO_PAD.encode(&point[1..33]),
            URL_SAFE_NO_PAD.encode(&point[33..65]),
        )
    }

    /// ES256: r and s, 32 octets each.
    ///
    /// # Panics
    /// If the library cannot sign with a key it made or read itself.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.pair.sign(&SystemRandom::new(), message);
        signature
            .expect("a key that was read can sign")
            .as_ref()
            .to_vec()
    }
}

impl Clone for EcKey {
    fn clone(&self) -> Self {
        Self::from_pkcs8(&self.pkcs8).expect("the octets are of a key")
    }
}

impl std::fmt::Debug for EcKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("EcKey")
    }
}

impl From<EcKey> for String {
    fn from(key: EcKey) -> Self {
        STANDARD.encode(&key.pkcs8)
    }
}

impl TryFrom<String> for EcKey {
    type Error = KeyError;

    fn try_from(text: String) -> Result<Self, KeyError> {
        Self::from_pkcs8(&STANDARD.decode(text).map_err(|_| KeyError("not base64"))?)
    }
}

/// DER as PEM, 64 characters a line (RFC 7468).
pub fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem + &format!("-----END {label}-----\n")
}

/// SHA-256.
pub fn sha256(octets: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, octets).as_ref());
    hash
}
