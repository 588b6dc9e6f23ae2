//! Which serial numbers are revoked, when and why: everything follows from a seed and a place, so that nothing has to be
//! kept in memory and whoever asks later knows the right answer.

use std::sync::Arc;

use crate::mint::CaKind;

/// What serial numbers look like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Serials {
    /// As JPKI's: 4 octets, given out one after the other; one in four is revoked.
    #[default]
    Dense,
    /// 8 octets by chance.
    Sparse8,
    /// 20 octets by chance.
    Wide20,
}

/// The first dense serial number: of 4 octets like those of the cards today, and beyond every card of the sandbox.
const FIRST_DENSE: u64 = 30_000_000;
/// One in so many dense serial numbers is revoked.
const DENSE_SPACE: u64 = 4;
/// Before it everything was revoked: 2026-01-01T00:00:00Z.
pub(super) const REVOKED_BEFORE: i64 = 1_767_225_600;
/// How long before at most: a certificate on a card is valid for five years.
pub(super) const REVOKED_WITHIN: i64 = 5 * 365 * 86_400;
/// Of Japan's municipalities the largest has 3 % of the people, and hundreds have one in ten thousand: the share of the
/// one at a place is as 1 to the place and this.
const LARGEST_PLACES: u32 = 8;

/// A revoked certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revoked {
    octets: [u8; 20],
    width: usize,
    /// Since when, in seconds since the epoch.
    pub revoked_at: i64,
    /// The reason's code.
    pub reason: u8,
}

impl Revoked {
    /// Its serial number, unsigned.
    pub fn serial(&self) -> &[u8] {
        &self.octets[..self.width]
    }
}

/// What one authority has revoked.
#[derive(Clone, Debug)]
pub struct Numbers {
    kind: CaKind,
    serials: Serials,
    salt: u64,
    revoked: u64,
    /// Where each partition begins in the shuffled order, and where the last ends.
    bounds: Arc<[u64]>,
    /// Walking in such steps, and around at the end, meets every place once: the shuffled order.
    step: u64,
}

impl Numbers {
    /// So many revoked certificates over so many partitions.
    pub(super) fn new(
        kind: CaKind,
        serials: Serials,
        seed: u64,
        revoked: u64,
        partitions: u32,
    ) -> Self {
        let kind_salt = match kind {
            CaKind::UserAuthentication => 1,
            CaKind::DigitalSignature => 2,
        };
        Self {
            kind,
            serials,
            salt: mixed(seed ^ (kind_salt << 56)),
            revoked,
            bounds: bounds(revoked, partitions),
            step: step(revoked),
        }
    }

    /// How many are revoked.
    pub fn revoked(&self) -> u64 {
        self.revoked
    }

    /// How many of them are in a partition.
    pub fn of_partition(&self, partition: u32) -> u64 {
        let (begin, end) = self.range(partition);
        end - begin
    }

    fn range(&self, partition: u32) -> (u64, u64) {
        let place = usize::try_from(partition).unwrap_or(usize::MAX);
        let at = |place: usize| self.bounds.get(place).copied().unwrap_or(self.revoked);
        (at(place), at(place.saturating_add(1)))
    }

    /// Those of a partition, in the order of their places.
    pub(super) fn places(&self, partition: u32) -> Vec<u32> {
        let (begin, end) = self.range(partition);
        let shuffled = |order: u64| u128::from(order) * u128::from(self.step);
        let place = |order| shuffled(order) % u128::from(self.revoked.max(1));
        // No authority has more than forty million, see `Plan::check`.
        let mut places: Vec<u32> = (begin..end)
            .map(|order| u32::try_from(place(order)).unwrap_or(u32::MAX))
            .collect();
        places.sort_unstable();
        places
    }

    /// One of those of a partition: the `number`th for numbers below [`Self::of_partition`].
    pub fn revoked_in(&self, partition: u32, number: u64) -> Revoked {
        let order = u128::from(self.range(partition).0 + number) * u128::from(self.step);
        let place = order % u128::from(self.revoked.max(1));
        self.at(u64::try_from(place).unwrap_or(0))
    }

    /// The one at a place below [`Self::revoked`].
    pub fn at(&self, place: u64) -> Revoked {
        let chance = mixed(place.wrapping_add(self.salt));
        let (octets, width) = match self.serials {
            Serials::Dense => dense(place, chance % DENSE_SPACE),
            Serials::Sparse8 | Serials::Wide20 => self.by_chance(place),
        };
        let ago = i64::try_from(((chance >> 32) * REVOKED_WITHIN.unsigned_abs()) >> 32);
        Revoked {
            octets,
            width,
            revoked_at: REVOKED_BEFORE - 1 - ago.unwrap_or(0),
            reason: reason(self.kind, chance >> 8 & 0xff),
        }
    }

    /// The serial number of one that is not revoked, for any number.
    pub fn good(&self, number: u64) -> Vec<u8> {
        let (octets, width) = match self.serials {
            Serials::Dense => {
                let place = number % self.revoked.max(1);
                let chance = mixed(place.wrapping_add(self.salt));
                dense(place, (chance + 1) % DENSE_SPACE)
            }
            Serials::Sparse8 | Serials::Wide20 => self.by_chance(self.revoked + number),
        };
        octets[..width].to_vec()
    }

