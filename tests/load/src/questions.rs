//! What is asked, with the right answers.

use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow, ensure};
use pki::{CertificationAuthority, CrlSigner, Profile, TrustAnchor, Verifier, validate_leaf};
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use proto::revocation::v1::{
    GetFreshnessRequest, GetRevocationStatusRequest, Purpose, RevocationStatus,
};
use proto::verification::v1::signature_verification_service_client::SignatureVerificationServiceClient;
use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{
    HashAlgorithm, SignatureEncoding, VerificationResult, VerifySignatureRequest,
};
use sandbox::mint::{CaKind, Jpki, MintError, Revocation, serial_octets, sha256};
use tonic::transport::Channel;

use crate::client::Caller;

/// The first serial number that the benchmark revokes, far from the sandbox's own.
const FIRST_SERIAL: u64 = 100_000_000;
/// Serial numbers are dense and one in so many is revoked.
const REVOKED_ONE_IN: u64 = 20;
/// The card whose issuer and distribution point the lookups name.
const CARD: &str = "good";
/// Cards whose signatures verify.
const GOOD_CARDS: [&str; 4] = ["good", "older-key", "renewed", "minor"];
/// Nothing personal, like every case reference.
const CASE_REFERENCE: &str = "load-benchmark";

/// A lookup and its right answer.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The question.
    pub request: GetRevocationStatusRequest,
    /// The answer.
    pub expected: RevocationStatus,
}

/// Everything that is asked.
#[derive(Clone, Debug)]
pub struct Questions {
    /// Of revocation-lookup; one in twenty is about a revoked certificate.
    pub lookups: Arc<[Lookup]>,
    /// Of signature-verification; all are right signatures by good certificates.
    pub verifications: Arc<[VerifySignatureRequest]>,
}

/// Revokes so many certificates more; the next lists say so.
///
/// # Errors
/// When there is no such card.
pub fn revoke_many(jpki: &mut Jpki, revoked: u32, now: pki::UnixTime) -> Result<(), MintError> {
    let municipality = jpki.card(CARD)?.municipality().slug;
    let generation = jpki.card(CARD)?.user_authentication.generation;
    let revocation = |place: u32| Revocation {
        serial: FIRST_SERIAL + u64::from(place) * REVOKED_ONE_IN,
        generation,
        municipality: municipality.to_owned(),
        revoked_at: now.plus_secs(-86_400).secs(),
        reason: 4,
    };
    let authority = jpki.authority_mut(CaKind::UserAuthentication);
    authority.revocations.extend((0..revoked).map(revocation));
    Ok(())
}

impl Questions {
    /// `count` of each kind, about a JPKI in which [`revoke_many`] revoked `revoked`.
    ///
    /// # Errors
    /// When a card's certificate is not valid.
    pub fn new(jpki: &Jpki, revoked: u32, count: u32) -> Result<Self> {
        ensure!(
            revoked > 0 && count > 0,
            "nothing revoked or nothing asked measures nothing"
        );
        Ok(Self {
            lookups: lookups(jpki, revoked, count)?,
            verifications: verifications(jpki, count)?,
        })
    }
}

fn lookups(jpki: &Jpki, revoked: u32, count: u32) -> Result<Arc<[Lookup]>> {
    let kind = CaKind::UserAuthentication;
    let anchors = jpki.authority(kind).generations.iter();
    let anchors = anchors
        .map(|generation| TrustAnchor::from_der(&generation.certificate))
        .collect::<Result<Vec<_>, _>>()?;
    let profile = Profile::by_name(kind.profile_name()).context("the profile has another name")?;
    let authority =
        CertificationAuthority::new(kind.name(), profile, anchors, CrlSigner::NewestKey)?;
    let verifier = Verifier::new(pki::CrossCheck::Off);
    let certificate = &jpki.card(CARD)?.user_authentication.der;
    let leaf = validate_leaf(certificate, &authority, &verifier)?;
    let point = leaf
        .distribution_point()
        .context("the certificate names no distribution point")?;
    let lookup = |number: u32| {
        // A multiplication scatters neighbours over the whole index.
        let place = u64::from(number.wrapping_mul(0x9E37_79B1) % revoked);
        let is_revoked = u64::from(number).is_multiple_of(REVOKED_ONE_IN);
        let serial = FIRST_SERIAL + place * REVOKED_ONE_IN + if is_revoked { 0 } else { 7 };
        let expected = if is_revoked {
            RevocationStatus::Revoked
        } else {
            RevocationStatus::Good
        };
        let request = GetRevocationStatusRequest {
            issuer_key_id: leaf.issuer_key_id().as_bytes().to_vec(),
            serial_number: serial_octets(serial),
            distribution_point: point.der().to_vec(),
            purpose: Purpose::UserAuthentication.into(),
            case_reference: CASE_REFERENCE.to_owned(),
            ..Default::default()
        };
        Lookup { request, expected }
    };
    Ok((0..count).map(lookup).collect())
}

