//! Input: a certificate, in DER or PEM.

use pki::{CertificationAuthority, CrlSigner, Profile, TrustAnchor};

use crate::{NOW, check_agreement, verifier};

/// Reads it as an anchor, then compares it with every profile as if it had issued itself: so the
/// extensions are judged whoever signed.
pub(crate) fn run(data: &[u8]) -> bool {
    let read = pki::UnvalidatedLeaf::read(data);
    let Ok(anchor) = TrustAnchor::from_pem_or_der(data) else {
        return read.is_ok();
    };
    assert!(anchor.not_before() <= anchor.not_after());
    let verifier = verifier();
    for profile in Profile::all() {
        let anchors = vec![anchor.clone()];
        let Ok(authority) =
            CertificationAuthority::new("fuzzed", profile, anchors, CrlSigner::OwnKey)
        else {
            continue;
        };
        if let Ok(leaf) = pki::validate_leaf(anchor.der(), &authority, &verifier) {
            assert_eq!(leaf.issuer_key_id(), anchor.key_id());
            assert!(leaf.distribution_point().is_some());
            // Either is right; it must only answer.
            let _ = leaf.validity_at(NOW);
        }
    }
    check_agreement(&verifier);
    true
}
