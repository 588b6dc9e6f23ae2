use pki::{CrlFacts, CrlNumber, CrlScope, DistributionPointName, KeyIdentifier, UnixTime};
use store::{HighWater, SegmentFacts};

use super::{Decision, Expectation, ExpectedSigner, Known, Refusal, check_current, decide};

const NOW: UnixTime = UnixTime::from_secs(1_000_000);
const HOUR: i64 = 3600;

/// A full list of number 5, issued an hour ago, signed with key 1.
fn offered() -> CrlFacts {
    CrlFacts {
        base_number: None,
        issuer: Vec::new(),
        signer_key_id: key(1),
        number: number(5),
        this_update: NOW.plus_secs(-HOUR),
        next_update: NOW.plus_secs(HOUR),
        scope: CrlScope::Full,
        identity: [5; 32],
        entry_count: 10,
    }
}

fn key(octet: u8) -> KeyIdentifier {
    KeyIdentifier::new(&[octet; 20]).unwrap()
}

fn number(number: u8) -> CrlNumber {
    CrlNumber::from_unsigned_be(&[number]).unwrap()
}

fn expected() -> Expectation {
    Expectation {
        scope_key: Vec::new(),
        signer: ExpectedSigner::Key(key(1)),
    }
}

/// What was accepted before: a list of this number, signed with key 1, two hours old.
fn accepted(number: u8) -> (SegmentFacts, HighWater) {
    let facts = SegmentFacts {
        source: "full".to_owned(),
        certification_authority: "user-authentication".to_owned(),
        signer_key_id: key(1).as_bytes().to_vec(),
        scope_key: Vec::new(),
        issuing_distribution_point: Vec::new(),
        crl_number: vec![number],
        this_update: NOW.plus_secs(-2 * HOUR).secs(),
        next_update: NOW.plus_secs(HOUR).secs(),
        crl_sha256: [number; 32],
        entry_count: 10,
    };
    let highest = HighWater {
        crl_number: facts.crl_number.clone(),
        this_update: facts.this_update,
        crl_sha256: facts.crl_sha256,
    };
    (facts, highest)
}

fn decide_after(offered: &CrlFacts, (facts, highest): &(SegmentFacts, HighWater)) -> Decision {
    let known = Known {
        in_force: Some(facts),
        highest: Some(highest),
    };
    decide(offered, &expected(), known, NOW)
}

fn decide_first(offered: &CrlFacts, expected: &Expectation) -> Decision {
    decide(offered, expected, Known::default(), NOW)
}

fn city(name: &[u8]) -> DistributionPointName {
    let der = |tag: u8, contents: &[u8]| {
        [&[tag, u8::try_from(contents.len()).unwrap()], contents].concat()
    };
    let attribute = der(0x30, &[der(6, &[0x55, 4, 3]), der(0x0c, name)].concat());
    let name = der(0x30, &der(0x31, &attribute));
    DistributionPointName::from_der(&der(0xa0, &der(0xa4, &name))).unwrap()
}

#[test]
fn the_first_list_of_a_source_is_accepted() {
    assert_eq!(decide_first(&offered(), &expected()), Decision::Accept);
}

#[test]
fn a_higher_number_is_accepted_and_a_lower_one_refused() {
    assert_eq!(decide_after(&offered(), &accepted(4)), Decision::Accept);
    let refusal = Refusal::NumberFalling {
        offered: "5".to_owned(),
        highest: "6".to_owned(),
    };
    assert_eq!(
        decide_after(&offered(), &accepted(6)),
        Decision::Refuse(refusal)
    );
}

#[test]
fn numbers_are_compared_as_numbers() {
    let (facts, highest) = accepted(255);
    let long = CrlFacts {
        number: CrlNumber::from_unsigned_be(&[1, 0]).unwrap(),
        ..offered()
    };
    assert_eq!(decide_after(&long, &(facts, highest)), Decision::Accept);
    let (mut facts, mut highest) = accepted(1);
    facts.crl_number = vec![1, 0];
    highest.crl_number = vec![1, 0];
    let short = CrlFacts {
        number: number(255),
        ..offered()
    };
    assert!(matches!(
        decide_after(&short, &(facts, highest)),
        Decision::Refuse(Refusal::NumberFalling { .. })
    ));
}

#[test]
fn the_same_list_again_is_unchanged() {
    let mut before = accepted(5);
    before.0.this_update = offered().this_update.secs();
    before.1.this_update = offered().this_update.secs();
    assert_eq!(decide_after(&offered(), &before), Decision::Unchanged);
}