fn verifications(jpki: &Jpki, count: u32) -> Result<Arc<[VerifySignatureRequest]>> {
    let cards = GOOD_CARDS
        .iter()
        .map(|id| jpki.card(id))
        .collect::<Result<Vec<_>, _>>()?;
    let sign = |(number, card): (u32, &&sandbox::card::Card)| {
        let digest = sha256(&number.to_be_bytes());
        VerifySignatureRequest {
            certificate: card.user_authentication.der.clone(),
            signature: card.user_authentication.key.sign_digest(&digest),
            signature_encoding: SignatureEncoding::Pkcs1V15DigestInfo.into(),
            hash_algorithm: HashAlgorithm::Sha256.into(),
            purpose: Purpose::UserAuthentication.into(),
            case_reference: CASE_REFERENCE.to_owned(),
            signed: Some(Signed::Digest(digest.to_vec())),
            revocation_method: 0,
        }
    };
    Ok((0..count).zip(cards.iter().cycle()).map(sign).collect())
}

fn one_of<T>(all: &[T], number: u32) -> Result<&T> {
    let place = usize::try_from(number)? % all.len().max(1);
    all.get(place).context("there is nothing to ask")
}

/// Asks for the status of one certificate: of revocation-lookup, or of the echo with the same messages.
#[derive(Clone)]
pub struct LookupCaller {
    /// The connection.
    pub client: RevocationLookupServiceClient<Channel>,
    /// What is asked.
    pub lookups: Arc<[Lookup]>,
    /// Whether the answer depends on what is asked. The echo's is always *good*.
    pub is_echo: bool,
}

impl Caller for LookupCaller {
    async fn call(&mut self, number: u32) -> Result<()> {
        let lookup = one_of(&self.lookups, number)?;
        let answer = self
            .client
            .get_revocation_status(lookup.request.clone())
            .await?;
        let status = answer.get_ref().status();
        let expected = if self.is_echo {
            RevocationStatus::Good
        } else {
            lookup.expected
        };
        ensure!(status == expected, "{status:?} instead of {expected:?}");
        Ok(())
    }
}

/// Asks the echo with nothing and gets nothing.
#[derive(Clone)]
pub struct EmptyCaller {
    /// The connection.
    pub client: RevocationLookupServiceClient<Channel>,
}

impl Caller for EmptyCaller {
    async fn call(&mut self, _number: u32) -> Result<()> {
        let answer = self.client.get_freshness(GetFreshnessRequest {}).await?;
        ensure!(
            answer.get_ref().sources.is_empty(),
            "the echo says something"
        );
        Ok(())
    }
}

/// Has a signature verified.
#[derive(Clone)]
pub struct VerificationCaller {
    /// The connection.
    pub client: SignatureVerificationServiceClient<Channel>,
    /// What is verified.
    pub verifications: Arc<[VerifySignatureRequest]>,
}

impl Caller for VerificationCaller {
    async fn call(&mut self, number: u32) -> Result<()> {
        let request = one_of(&self.verifications, number)?.clone();
        let answer = self.client.verify_signature(request).await?.into_inner();
        if answer.result() == VerificationResult::Ok {
            return Ok(());
        }
        Err(anyhow!(
            "{:?} ({}) instead of Ok",
            answer.result(),
            answer.failed_rule
        ))
    }
}
