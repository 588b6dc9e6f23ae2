//! Keys of every algorithm. P-256 keys are made in microseconds, each once for its label.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _, RSA_PKCS1_SHA256, RSA_PSS_SHA256,
    RsaEncoding,
};
use sandbox::der;
use sandbox::mint::{RsaKey, sha256_with_rsa};

/// A key pair together with the way it signs. Cloning shares it.
#[derive(Clone)]
pub struct Key(Arc<Inner>);

type Sign = dyn Fn(&[u8]) -> Vec<u8> + Send + Sync;

struct Inner {
    public: Vec<u8>,
    key_id: Vec<u8>,
    algorithm: Vec<u8>,
    sign: Box<Sign>,
}

static NAMED: LazyLock<Mutex<BTreeMap<String, Key>>> = LazyLock::new(Mutex::default);
static RSA: LazyLock<RsaKey> = LazyLock::new(|| RsaKey::generate().expect("an RSA key"));

impl Key {
    /// The P-256 key of this label, the same in the whole process.
    pub fn named(label: &str) -> Self {
        let mut named = NAMED.lock().unwrap_or_else(PoisonError::into_inner);
        let key = named.entry(label.to_owned()).or_insert_with(Self::p256);
        key.clone()
    }

    /// A new P-256 key that signs with SHA-256.
    pub fn p256() -> Self {
        let algorithm = &ECDSA_P256_SHA256_ASN1_SIGNING;
        Self::ec(algorithm, "1.2.840.10045.3.1.7", "1.2.840.10045.4.3.2")
    }

    /// A new P-384 key that signs with SHA-384.
    pub fn p384() -> Self {
        let algorithm = &ECDSA_P384_SHA384_ASN1_SIGNING;
        Self::ec(algorithm, "1.3.132.0.34", "1.2.840.10045.4.3.3")
    }

    /// A new P-521 key that signs with SHA-512.
    pub fn p521() -> Self {
        let algorithm = &ECDSA_P521_SHA512_ASN1_SIGNING;
        Self::ec(algorithm, "1.3.132.0.35", "1.2.840.10045.4.3.4")
    }

    fn ec(algorithm: &'static EcdsaSigningAlgorithm, curve: &str, signature: &str) -> Self {
        let pair = EcdsaKeyPair::generate(algorithm).expect("an EC key");
        let point = pair.public_key().as_ref().to_vec();
        let parameters = [
            der::object_identifier("1.2.840.10045.2.1"),
            der::object_identifier(curve),
        ];
        let sign = move |message: &[u8]| {
            let signature = pair.sign(&SystemRandom::new(), message);
            signature.expect("a key can sign").as_ref().to_vec()
        };
        Self::new(
            &der::sequence(parameters),
            &point,
            der::sequence([der::object_identifier(signature)]),
            sign,
        )
    }

    /// The process's RSA-2048 key, which signs by PKCS#1 v1.5 with SHA-256.
    pub fn rsa() -> Self {
        Self::of_rsa(sha256_with_rsa(), &RSA_PKCS1_SHA256)
    }

    /// The same key, which signs by PSS with SHA-256 and a salt of 32 octets.
    pub fn rsa_pss() -> Self {
        let sha256 = || der::sequence([der::object_identifier("2.16.840.1.101.3.4.2.1")]);
        let mask = der::sequence([der::object_identifier("1.2.840.113549.1.1.8"), sha256()]);
        let parameters = der::sequence([
            der::context_constructed(0, &sha256()),
            der::context_constructed(1, &mask),
            der::context_constructed(2, &der::small_integer(32)),
        ]);
        let identifier = der::object_identifier("1.2.840.113549.1.1.10");
        Self::of_rsa(der::sequence([identifier, parameters]), &RSA_PSS_SHA256)
    }

    fn of_rsa(algorithm: Vec<u8>, encoding: &'static dyn RsaEncoding) -> Self {
        Self(Arc::new(Inner {
            public: RSA.subject_public_key_info(),
            key_id: RSA.key_id(),
            algorithm,
            sign: Box::new(move |message| RSA.sign_with(encoding, message)),
        }))
    }

    /// A public key that is not what it should be; it signs with a P-256 key that is not its own.
    pub fn broken(algorithm: &[u8], bits: &[u8]) -> Self {
        let other = Self::named("behind a broken key");
        let identifier = der::sequence([der::object_identifier("1.2.840.10045.4.3.2")]);
        Self::new(algorithm, bits, identifier, move |message| {
            other.sign(message)
        })
    }

    fn new(
        parameters: &[u8],
        bits: &[u8],
        algorithm: Vec<u8>,
        sign: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let key_id = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bits);
        Self(Arc::new(Inner {
            public: der::sequence([parameters, &der::bit_string(bits)]),
            key_id: key_id.as_ref().to_vec(),
            algorithm,
            sign: Box::new(sign),
        }))
    }

    /// `SubjectPublicKeyInfo`.
    pub fn public(&self) -> &[u8] {
        &self.0.public
    }

    /// SHA-1 over the public key's bits.
    pub fn id(&self) -> &[u8] {
        &self.0.key_id
    }

    /// `AlgorithmIdentifier` of its signatures.
    pub fn algorithm(&self) -> &[u8] {
        &self.0.algorithm
    }

    /// A signature.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        (self.0.sign)(message)
    }
}
