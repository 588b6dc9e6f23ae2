//! Whether a signing certificate is revoked cannot be learnt by anybody who may not know: not from a refusal's code, its
//! words, its headers, nor its length, at any of the services.

use anyhow::{Context as _, Result};
use e2e::findings::Findings;
use e2e::system::System;
use e2e::wire::Answer;
use prost::Message as _;
use proto::revocation::v1::{
    GetFreshnessResponse, GetRevocationStatusRequest, GetRevocationStatusResponse, Purpose,
};
use proto::signing::v1::CheckSigningCertificateResponse;
use proto::verification::v1::VerifySignatureResponse;
use sandbox::deployment::identity;
use sandbox::mint::{CaKind, RsaKey};
use tonic_health::pb::HealthCheckRequest;

use super::questions::{
    CHECK, DENIED, GET_FRESHNESS, GET_STATUS, HEALTH, VERIFY, call, check, holder, lookup, verify,
};

pub(super) async fn run(system: &System, findings: &mut Findings) -> Result<()> {
    signing_certificate(system, findings).await?;
    revocation_lookup(system, findings).await?;
    lookups_twins(system, findings).await?;
    signature_verification(system, findings).await?;
    freshness(system, findings).await?;
    health(system, findings).await
}

/// All answers are one and the same refusal.
fn all_alike(findings: &mut Findings, what: &str, answers: &[(String, Answer)]) {
    let Some((first, model)) = answers.first() else {
        return;
    };
    for (name, answer) in answers {
        let case = format!("{what}: {name}");
        findings.check(&case, is_denied(answer), format!("{answer:?}"));
        let alike = (answer.status, &answer.headers, &answer.body)
            == (model.status, &model.headers, &model.body);
        findings.check(
            case,
            alike,
            format!("not as {first}: {answer:?} and {model:?}"),
        );
    }
}

fn is_denied(answer: &Answer) -> bool {
    answer.grpc_status.as_deref() == Some(DENIED)
}

/// The message of an answer, without its frame.
fn message(answer: &Answer) -> Result<&[u8]> {
    answer
        .body
        .get(5..)
        .with_context(|| format!("no message: {answer:?}"))
}

async fn signing_certificate(system: &System, findings: &mut Findings) -> Result<()> {
    let to = identity::SIGNING_CERTIFICATE;
    let mut questions = vec![
        ("no certificate".to_owned(), check(b"nothing".to_vec())),
        ("an empty message".to_owned(), Vec::new()),
        ("no message".to_owned(), vec![0xff; 40]),
    ];
    for card in ["good", "revoked", "expired", "minor"] {
        let holder = holder(system, card, CaKind::DigitalSignature)?;
        questions.push((card.to_owned(), check(holder.der())));
    }
    let mut refused = Vec::new();
    for caller in [
        identity::AUTHENTICATION_BACKEND,
        identity::OIDC_GATEWAY,
        identity::SIGNATURE_VERIFICATION,
        identity::REVOCATION_LOOKUP,
        identity::SIGNING_CERTIFICATE,
        identity::SRE,
        identity::STRANGER,
    ] {
        for (name, question) in &questions {
            let answer = call(system, (caller, to), CHECK, question).await?;
            refused.push((format!("{caller}, {name}"), answer));
        }
    }
    all_alike(findings, "signing-certificate", &refused);
    // The twins: the agency learns four different things.
    for (card, result) in [("good", 1), ("revoked", 2), ("expired", 3)] {
        let holder = holder(system, card, CaKind::DigitalSignature)?;
        let from = (identity::CITY_OFFICE, to);
        let answer = call(system, from, CHECK, &check(holder.der())).await?;
        let found = CheckSigningCertificateResponse::decode(message(&answer)?)?.result;
        findings.check(format!("the agency, {card}"), found == result, found);
    }
    Ok(())
}

/// Everything that could be asked about the signing authority, with names.
fn forbidden_lookups(system: &System) -> Result<Vec<(String, GetRevocationStatusRequest)>> {
    let signing = CaKind::DigitalSignature;
    let good = lookup(&holder(system, "good", signing)?);
    let mut questions = Vec::new();
    for card in ["good", "revoked", "expired", "older-key", "minor"] {
        questions.push((card.to_owned(), lookup(&holder(system, card, signing)?)));
    }
    let revoked = lookup(&holder(system, "revoked", signing)?);
    for (name, question) in [("good", &good), ("revoked", &revoked)] {
        let mut unnamed = question.clone();
        unnamed.distribution_point.clear();
        questions.push((format!("{name} without a distribution point"), unnamed));
        for purpose in [
            Purpose::UserAuthentication,
            Purpose::ValidityConfirmation,
            Purpose::Unspecified,
        ] {
            let mut other = question.clone();
            other.purpose = purpose.into();
            questions.push((format!("{name} for {purpose:?}"), other));
        }
    }
    let mut add = |name: &str, change: &dyn Fn(&mut GetRevocationStatusRequest)| {
        let mut question = good.clone();
        change(&mut question);
        questions.push((name.to_owned(), question));
    };
    add("a serial of nobody", &|question| {
        question.serial_number = vec![0x7f; 20];
    });
    add("no serial", &|question| question.serial_number.clear());
    add("a serial too long", &|question| {
        question.serial_number = vec![1; 21];
    });
    add("a broken distribution point", &|question| {
        question.distribution_point = vec![0xff; 9];
    });
    add("no case reference", &|question| {
        question.case_reference.clear();
    });
    let nobody = RsaKey::generate()?.key_id();
    add("a key of nobody", &|question| {
        question.issuer_key_id.clone_from(&nobody);
    });
    add("a key of one octet", &|question| {
        question.issuer_key_id = vec![1];
    });
    Ok(questions)
}

