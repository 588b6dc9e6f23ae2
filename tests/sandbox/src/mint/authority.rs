//! A certification authority of the sandbox: one name, two generations of keys, one serial counter.

use pki::UnixTime;

use super::certificate::CertificateSpec;
use super::crl::{CrlEntry, CrlSpec};
use super::keys::{KeyError, RsaKey};
use super::names::{self, CaKind, Municipality};
use super::people::LeafSubject;

/// One key of an authority and its self-signed certificate.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct KeyGeneration {
    /// 1 for the older, 2 for the newest.
    pub ordinal: u8,
    /// The root's own serial, from the same counter as its leaves'.
    pub serial: u64,
    /// The key.
    pub key: RsaKey,
    /// The root in DER.
    #[serde(with = "super::base64_octets")]
    pub certificate: Vec<u8>,
}

/// A revoked serial.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Revocation {
    /// The serial.
    pub serial: u64,
    /// Which key issued the certificate.
    pub generation: u8,
    /// The slug of the municipality whose list it belongs on.
    pub municipality: String,
    /// Seconds since the epoch.
    pub revoked_at: i64,
    /// The reason's code; 0 is written as no reason at all (RFC 5280 section 5.3.1).
    pub reason: u8,
}

/// An old serial and the one that followed it at a renewal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SerialLink {
    /// The serial before.
    pub old: u64,
    /// The serial after.
    pub new: u64,
}

/// Whose key signs a list. JPKI does not publish which it is, so the sandbox mints both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListSigner {
    /// The generation with this ordinal signs what it issued itself.
    Own(u8),
    /// The newest generation signs for all.
    Newest,
}

/// Which list of an authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListKind {
    /// Whose key signs it, and therefore which certificates it covers.
    pub signer: ListSigner,
    /// One municipality's partition, or all.
    pub municipality: Option<&'static Municipality>,
}

impl ListKind {
    /// Every list an authority publishes.
    pub fn all() -> Vec<Self> {
        let signers = [ListSigner::Own(1), ListSigner::Own(2), ListSigner::Newest];
        let scopes = || std::iter::once(None).chain(names::MUNICIPALITIES.iter().map(Some));
        signers
            .into_iter()
            .flat_map(|signer| {
                scopes().map(move |municipality| Self {
                    signer,
                    municipality,
                })
            })
            .collect()
    }

    /// Its path in the repository, below the authority's folder: `own-2/full.crl`.
    pub fn path(&self) -> String {
        let folder = match self.signer {
            ListSigner::Own(ordinal) => format!("own-{ordinal}"),
            ListSigner::Newest => "newest".to_owned(),
        };
        let file = self
            .municipality
            .map_or("full", |municipality| municipality.slug);
        format!("{folder}/{file}.crl")
    }

    fn covers(&self, revocation: &Revocation) -> bool {
        let by_signer = match self.signer {
            ListSigner::Own(ordinal) => revocation.generation == ordinal,
            ListSigner::Newest => true,
        };
        by_signer
            && self
                .municipality
                .is_none_or(|municipality| municipality.slug == revocation.municipality)
    }
}

/// A certification authority.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Authority {
    /// Which of the two.
    pub kind: CaKind,
    /// Its keys, oldest first.
    pub generations: Vec<KeyGeneration>,
    /// What is revoked.
    pub revocations: Vec<Revocation>,
    /// Which serial followed which.
    pub links: Vec<SerialLink>,
    /// The number of the last published lists and links; it only rises.
    pub published_number: u64,
    next_serial: u64,
}

impl Authority {
    /// An authority that has issued nothing; its counter begins where the national one stood when
    /// the second generation of its keys came.
    pub fn new(kind: CaKind) -> Self {
        Self {
            kind,
            generations: Vec::new(),
            revocations: Vec::new(),
            links: Vec::new(),
            published_number: 1_000,
            next_serial: 20_300_000,
        }
    }

    /// Draws the next serial: they are dense, and roots draw from the same counter.
    pub fn draw_serial(&mut self) -> u64 {
        let serial = self.next_serial;
        self.next_serial += 1;
        serial
    }

    /// Adds a generation: a new key under the same name, valid for ten years.
    pub fn add_generation(&mut self, not_before: UnixTime) -> Result<(), KeyError> {
        let key = RsaKey::generate()?;
        let serial = self.draw_serial();
        let not_after = not_before.plus_secs(10 * super::YEAR_SECS);
        let certificate = CertificateSpec::root(self.kind, serial, &key)
            .with_validity(not_before, not_after)
            .sign(&key);
        let ordinal = u8::try_from(self.generations.len()).unwrap_or(u8::MAX) + 1;
        self.generations.push(KeyGeneration {
            ordinal,
            serial,
            key,
            certificate,
        });
        Ok(())
    }

    /// The generation with this ordinal.
    ///
    /// # Panics
    /// If there is none: the sandbox has 1 and 2.
    pub fn generation(&self, ordinal: u8) -> &KeyGeneration {
        let found = self
            .generations
            .iter()
            .find(|generation| generation.ordinal == ordinal);
        found.expect("generations are 1 and 2")
    }

    /// The newest generation.
    ///
    /// # Panics
    /// If none was added.
    pub fn newest(&self) -> &KeyGeneration {
        self.generations.last().expect("an authority has a key")
    }

    /// A leaf of the exact profile, not yet signed: sign it with `generation(..).key`.
    pub fn leaf(
        &self,
        generation: u8,
        serial: u64,
        key: &RsaKey,
        subject: &LeafSubject,
    ) -> CertificateSpec {
        CertificateSpec::leaf(self.kind, self.generation(generation), serial, key, subject)
    }

    /// The key that signs a list.
    pub fn list_signer(&self, signer: ListSigner) -> &KeyGeneration {
        match signer {
            ListSigner::Own(ordinal) => self.generation(ordinal),
            ListSigner::Newest => self.newest(),
        }
    }

    /// A list of what is revoked, not yet signed: sign it with `list_signer(..).key`.
    pub fn list(
        &self,
        list: &ListKind,
        number: u64,
        this_update: UnixTime,
        next_update: UnixTime,
    ) -> CrlSpec {
        let signer = &self.list_signer(list.signer).key;
        let mut spec = CrlSpec::full(self.kind, signer, number, this_update, next_update);
        spec.entries = self
            .revocations
            .iter()
            .filter(|revocation| list.covers(revocation))
            .map(|revocation| {
                let reason = Some(revocation.reason).filter(|code| *code != 0);
                let revoked_at = UnixTime::from_secs(revocation.revoked_at);
                CrlEntry::new(revocation.serial, revoked_at, reason)
            })
            .collect();
        match list.municipality {
            None => spec,
            Some(municipality) => {
                spec.for_distribution_point(&self.kind.distribution_point_name(municipality))
            }
        }
    }

    /// This authority as the verifying side knows it.
    ///
    /// # Panics
    /// If `pki` refuses what the sandbox mints.
    pub fn trusted(&self, crl_signer: pki::CrlSigner) -> pki::CertificationAuthority {
        let anchors = self
            .generations
            .iter()
            .map(|generation| pki::TrustAnchor::from_der(&generation.certificate))
            .collect::<Result<Vec<_>, _>>()
            .expect("the sandbox mints roots that can be read");
        let profile = pki::Profile::by_name(self.kind.profile_name()).expect("a known profile");
        pki::CertificationAuthority::new(self.kind.name(), profile, anchors, crl_signer)
            .expect("an authority of two generations")
    }
}
