//! What stays behind: each check with who asked and why, each refusal with whom it met, each lookup as a sum.

use anyhow::{Context as _, Result};
use e2e::findings::Findings;
use e2e::system::{System, eventually};
use prost::Message as _;
use proto::signing::v1::CheckSigningCertificateResponse;
use sandbox::deployment::identity;
use sandbox::mint::CaKind;
use store::AuditLog;

use super::questions::{
    CHECK, GET_FRESHNESS, GET_STATUS, HEALTH, REFLECTION, VERIFY, call, check, holder, lookup,
    verify,
};

/// Beyond this many records of one caller in a minute, refusals are counted.
const RECORDED: usize = 20;

pub(super) async fn run(system: &System, findings: &mut Findings) -> Result<()> {
    let audit = AuditLog::open(&system.audit_url().parse()?).await?;
    refusals(system, &audit, findings).await?;
    checks(system, &audit, findings).await?;
    lookups(system, &audit, findings).await?;
    many_refusals(system, &audit, findings).await?;
    let log = system.logs();
    let of_a_stranger = log
        .lines()
        .any(|line| line.contains(identity::STRANGER) && line.contains("VerifySignature"));
    findings.check(
        "signature-verification, which keeps no audit log, logs its refusals",
        of_a_stranger,
        "no line",
    );
    audit.close().await;
    Ok(())
}

/// Who asks whom, the method, the message, and the reason why it is refused.
type Refused = (
    &'static str,
    &'static str,
    &'static str,
    Vec<u8>,
    &'static str,
);

fn refused(system: &System) -> Result<Vec<Refused>> {
    use identity::{
        AUTHENTICATION_BACKEND, CITY_OFFICE, OIDC_GATEWAY, REVOCATION_LOOKUP,
        SIGNATURE_VERIFICATION, SIGNING_CERTIFICATE, SRE, STRANGER,
    };
    let signer = holder(system, "revoked", CaKind::DigitalSignature)?;
    let lookup = lookup(&signer).encode_to_vec();
    let check = check(signer.der());
    let mut refused = Vec::new();
    for from in [AUTHENTICATION_BACKEND, OIDC_GATEWAY, SRE, STRANGER] {
        let question = check.clone();
        refused.push((
            from,
            SIGNING_CERTIFICATE,
            CHECK,
            question,
            "not_on_allowlist",
        ));
    }
    for (from, to, method) in [
        (STRANGER, SIGNING_CERTIFICATE, HEALTH),
        (SRE, SIGNING_CERTIFICATE, REFLECTION),
        (OIDC_GATEWAY, REVOCATION_LOOKUP, GET_STATUS),
        (STRANGER, REVOCATION_LOOKUP, GET_STATUS),
        (CITY_OFFICE, REVOCATION_LOOKUP, GET_FRESHNESS),
    ] {
        refused.push((from, to, method, Vec::new(), "not_on_allowlist"));
    }
    for from in [AUTHENTICATION_BACKEND, SIGNATURE_VERIFICATION] {
        let reason = "certification_authority_not_allowed";
        refused.push((from, REVOCATION_LOOKUP, GET_STATUS, lookup.clone(), reason));
    }
    // One who may ask, and asks badly.
    let reason = "certificate_missing";
    refused.push((CITY_OFFICE, SIGNING_CERTIFICATE, CHECK, Vec::new(), reason));
    Ok(refused)
}

async fn refusals(system: &System, audit: &AuditLog, findings: &mut Findings) -> Result<()> {
    let mut expected = Vec::new();
    for (from, to, method, message, reason) in refused(system)? {
        let answer = call(system, (from, to), method, &message).await?;
        let refused = answer.grpc_status.as_deref() != Some("0");
        findings.check(format!("{from}, {method}"), refused, format!("{answer:?}"));
        expected.push((from.to_owned(), method.to_owned(), reason.to_owned()));
    }
    let person = holder(system, "good", CaKind::UserAuthentication)?;
    let stranger = (identity::STRANGER, identity::SIGNATURE_VERIFICATION);
    call(system, stranger, VERIFY, &verify(&person)).await?;
    // revocation-lookup writes refusals down a moment after they happened.
    let missing = async || -> Result<Vec<(String, String, String)>> {
        let recorded: Vec<_> = audit
            .refusals(1_000)
            .await?
            .into_iter()
            .map(|record| record.refusal)
            .map(|refusal| (refusal.caller, refusal.method, refusal.reason))
            .collect();
        let missing = expected.iter().filter(|row| !recorded.contains(row));
        Ok(missing.cloned().collect())
    };
    let all = eventually("a record of every refusal", async || {
        Ok(missing().await?.is_empty())
    })
    .await;
    findings.check(
        "a record of every refusal",
        all.is_ok(),
        format!("{:?}", missing().await?),
    );
    let now = sandbox::now().secs();
    for record in audit.refusals(1_000).await? {
        let age = now - record.refusal.refused_at;
        findings.check(
            "a refusal's time",
            (-1..120).contains(&age),
            format!("{record:?}"),
        );
    }
    Ok(())
}

