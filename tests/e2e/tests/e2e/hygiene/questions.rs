//! The same people's certificates asked about over gRPC, well and badly.

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::callers;
use e2e::system::System;
use proto::revocation::v1::{GetRevocationStatusRequest, Purpose};
use proto::signing::v1::CheckSigningCertificateRequest;
use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{HashAlgorithm, SignatureEncoding, VerifySignatureRequest};
use sandbox::deployment::identity;
use sandbox::mint::CaKind;
use tonic::Status;

use super::canaries::{Canary, Where};
use crate::hostile_input::Holder;

pub(super) async fn ask(system: &System, errors: &mut Vec<String>) -> Result<Vec<Canary>> {
    let canaries = verifications(system, errors).await?;
    lookups(system, errors).await?;
    checks(system, errors).await?;
    Ok(canaries)
}

fn told<T>(errors: &mut Vec<String>, answer: Result<tonic::Response<T>, Status>) -> Result<()> {
    let Err(status) = answer else {
        anyhow::bail!("that was to be refused");
    };
    errors.push(format!(
        "{:?} {} {:?}",
        status.code(),
        status.message(),
        status.metadata()
    ));
    Ok(())
}

async fn verifications(system: &System, errors: &mut Vec<String>) -> Result<Vec<Canary>> {
    let mut client = callers::verification(&system.deployment, identity::AUTHENTICATION_BACKEND)?;
    let mut canaries = Vec::new();
    for (card, kind) in [
        ("good", CaKind::UserAuthentication),
        ("revoked", CaKind::UserAuthentication),
        ("good", CaKind::DigitalSignature),
    ] {
        let holder = Holder::of(system, card, kind)?;
        let message = format!("{} signs this", holder.card.person().name).into_bytes();
        let request = VerifySignatureRequest {
            certificate: holder.der(),
            signature: holder.certificate().key.sign(&message),
            signature_encoding: SignatureEncoding::Pkcs1V15DigestInfo.into(),
            hash_algorithm: HashAlgorithm::Sha256.into(),
            signed: Some(Signed::Message(message)),
            purpose: Purpose::UserAuthentication.into(),
            case_reference: "e2e-hygiene".to_owned(),
            revocation_method: 0,
        };
        let answer = client.verify_signature(request.clone()).await?.into_inner();
        errors.push(answer.explanation);
        if let Some(found) = answer.holder {
            let name = format!("{card}'s holder id");
            canaries.push(Canary::new(name, found.holder_id, Where::HolderLinks));
        }
        // The person in the wrong field, and the certificate in other clothes.
        let named = VerifySignatureRequest {
            case_reference: holder.card.person().name.to_owned(),
            ..request.clone()
        };
        told(errors, client.verify_signature(named).await)?;
        let pem = VerifySignatureRequest {
            certificate: STANDARD.encode(holder.der()).into_bytes(),
            ..request
        };
        let answer = client.verify_signature(pem).await?.into_inner();
        errors.push(answer.explanation);
    }
    ensure!(canaries.len() == 1, "one was good");
    Ok(canaries)
}

async fn lookups(system: &System, errors: &mut Vec<String>) -> Result<()> {
    let mut client = callers::revocation(&system.deployment, identity::AUTHENTICATION_BACKEND)?;
    for card in ["good", "revoked"] {
        let holder = Holder::of(system, card, CaKind::UserAuthentication)?;
        let point = holder.leaf.distribution_point().context("a point")?;
        let request = GetRevocationStatusRequest {
            issuer_key_id: holder.leaf.issuer_key_id().as_bytes().to_vec(),
            serial_number: holder.leaf.serial().as_bytes().to_vec(),
            distribution_point: point.der().to_vec(),
            purpose: Purpose::UserAuthentication.into(),
            case_reference: "e2e-hygiene".to_owned(),
            ..Default::default()
        };
        client.get_revocation_status(request.clone()).await?;
        let padded = GetRevocationStatusRequest {
            serial_number: [&[0][..], holder.leaf.serial().as_bytes()].concat(),
            ..request.clone()
        };
        told(errors, client.get_revocation_status(padded).await)?;
        let misplaced = GetRevocationStatusRequest {
            distribution_point: holder.der(),
            ..request.clone()
        };
        told(errors, client.get_revocation_status(misplaced).await)?;
        // About an authority whose certificates are not the caller's business.
        let signer = Holder::of(system, card, CaKind::DigitalSignature)?;
        let foreign = GetRevocationStatusRequest {
            issuer_key_id: signer.leaf.issuer_key_id().as_bytes().to_vec(),
            serial_number: signer.leaf.serial().as_bytes().to_vec(),
            ..request
        };
        told(errors, client.get_revocation_status(foreign).await)?;
    }
    Ok(())
}

async fn checks(system: &System, errors: &mut Vec<String>) -> Result<()> {
    let mut agency = callers::signing(&system.deployment, identity::CITY_OFFICE)?;
    let mut gateway = callers::signing(&system.deployment, identity::OIDC_GATEWAY)?;
    for card in ["good", "revoked"] {
        let holder = Holder::of(system, card, CaKind::DigitalSignature)?;
        let request = CheckSigningCertificateRequest {
            certificate: holder.der(),
            purpose: Purpose::ValidityConfirmation.into(),
            case_reference: "e2e-hygiene".to_owned(),
            at: 0,
        };
        let answer = agency.check_signing_certificate(request.clone()).await?;
        errors.push(answer.into_inner().explanation);
        told(
            errors,
            gateway.check_signing_certificate(request.clone()).await,
        )?;
        let named = CheckSigningCertificateRequest {
            case_reference: holder.card.person().name.to_owned(),
            ..request.clone()
        };
        told(errors, agency.check_signing_certificate(named).await)?;
        // The other certificate of the card, and this one cut short.
        for certificate in [holder.other_authority_s(), holder.der()[..900].to_vec()] {
            let wrong = CheckSigningCertificateRequest {
                certificate,
                ..request.clone()
            };
            let answer = agency.check_signing_certificate(wrong).await?;
            errors.push(answer.into_inner().explanation);
        }
    }
    Ok(())
}
