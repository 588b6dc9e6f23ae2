//! The keys of the world in which the cases stand: two authorities with three generations each.

use std::sync::LazyLock;

use sandbox::mint::{Authority, CaKind, KeyGeneration, RsaKey};

use conformance::issuer::NOW;

/// A year of 365 days.
const YEAR_SECS: i64 = 365 * 86_400;

/// An authority of each kind, the key of a card, and the key of somebody whom nobody trusts.
pub(crate) struct World {
    user_authentication: Authority,
    digital_signature: Authority,
    pub(crate) holder: RsaKey,
    pub(crate) stranger: RsaKey,
}

static WORLD: LazyLock<World> = LazyLock::new(World::mint);

/// The world, minted once for all tests of the process.
pub(crate) fn world() -> &'static World {
    &WORLD
}

impl World {
    fn mint() -> Self {
        let authority = |kind| {
            let mut authority = Authority::new(kind);
            for years_ago in [9, 6, 2] {
                let begins = NOW.plus_secs(-years_ago * YEAR_SECS);
                authority.add_generation(begins).unwrap();
            }
            authority
        };
        Self {
            user_authentication: authority(CaKind::UserAuthentication),
            digital_signature: authority(CaKind::DigitalSignature),
            holder: RsaKey::generate().unwrap(),
            stranger: RsaKey::generate().unwrap(),
        }
    }

    pub(crate) fn authority(&self, kind: CaKind) -> &Authority {
        match kind {
            CaKind::UserAuthentication => &self.user_authentication,
            CaKind::DigitalSignature => &self.digital_signature,
        }
    }
}

/// A generation of an authority, 1 to 3.
pub(crate) fn generation(kind: CaKind, ordinal: u8) -> &'static KeyGeneration {
    world().authority(kind).generation(ordinal)
}
