//! Input: the issuer's `SubjectPublicKeyInfo`, its `Name`, an OCTET STRING of the serial number, the
//! response.

use pki::{
    CertId, CertIdHash, DelegateRevocation, ExpectedNonce, OcspExpectation, PublicKey,
    SerialNumber, verify_ocsp_response,
};

use crate::input::{split_element, split_octets};
use crate::{NOW, check_agreement, verifier};

/// The nonce that was sent.
const NONCE: [u8; 32] = [0x5a; 32];

/// Verifies it as the answer to a question by SHA-1 and to one by SHA-256.
pub(crate) fn run(data: &[u8]) -> bool {
    let Some((key, rest)) = split_element(data) else {
        return false;
    };
    let Some((name, rest)) = split_element(rest) else {
        return false;
    };
    let (Some((serial, response)), Ok(key)) = (split_octets(rest), PublicKey::from_spki_der(key))
    else {
        return false;
    };
    let Ok(serial) = SerialNumber::from_unsigned_be(serial) else {
        return false;
    };
    let expectation = OcspExpectation {
        nonce: ExpectedNonce::Optional(&NONCE),
        delegate_revocation: DelegateRevocation::MayBeUndetermined,
        max_age_secs: Some(86_400),
        now: NOW,
    };
    let verifier = verifier();
    let mut accepted = false;
    for hash in [CertIdHash::Sha1, CertIdHash::Sha256] {
        let Ok(cert_id) = CertId::new(hash, name, &key, serial.clone()) else {
            return false;
        };
        if let Ok(evidence) = verify_ocsp_response(response, &cert_id, &expectation, &verifier) {
            assert!(evidence.this_update() <= NOW.plus_secs(300));
            assert!(evidence.this_update() >= NOW.plus_secs(-86_400));
            assert!(evidence.produced_at() <= NOW.plus_secs(300));
            assert!(evidence.next_update().is_none_or(|next| next > NOW));
            accepted = true;
        }
    }
    check_agreement(&verifier);
    accepted
}
