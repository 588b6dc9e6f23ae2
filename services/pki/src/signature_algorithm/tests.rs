use super::{SignatureAlgorithm, SignatureAlgorithmError};

#[test]
fn sha256_with_rsa_has_null_parameters() {
    let identifier = [6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 0x0b];
    let with = [&[0x30, 13], identifier.as_slice(), &[5, 0]].concat();
    let algorithm = SignatureAlgorithm::from_der(&with).unwrap();
    assert_eq!(algorithm.to_string(), "RSASSA-PKCS1-v1_5 with SHA-256");
    let without = [&[0x30, 11], identifier.as_slice()].concat();
    assert_eq!(
        SignatureAlgorithm::from_der(&without),
        Err(SignatureAlgorithmError::Parameters)
    );
}
