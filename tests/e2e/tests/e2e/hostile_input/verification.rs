//! signature-verification, asked badly.

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::callers;
use e2e::findings::Findings;
use e2e::system::System;
use proto::revocation::v1::Purpose;
use proto::verification::v1::signature_verification_service_client::SignatureVerificationServiceClient;
use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{HashAlgorithm, SignatureEncoding, VerifySignatureRequest};
use sandbox::deployment::identity;
use sandbox::mint::{CaKind, sha256};
use tonic::transport::Channel;

use super::cases::{Answer, Cases, Subject, Told};
use super::fields::{self, CASE_REFERENCES};
use super::holder::{Holder, no_certificates};

pub(super) const METHOD: &str =
    "/akashi.verification.v1.SignatureVerificationService/VerifySignature";
const MALFORMED: &str = "VERIFICATION_RESULT_MALFORMED_CERTIFICATE";
const MISMATCH: Told = Told::Outcome("VERIFICATION_RESULT_SIGNATURE_MISMATCH");
const MESSAGE: &[u8] = b"the message that the card signed";

/// A request that passes.
pub(super) fn good(holder: &Holder) -> VerifySignatureRequest {
    VerifySignatureRequest {
        certificate: holder.der(),
        signature: holder.certificate().key.sign(MESSAGE),
        signature_encoding: SignatureEncoding::Pkcs1V15DigestInfo.into(),
        hash_algorithm: HashAlgorithm::Sha256.into(),
        signed: Some(Signed::Message(MESSAGE.to_vec())),
        purpose: Purpose::UserAuthentication.into(),
        case_reference: "e2e-hostile".to_owned(),
        revocation_method: 0,
    }
}

pub(super) async fn run(system: &System, findings: &mut Findings) -> Result<()> {
    let holder = Holder::of(system, "good", CaKind::UserAuthentication)?;
    let client = callers::verification(&system.deployment, identity::AUTHENTICATION_BACKEND)?;
    let mut cases = Cases::new(Subject {
        method: METHOD,
        good: good(&holder),
        passes: "VERIFICATION_RESULT_OK",
        ask: Box::new(move |request| Box::pin(ask(client.clone(), request))),
        private: fields::private(&holder),
    });
    missing_fields(&mut cases);
    unknown_numbers(&mut cases);
    certificates(&mut cases, system, &holder)?;
    signatures(&mut cases, system, &holder)?;
    what_was_signed(&mut cases, &holder);
    cases.run(findings).await;
    Ok(())
}

async fn ask(
    mut client: SignatureVerificationServiceClient<Channel>,
    request: VerifySignatureRequest,
) -> Result<Answer, tonic::Status> {
    let response = client.verify_signature(request).await?.into_inner();
    Ok(Answer {
        outcome: response.result().as_str_name(),
        words: format!("{} {}", response.failed_rule, response.explanation),
    })
}

type Verifications<'a> = Cases<'a, VerifySignatureRequest>;

fn missing_fields(cases: &mut Verifications<'_>) {
    cases.add("an empty message", Told::Field("certificate"), |request| {
        *request = VerifySignatureRequest::default();
    });
    cases.add("no certificate", Told::Field("certificate"), |request| {
        request.certificate.clear();
    });
    cases.add("no signature", Told::Field("signature"), |request| {
        request.signature.clear();
    });
    cases.add(
        "no signature_encoding",
        Told::Field("signature_encoding"),
        |request| {
            request.signature_encoding = 0;
        },
    );
    cases.add(
        "no hash_algorithm",
        Told::Field("hash_algorithm"),
        |request| {
            request.hash_algorithm = 0;
        },
    );
    cases.add(
        "neither message nor digest",
        Told::Field("signed"),
        |request| {
            request.signed = None;
        },
    );
    cases.add("no purpose", Told::Field("purpose"), |request| {
        request.purpose = 0;
    });
    for (name, reference) in CASE_REFERENCES {
        cases.add_beside(
            format!("a case reference {name}"),
            Told::Field("case_reference"),
            |request| reference.clone_into(&mut request.case_reference),
            |request| request.case_reference = "A.z_0:-9".repeat(8),
        );
    }
}

fn unknown_numbers(cases: &mut Verifications<'_>) {
    for number in [5, 99, -1, i32::MAX, i32::MIN] {
        cases.add(
            format!("purpose {number}"),
            Told::Field("purpose"),
            |request| {
                request.purpose = number;
            },
        );
        let field = Told::Field("signature_encoding");
        cases.add(format!("signature_encoding {number}"), field, |request| {
            request.signature_encoding = number;
        });
        let field = Told::Field("hash_algorithm");
        cases.add(format!("hash_algorithm {number}"), field, |request| {
            request.hash_algorithm = number;
        });
    }
}