#[test]
fn the_same_number_with_other_octets_is_refused() {
    let other = CrlFacts {
        identity: [6; 32],
        ..offered()
    };
    let refusal = Refusal::NumberReused {
        number: "5".to_owned(),
    };
    assert_eq!(
        decide_after(&other, &accepted(5)),
        Decision::Refuse(refusal)
    );
    let next = CrlFacts {
        number: number(6),
        ..other
    };
    assert_eq!(decide_after(&next, &accepted(5)), Decision::Accept);
}

#[test]
fn a_list_that_an_earlier_version_stored_comes_again_and_a_lower_number_does_not() {
    let (facts, highest) = accepted(5);
    let unknown = HighWater {
        crl_sha256: [0; 32],
        ..highest
    };
    let other = CrlFacts {
        identity: [6; 32],
        ..offered()
    };
    let decision = decide_after(&other, &(facts.clone(), unknown.clone()));
    assert_eq!(decision, Decision::Accept);
    let lower = CrlFacts {
        number: number(4),
        ..other
    };
    assert!(matches!(
        decide_after(&lower, &(facts, unknown)),
        Decision::Refuse(Refusal::NumberFalling { .. })
    ));
}

#[test]
fn the_highest_number_holds_when_no_list_is_in_force() {
    let (_, highest) = accepted(6);
    let known = Known {
        in_force: None,
        highest: Some(&highest),
    };
    let decision = decide(&offered(), &expected(), known, NOW);
    assert!(matches!(
        decision,
        Decision::Refuse(Refusal::NumberFalling { .. })
    ));
    // The very list that has the highest number may come back into force.
    let (_, highest) = accepted(5);
    let known = Known {
        in_force: None,
        highest: Some(&highest),
    };
    assert_eq!(
        decide(&offered(), &expected(), known, NOW),
        Decision::Accept
    );
    let other = CrlFacts {
        identity: [6; 32],
        ..offered()
    };
    let decision = decide(&other, &expected(), known, NOW);
    assert!(matches!(
        decision,
        Decision::Refuse(Refusal::NumberReused { .. })
    ));
}

#[test]
fn a_higher_number_with_an_older_this_update_is_refused() {
    let (facts, highest) = accepted(4);
    let newest = UnixTime::from_secs(facts.this_update);
    let same = CrlFacts {
        this_update: newest,
        ..offered()
    };
    assert_eq!(
        decide_after(&same, &(facts.clone(), highest.clone())),
        Decision::Accept
    );
    let older = CrlFacts {
        this_update: newest.plus_secs(-1),
        ..offered()
    };
    let refusal = Refusal::ThisUpdateFalling {
        offered: older.this_update,
        newest,
    };
    assert_eq!(
        decide_after(&older, &(facts, highest.clone())),
        Decision::Refuse(refusal.clone())
    );
    let known = Known {
        in_force: None,
        highest: Some(&highest),
    };
    assert_eq!(
        decide(&older, &expected(), known, NOW),
        Decision::Refuse(refusal)
    );
}

#[test]
fn a_roll_of_the_key_does_not_lead_back_in_time() {
    // Nothing was accepted from key 2 yet; the list in force was signed with key 1.
    let (facts, _) = accepted(4);
    let known = Known {
        in_force: Some(&facts),
        highest: None,
    };
    let by_key_2 = Expectation {
        signer: ExpectedSigner::Key(key(2)),
        ..expected()
    };
    let newer = CrlFacts {
        signer_key_id: key(2),
        number: number(1),
        ..offered()
    };
    assert_eq!(decide(&newer, &by_key_2, known, NOW), Decision::Accept);
    let older = CrlFacts {
        this_update: NOW.plus_secs(-3 * HOUR),
        ..newer
    };
    let decision = decide(&older, &by_key_2, known, NOW);
    assert!(matches!(
        decision,
        Decision::Refuse(Refusal::ThisUpdateFalling { .. })
    ));
}

#[test]
fn only_the_key_that_must_sign_may() {
    let by_key_2 = CrlFacts {
        signer_key_id: key(2),
        ..offered()
    };
    let refusal = Refusal::SignerNotExpected { signer: key(2) };
    assert_eq!(
        decide_first(&by_key_2, &expected()),
        Decision::Refuse(refusal)
    );
    let must_be_2 = Expectation {
        signer: ExpectedSigner::Key(key(2)),
        ..expected()
    };
    assert_eq!(decide_first(&by_key_2, &must_be_2), Decision::Accept);
}

