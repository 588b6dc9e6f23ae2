//! Serial numbers of which everybody can say whether they are revoked, without a list of them.

use anyhow::Result;
use index::{Builder, Segment};

/// What serial numbers look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// JPKI's: 4 octets, given out one after the other; one in four is revoked.
    Dense,
    /// 8 octets by chance.
    Narrow,
    /// 20 octets by chance.
    Wide,
}

/// One in so many dense serial numbers is revoked.
const DENSE_SPACE: u64 = 4;

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Dense, Self::Narrow, Self::Wide];

    /// Octets of a serial number.
    pub const fn octets(self) -> usize {
        match self {
            Self::Dense => 4,
            Self::Narrow => 8,
            Self::Wide => 20,
        }
    }

    /// What one revoked serial number may take in memory, all included.
    pub const fn most_octets(self) -> f64 {
        match self {
            Self::Dense => 8.0,
            Self::Narrow => 14.0,
            Self::Wide => 26.0,
        }
    }

    /// How it is called in a table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dense => "4 octets, 1 in 4 revoked",
            Self::Narrow => "8 octets, by chance",
            Self::Wide => "20 octets, by chance",
        }
    }

    /// Writes the serial number at a place among the revoked.
    pub fn revoked(self, place: u64, serial: &mut [u8]) {
        match self {
            Self::Dense => dense(place, 0, serial),
            Self::Narrow | Self::Wide => by_chance(place, serial),
        }
    }

    /// Writes one of those that are not revoked, where so many are.
    pub fn other(self, place: u64, revoked: u64, serial: &mut [u8]) {
        match self {
            Self::Dense => {
                let (block, which) = (place % revoked, place / revoked % (DENSE_SPACE - 1));
                dense(block, which + 1, serial);
            }
            Self::Narrow | Self::Wide => by_chance(revoked + place, serial),
        }
    }

    /// A segment of so many.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn segment(self, revoked: u64) -> Result<Segment> {
        let mut builder = Builder::new();
        let mut serial = [0; 20];
        let serial = &mut serial[..self.octets()];
        for place in 0..revoked {
            self.revoked(place, serial);
            let (revoked_at, reason) = details(place);
            builder.push(serial, revoked_at, reason)?;
        }
        Ok(Segment::open(builder.finish()?)?)
    }
}

/// When and why the one at a place was revoked.
pub fn details(place: u64) -> (i64, u8) {
    let chance = mixed(place);
    let reasons = [0, 1, 3, 4, 5, 6];
    let reason = reasons[usize::try_from(chance % 6).unwrap_or(0)];
    // Within the last three years before 2026.
    let revoked_at = 1_767_225_600 - i64::try_from((chance >> 32) % 94_608_000).unwrap_or(0);
    (revoked_at, reason)
}

/// The one of a block of four that is `steps` after the revoked one, which chance has chosen.
fn dense(block: u64, steps: u64, serial: &mut [u8]) {
    let number = 1 + block * DENSE_SPACE + (mixed(block) + steps) % DENSE_SPACE;
    serial.copy_from_slice(&number.to_be_bytes()[4..]);
}

/// Different for every place, because mixing can be undone.
fn by_chance(place: u64, serial: &mut [u8]) {
    let (first, rest) = serial.split_at_mut(8);
    // Nothing but 0 is mixed to 0, which is no serial number.
    first.copy_from_slice(&mixed(place + 1).to_be_bytes());
    if !rest.is_empty() {
        // RFC 5280 section 4.1.2.2: with its sign, a serial number has at most 20 octets.
        first[0] &= 0x7f;
    }
    for (octets, salt) in rest.chunks_mut(8).zip(1_u64..) {
        let more = mixed(place ^ (salt << 56)).to_be_bytes();
        octets.copy_from_slice(&more[..octets.len()]);
    }
}

/// The finalizer of SplitMix64.
pub fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
