//! Everything that a question consists of, with every part open to a change.

use conformance::issuer::{MUNICIPALITY, NOW};
use pki::{CrlSigner, Profile, UnixTime};
use sandbox::der;
use sandbox::mint::{
    CaKind, CertificateSpec, CrlEntry, CrlSpec, Extension, Extensions as _, LeafSubject, ListKind,
    ListSigner, PEOPLE, RsaKey,
};

use crate::world::{generation, world};

/// The serial of the leaf.
pub(crate) const SERIAL: u64 = 21_000_000;
/// The serial of somebody else's leaf.
pub(crate) const OTHER_SERIAL: u64 = 21_000_001;

/// What is signed: a certificate or a list.
pub(crate) trait Signable {
    fn to_be_signed(&self) -> Vec<u8>;
    fn outer_algorithm(&self) -> &[u8];
    fn trailing(&self) -> &[u8];
}

impl Signable for CertificateSpec {
    fn to_be_signed(&self) -> Vec<u8> {
        Self::to_be_signed(self)
    }

    fn outer_algorithm(&self) -> &[u8] {
        &self.outer_algorithm
    }

    fn trailing(&self) -> &[u8] {
        &self.trailing
    }
}

impl Signable for CrlSpec {
    fn to_be_signed(&self) -> Vec<u8> {
        Self::to_be_signed(self)
    }

    fn outer_algorithm(&self) -> &[u8] {
        &self.outer_algorithm
    }

    fn trailing(&self) -> &[u8] {
        &self.trailing
    }
}

/// Something signed, and how it is signed.
#[derive(Clone)]
pub(crate) struct Signed<S> {
    pub(crate) spec: S,
    pub(crate) key: &'static RsaKey,
    pub(crate) sign: fn(&RsaKey, &[u8]) -> Vec<u8>,
    /// Rewrites the part that is signed, before it is.
    pub(crate) before: fn(Vec<u8>) -> Vec<u8>,
    /// Rewrites the whole, when it was signed.
    pub(crate) after: fn(Vec<u8>) -> Vec<u8>,
}

impl<S: Signable> Signed<S> {
    pub(crate) fn new(spec: S, key: &'static RsaKey) -> Self {
        Self {
            spec,
            key,
            sign: RsaKey::sign,
            before: |signed| signed,
            after: |whole| whole,
        }
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        let signed = (self.before)(self.spec.to_be_signed());
        let signature = der::bit_string(&(self.sign)(self.key, &signed));
        let algorithm = self.spec.outer_algorithm();
        let whole = der::sequence([signed.as_slice(), algorithm, &signature]);
        let whole = der::concat([whole.as_slice(), self.spec.trailing()]);
        (self.after)(whole)
    }
}

/// One question: is this leaf valid?
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) profile: &'static str,
    /// Whose roots are trusted, and which of them.
    pub(crate) authority: CaKind,
    pub(crate) anchors: Vec<u8>,
    pub(crate) setting: CrlSigner,
    pub(crate) leaf: Signed<CertificateSpec>,
    pub(crate) intermediates: Vec<Vec<u8>>,
    pub(crate) lists: Vec<Signed<CrlSpec>>,
    pub(crate) now: UnixTime,
}

impl Scene {
    /// A leaf of a kind and a generation, and its municipality's list by the same key.
    pub(crate) fn new(kind: CaKind, ordinal: u8) -> Self {
        let issued = NOW.plus_secs(-365 * 86_400);
        let subject = LeafSubject::issued_at(&PEOPLE[0], MUNICIPALITY, issued);
        let authority = world().authority(kind);
        let leaf = authority.leaf(ordinal, SERIAL, &world().holder, &subject);
        Self {
            profile: kind.profile_name(),
            authority: kind,
            anchors: vec![1, 2, 3],
            setting: CrlSigner::OwnKey,
            leaf: Signed::new(leaf, &generation(kind, ordinal).key),
            intermediates: Vec::new(),
            lists: vec![partition(kind, ordinal)],
            now: NOW,
        }
    }

