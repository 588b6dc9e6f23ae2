//! Input: `SubjectPublicKeyInfo`, an OCTET STRING of one octet that chooses, an OCTET STRING of what
//! was signed, the signature.

use pki::{HashAlgorithm, PublicKey, SignatureEncoding, Signed};

use crate::input::{split_element, split_octets};
use crate::{check_agreement, verifier};

/// Verifies the signature with both implementations.
pub(crate) fn run(data: &[u8]) -> bool {
    let Some((key, rest)) = split_element(data) else {
        return false;
    };
    let Some((&[choice], rest)) = split_octets(rest) else {
        return false;
    };
    let (Some((signed, signature)), Ok(key)) = (split_octets(rest), PublicKey::from_spki_der(key))
    else {
        return false;
    };
    let hash = match choice & 3 {
        0 => HashAlgorithm::Sha256,
        1 => HashAlgorithm::Sha384,
        _ => HashAlgorithm::Sha512,
    };
    let encoding = match choice & 4 {
        0 => SignatureEncoding::Pkcs1V15DigestInfo,
        _ => SignatureEncoding::Pkcs1V15BareHash,
    };
    let signed = match choice & 8 {
        0 => Signed::Digest(signed),
        _ => Signed::Message(signed),
    };
    let verifier = verifier();
    let accepted = verifier
        .verify(&key, encoding, hash, signed, signature)
        .is_ok();
    check_agreement(&verifier);
    accepted
}