fn certificates(cases: &mut Verifications<'_>, system: &System, holder: &Holder) -> Result<()> {
    let mut certificate = |name: &str, der: Vec<u8>, told| {
        cases.add(format!("a certificate: {name}"), told, |request| {
            request.certificate = der;
        });
    };
    for (name, octets) in no_certificates(&holder.der()) {
        certificate(name, octets, Told::Outcome(MALFORMED));
    }
    certificate(
        "8,193 octets",
        vec![0x30; 8_193],
        Told::Field("certificate"),
    );
    certificate("10 MB", vec![0x30; 10_000_000], Told::TooLarge);
    certificate(
        "of the other authority",
        holder.other_authority_s(),
        Told::Outcome("VERIFICATION_RESULT_UNSUPPORTED_CERTIFICATE"),
    );
    certificate(
        "its issuer's own",
        holder.root(system),
        Told::Outcome("VERIFICATION_RESULT_UNSUPPORTED_CERTIFICATE"),
    );
    let forged = holder.forged(system, sandbox::now())?;
    let untrusted = Told::Outcome("VERIFICATION_RESULT_UNTRUSTED_ISSUER");
    certificate("signed by a key of nobody", forged, untrusted);
    let somebody = Holder::of(system, "older-key", CaKind::UserAuthentication)?;
    certificate("of somebody else", somebody.der(), MISMATCH);
    for (card, outcome) in [
        ("revoked", "VERIFICATION_RESULT_CERTIFICATE_REVOKED"),
        ("expired", "VERIFICATION_RESULT_CERTIFICATE_EXPIRED"),
    ] {
        let other = Holder::of(system, card, CaKind::UserAuthentication)?;
        cases.add(
            format!("a card: {card}"),
            Told::Outcome(outcome),
            |request| {
                *request = good(&other);
            },
        );
    }
    Ok(())
}

fn signatures(cases: &mut Verifications<'_>, system: &System, holder: &Holder) -> Result<()> {
    let right = good(holder).signature;
    let somebody = Holder::of(system, "older-key", CaKind::UserAuthentication)?;
    let another_message = holder.certificate().key.sign(b"another message");
    let mut last_bit = right.clone();
    *last_bit.last_mut().expect("a signature") ^= 1;
    for (name, octets, told) in [
        ("of another message", another_message, MISMATCH),
        (
            "by somebody else",
            somebody.certificate().key.sign(MESSAGE),
            MISMATCH,
        ),
        ("with one bit changed", last_bit, MISMATCH),
        ("of one octet", vec![1], MISMATCH),
        ("without its first octet", right[1..].to_vec(), MISMATCH),
        (
            "with a zero before it",
            [&[0][..], &right].concat(),
            MISMATCH,
        ),
        ("of zeros", vec![0; 256], MISMATCH),
        ("of ones", vec![0xff; 256], MISMATCH),
        ("of 512 octets", vec![0xff; 512], MISMATCH),
        ("in base64", STANDARD.encode(&right).into_bytes(), MISMATCH),
        ("of 513 octets", vec![0xff; 513], Told::Field("signature")),
        ("of 10 MB", vec![0xff; 10_000_000], Told::TooLarge),
    ] {
        cases.add(format!("a signature {name}"), told, |request| {
            request.signature = octets;
        });
    }
    cases.add(
        "another signature_encoding than was used",
        MISMATCH,
        |request| {
            request.signature_encoding = SignatureEncoding::Pkcs1V15BareHash.into();
        },
    );
    cases.add(
        "another hash_algorithm than was used",
        MISMATCH,
        |request| {
            request.hash_algorithm = HashAlgorithm::Sha384.into();
        },
    );
    Ok(())
}

fn what_was_signed(cases: &mut Verifications<'_>, holder: &Holder) {
    for octets in [0, 1, 31, 33, 48, 64, 65_537] {
        cases.add_beside(
            format!("a digest of {octets} octets"),
            Told::Field("digest"),
            |request| request.signed = Some(Signed::Digest(vec![7; octets])),
            |request| request.signed = Some(Signed::Digest(sha256(MESSAGE).to_vec())),
        );
    }
    for (algorithm, octets) in [(HashAlgorithm::Sha384, 32), (HashAlgorithm::Sha512, 48)] {
        cases.add(
            format!("{octets} octets for {algorithm:?}"),
            Told::Field("digest"),
            |request| {
                request.hash_algorithm = algorithm.into();
                request.signed = Some(Signed::Digest(vec![7; octets]));
            },
        );
    }
    cases.add("the digest sent as the message", MISMATCH, |request| {
        request.signed = Some(Signed::Message(sha256(MESSAGE).to_vec()));
    });
    // The longest message passes, and so does none at all: a card can sign nothing.
    let key = &holder.certificate().key;
    let longest = vec![b'a'; 65_536];
    let (signature, empty) = (key.sign(&longest), key.sign(b""));
    cases.add_beside(
        "a message of 65,537 octets",
        Told::Field("message"),
        |request| request.signed = Some(Signed::Message(vec![b'a'; 65_537])),
        |request| {
            request.signed = Some(Signed::Message(longest));
            request.signature = signature;
        },
    );
    cases.add_beside(
        "an empty message that was not signed",
        MISMATCH,
        |request| request.signed = Some(Signed::Message(Vec::new())),
        |request| {
            request.signed = Some(Signed::Message(Vec::new()));
            request.signature = empty;
        },
    );
    cases.add("a message of 10 MB", Told::TooLarge, |request| {
        request.signed = Some(Signed::Message(vec![b'a'; 10_000_000]));
    });
}