    pub(crate) fn profile(&self) -> &'static Profile {
        Profile::by_name(self.profile).unwrap()
    }

    /// The one list of the scene.
    pub(crate) fn list(&mut self) -> &mut Signed<CrlSpec> {
        self.lists.first_mut().unwrap()
    }

    /// Puts an extension into the leaf, in the place of its namesake.
    pub(crate) fn leaf_extension(&mut self, extension: Extension) {
        replace(&mut self.leaf.spec, |leaf| leaf.with_extension(extension));
    }

    pub(crate) fn without_leaf_extension(&mut self, oid: &str) {
        replace(&mut self.leaf.spec, |leaf| leaf.without_extension(oid));
    }

    pub(crate) fn leaf_criticality(&mut self, oid: &str, critical: bool) {
        replace(&mut self.leaf.spec, |leaf| {
            leaf.with_criticality(oid, critical)
        });
    }

    pub(crate) fn list_extension(&mut self, extension: Extension) {
        replace(&mut self.list().spec, |list| list.with_extension(extension));
    }

    pub(crate) fn without_list_extension(&mut self, oid: &str) {
        replace(&mut self.list().spec, |list| list.without_extension(oid));
    }

    /// Adds an entry about the leaf to the first list.
    pub(crate) fn revoke(&mut self, reason: Option<u8>) {
        self.list().spec.entries.push(entry(SERIAL, reason));
    }
}

/// Changes what can only be changed by value.
pub(crate) fn replace<T: Clone>(place: &mut T, change: impl FnOnce(T) -> T) {
    *place = change(place.clone());
}

/// An entry of yesterday.
pub(crate) fn entry(serial: u64, reason: Option<u8>) -> CrlEntry {
    CrlEntry::new(serial, NOW.plus_secs(-86_400), reason)
}

/// A list of an hour ago, for a day, with an entry about somebody else.
fn list(kind: CaKind, list: &ListKind) -> Signed<CrlSpec> {
    let authority = world().authority(kind);
    let (this_update, next_update) = (NOW.plus_secs(-3_600), NOW.plus_secs(82_800));
    let mut spec = authority.list(list, 1_000, this_update, next_update);
    spec.entries.push(entry(OTHER_SERIAL, Some(4)));
    Signed::new(spec, &authority.list_signer(list.signer).key)
}

/// The list of the leaf's municipality by a generation.
pub(crate) fn partition(kind: CaKind, ordinal: u8) -> Signed<CrlSpec> {
    partition_of(kind, ordinal, MUNICIPALITY)
}

/// The list of a municipality by a generation.
pub(crate) fn partition_of(
    kind: CaKind,
    ordinal: u8,
    municipality: &'static sandbox::mint::Municipality,
) -> Signed<CrlSpec> {
    let signer = ListSigner::Own(ordinal);
    let municipality = Some(municipality);
    list(
        kind,
        &ListKind {
            signer,
            municipality,
        },
    )
}

/// The full list by a generation.
pub(crate) fn full(kind: CaKind, ordinal: u8) -> Signed<CrlSpec> {
    let signer = ListSigner::Own(ordinal);
    list(
        kind,
        &ListKind {
            signer,
            municipality: None,
        },
    )
}

/// A user-authentication leaf of the newest generation, with its municipality's list.
pub(crate) fn authentication() -> Scene {
    Scene::new(CaKind::UserAuthentication, 3)
}

/// A signing leaf of the newest generation, with its municipality's list.
pub(crate) fn signing() -> Scene {
    Scene::new(CaKind::DigitalSignature, 3)
}

/// A user-authentication leaf of JPKI-TEST's shape.
pub(crate) fn test_authentication() -> Scene {
    let mut scene = authentication();
    scene.profile = "jpki-test-user-authentication";
    scene.leaf_extension(Extension::certificate_policies("1.2.392.200149.8.5.1.0.30"));
    scene
}

/// A signing leaf of JPKI-TEST's shape.
pub(crate) fn test_signing() -> Scene {
    let mut scene = signing();
    scene.profile = "jpki-test-signing";
    scene.leaf_extension(Extension::certificate_policies("1.2.392.200149.8.5.1.0.20"));
    scene
}

/// A user-authentication leaf with the full list instead of its municipality's.
pub(crate) fn with_full_list() -> Scene {
    let mut scene = authentication();
    scene.lists = vec![full(CaKind::UserAuthentication, 3)];
    scene
}
