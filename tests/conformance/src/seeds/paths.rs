//! Questions about paths: every row of NIST PKITS, and cards.

use fuzz_targets::path_with_crl::Settings;
use pki::Profile;
use sandbox::der;
use sandbox::mint::CaKind;

use super::SUITE;
use super::lists::partition;
use crate::issuer::{Issuer, NOW};
use crate::pkits::{self, Row};

/// 2011-04-15T00:00:00Z, the moment of PKITS.
const NIST_NOW: (&str, u32) = ("2011-04-15T00:00:00Z", 1_302_825_600);

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let of_nist = pkits::rows().iter().map(row).collect::<Vec<_>>();
    let cards = CaKind::ALL.into_iter().flat_map(cards);
    cards.chain(of_nist).collect()
}

/// Without lists, with the partition that answers, and with one that does not.
fn cards(kind: CaKind) -> Vec<Vec<u8>> {
    let issuer = Issuer::of(kind);
    let (newest, leaf) = (issuer.authority.newest(), issuer.sign(&issuer.leaf()));
    let ask = |revocation, lists: &[Vec<u8>]| {
        let settings = Settings {
            profile: number_of(kind.profile_name()),
            intermediates: 0,
            policies: 0,
            require_explicit_policy: false,
            inhibit_policy_mapping: false,
            inhibit_any_policy: false,
            revocation,
            at: u32::try_from(NOW.secs()).expect("before 2106"),
        };
        let asked = [settings.to_part(), newest.certificate.clone(), leaf.clone()];
        [asked.concat(), lists.concat()].concat()
    };
    let partition = partition(kind).sign(&newest.key);
    let full = issuer.list().sign(&newest.key);
    vec![
        ask(false, &[]),
        ask(true, std::slice::from_ref(&partition)),
        ask(true, std::slice::from_ref(&full)),
        ask(true, &[full, partition]),
    ]
}

fn row(row: &Row) -> Vec<u8> {
    let (moment, at) = NIST_NOW;
    assert_eq!(row.at, moment, "{}: of another moment", row.id);
    let policies = row.policies.iter().map(|policy| {
        let last = policy.rsplit('.').next().and_then(|arc| arc.parse().ok());
        let bit = last.and_then(|arc: u32| 1_u8.checked_shl(arc.checked_sub(1)?));
        bit.unwrap_or_else(|| panic!("{}: no test policy", row.id))
    });
    let count = row.intermediates.len();
    let settings = Settings {
        profile: number_of(&row.profile),
        intermediates: u8::try_from(count).expect("few intermediates"),
        policies: policies.fold(0, |all, bit| all | bit),
        require_explicit_policy: row.require_explicit_policy,
        inhibit_policy_mapping: row.inhibit_policy_mapping,
        inhibit_any_policy: row.inhibit_any_policy,
        revocation: true,
        at,
    };
    let named = [
        &row.trust_anchors[..1],
        std::slice::from_ref(&row.certificate),
    ];
    let named = named.into_iter().flatten();
    let files = named
        .chain(&row.intermediates)
        .chain(&row.crls)
        .map(|name| SUITE.file(name));
    [settings.to_part(), der::concat(files)].concat()
}

fn number_of(profile: &str) -> u8 {
    if profile == Profile::rfc5280().name() {
        return 0;
    }
    let of_cards = (1..).zip(Profile::all());
    let mut number = of_cards.filter(|(_, known)| known.name() == profile);
    number.next().expect("a profile of this name").0
}

#[test]
fn nist_and_the_target_agree() {
    for row in pkits::rows() {
        let seed = self::row(&row);
        let accepted = fuzz_targets::run("path_with_crl", &seed);
        assert_eq!(accepted, row.is_to_be_accepted(), "{}", row.id);
    }
}
