//! One certificate in one process: what validating it costs beside the signature check that nobody can leave out.
//!
//! The limit is aws-lc's check of the same signature over the same octets, with the issuer's key as it stands in a
//! certificate. What is validated is what a caller sends: octets that nobody has seen before, against an authority
//! whose anchors were read when the process started, and a status from a list in memory.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use index::Segment;
use pki::limits::CLOCK_TOLERANCE_SECS;
use pki::{
    CertificationAuthority, CrlSigner, CrossCheck, HashAlgorithm, KeyIdentifier, SignatureEncoding,
    Signed, UnixTime, UnvalidatedLeaf, ValidatedLeaf, Verifier, validate_leaf,
};
use sandbox::mint::{
    Authority, CaKind, CrlEntry, CrlSpec, LeafSubject, MUNICIPALITIES, PEOPLE, RsaKey,
};

use crate::cpu;

/// Different certificates, checked in turn: more than one, so that no branch predictor learns the one by heart.
const CERTIFICATES: usize = 64;
/// Different holders' keys: they take long to make.
const HOLDERS: usize = 8;
/// Serials on the list, none of them of a certificate that is asked about.
const REVOKED: u64 = 100_000;
/// The serial of the first certificate; the list's serials are below it.
const FIRST_SERIAL: u64 = 21_000_000;
/// The moment of the measurement: 2026-11-23T00:00:00Z.
const NOW: UnixTime = UnixTime::from_secs(1_795_392_000);

/// A certificate, its parts for the bare checks, and what is kept of it once it was validated.
struct Certificate {
    der: Vec<u8>,
    signed: Vec<u8>,
    signature: Vec<u8>,
    kept: ValidatedLeaf,
    holder: ParsedPublicKey,
    challenge: Vec<u8>,
    challenge_signature: Vec<u8>,
}

/// A list in memory, as revocation-lookup holds it.
struct List {
    this_update: UnixTime,
    next_update: UnixTime,
    segment: Segment,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The limit: aws-lc's check of the certificate's signature with a key that it reads each time.
    BareUnparsed,
    /// The same with a key that was read before.
    BareParsed,
    /// A certificate that nobody has seen: read, profile, the authority's signature, validity, status.
    Leaf,
    /// The reading alone.
    Reading,
    /// The status alone.
    Status,
    /// The limit of a challenge: aws-lc's check with the holder's key read before.
    BareChallenge,
    /// A challenge's signature with the certificate kept.
    Challenge,
}

impl Step {
    /// Every step, in the order in which they take turns: those that are compared are neighbours.
    pub const ALL: [Self; 7] = [
        Self::BareUnparsed,
        Self::Leaf,
        Self::BareParsed,
        Self::Reading,
        Self::Status,
        Self::BareChallenge,
        Self::Challenge,
    ];
}

/// Everything that the steps need, made before the clock starts.
pub struct Leaves {
    authority: CertificationAuthority,
    verifier: Verifier,
    /// By the key that signed them, then by the scope.
    lists: HashMap<KeyIdentifier, HashMap<Vec<u8>, List>>,
    issuer_key: Vec<u8>,
    parsed_issuer_key: ParsedPublicKey,
    certificates: Vec<Certificate>,
}

impl Leaves {
    /// Mints an authority with a partition's list, certificates and challenges.
    ///
    /// # Errors
    /// When the sandbox or the core refuses one of them.
    pub fn mint() -> Result<Self> {
        let kind = CaKind::UserAuthentication;
        let mut minted = Authority::new(kind);
        for years_ago in [7, 3] {
            minted.add_generation(NOW.plus_secs(-years_ago * 365 * 86_400))?;
        }
        let authority = minted.trusted(CrlSigner::OwnKey);
        let verifier = Verifier::new(CrossCheck::Off);
        let issuer_key = authority.newest_anchor().public_key();
        let issuer_key = issuer_key.subject_public_key().to_vec();
        let parsed_issuer_key = parsed(&issuer_key)?;
        let holders: Vec<RsaKey> = (0..HOLDERS)
            .map(|_| RsaKey::generate())
            .collect::<Result<_, _>>()?;
        let certificate = |number: usize| {
            let holder = &holders[number % HOLDERS];
            certificate(&minted, holder, number, &authority, &verifier)
        };
        let certificates = (0..CERTIFICATES).map(certificate).collect::<Result<_>>()?;
        Ok(Self {
            lists: lists(&minted, &authority, &verifier)?,
            authority,
            verifier,
            issuer_key,
            parsed_issuer_key,
            certificates,
        })
    }

