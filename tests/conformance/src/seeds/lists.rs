//! Revocation lists of every kind, with the lengths of the pieces they come in.

use fuzz_targets::input::octets;
use sandbox::der;
use sandbox::mint::{CaKind, CrlEntry, CrlSpec, Extension, Extensions as _, names};

use super::SUITE;
use crate::issuer::{Issuer, MUNICIPALITY, NOW};

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let lengths: [&[u8]; 4] = [&[], &[0], &[6, 0, 199], &[63]];
    let mut lengths = lengths.into_iter().cycle();
    let mut seed = |issuer: &Issuer, list: &[u8]| {
        let lengths = lengths.next().unwrap_or_default();
        let authority = &issuer.authority.newest().certificate;
        der::concat([&octets(lengths), authority, list])
    };
    let mut seeds = Vec::new();
    for kind in CaKind::ALL {
        let issuer = Issuer::of(kind);
        let key = &issuer.authority.newest().key;
        for list in [issuer.list(), partition(kind), everything(kind)] {
            let list = list.sign(key);
            for _ in 0..4 {
                seeds.push(seed(issuer, &list));
            }
        }
    }
    let issuer = Issuer::of(CaKind::UserAuthentication);
    let of_nist = SUITE.crls().into_iter();
    seeds.extend(of_nist.map(|(_, list)| seed(issuer, list)));
    seeds
}

/// A partition with entries of every form there is in JPKI.
pub(super) fn partition(kind: CaKind) -> CrlSpec {
    let entry = |serial, reason| CrlEntry::new(serial, NOW.plus_secs(-9_000), reason);
    Issuer::of(kind)
        .list()
        .for_distribution_point(&kind.distribution_point_name(MUNICIPALITY))
        .with_entry(entry(20_000_000, Some(4)))
        .with_entry(entry(20_000_001, None))
        .with_entry(entry(20_000_002, Some(6)))
}

/// A delta list that is indirect and of some reasons.
fn everything(kind: CaKind) -> CrlSpec {
    let other = der::sequence([names::directory_name(
        &CaKind::DigitalSignature.distinguished_name(),
    )]);
    let name = names::full_name(&kind.distribution_point_name(MUNICIPALITY));
    let scope = der::sequence([
        der::context_constructed(0, &name),
        der::context_primitive(3, &[5, 0x60]),
        der::context_primitive(4, &[0xff]),
    ]);
    let mut of_other = CrlEntry::new(20_000_000, NOW.plus_secs(-9), Some(8));
    let issuer = Extension::critical(names::CERTIFICATE_ISSUER, other);
    of_other.extensions.push(issuer);
    let scope = Extension::critical(names::ISSUING_DISTRIBUTION_POINT, scope);
    partition(kind)
        .with_extension(scope)
        .as_delta_of(999)
        .with_entry(of_other)
        .with_entry(CrlEntry::new(20_000_001, NOW.plus_secs(-9), Some(1)))
}
