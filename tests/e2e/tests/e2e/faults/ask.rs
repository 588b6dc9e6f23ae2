//! Questions to a running installation about the sandbox's cards.

use anyhow::{Context as _, Result, bail, ensure};
use e2e::callers;
use e2e::system::{System, eventually};
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use proto::revocation::v1::{
    GetRevocationStatusRequest, GetRevocationStatusResponse, Purpose, RevocationStatus,
    UnknownReason,
};
use proto::signing::v1::{CheckResult, CheckSigningCertificateRequest};
use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{
    HashAlgorithm, SignatureEncoding, VerificationResult, VerifySignatureRequest,
    VerifySignatureResponse,
};
use sandbox::deployment::{Deployment, identity};
use sandbox::mint::{CaKind, names, serial_octets, sha256};
use sandbox::repository::Repository;
use tonic::transport::Channel;

/// revocation-lookup's.
pub(crate) type Client = RevocationLookupServiceClient<Channel>;

/// What revocation-lookup says of a certificate, and by the list of which number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Good(u64),
    Revoked(u64),
    Unknown(UnknownReason),
}

/// How a card's certificate is asked about by the service that may ask about its authority.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    asker: &'static str,
    request: GetRevocationStatusRequest,
}

impl Question {
    pub(crate) fn about(repository: &Repository, card: &str, kind: CaKind) -> Result<Self> {
        let asker = match kind {
            CaKind::UserAuthentication => identity::SIGNATURE_VERIFICATION,
            CaKind::DigitalSignature => identity::SIGNING_CERTIFICATE,
        };
        let request = repository.read(|jpki| {
            let card = jpki.card(card)?;
            let certificate = card.certificate(kind);
            let issuer = jpki.authority(kind).generation(certificate.generation);
            let list = kind.distribution_point_name(card.municipality());
            Ok::<_, anyhow::Error>(GetRevocationStatusRequest {
                issuer_key_id: issuer.key.key_id(),
                serial_number: serial_octets(certificate.serial),
                distribution_point: names::distribution_point(&list),
                purpose: Purpose::UserAuthentication.into(),
                case_reference: "fault-test".to_owned(),
                ..Default::default()
            })
        })?;
        Ok(Self { asker, request })
    }

    /// The same by somebody who does not know which list covers the certificate.
    pub(crate) fn without_distribution_point(mut self) -> Self {
        self.request.distribution_point.clear();
        self
    }

    /// The same about another certificate of the same key.
    pub(crate) fn about_serial(mut self, serial: u64) -> Self {
        self.request.serial_number = serial_octets(serial);
        self
    }

    /// The same by another caller.
    pub(crate) fn by(mut self, asker: &'static str) -> Self {
        self.asker = asker;
        self
    }

    /// A client with the asker's identity.
    pub(crate) fn client(&self, deployment: &Deployment) -> Result<Client> {
        callers::revocation(deployment, self.asker)
    }

    pub(crate) async fn ask(&self, client: &mut Client) -> Result<Answer> {
        let answer = client.get_revocation_status(self.request.clone()).await?;
        read(&answer.into_inner())
    }
}

fn read(answer: &GetRevocationStatusResponse) -> Result<Answer> {
    let number = || -> Result<u64> {
        let list = answer.list.as_ref().context("an answer without its list")?;
        Ok(list.crl_number.parse()?)
    };
    match answer.status() {
        RevocationStatus::Good => Ok(Answer::Good(number()?)),
        RevocationStatus::Revoked => {
            ensure!(
                answer.revocation.is_some(),
                "a revocation without its time and reason"
            );
            Ok(Answer::Revoked(number()?))
        }
        RevocationStatus::Unknown => Ok(Answer::Unknown(answer.unknown_reason())),
        RevocationStatus::Unspecified => bail!("an answer without a status"),
    }
}

/// The status of a card's certificate.
pub(crate) async fn status(system: &System, card: &str, kind: CaKind) -> Result<Answer> {
    let question = Question::about(&system.world.repository, card, kind)?;
    question
        .ask(&mut question.client(&system.deployment)?)
        .await
}

/// Waits until the status of a card's user-authentication certificate is this.
pub(crate) async fn wait_for_status(system: &System, card: &str, expected: &Answer) -> Result<()> {
    eventually(&format!("{card} being {expected:?}"), || async {
        let answer = status(system, card, CaKind::UserAuthentication).await;
        Ok(answer.is_ok_and(|answer| answer == *expected))
    })
    .await
}

/// A signature by a card over a message, as the authentication backend sends it.
pub(crate) fn signature_by(system: &System, card: &str) -> Result<VerifySignatureRequest> {
    let message = b"a challenge of the authentication backend";
    system.world.repository.read(|jpki| {
        let certificate = &jpki.card(card)?.user_authentication;
        Ok(VerifySignatureRequest {
            certificate: certificate.der.clone(),
            signature: certificate.key.sign_digest(&sha256(message)),
            signature_encoding: SignatureEncoding::Pkcs1V15DigestInfo.into(),
            hash_algorithm: HashAlgorithm::Sha256.into(),
            signed: Some(Signed::Message(message.to_vec())),
            purpose: Purpose::UserAuthentication.into(),
            case_reference: "fault-test".to_owned(),
            revocation_method: 0,
        })
    })
}

/// What signature-verification says of a signature by a card.
pub(crate) async fn verify(
    system: &System,
    card: &str,
) -> Result<Result<VerifySignatureResponse, tonic::Status>> {
    let mut client = callers::verification(&system.deployment, identity::AUTHENTICATION_BACKEND)?;
    let answer = client.verify_signature(signature_by(system, card)?).await;
    Ok(answer.map(tonic::Response::into_inner))
}

/// The result of verifying a signature by a card.
pub(crate) async fn result_of(system: &System, card: &str) -> Result<VerificationResult> {
    Ok(verify(system, card).await??.result())
}

/// What the city office hears of the signing certificate of the good card.
pub(super) async fn check_signing_certificate(
    system: &System,
) -> Result<Result<CheckResult, tonic::Status>> {
    let mut client = callers::signing(&system.deployment, identity::CITY_OFFICE)?;
    let certificate = system.world.repository.read(|jpki| {
        let card = jpki.card("good")?;
        Ok::<_, anyhow::Error>(card.certificate(CaKind::DigitalSignature).der.clone())
    })?;
    let answer = client
        .check_signing_certificate(CheckSigningCertificateRequest {
            certificate,
            purpose: Purpose::ValidityConfirmation.into(),
            case_reference: "fault-test".to_owned(),
            at: 0,
        })
        .await;
    Ok(answer.map(|answer| answer.into_inner().result()))
}
