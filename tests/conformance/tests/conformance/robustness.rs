//! Whatever arrives: a verdict, never a panic, and never "accepted" for what was changed.

use conformance::issuer::{Issuer, MUNICIPALITY, NOW};
use conformance::list::verify;
use conformance::validate;
use pki::{DistributionPoint, DistributionPointName, TrustAnchor};
use proptest::prelude::*;
use sandbox::mint::{CaKind, CrlEntry};

fn leaf() -> Vec<u8> {
    let issuer = Issuer::of(CaKind::UserAuthentication);
    issuer.sign(&issuer.leaf())
}

fn partition() -> Vec<u8> {
    let issuer = Issuer::of(CaKind::UserAuthentication);
    let name = CaKind::UserAuthentication.distribution_point_name(MUNICIPALITY);
    issuer
        .list()
        .for_distribution_point(&name)
        .with_entry(CrlEntry::new(21_000_000, NOW.plus_secs(-9), Some(4)))
        .with_entry(CrlEntry::new(21_000_001, NOW.plus_secs(-9), None))
        .sign(&issuer.authority.newest().key)
}

/// Bytes that are almost `right`: some changed, some cut off, some repeated.
fn almost(right: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let length = right.len();
    let changes = proptest::collection::vec((0..length, any::<u8>()), 0..8);
    (changes, 0..=length, 0..length, 0..16_usize).prop_map(move |(changes, end, from, repeat)| {
        let mut bytes = right.clone();
        for (at, value) in changes {
            bytes[at] = value;
        }
        bytes.truncate(end);
        let again = bytes.get(from..).unwrap_or_default().to_vec();
        bytes.extend(again.iter().take(repeat));
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_leaf_is_refused(bytes in almost(leaf())) {
        let accepted = validate(&bytes, &Issuer::of(CaKind::UserAuthentication).trusted).is_ok();
        prop_assert_eq!(accepted, bytes == leaf());
    }

    #[test]
    fn a_changed_list_is_refused(bytes in almost(partition())) {
        prop_assert_eq!(verify(&bytes).is_ok(), bytes == partition());
    }

    #[test]
    fn any_bytes_get_a_verdict(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(validate(&bytes, &Issuer::of(CaKind::UserAuthentication).trusted).is_err());
        prop_assert!(verify(&bytes).is_err());
        prop_assert!(TrustAnchor::from_pem_or_der(&bytes).is_err());
        let _ = DistributionPoint::from_der(&bytes);
        let _ = DistributionPointName::from_der(&bytes);
    }
}
