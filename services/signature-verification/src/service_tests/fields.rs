//! What a request may hold.

use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{VerificationResult, VerifySignatureRequest};
use tonic::Code;

use super::{Service, good_request};

type Spoil = fn(&mut VerifySignatureRequest);

#[tokio::test]
async fn every_field_that_cannot_be_is_an_invalid_argument_naming_it() {
    let cases: [(&str, Spoil); 17] = [
        ("certificate: missing", |r| r.certificate.clear()),
        ("certificate: 8193 octets", |r| {
            r.certificate.resize(8193, 0);
        }),
        ("signature: missing", |r| r.signature.clear()),
        ("signature: 513 octets", |r| r.signature.resize(513, 0)),
        ("signature_encoding: missing", |r| r.signature_encoding = 0),
        ("signature_encoding: 5 is no value", |r| {
            r.signature_encoding = 5;
        }),
        ("hash_algorithm: missing", |r| r.hash_algorithm = 0),
        ("hash_algorithm: -1 is no value", |r| r.hash_algorithm = -1),
        ("signed (message or digest): missing", |r| r.signed = None),
        ("message: 65537 octets", |r| {
            r.signed = Some(Signed::Message(vec![0; 65_537]));
        }),
        ("digest: 31 octets", |r| {
            r.signed = Some(Signed::Digest(vec![0; 31]));
        }),
        ("digest: 48 octets", |r| {
            r.signed = Some(Signed::Digest(vec![0; 48]));
        }),
        ("purpose: missing", |r| r.purpose = 0),
        ("purpose: 9 is not one", |r| r.purpose = 9),
        ("case_reference: missing", |r| r.case_reference.clear()),
        ("case_reference: character 3", |r| {
            r.case_reference = "R8 1".to_owned();
        }),
        ("revocation_method: 9 is no value", |r| {
            r.revocation_method = 9;
        }),
    ];
    for (words, spoil) in cases {
        let (service, mut request) = (Service::good(), good_request());
        spoil(&mut request);
        let refused = service.verify(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{words}");
        assert!(
            refused.message().starts_with(words),
            "{words}: {}",
            refused.message()
        );
        assert_eq!(service.asked(), 0);
    }
}

#[tokio::test]
async fn fields_at_their_limits_are_read() {
    let mut request = good_request();
    request.case_reference = "a".repeat(64);
    assert_eq!(
        Service::good().result(request.clone()).await.0,
        VerificationResult::Ok
    );
    request.signature.resize(512, 0);
    assert_eq!(
        Service::good().result(request.clone()).await.0,
        VerificationResult::SignatureMismatch
    );
    request.signed = Some(Signed::Message(vec![0; 65_536]));
    assert_eq!(
        Service::good().result(request).await.0,
        VerificationResult::SignatureMismatch
    );
}