    /// Different for every place, because mixing can be undone.
    fn by_chance(&self, place: u64) -> ([u8; 20], usize) {
        let mut octets = [0; 20];
        // Nothing but 0 is mixed to 0, which is no serial number.
        let first = mixed(place.wrapping_add(self.salt | 1 << 63).max(1));
        octets[..8].copy_from_slice(&first.to_be_bytes());
        if self.serials == Serials::Sparse8 {
            return (octets, 8);
        }
        // RFC 5280 section 4.1.2.2: with its sign, a serial number has at most 20 octets.
        octets[0] &= 0x7f;
        for (octets, salt) in octets[8..].chunks_mut(8).zip(1_u64..) {
            let more = mixed(first ^ (salt << 56)).to_be_bytes();
            octets.copy_from_slice(&more[..octets.len()]);
        }
        (octets, 20)
    }
}

/// The revoked one of a block of serial numbers, or the one so many steps from its beginning.
fn dense(place: u64, steps: u64) -> ([u8; 20], usize) {
    let number = FIRST_DENSE + place * DENSE_SPACE + steps;
    let mut octets = [0; 20];
    octets[..4].copy_from_slice(&number.to_be_bytes()[4..]);
    (octets, 4)
}

/// Why: of 256, so many for each reason. Who moves needs a new signing certificate and keeps the other.
fn reason(kind: CaKind, chance: u64) -> u8 {
    // keyCompromise, affiliationChanged, superseded, cessationOfOperation, certificateHold
    let of_256 = match kind {
        CaKind::UserAuthentication => [(1, 8), (3, 0), (4, 176), (5, 68), (6, 4)],
        CaKind::DigitalSignature => [(1, 8), (3, 152), (4, 64), (5, 28), (6, 4)],
    };
    let mut left = chance;
    for (reason, share) in of_256 {
        if left < share {
            return reason;
        }
        left -= share;
    }
    1
}

fn bounds(revoked: u64, partitions: u32) -> Arc<[u64]> {
    let share = |place: u32| 1.0 / f64::from(place + LARGEST_PLACES);
    let whole: f64 = (1..=partitions).map(share).sum();
    let mut sum = 0.0;
    let bound = |place: u32| {
        if place > 0 {
            sum += share(place);
        }
        if place == partitions {
            return revoked;
        }
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of less than 2^52"
        )]
        let bound = (revoked as f64 * (sum / whole)) as u64;
        bound.min(revoked)
    };
    (0..=partitions).map(bound).collect()
}

/// The first number from a golden section on that has no divisor in common with `revoked`.
fn step(revoked: u64) -> u64 {
    let golden = u128::from(revoked) * 618_034 / 1_000_000;
    let from = u64::try_from(golden).unwrap_or(0).max(1);
    (from..=revoked.max(from))
        .find(|step| gcd(*step, revoked.max(1)) == 1)
        .unwrap_or(1)
}

fn gcd(one: u64, other: u64) -> u64 {
    if other == 0 {
        one
    } else {
        gcd(other, one % other)
    }
}

/// The finalizer of SplitMix64.
fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn numbers(serials: Serials, revoked: u64, partitions: u32) -> Numbers {
        Numbers::new(CaKind::DigitalSignature, serials, 1, revoked, partitions)
    }

    #[test]
    fn every_revoked_one_is_in_one_partition_and_no_good_one_in_any() {
        for serials in [Serials::Dense, Serials::Sparse8, Serials::Wide20] {
            let numbers = numbers(serials, 10_007, 13);
            let mut seen = HashSet::new();
            for partition in 0..13 {
                let places = numbers.places(partition);
                assert_eq!(places.len() as u64, numbers.of_partition(partition));
                assert!(places.is_sorted());
                let revoked = numbers.revoked_in(partition, 3);
                assert!(
                    places
                        .iter()
                        .any(|place| numbers.at((*place).into()) == revoked)
                );
                for place in places {
                    assert!(seen.insert(numbers.at(place.into()).serial().to_vec()));
                }
            }
            assert_eq!(seen.len(), 10_007);
            assert!((0..30_000).all(|number| !seen.contains(&numbers.good(number))));
        }
    }

    #[test]
    fn partitions_differ_in_size_as_municipalities_do() {
        let numbers = numbers(Serials::Dense, 25_000_000, 1_900);
        let sizes: Vec<u64> = (0..1_900)
            .map(|place| numbers.of_partition(place))
            .collect();
        assert_eq!(sizes.iter().sum::<u64>(), 25_000_000);
        assert!((400_000..1_000_000).contains(&sizes[0]), "{}", sizes[0]);
        assert!((1_000..5_000).contains(&sizes[1_899]), "{}", sizes[1_899]);
    }

    #[test]
    fn the_seed_alone_decides() {
        let numbers = |seed| Numbers::new(CaKind::UserAuthentication, Serials::Dense, seed, 100, 2);
        let all = |seed| (0..100).map(|at| numbers(seed).at(at)).collect::<Vec<_>>();
        assert_eq!(all(7), all(7));
        assert_ne!(all(7), all(8));
    }

    #[test]
    fn reasons_and_times_are_a_cards() {
        let numbers = numbers(Serials::Dense, 5_000, 1);
        let revoked: Vec<Revoked> = (0..5_000).map(|place| numbers.at(place)).collect();
        let of = |reason| revoked.iter().filter(|one| one.reason == reason).count();
        assert_eq!(of(1) + of(3) + of(4) + of(5) + of(6), 5_000);
        assert!(of(3) > 2_500);
        let within = REVOKED_BEFORE - REVOKED_WITHIN..REVOKED_BEFORE;
        assert!(revoked.iter().all(|one| within.contains(&one.revoked_at)));
        assert!(
            revoked
                .iter()
                .all(|one| one.serial().len() == 4 && one.serial()[0] > 0)
        );
    }
}
