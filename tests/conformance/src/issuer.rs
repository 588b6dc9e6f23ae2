//! One throw-away authority of each kind, minted once for all tests of a process.

use std::sync::LazyLock;

use pki::{CrlSigner, UnixTime};
use sandbox::mint::{
    Authority, CaKind, CertificateSpec, CrlSpec, LeafSubject, MUNICIPALITIES, Municipality, PEOPLE,
    RsaKey,
};

/// The moment at which the tests stand: 2026-11-23T00:00:00Z.
pub const NOW: UnixTime = UnixTime::from_secs(1_795_392_000);

/// Where the leaves of the tests are registered.
pub static MUNICIPALITY: &Municipality = &MUNICIPALITIES[0];

/// An authority with two generations of keys, and the key of a card.
pub struct Issuer {
    /// The authority.
    pub authority: Authority,
    /// The authority as the verifying side knows it.
    pub trusted: pki::CertificationAuthority,
    /// The key of a card.
    pub holder: RsaKey,
}

static USER_AUTHENTICATION: LazyLock<Issuer> =
    LazyLock::new(|| Issuer::mint(CaKind::UserAuthentication));
static DIGITAL_SIGNATURE: LazyLock<Issuer> =
    LazyLock::new(|| Issuer::mint(CaKind::DigitalSignature));

impl Issuer {
    /// The authority of this kind.
    pub fn of(kind: CaKind) -> &'static Self {
        match kind {
            CaKind::UserAuthentication => &USER_AUTHENTICATION,
            CaKind::DigitalSignature => &DIGITAL_SIGNATURE,
        }
    }

    fn mint(kind: CaKind) -> Self {
        let mut authority = Authority::new(kind);
        for years_ago in [7, 3] {
            let begins = NOW.plus_secs(-years_ago * 365 * 86_400);
            authority
                .add_generation(begins)
                .expect("an authority has a key");
        }
        let trusted = authority.trusted(CrlSigner::OwnKey);
        let holder = RsaKey::generate().expect("a card has a key");
        Self {
            authority,
            trusted,
            holder,
        }
    }

    /// A leaf of the exact profile, issued with the newest key a year ago; not yet signed.
    pub fn leaf(&self) -> CertificateSpec {
        let issued = NOW.plus_secs(-365 * 86_400);
        let subject = LeafSubject::issued_at(&PEOPLE[0], MUNICIPALITY, issued);
        self.authority.leaf(2, 21_000_000, &self.holder, &subject)
    }

    /// Signs a leaf with the newest key.
    pub fn sign(&self, leaf: &CertificateSpec) -> Vec<u8> {
        leaf.sign(&self.authority.newest().key)
    }

    /// A full list without entries, of an hour ago and current for a day; not yet signed.
    pub fn list(&self) -> CrlSpec {
        let signer = &self.authority.newest().key;
        let (this_update, next_update) = (NOW.plus_secs(-3_600), NOW.plus_secs(82_800));
        CrlSpec::full(self.authority.kind, signer, 1_000, this_update, next_update)
    }
}
