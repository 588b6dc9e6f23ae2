//! signing-certificate, asked badly.

use anyhow::Result;
use e2e::callers;
use e2e::findings::Findings;
use e2e::system::System;
use proto::revocation::v1::Purpose;
use proto::signing::v1::CheckSigningCertificateRequest;
use proto::signing::v1::signing_certificate_service_client::SigningCertificateServiceClient;
use sandbox::deployment::identity;
use sandbox::mint::CaKind;
use tonic::transport::Channel;

use super::cases::{Answer, Cases, Subject, Told};
use super::fields::{self, CASE_REFERENCES};
use super::holder::{Holder, no_certificates};

pub(super) const METHOD: &str =
    "/akashi.signing.v1.SigningCertificateService/CheckSigningCertificate";
const MALFORMED: &str = "CHECK_RESULT_MALFORMED_CERTIFICATE";

/// A request that passes.
pub(super) fn good(holder: &Holder) -> CheckSigningCertificateRequest {
    CheckSigningCertificateRequest {
        certificate: holder.der(),
        purpose: Purpose::SignatureVerification.into(),
        case_reference: "e2e-hostile".to_owned(),
        at: 0,
    }
}

pub(super) async fn run(system: &System, findings: &mut Findings) -> Result<()> {
    let holder = Holder::of(system, "good", CaKind::DigitalSignature)?;
    let client = callers::signing(&system.deployment, identity::CITY_OFFICE)?;
    let mut cases = Cases::new(Subject {
        method: METHOD,
        good: good(&holder),
        passes: "CHECK_RESULT_VALID",
        ask: Box::new(move |request| Box::pin(ask(client.clone(), request))),
        private: fields::private(&holder),
    });
    fields_of_a_check(&mut cases);
    certificates(&mut cases, system, &holder)?;
    cases.run(findings).await;
    Ok(())
}

async fn ask(
    mut client: SigningCertificateServiceClient<Channel>,
    request: CheckSigningCertificateRequest,
) -> Result<Answer, tonic::Status> {
    let response = client
        .check_signing_certificate(request)
        .await?
        .into_inner();
    Ok(Answer {
        outcome: response.result().as_str_name(),
        words: format!("{} {}", response.failed_rule, response.explanation),
    })
}

type Checks<'a> = Cases<'a, CheckSigningCertificateRequest>;

fn fields_of_a_check(cases: &mut Checks<'_>) {
    cases.add("an empty message", Told::Field("certificate"), |request| {
        *request = CheckSigningCertificateRequest::default();
    });
    cases.add("no certificate", Told::Field("certificate"), |request| {
        request.certificate.clear();
    });
    // A signing certificate authenticates nobody, so that purpose is refused as well.
    let authentication = Purpose::UserAuthentication.into();
    for number in [0, authentication, 4, 99, -1, i32::MAX, i32::MIN] {
        cases.add_beside(
            format!("purpose {number}"),
            Told::Field("purpose"),
            |request| request.purpose = number,
            |request| request.purpose = Purpose::ValidityConfirmation.into(),
        );
    }
    for (name, reference) in CASE_REFERENCES {
        cases.add_beside(
            format!("a case reference {name}"),
            Told::Field("case_reference"),
            |request| reference.clone_into(&mut request.case_reference),
            |request| request.case_reference = "A.z_0:-9".repeat(8),
        );
    }
}

fn certificates(cases: &mut Checks<'_>, system: &System, holder: &Holder) -> Result<()> {
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
    let unsupported = Told::Outcome("CHECK_RESULT_UNSUPPORTED_CERTIFICATE");
    certificate(
        "of the other authority",
        holder.other_authority_s(),
        unsupported,
    );
    certificate("its issuer's own", holder.root(system), unsupported);
    let forged = holder.forged(system, sandbox::now())?;
    let untrusted = Told::Outcome("CHECK_RESULT_UNTRUSTED_ISSUER");
    certificate("signed by a key of nobody", forged, untrusted);
    for (card, outcome) in [
        ("revoked", "CHECK_RESULT_REVOKED"),
        ("expired", "CHECK_RESULT_EXPIRED"),
    ] {
        let other = Holder::of(system, card, CaKind::DigitalSignature)?;
        certificate(
            &format!("the {card} one"),
            other.der(),
            Told::Outcome(outcome),
        );
    }
    Ok(())
}