async fn revocation_lookup(system: &System, findings: &mut Findings) -> Result<()> {
    let questions = forbidden_lookups(system)?;
    let to = identity::REVOCATION_LOOKUP;
    // Two who may ask about the other authority, then those who may ask nothing.
    let may_ask = [
        identity::AUTHENTICATION_BACKEND,
        identity::SIGNATURE_VERIFICATION,
    ];
    let may_not = [
        identity::OIDC_GATEWAY,
        identity::CITY_OFFICE,
        identity::STRANGER,
    ];
    for callers in [&may_ask[..], &may_not] {
        let mut refused = Vec::new();
        for caller in callers {
            for (name, question) in &questions {
                let question = question.encode_to_vec();
                let answer = call(system, (caller, to), GET_STATUS, &question).await?;
                refused.push((format!("{caller}, {name}"), answer));
            }
        }
        all_alike(findings, "revocation-lookup", &refused);
    }
    Ok(())
}

async fn lookups_twins(system: &System, findings: &mut Findings) -> Result<()> {
    let to = identity::REVOCATION_LOOKUP;
    for (from, kind) in [
        (identity::AUTHENTICATION_BACKEND, CaKind::UserAuthentication),
        (identity::SIGNING_CERTIFICATE, CaKind::DigitalSignature),
    ] {
        for (card, status) in [("good", 1), ("revoked", 2)] {
            let question = lookup(&holder(system, card, kind)?).encode_to_vec();
            let answer = call(system, (from, to), GET_STATUS, &question).await?;
            let found = GetRevocationStatusResponse::decode(message(&answer)?)?.status;
            let case = format!("{from} about {card} of {}", kind.name());
            findings.check(case, found == status, found);
        }
    }
    Ok(())
}

/// It knows nothing of the other authority: a revoked signing certificate gets the answer of a good one.
async fn signature_verification(system: &System, findings: &mut Findings) -> Result<()> {
    let from = (
        identity::AUTHENTICATION_BACKEND,
        identity::SIGNATURE_VERIFICATION,
    );
    let mut answers = Vec::new();
    for card in ["good", "revoked", "minor"] {
        let holder = holder(system, card, CaKind::DigitalSignature)?;
        let answer = call(system, from, VERIFY, &verify(&holder)).await?;
        let mut response = VerifySignatureResponse::decode(message(&answer)?)?;
        // The one thing that may differ: when.
        response.verified_at = 0;
        answers.push((card, response));
    }
    let model = answers[0].1.clone();
    for (card, response) in answers {
        let case = format!("signature-verification about {card}'s signing certificate");
        findings.check(&case, response == model, format!("{response:?}"));
        let told = response.revocation.is_some() || response.holder.is_some();
        findings.check(case, !told, format!("{response:?}"));
    }
    Ok(())
}

async fn freshness(system: &System, findings: &mut Findings) -> Result<()> {
    let to = identity::REVOCATION_LOOKUP;
    let mut refused = Vec::new();
    for from in [
        identity::AUTHENTICATION_BACKEND,
        identity::OIDC_GATEWAY,
        identity::CITY_OFFICE,
        identity::STRANGER,
    ] {
        let answer = call(system, (from, to), GET_FRESHNESS, &[]).await?;
        refused.push((from.to_owned(), answer));
    }
    all_alike(findings, "freshness", &refused);
    for (from, authorities) in [
        (
            identity::SIGNATURE_VERIFICATION,
            vec!["user-authentication"],
        ),
        (
            identity::SRE,
            vec!["digital-signature", "user-authentication"],
        ),
    ] {
        let answer = call(system, (from, to), GET_FRESHNESS, &[]).await?;
        let sources = GetFreshnessResponse::decode(message(&answer)?)?.sources;
        let mut found: Vec<String> = sources
            .into_iter()
            .map(|source| source.certification_authority)
            .collect();
        found.sort();
        found.dedup();
        findings.check(
            format!("freshness for {from}"),
            found == authorities,
            format!("{found:?}"),
        );
    }
    Ok(())
}

async fn health(system: &System, findings: &mut Findings) -> Result<()> {
    let question = |service: &str| {
        let service = service.to_owned();
        HealthCheckRequest { service }.encode_to_vec()
    };
    let services = ["", "freshness/digital-signature", "freshness/nobody"];
    for to in [
        identity::SIGNATURE_VERIFICATION,
        identity::REVOCATION_LOOKUP,
        identity::SIGNING_CERTIFICATE,
    ] {
        let mut refused = Vec::new();
        for from in [
            identity::AUTHENTICATION_BACKEND,
            identity::OIDC_GATEWAY,
            identity::CITY_OFFICE,
            identity::STRANGER,
        ] {
            for service in services {
                let answer = call(system, (from, to), HEALTH, &question(service)).await?;
                refused.push((format!("{from} about {service:?} at {to}"), answer));
            }
        }
        all_alike(findings, "health", &refused);
        let answer = call(system, (identity::SRE, to), HEALTH, &question("")).await?;
        let serving = message(&answer)? == [8, 1];
        findings.check(
            format!("health of {to} for the SRE"),
            serving,
            format!("{answer:?}"),
        );
    }
    Ok(())
}