/// The answer names the record that was committed before it.
async fn checks(system: &System, audit: &AuditLog, findings: &mut Findings) -> Result<()> {
    let from = (identity::CITY_OFFICE, identity::SIGNING_CERTIFICATE);
    for card in ["good", "revoked", "expired"] {
        let signer = holder(system, card, CaKind::DigitalSignature)?;
        let answer = call(system, from, CHECK, &check(signer.der())).await?;
        let body = answer.body.get(5..).context("a message")?;
        let response = CheckSigningCertificateResponse::decode(body)?;
        let record = audit.check(&response.audit_record_id).await?;
        let record = record.with_context(|| format!("no record for {card}"))?;
        let outcome = response.result().as_str_name();
        let fits = record.caller == identity::CITY_OFFICE
            && record.method == CHECK
            && record.outcome == outcome
            && record.purpose == "PURPOSE_VALIDITY_CONFIRMATION"
            && record.case_reference == "e2e-access"
            && record.certificate_sha256 == sandbox::mint::sha256(&signer.der());
        findings.check(format!("the record of {card}"), fits, format!("{record:?}"));
        let kept = format!("{record:?}");
        let repeated = signer
            .private()
            .into_iter()
            .find(|text| kept.contains(text));
        findings.check(format!("the record of {card}"), repeated.is_none(), kept);
    }
    Ok(())
}

/// Lookups are summed by who asked, about which authority, why, and what it came to.
async fn lookups(system: &System, audit: &AuditLog, findings: &mut Findings) -> Result<()> {
    let from = (
        identity::AUTHENTICATION_BACKEND,
        identity::REVOCATION_LOOKUP,
    );
    for card in ["good", "revoked"] {
        let person = holder(system, card, CaKind::UserAuthentication)?;
        call(system, from, GET_STATUS, &lookup(&person).encode_to_vec()).await?;
    }
    for outcome in ["good", "revoked"] {
        let found = eventually("the ledger's row", async || {
            let rows = audit.ledger(1_000).await?;
            Ok(rows.iter().any(|row| {
                row.caller == identity::AUTHENTICATION_BACKEND
                    && row.certification_authority == "user-authentication"
                    && row.method == GET_STATUS
                    && row.purpose == "PURPOSE_SIGNATURE_VERIFICATION"
                    && row.outcome == outcome
                    && row.count >= 1
            }))
        });
        let found = found.await;
        let rows = audit.ledger(1_000).await?;
        findings.check(
            format!("the ledger of {outcome}"),
            found.is_ok(),
            format!("{rows:?}"),
        );
    }
    Ok(())
}

/// One who knocks without end fills no disk, and is counted to the last knock.
async fn many_refusals(system: &System, audit: &AuditLog, findings: &mut Findings) -> Result<()> {
    let knocker = identity::REVOCATION_LOOKUP;
    let knocks = 3 * RECORDED;
    for _ in 0..knocks {
        call(system, (knocker, identity::SIGNING_CERTIFICATE), CHECK, &[]).await?;
    }
    let recorded = audit.refusals(1_000).await?;
    let recorded = recorded
        .iter()
        .filter(|record| record.refusal.caller == knocker)
        .count();
    // The knocks may have fallen into two minutes.
    let bounded = (1..=2 * RECORDED).contains(&recorded);
    findings.check("records of one who knocks without end", bounded, recorded);
    let totals = audit.refusal_totals(1_000).await?;
    let of_knocker = totals.iter().filter(|row| row.caller == knocker);
    let total: u64 = of_knocker.map(|row| row.total).sum();
    findings.check("all knocks are counted", total == knocks as u64, total);
    Ok(())
}
