//! Minting: authorities, certificates, lists and links of a throw-away JPKI.
//!
//! [`Jpki::mint`] makes the whole of it with its cards; [`CertificateSpec`] and [`CrlSpec`] have every
//! field open, so that a test can take what is right and make one thing wrong:
//!
//! ```
//! use sandbox::mint::{CaKind, Extensions as _, Jpki, LeafSubject, MUNICIPALITIES, PEOPLE, RsaKey, names};
//!
//! let jpki = Jpki::mint(sandbox::now()).unwrap();
//! let authority = jpki.authority(CaKind::UserAuthentication);
//! let subject = LeafSubject::issued_at(&PEOPLE[0], &MUNICIPALITIES[0], sandbox::now());
//! let leaf = authority.leaf(2, 21_000_000, &RsaKey::generate().unwrap(), &subject);
//! let genuine = leaf.sign(&authority.generation(2).key);
//! let without_key_usage =
//!     leaf.without_extension(names::KEY_USAGE).sign(&authority.generation(2).key);
//! assert_ne!(genuine, without_key_usage);
//! ```

mod authority;
mod certificate;
mod crl;
mod extension;
mod jpki;
mod keys;
mod links;
pub mod names;
mod ocsp;
mod p384;
mod people;

pub use authority::{Authority, KeyGeneration, ListKind, ListSigner, Revocation, SerialLink};
pub use certificate::{CertificateSpec, sha256_with_rsa, signature_algorithm};
pub use crl::{CrlEntry, CrlSpec};
pub use extension::{Extension, Extensions};
pub use jpki::{Jpki, MintError, card_in_words};
pub use keys::{EcKey, KeyError, RsaKey, pem, sha256, sha256_digest_info};
pub use links::{LINKS_CONTEXT, links_payload, serial_hex, serial_octets, sign_links};
pub use names::{CaKind, MUNICIPALITIES, Municipality, municipality};
pub use ocsp::{
    CertIdSpec, OCSP_NO_CHECK, OCSP_NONCE, OCSP_SIGNING, OcspAnswer, OcspSpec, ocsp_good,
    ocsp_revoked, ocsp_unknown,
};
pub use p384::P384Key;
pub(crate) use people::in_japan;
pub use people::{LeafSubject, PEOPLE, Person, age_at, person};

/// A year of 365.25 days.
pub(crate) const YEAR_SECS: i64 = 31_557_600;

/// One JPKI for all tests of this crate: its keys take seconds to make.
#[cfg(test)]
pub(crate) fn shared_for_tests() -> &'static Jpki {
    static JPKI: std::sync::OnceLock<Jpki> = std::sync::OnceLock::new();
    JPKI.get_or_init(|| Jpki::mint(crate::now()).unwrap())
}

/// Octets as base64 in the file of the minted JPKI.
pub(crate) mod base64_octets {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(octets: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&STANDARD.encode(octets))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(from)?;
        STANDARD.decode(text).map_err(serde::de::Error::custom)
    }
}
