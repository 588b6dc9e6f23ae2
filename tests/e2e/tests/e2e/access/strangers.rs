//! A good certificate of our own authority is not enough: without an entry nobody is answered, at any method.

use anyhow::Result;
use e2e::findings::Findings;
use e2e::system::System;
use e2e::wire::{self, octets_field};
use sandbox::deployment::identity;

use super::questions::{
    CHECK, DENIED, GET_FRESHNESS, GET_STATUS, HEALTH, REFLECTION, VERIFY, WATCH, call, permitted,
};

/// Methods that no server has.
const UNKNOWN: [&str; 4] = [
    "/akashi.revocation.v1.RevocationLookupService/ListRevoked",
    "/akashi.signing.v2.SigningCertificateService/CheckSigningCertificate",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    "/grpc.channelz.v1.Channelz/GetServers",
];

const SERVERS: [&str; 3] = [
    identity::SIGNATURE_VERIFICATION,
    identity::REVOCATION_LOOKUP,
    identity::SIGNING_CERTIFICATE,
];

pub(super) async fn run(system: &System, findings: &mut Findings) -> Result<()> {
    let mut methods = vec![
        VERIFY,
        GET_STATUS,
        GET_FRESHNESS,
        CHECK,
        HEALTH,
        WATCH,
        REFLECTION,
    ];
    methods.extend(UNKNOWN);
    let mut sentences = Vec::new();
    for to in SERVERS {
        for method in &methods {
            let answer = call(system, (identity::STRANGER, to), method, &[]).await?;
            let denied = answer.grpc_status.as_deref() == Some(DENIED);
            findings.check(
                format!("a stranger, {method} at {to}"),
                denied,
                format!("{answer:?}"),
            );
            sentences.push(answer.grpc_message);
        }
        for method in UNKNOWN {
            for from in [
                identity::SRE,
                identity::AUTHENTICATION_BACKEND,
                identity::CITY_OFFICE,
            ] {
                let answer = call(system, (from, to), method, &[]).await?;
                let denied = answer.grpc_status.as_deref() == Some(DENIED);
                findings.check(
                    format!("{from}, {method} at {to}"),
                    denied,
                    format!("{answer:?}"),
                );
                sentences.push(answer.grpc_message);
            }
        }
    }
    sentences.dedup();
    findings.check(
        "one sentence for every refusal",
        sentences.len() == 1,
        format!("{sentences:?}"),
    );
    an_identity_cannot_be_claimed(system, findings).await?;
    permitted_calls_pass(system, findings).await
}

/// Who asks is read from the TLS certificate and from nothing that a caller writes.
async fn an_identity_cannot_be_claimed(system: &System, findings: &mut Findings) -> Result<()> {
    for (to, somebody, method, message) in permitted(system)? {
        let channel = e2e::callers::channel(&system.deployment, identity::STRANGER, to)?;
        for header in [
            "x-forwarded-client-cert",
            "x-akashi-identity",
            "authorization",
            "forwarded",
            "from",
        ] {
            let mut request = wire::framed(method, &message)?;
            request
                .headers_mut()
                .insert(header, http::HeaderValue::from_static(somebody));
            let answer = wire::send(&channel, request).await?;
            let denied = answer.grpc_status.as_deref() == Some(DENIED);
            findings.check(
                format!("{header}: {somebody} at {to}"),
                denied,
                format!("{answer:?}"),
            );
        }
        let mut request = wire::framed(method, &message)?;
        *request.uri_mut() = format!("https://{somebody}{method}").parse()?;
        let answer = wire::send(&channel, request).await?;
        let denied = answer.grpc_status.as_deref() == Some(DENIED);
        findings.check(
            format!("the authority {somebody} at {to}"),
            denied,
            format!("{answer:?}"),
        );
    }
    Ok(())
}

async fn permitted_calls_pass(system: &System, findings: &mut Findings) -> Result<()> {
    for (to, from, method, message) in permitted(system)? {
        let answer = call(system, (from, to), method, &message).await?;
        let passes = answer.grpc_status.as_deref() == Some("0");
        findings.check(
            format!("{from}, {method} at {to}"),
            passes,
            format!("{answer:?}"),
        );
    }
    // Reflection, for those whose entries name it: list_services is field 7.
    for (from, to, service) in [
        (
            identity::AUTHENTICATION_BACKEND,
            identity::SIGNATURE_VERIFICATION,
            "akashi.verification.v1.SignatureVerificationService",
        ),
        (
            identity::CITY_OFFICE,
            identity::SIGNING_CERTIFICATE,
            "akashi.signing.v1.SigningCertificateService",
        ),
    ] {
        let answer = call(system, (from, to), REFLECTION, &octets_field(7, b"*")).await?;
        let listed = String::from_utf8_lossy(&answer.body).contains(service);
        findings.check(
            format!("{from}, reflection at {to}"),
            listed,
            format!("{answer:?}"),
        );
    }
    Ok(())
}