#[test]
fn without_a_named_key_the_first_one_stays() {
    let same = Expectation {
        signer: ExpectedSigner::SameAsBefore,
        ..expected()
    };
    assert_eq!(decide_first(&offered(), &same), Decision::Accept);
    let (facts, highest) = accepted(4);
    let known = Known {
        in_force: Some(&facts),
        highest: Some(&highest),
    };
    assert_eq!(decide(&offered(), &same, known, NOW), Decision::Accept);
    let by_key_2 = CrlFacts {
        signer_key_id: key(2),
        ..offered()
    };
    let known = Known {
        in_force: Some(&facts),
        highest: None,
    };
    let refusal = Refusal::SignerChanged { signer: key(2) };
    assert_eq!(
        decide(&by_key_2, &same, known, NOW),
        Decision::Refuse(refusal)
    );
}

#[test]
fn the_scope_must_be_the_one_of_the_source() {
    let partition = CrlFacts {
        scope: CrlScope::Partition(city(b"A City CRLDP")),
        ..offered()
    };
    let of = |name| Expectation {
        scope_key: city(name).scope_key(),
        ..expected()
    };
    let mismatch = Decision::Refuse(Refusal::ScopeMismatch);
    // A partition where a full list is due, a full list where a partition is, another city, the same city.
    assert_eq!(decide_first(&partition, &expected()), mismatch);
    assert_eq!(decide_first(&offered(), &of(b"A City CRLDP")), mismatch);
    assert_eq!(decide_first(&partition, &of(b"B City CRLDP")), mismatch);
    assert_eq!(
        decide_first(&partition, &of(b"a city  crldp")),
        Decision::Accept
    );
}

#[test]
fn a_list_is_current_until_just_before_its_next_update() {
    let last = CrlFacts {
        next_update: NOW.plus_secs(1),
        ..offered()
    };
    assert_eq!(decide_first(&last, &expected()), Decision::Accept);
    let expired = CrlFacts {
        next_update: NOW,
        ..offered()
    };
    let refusal = Refusal::Expired {
        next_update: NOW,
        now: NOW,
    };
    assert_eq!(
        decide_first(&expired, &expected()),
        Decision::Refuse(refusal)
    );
}

#[test]
fn a_list_may_be_five_minutes_ahead_and_no_more() {
    let ahead = |secs| CrlFacts {
        this_update: NOW.plus_secs(secs),
        ..offered()
    };
    assert_eq!(decide_first(&ahead(300), &expected()), Decision::Accept);
    let refusal = Refusal::NotYetCurrent {
        this_update: NOW.plus_secs(301),
        now: NOW,
    };
    assert_eq!(
        decide_first(&ahead(301), &expected()),
        Decision::Refuse(refusal)
    );
}

#[test]
fn the_list_in_force_is_not_unchanged_once_it_expired() {
    let (mut facts, highest) = accepted(5);
    facts.this_update = offered().this_update.secs();
    let known = Known {
        in_force: Some(&facts),
        highest: Some(&highest),
    };
    assert_eq!(
        decide(&offered(), &expected(), known, NOW),
        Decision::Unchanged
    );
    let later = offered().next_update;
    let decision = decide(&offered(), &expected(), known, later);
    assert!(matches!(
        decision,
        Decision::Refuse(Refusal::Expired { .. })
    ));
    assert!(check_current(offered().this_update, later, NOW).is_ok());
    assert!(check_current(offered().this_update, later, later).is_err());
}

#[test]
fn every_refusal_has_a_rule_of_its_own() {
    let string = String::new;
    let refusals = [
        Refusal::ScopeMismatch,
        Refusal::SignerNotExpected { signer: key(1) },
        Refusal::SignerChanged { signer: key(1) },
        Refusal::Expired {
            next_update: NOW,
            now: NOW,
        },
        Refusal::NotYetCurrent {
            this_update: NOW,
            now: NOW,
        },
        Refusal::NumberFalling {
            offered: string(),
            highest: string(),
        },
        Refusal::NumberReused { number: string() },
        Refusal::ThisUpdateFalling {
            offered: NOW,
            newest: NOW,
        },
    ];
    let rules: std::collections::BTreeSet<&str> = refusals.iter().map(Refusal::rule).collect();
    assert_eq!(rules.len(), refusals.len());
}
