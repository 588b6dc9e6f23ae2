use super::{SignatureAlgorithm, SignatureAlgorithmError};
use crate::public_key::tests::der;
use crate::{DerError, HashAlgorithm, SignatureEncoding};

use HashAlgorithm::{Sha256, Sha384, Sha512};
use SignatureEncoding::{EcdsaDer, Pkcs1V15DigestInfo, Pss};

const NULL: &[u8] = &[5, 0];
const WRONG: Result<SignatureAlgorithm, SignatureAlgorithmError> =
    Err(SignatureAlgorithmError::Parameters);

fn pkcs1(last: u8) -> Vec<u8> {
    der(6, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last])
}

fn ecdsa(last: u8) -> Vec<u8> {
    der(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, last])
}

fn nist_hash(last: u8, parameters: &[u8]) -> Vec<u8> {
    let identifier = der(6, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last]);
    der(0x30, &[&identifier, parameters].concat())
}

fn mgf1(hash: &[u8]) -> Vec<u8> {
    der(0x30, &[&pkcs1(8), hash].concat())
}

/// RSASSA-PSS with these fields of its parameters.
fn pss(fields: &[Vec<u8>]) -> Vec<u8> {
    let parameters = der(0x30, &fields.concat());
    der(0x30, &[pkcs1(10), parameters].concat())
}

/// The fields of the right parameters for a hash.
fn fields(hash: &[u8], salt: u8) -> [Vec<u8>; 3] {
    [
        der(0xa0, hash),
        der(0xa1, &mgf1(hash)),
        der(0xa2, &[2, 1, salt]),
    ]
}

fn read(parts: &[&[u8]]) -> Result<SignatureAlgorithm, SignatureAlgorithmError> {
    SignatureAlgorithm::from_der(&der(0x30, &parts.concat()))
}

fn unsupported(der: &[u8]) -> String {
    let error = SignatureAlgorithm::from_der(der).unwrap_err();
    assert_eq!(error.rule(), "signature_algorithm");
    error.to_string()
}

#[test]
fn rsa_with_sha2_has_null_parameters_or_none() {
    for (last, hash) in [(11, Sha256), (12, Sha384), (13, Sha512)] {
        let identifier = pkcs1(last);
        let encoding = Pkcs1V15DigestInfo;
        let right = Ok(SignatureAlgorithm { encoding, hash });
        assert_eq!(read(&[&identifier, NULL]), right);
        assert_eq!(read(&[&identifier]), right);
        assert_eq!(read(&[&identifier, NULL, NULL]), WRONG);
        assert_eq!(read(&[&identifier, &[0x30, 0]]), WRONG);
    }
}

#[test]
fn ecdsa_with_sha2_has_no_parameters() {
    for (last, hash) in [(2, Sha256), (3, Sha384), (4, Sha512)] {
        let encoding = EcdsaDer;
        let right = Ok(SignatureAlgorithm { encoding, hash });
        assert_eq!(read(&[&ecdsa(last)]), right);
        assert_eq!(read(&[&ecdsa(last), NULL]), WRONG);
    }
}

#[test]
fn everything_else_is_unsupported_and_named() {
    let sequence = |identifier: &[u8], parameters| der(0x30, &[identifier, parameters].concat());
    let expected =
        |dotted| format!("the signature algorithm or its hash, {dotted}, is not supported");
    // MD5, SHA-1 and SHA-224 with RSA; rsaEncryption.
    for (last, dotted) in [
        (4, "1.2.840.113549.1.1.4"),
        (5, "1.2.840.113549.1.1.5"),
        (14, "1.2.840.113549.1.1.14"),
        (1, "1.2.840.113549.1.1.1"),
    ] {
        assert_eq!(unsupported(&sequence(&pkcs1(last), NULL)), expected(dotted));
    }
    // ECDSA with SHA-224 and with SHA-1, DSA with SHA-1 and with SHA-256.
    let sha1 = der(6, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]);
    let dsa1 = der(6, &[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3]);
    let dsa256 = der(6, &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2]);
    for (identifier, dotted) in [
        (ecdsa(1), "1.2.840.10045.4.3.1"),
        (sha1, "1.2.840.10045.4.1"),
        (dsa1, "1.2.840.10040.4.3"),
        (dsa256, "2.16.840.1.101.3.4.3.2"),
    ] {
        assert_eq!(unsupported(&sequence(&identifier, &[])), expected(dotted));
    }
}

#[test]
fn pss_is_read_with_every_hash_and_with_either_form_of_no_parameters() {
    for (last, hash, salt) in [(1, Sha256, 32), (2, Sha384, 48), (3, Sha512, 64)] {
        let encoding = Pss;
        let right = Ok(SignatureAlgorithm { encoding, hash });
        for outer in [NULL, &[]] {
            for inner in [NULL, &[]] {
                let [_, mask, length] = fields(&nist_hash(last, inner), salt);
                let digest = der(0xa0, &nist_hash(last, outer));
                let algorithm = pss(&[digest, mask, length]);
                assert_eq!(SignatureAlgorithm::from_der(&algorithm), right);
            }
        }
        let [digest, mask, length] = fields(&nist_hash(last, &[0x30, 0]), salt);
        assert_eq!(
            SignatureAlgorithm::from_der(&pss(&[digest, mask, length])),
            WRONG
        );
    }
}

