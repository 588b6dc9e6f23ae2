//! Input: a certificate, in DER or PEM.

use pki::{
    CertificationAuthority, CrlSigner, FourInformation, PathAnchor, PathReport, PathRequest,
    PolicySettings, Profile, RevocationMode, TrustAnchor, UnvalidatedLeaf, Verdict, Verifier,
    validate_path,
};

use crate::shown::{check_certificate, check_four_information};
use crate::{NOW, check_agreement, verifier};

/// Shows it, validates it as its own anchor, and compares it with every profile as if it had issued
/// itself: so the extensions are judged whoever signed.
pub(crate) fn run(data: &[u8]) -> bool {
    let verifier = verifier();
    let is_shown = check_certificate(data);
    // They are read without a look at the key, so what is decoded may be no certificate to be shown.
    if let Ok(read) = FourInformation::from_certificate(data) {
        check_four_information(&read);
    }
    let is_valid = validate_alone(data, &verifier);
    assert!(is_shown || !is_valid, "what is valid can be shown");
    let read = UnvalidatedLeaf::read(data);
    let named = read.as_ref().map(UnvalidatedLeaf::issuer_key_id);
    let Ok(anchor) = TrustAnchor::from_pem_or_der(data) else {
        check_agreement(&verifier);
        return is_valid || is_shown || matches!(named, Ok(Ok(_)));
    };
    assert!(anchor.not_before() <= anchor.not_after());
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

/// Whether it is valid below itself by a profile. Nothing ever is without a list where one is asked for.
fn validate_alone(data: &[u8], verifier: &Verifier) -> bool {
    let Ok(anchor) = PathAnchor::from_der(data) else {
        return false;
    };
    assert!(!anchor.subject_der().is_empty());
    let validate = |profile, revocation| -> PathReport {
        let request = PathRequest {
            profile,
            certificate: data,
            intermediates: &[],
            trust_anchors: std::slice::from_ref(&anchor),
            crls: &[],
            at: NOW,
            policies: PolicySettings::default(),
            revocation,
        };
        validate_path(&request, verifier)
    };
    let mut is_valid = false;
    for profile in Profile::all().iter().chain([Profile::rfc5280()]) {
        let report = validate(profile, RevocationMode::Off);
        assert_eq!(report.verdict == Verdict::Valid, report.error.is_none());
        if report.verdict == Verdict::Valid {
            is_valid = true;
            let undetermined = validate(profile, RevocationMode::Require);
            assert_eq!(undetermined.verdict, Verdict::Indeterminate);
        }
    }
    is_valid
}