    /// One step, with the certificate of this number.
    ///
    /// # Errors
    /// When something is refused: everything here is right.
    pub fn step(&self, step: Step, number: usize) -> Result<()> {
        let it = &self.certificates[number % self.certificates.len()];
        match step {
            Step::BareUnparsed => {
                UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, &self.issuer_key)
                    .verify(&it.signed, &it.signature)?;
            }
            Step::BareParsed => self
                .parsed_issuer_key
                .verify_sig(&it.signed, &it.signature)?,
            Step::Leaf => {
                let leaf = validate_leaf(&it.der, &self.authority, &self.verifier)?;
                leaf.validity_at(NOW)?;
                ensure!(self.is_good(&leaf), "the status is not good");
            }
            Step::Reading => drop(UnvalidatedLeaf::read(&it.der)?.issuer_key_id()?),
            Step::Status => ensure!(self.is_good(&it.kept), "the status is not good"),
            Step::BareChallenge => it
                .holder
                .verify_sig(&it.challenge, &it.challenge_signature)?,
            Step::Challenge => self.verifier.verify(
                it.kept.public_key(),
                SignatureEncoding::Pkcs1V15DigestInfo,
                HashAlgorithm::Sha256,
                Signed::Message(&it.challenge),
                &it.challenge_signature,
            )?,
        }
        Ok(())
    }

    /// The CPU time of one step, over at least `time` of them.
    ///
    /// # Errors
    /// When something is refused or the kernel counts no CPU time.
    pub fn measure(&self, step: Step, time: Duration) -> Result<Duration> {
        let began = cpu::of_this_thread()?;
        let mut steps = 0_u32;
        loop {
            for number in 0..CERTIFICATES {
                self.step(step, number)?;
                steps += 1;
            }
            let spent = cpu::of_this_thread()?.saturating_sub(began);
            if spent >= time {
                return Ok(spent / steps);
            }
        }
    }

    /// Whether the lists prove that a certificate is not revoked, with the questions that revocation-lookup asks: whose
    /// list, which scope, is the serial on it, is it current.
    fn is_good(&self, leaf: &ValidatedLeaf) -> bool {
        let signer = self.authority.expected_crl_signer(leaf.issuer_key_id());
        let Some(held) = signer.and_then(|signer| self.lists.get(signer)) else {
            return false;
        };
        let point = leaf
            .distribution_point()
            .filter(|point| !point.limits_reasons() && !point.names_crl_issuer());
        let scope = point.and_then(|point| Some(point.name()?.scope_key()));
        let Some(list) = scope.and_then(|scope| held.get(&scope)) else {
            return false;
        };
        list.segment.lookup(leaf.serial().as_bytes()).is_none()
            && NOW >= list.this_update.plus_secs(-CLOCK_TOLERANCE_SECS)
            && NOW < list.next_update
    }
}

fn parsed(key: &[u8]) -> Result<ParsedPublicKey> {
    ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key)
        .map_err(|error| anyhow!("the RSA key cannot be read: {error}"))
}

fn certificate(
    minted: &Authority,
    holder: &RsaKey,
    number: usize,
    authority: &CertificationAuthority,
    verifier: &Verifier,
) -> Result<Certificate> {
    let issued = NOW.plus_secs(-365 * 86_400);
    let person = &PEOPLE[number % PEOPLE.len()];
    let subject = LeafSubject::issued_at(person, &MUNICIPALITIES[0], issued);
    let serial = FIRST_SERIAL + u64::try_from(number)?;
    let leaf = minted.leaf(2, serial, holder, &subject);
    let signed = leaf.to_be_signed();
    let signature = minted.newest().key.sign(&signed);
    let der = leaf.with_signature(&signature);
    let kept = validate_leaf(&der, authority, verifier)?;
    let challenge = [b"akashi-card-v1".as_slice(), &number.to_be_bytes()].concat();
    Ok(Certificate {
        holder: parsed(kept.public_key().subject_public_key())?,
        challenge_signature: holder.sign(&challenge),
        challenge,
        kept,
        der,
        signed,
        signature,
    })
}

/// The lists of the newest key: one partition's, with entries of others.
fn lists(
    minted: &Authority,
    authority: &CertificationAuthority,
    verifier: &Verifier,
) -> Result<HashMap<KeyIdentifier, HashMap<Vec<u8>, List>>> {
    let signer = &minted.newest().key;
    let (this_update, next_update) = (NOW.plus_secs(-3_600), NOW.plus_secs(82_800));
    let mut list = CrlSpec::full(minted.kind, signer, 1_000, this_update, next_update)
        .for_distribution_point(&minted.kind.distribution_point_name(&MUNICIPALITIES[0]));
    list.entries = (FIRST_SERIAL - REVOKED..FIRST_SERIAL)
        .map(|serial| CrlEntry::new(serial, NOW.plus_secs(-7_200), Some(4)))
        .collect();
    let limits = pki::CrlLimits::default();
    let list = pki::verify_crl(&list.sign(signer), authority, &limits, verifier)?;
    let entries: Vec<_> = list
        .entries()
        .iter()
        .map(|entry| index::Entry {
            serial: entry.serial.as_bytes(),
            revoked_at: entry.revoked_at.secs(),
            reason: entry.reason.code(),
        })
        .collect();
    let facts = list.facts();
    let held = List {
        this_update: facts.this_update,
        next_update: facts.next_update,
        segment: Segment::open(index::build(&entries)?).context("opening the segment")?,
    };
    let of_signer = HashMap::from([(facts.scope.key(), held)]);
    Ok(HashMap::from([(facts.signer_key_id.clone(), of_signer)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_right_for_every_certificate() {
        let mut leaves = Leaves::mint().unwrap();
        for step in Step::ALL {
            for number in 0..CERTIFICATES {
                leaves.step(step, number).unwrap();
            }
            let time = leaves.measure(step, Duration::from_millis(1)).unwrap();
            assert!(time > Duration::ZERO, "{step:?}");
        }
        // The status is really asked for.
        leaves.lists.clear();
        assert!(leaves.step(Step::Status, 0).is_err() && leaves.step(Step::Leaf, 0).is_err());
        assert!(leaves.step(Step::Reading, 0).is_ok());
    }
}