#[test]
fn pss_says_everything_that_is_not_the_default_of_sha1() {
    let [hash, mask, salt] = fields(&nist_hash(1, NULL), 32);
    let read = |fields: &[&Vec<u8>]| {
        let fields: Vec<_> = fields.iter().copied().cloned().collect();
        SignatureAlgorithm::from_der(&pss(&fields))
    };
    assert!(read(&[&hash, &mask, &salt]).is_ok());
    assert_eq!(read(&[&hash, &salt]), WRONG);
    assert_eq!(read(&[&hash, &mask]), WRONG);
    let sha1 = "the signature algorithm or its hash, 1.3.14.3.2.26, is not supported";
    assert_eq!(unsupported(&pss(&[])), sha1);
    assert_eq!(unsupported(&pss(&[mask.clone(), salt.clone()])), sha1);
    let sha1_spelled_out = der(0x30, &[der(6, super::SHA1), NULL.to_vec()].concat());
    let [hash1, mask1, _] = fields(&sha1_spelled_out, 20);
    assert_eq!(unsupported(&pss(&[hash1, mask1])), sha1);
    // No parameters at all, and NULL.
    assert_eq!(SignatureAlgorithm::from_der(&der(0x30, &pkcs1(10))), WRONG);
    let null = der(0x30, &[pkcs1(10), NULL.to_vec()].concat());
    assert_eq!(SignatureAlgorithm::from_der(&null), WRONG);
}

#[test]
fn pss_has_the_same_hash_twice_its_length_as_salt_and_trailer_1() {
    let [hash, mask, salt] = fields(&nist_hash(1, NULL), 32);
    let read = |fields: &[&[u8]]| {
        let fields: Vec<_> = fields.iter().map(|field| field.to_vec()).collect();
        SignatureAlgorithm::from_der(&pss(&fields))
    };
    let right = SignatureAlgorithm {
        encoding: Pss,
        hash: Sha256,
    };
    assert_eq!(read(&[&hash, &mask, &salt]), Ok(right));
    let other_mask = der(0xa1, &mgf1(&nist_hash(3, NULL)));
    assert_eq!(read(&[&hash, &other_mask, &salt]), WRONG);
    let no_mgf1 = der(0xa1, &der(0x30, &[pkcs1(9), nist_hash(1, NULL)].concat()));
    assert_eq!(read(&[&hash, &no_mgf1, &salt]), WRONG);
    for octets in [0, 20, 31, 33, 0xff] {
        let other_salt = der(0xa2, &[2, 1, octets]);
        assert_eq!(read(&[&hash, &mask, &other_salt]), WRONG);
    }
    assert_eq!(read(&[&hash, &mask, &der(0xa2, &[2, 2, 1, 32])]), WRONG);
    let trailer = |number| der(0xa3, &[2, 1, number]);
    assert_eq!(read(&[&hash, &mask, &salt, &trailer(1)]), Ok(right));
    assert_eq!(read(&[&hash, &mask, &salt, &trailer(2)]), WRONG);
    let more = DerError::TrailingBytes { octets: 2 };
    assert_eq!(read(&[&hash, &mask, &salt, NULL]), Err(more.into()));
    let refused = read(&[&mask, &hash, &salt]).unwrap_err();
    assert_eq!(refused.rule(), "signature_algorithm", "in another order");
}

#[test]
fn bytes_that_are_not_der_are_refused() {
    let right = der(0x30, &[pkcs1(11), NULL.to_vec()].concat());
    assert!(SignatureAlgorithm::from_der(&right).is_ok());
    let longer = [right.as_slice(), &[0]].concat();
    let indefinite = [&[0x30, 0x80], &right[2..], &[0, 0]].concat();
    for wrong in [&[], &right[..right.len() - 1], &longer, &indefinite] {
        let error = SignatureAlgorithm::from_der(wrong).unwrap_err();
        assert_eq!(error.rule(), "not_der");
    }
}

#[test]
fn an_algorithm_is_shown_by_its_names() {
    let shown = |encoding, hash| SignatureAlgorithm { encoding, hash }.to_string();
    assert_eq!(
        shown(Pkcs1V15DigestInfo, Sha256),
        "RSASSA-PKCS1-v1_5 with SHA-256"
    );
    assert_eq!(shown(Pss, Sha512), "RSASSA-PSS with SHA-512");
    assert_eq!(shown(EcdsaDer, Sha384), "ECDSA with SHA-384");
}
