//! revocation-lookup, asked badly.

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::callers;
use e2e::findings::Findings;
use e2e::system::System;
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use proto::revocation::v1::{GetRevocationStatusRequest, Purpose};
use sandbox::deployment::identity;
use sandbox::mint::{CaKind, pem};
use tonic::transport::Channel;

use super::cases::{Answer, Cases, Subject, Told};
use super::fields::{self, CASE_REFERENCES};
use super::holder::Holder;

pub(super) const METHOD: &str = "/akashi.revocation.v1.RevocationLookupService/GetRevocationStatus";
pub(super) const GET_FRESHNESS: &str = "/akashi.revocation.v1.RevocationLookupService/GetFreshness";

/// A request that passes.
pub(super) fn good(holder: &Holder) -> GetRevocationStatusRequest {
    let point = holder.leaf.distribution_point();
    GetRevocationStatusRequest {
        issuer_key_id: holder.leaf.issuer_key_id().as_bytes().to_vec(),
        serial_number: holder.leaf.serial().as_bytes().to_vec(),
        distribution_point: point.map(|point| point.der().to_vec()).unwrap_or_default(),
        purpose: Purpose::UserAuthentication.into(),
        case_reference: "e2e-hostile".to_owned(),
        ..Default::default()
    }
}

pub(super) async fn run(system: &System, findings: &mut Findings) -> Result<()> {
    let holder = Holder::of(system, "good", CaKind::UserAuthentication)?;
    let client = callers::revocation(&system.deployment, identity::AUTHENTICATION_BACKEND)?;
    let mut cases = Cases::new(Subject {
        method: METHOD,
        good: good(&holder),
        passes: "REVOCATION_STATUS_GOOD",
        ask: Box::new(move |request| Box::pin(ask(client.clone(), request))),
        private: fields::private(&holder),
    });
    fields_of_a_lookup(&mut cases);
    serial_numbers(&mut cases);
    distribution_points(&mut cases, &holder)?;
    cases.run(findings).await;
    Ok(())
}

async fn ask(
    mut client: RevocationLookupServiceClient<Channel>,
    request: GetRevocationStatusRequest,
) -> Result<Answer, tonic::Status> {
    let response = client.get_revocation_status(request).await?.into_inner();
    Ok(Answer {
        outcome: response.status().as_str_name(),
        words: response.unknown_reason().as_str_name().to_owned(),
    })
}

type Lookups<'a> = Cases<'a, GetRevocationStatusRequest>;

fn fields_of_a_lookup(cases: &mut Lookups<'_>) {
    cases.add(
        "an empty message",
        Told::Field("issuer_key_id"),
        |request| {
            *request = GetRevocationStatusRequest::default();
        },
    );
    for octets in [0, 65, 4_096] {
        let name = format!("an issuer_key_id of {octets} octets");
        cases.add(name, Told::Field("issuer_key_id"), |request| {
            request.issuer_key_id = vec![1; octets];
        });
    }
    for number in [0, 4, 99, -1, i32::MAX, i32::MIN] {
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

fn serial_numbers(cases: &mut Lookups<'_>) {
    let text = b"20300001".repeat(3);
    for (name, serial) in [
        ("empty", Vec::new()),
        ("of 21 octets", vec![0x7f; 21]),
        ("with a zero before it", vec![0, 1]),
        ("zero", vec![0]),
        ("in decimal, too long", text),
    ] {
        let name = format!("a serial_number: {name}");
        cases.add_beside(
            name,
            Told::Field("serial_number"),
            |request| request.serial_number = serial,
            // Nobody has this one, and its authority's full list says so.
            |request| request.serial_number = vec![0x7f; 20],
        );
    }
    cases.add("a serial_number of 10 MB", Told::TooLarge, |request| {
        request.serial_number = vec![1; 10_000_000];
    });
}

fn distribution_points(cases: &mut Lookups<'_>, holder: &Holder) -> Result<()> {
    let point = holder.leaf.distribution_point().context("a point")?;
    let der = point.der();
    let mut nested = [0xa0, 0x80].repeat(2_000);
    nested.insert(0, 0x30);
    for (name, octets) in [
        ("one octet", vec![0x30]),
        ("its first half", der[..der.len() / 2].to_vec()),
        ("one octet after it", [der, &[0]].concat()),
        ("zeros", vec![0; 64]),
        ("a length of 4 GB", vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
        (
            "an indefinite length",
            [&[0x30, 0x80][..], &der[2..], &[0, 0]].concat(),
        ),
        ("nothing in it", vec![0x30, 0]),
        ("two thousand levels", nested),
        ("PEM", pem("X509 CRL", der).into_bytes()),
        ("base64", STANDARD.encode(der).into_bytes()),
        ("the whole certificate", holder.der()),
        ("4,097 octets", vec![0x30; 4_097]),
    ] {
        let name = format!("a distribution_point: {name}");
        cases.add_beside(
            name,
            Told::Field("distribution_point"),
            |request| request.distribution_point = octets,
            // Without one, the full list decides.
            |request| request.distribution_point.clear(),
        );
    }
    cases.add("a distribution_point of 10 MB", Told::TooLarge, |request| {
        request.distribution_point = vec![0x30; 10_000_000];
    });
    Ok(())
}
