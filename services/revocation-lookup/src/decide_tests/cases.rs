//! The rules one by one, each with the twin that differs by one thing.

use super::*;

#[test]
fn a_current_partition_without_the_serial_is_good_and_with_it_revoked() {
    let lists = lists(vec![list("a").revoking()], &[]);
    assert_eq!(decided(1, &partition("a"), &lists), is("good", "source-a"));
    assert_eq!(
        decided(REVOKED, &partition("a"), &lists),
        is("revoked", "source-a")
    );
}

#[test]
fn a_leaf_asked_against_another_partition_is_unknown_and_never_good() {
    let lists = lists(vec![list("b").revoking()], &["a"]);
    assert_eq!(decided(1, &partition("a"), &lists), is("NoList", "-"));
    assert_eq!(decided(REVOKED, &partition("a"), &lists), is("NoList", "-"));
    assert_eq!(decided(1, &partition("b"), &lists), is("good", "source-b"));
}

#[test]
fn a_full_list_covers_every_distribution_point() {
    let lists = lists(vec![list("").revoking()], &["a"]);
    for scope in [partition("a"), Scope::Unnamed, Scope::FullOnly] {
        assert_eq!(
            decided(1, &scope, &lists),
            is("good", "source-"),
            "{scope:?}"
        );
        assert_eq!(
            decided(REVOKED, &scope, &lists),
            is("revoked", "source-"),
            "{scope:?}"
        );
    }
}

#[test]
fn a_distribution_point_that_no_partition_can_match_needs_a_full_list() {
    let partitions = lists(vec![list("a")], &[]);
    assert_eq!(decided(1, &Scope::FullOnly, &partitions), is("NoList", "-"));
    let with_full = lists(vec![list("a"), list("")], &[]);
    assert_eq!(
        decided(1, &Scope::FullOnly, &with_full),
        is("good", "source-")
    );
}

#[test]
fn distribution_points_become_scopes() {
    // { fullName { uniformResourceIdentifier "a" } }, then with reasons, then with a cRLIssuer.
    let plain = [0x30, 0x07, 0xa0, 0x05, 0xa0, 0x03, 0x86, 0x01, b'a'];
    let reasons = [&[0x30, 0x0b], &plain[2..], &[0x81, 0x02, 0x06, 0x40]].concat();
    let issuer = [&[0x30, 0x0c], &plain[2..], &[0xa2, 0x03, 0x86, 0x01, b'b']].concat();
    let scope = |der: &[u8]| Scope::of(Some(&DistributionPoint::from_der(der).unwrap()));
    assert!(matches!(scope(&plain), Scope::Partition(_)));
    assert_eq!(scope(&reasons), Scope::FullOnly);
    assert_eq!(scope(&issuer), Scope::FullOnly);
    assert_eq!(Scope::of(None), Scope::Unnamed);
}

#[test]
fn without_a_distribution_point_every_partition_must_be_current() {
    let all = lists(vec![list("a"), list("b")], &[]);
    assert_eq!(decided(1, &Scope::Unnamed, &all).0, "good");
    let missing = lists(vec![list("a")], &["b"]);
    assert_eq!(
        decided(1, &Scope::Unnamed, &missing),
        is("OutOfScope", "source-a")
    );
    let stale = lists(vec![list("a"), list("b").stale()], &[]);
    assert_eq!(decided(1, &Scope::Unnamed, &stale).0, "Stale");
    let hit = lists(vec![list("a").revoking()], &["b"]);
    assert_eq!(
        decided(REVOKED, &Scope::Unnamed, &hit),
        is("revoked", "source-a")
    );
    let nothing = lists(Vec::new(), &[]);
    assert_eq!(decided(1, &Scope::Unnamed, &nothing), is("NoList", "-"));
}

#[test]
fn partitions_that_nobody_counted_do_not_prove_that_none_is_missing() {
    let fetched = lists(vec![list("a"), list("b")], &[]);
    let with = |partition_count| {
        let rules = Rules {
            partition_count,
            ..RULES
        };
        decided_at(1, &Scope::Unnamed, &fetched, &moment(), &rules).0
    };
    assert_eq!(with(Some(2)), "good");
    assert_eq!(with(Some(3)), "OutOfScope");
    assert_eq!(with(None), "OutOfScope");
}

#[test]
fn all_partitions_stand_in_for_a_stale_full_list_and_the_soonest_stale_is_the_evidence() {
    let mut soonest = list("b");
    soonest.next_update = UnixTime::from_secs(NOW + 60);
    let lists = lists(vec![list("").stale(), list("a"), soonest], &[]);
    assert_eq!(decided(1, &Scope::Unnamed, &lists), is("good", "source-b"));
}

#[test]
fn of_all_partitions_the_oldest_is_held_to_the_greatest_age() {
    let mut older = list("b");
    older.this_update = UnixTime::from_secs(NOW - 3 * HOUR);
    let with = |older: &List, max_age| {
        let lists = lists(vec![list("a"), older.clone()], &[]);
        let rules = Rules {
            max_age: Some(max_age),
            ..RULES
        };
        decided_at(1, &Scope::Unnamed, &lists, &moment(), &rules).0
    };
    assert_eq!(with(&older, 3 * HOUR), "good");
    assert_eq!(with(&older, 3 * HOUR - 1), "Stale");
    // A delta list makes it younger, as long as that is current.
    assert_eq!(with(&older.changed(&[]), 2 * HOUR), "good");
}

#[test]
fn of_several_lists_of_one_partition_the_newest_that_is_current_counts() {
    let mut newer = list("b");
    newer.this_update = UnixTime::from_secs(NOW - 60);
    newer.next_update = UnixTime::from_secs(NOW + 2 * HOUR);
    newer.source = "newer".to_owned();
    let both = |newer: List| {
        let mut a = list("a");
        a.next_update = UnixTime::from_secs(NOW + 3 * HOUR);
        let lists = lists(vec![a, list("b"), newer], &[]);
        decided(1, &Scope::Unnamed, &lists)
    };
    assert_eq!(both(newer.clone()), is("good", "newer"));
    assert_eq!(both(newer.stale()), is("good", "source-b"));
}

#[test]
fn among_many_partitions_the_newest_list_that_names_the_certificate_decides() {
    let name = |number: usize| format!("p{number}");
    let mut many: Vec<_> = (0..200).map(|number| list(&name(number))).collect();
    for (number, age) in [(3, 2 * HOUR), (70, HOUR / 2), (199, HOUR)] {
        many[number] = many[number].clone().revoking();
        many[number].this_update = UnixTime::from_secs(NOW - age);
    }
    // Held, and by a delta list: found like any other.
    many[100] = list(&name(100)).holding();
    many[150] = list(&name(150)).changed(&[REVOKED]);
    let lists = lists(many, &[]);
    let rules = Rules {
        partition_count: Some(200),
        ..RULES
    };
    let decided = |serial| decided_at(serial, &Scope::Unnamed, &lists, &moment(), &rules);
    assert_eq!(decided(REVOKED), is("revoked", "source-p70"));
    assert_eq!(decided(1).0, "good");
}

#[test]
fn revoked_in_any_list_in_scope_wins() {
    let in_full = lists(vec![list("a"), list("").revoking()], &[]);
    assert_eq!(
        decided(REVOKED, &partition("a"), &in_full),
        is("revoked", "source-")
    );
    let in_stale = lists(vec![list("a").stale().revoking(), list("")], &[]);
    assert_eq!(
        decided(REVOKED, &partition("a"), &in_stale),
        is("revoked", "source-a")
    );
    let mut superseded = list("a").revoking();
    superseded.superseded = true;
    let in_superseded = lists(vec![superseded], &[]);
    assert_eq!(
        decided(REVOKED, &partition("a"), &in_superseded),
        is("revoked", "source-a")
    );
    assert_eq!(
        decided(1, &partition("a"), &in_superseded),
        is("Stale", "source-a")
    );
}

#[test]
fn a_list_is_current_until_just_before_its_next_update() {
    let until = |next_update: i64| {
        let mut list = list("a");
        list.next_update = UnixTime::from_secs(next_update);
        decided(1, &partition("a"), &lists(vec![list], &[]))
    };
    assert_eq!(until(NOW + 1), is("good", "source-a"));
    assert_eq!(until(NOW), is("Stale", "source-a"));
}

#[test]
fn a_list_may_be_from_the_next_five_minutes_only() {
    let from = |this_update: i64| {
        let mut list = list("a");
        list.this_update = UnixTime::from_secs(this_update);
        let moment = Moment {
            newest_this_update: None,
            ..moment()
        };
        decided_at(1, &partition("a"), &lists(vec![list], &[]), &moment, &RULES)
    };
    assert_eq!(from(NOW + 300), is("good", "source-a"));
    assert_eq!(from(NOW + 301), is("Stale", "source-a"));
}

#[test]
fn a_greatest_age_is_held_to_the_second() {
    let with = |max_age| {
        let rules = Rules {
            max_age: Some(max_age),
            ..RULES
        };
        decided_at(
            1,
            &partition("a"),
            &lists(vec![list("a")], &[]),
            &moment(),
            &rules,
        )
    };
    assert_eq!(with(HOUR), is("good", "source-a"));
    assert_eq!(with(HOUR - 1), is("Stale", "source-a"));
}

#[test]
fn a_clock_behind_the_newest_list_judges_nothing_but_a_revocation() {
    let lists = lists(vec![list("a").revoking()], &[]);
    let ahead_by = |seconds: i64, serial| {
        let newest_this_update = Some(UnixTime::from_secs(NOW + seconds));
        let moment = Moment {
            newest_this_update,
            ..moment()
        };
        decided_at(serial, &partition("a"), &lists, &moment, &RULES)
    };
    assert_eq!(ahead_by(300, 1), is("good", "source-a"));
    assert_eq!(ahead_by(301, 1), is("Clock", "source-a"));
    assert_eq!(ahead_by(301, REVOKED), is("revoked", "source-a"));
}

#[test]
fn a_feed_that_was_not_confirmed_judges_nothing_but_a_revocation() {
    let held = lists(vec![list("a").revoking()], &[]);
    let with = |feed_age, serial, lists: &AuthorityLists| {
        let moment = Moment {
            feed_age,
            ..moment()
        };
        decided_at(serial, &partition("a"), lists, &moment, &RULES)
    };
    assert_eq!(with(Some(1_800), 1, &held), is("good", "source-a"));
    assert_eq!(with(Some(1_801), 1, &held), is("Feed", "source-a"));
    assert_eq!(with(None, 1, &held), is("Feed", "source-a"));
    assert_eq!(with(None, REVOKED, &held), is("revoked", "source-a"));
    assert_eq!(with(None, 1, &lists(Vec::new(), &[])), is("Feed", "-"));
    // A clock set back since the confirmation cannot tell how old it is.
    assert_eq!(with(Some(-300), 1, &held), is("good", "source-a"));
    assert_eq!(with(Some(-301), 1, &held), is("Clock", "source-a"));
    assert_eq!(with(Some(-301), REVOKED, &held), is("revoked", "source-a"));
}

#[test]
fn the_list_must_be_signed_by_the_key_that_the_authority_signs_with() {
    let of_generation = |issued: u8, crl_signer, lists: &AuthorityLists| {
        let (key, ours) = (key(issued), authority(crl_signer));
        let in_scope = InScope::new(&key, &partition("a"), &ours, lists, &moment(), &RULES);
        described(&in_scope.decide(&serial(1))).0
    };
    let newest = lists(vec![list("a")], &[]);
    assert_eq!(of_generation(1, CrlSigner::NewestKey, &newest), "good");
    assert_eq!(of_generation(1, CrlSigner::OwnKey, &newest), "NoList");
    assert_eq!(of_generation(2, CrlSigner::OwnKey, &newest), "good");
    let older = lists(vec![list("a").signed_by_generation(1)], &[]);
    assert_eq!(of_generation(1, CrlSigner::OwnKey, &older), "good");
    assert_eq!(of_generation(1, CrlSigner::NewestKey, &older), "NoList");
    assert_eq!(of_generation(2, CrlSigner::NewestKey, &older), "NoList");
}

#[test]
fn an_unknown_key_is_no_authority() {
    let lists = lists(vec![list("a")], &[]);
    let stranger = KeyIdentifier::new(&[9; 20]).unwrap();
    let newest = authority(CrlSigner::NewestKey);
    let scope = partition("a");
    let in_scope = InScope::new(&stranger, &scope, &newest, &lists, &moment(), &RULES);
    assert!(matches!(
        in_scope.decide(&serial(1)),
        Decision::Unknown(Reason::NoSuchAuthority, None)
    ));
}

#[test]
fn of_two_copies_of_a_list_the_current_one_answers() {
    let mut copy = list("a").stale();
    copy.source = "copy".to_owned();
    let lists = lists(vec![copy, list("a")], &[]);
    assert_eq!(decided(1, &partition("a"), &lists), is("good", "source-a"));
}

#[test]
fn a_source_that_may_deliver_anything_leaves_the_partitions_unknown() {
    let sources = |expected_scope_key| {
        let mut sources = lists(vec![list("a"), list("b")], &[]).sources;
        Arc::make_mut(&mut sources[1].state)
            .registration
            .expected_scope_key = expected_scope_key;
        AuthorityLists::new(sources)
    };
    let named = sources(Some(scope("b")));
    assert_eq!(decided(1, &Scope::Unnamed, &named).0, "good");
    let open_ended = sources(None);
    assert_eq!(decided(1, &Scope::Unnamed, &open_ended).0, "OutOfScope");
    assert_eq!(
        decided(1, &partition("b"), &open_ended),
        is("good", "source-b")
    );
}

#[test]
fn a_delta_list_revokes_and_makes_its_list_younger_but_not_current() {
    let changed = |list: List| lists(vec![list], &[]);
    let by_delta = changed(list("a").changed(&[REVOKED]));
    let (a, rules) = (partition("a"), RULES);
    assert_eq!(decided(REVOKED, &a, &by_delta), is("revoked", "source-a"));
    assert_eq!(decided(1, &a, &by_delta), is("good", "source-a"));
    // A list of an hour ago is too old for half an hour, and with a delta list of a minute ago it is not.
    let young = Rules {
        max_age: Some(1_800),
        ..rules
    };
    let old = changed(list("a"));
    assert_eq!(
        decided_at(1, &a, &old, &moment(), &young),
        is("Stale", "source-a")
    );
    let now = decided_at(1, &a, &by_delta, &moment(), &young);
    assert_eq!(now, is("good", "source-a"));
    // A delta list that is not current any more leaves the list as it was.
    let later = Moment {
        now: UnixTime::from_secs(NOW + 900),
        ..moment()
    };
    let then = decided_at(1, &a, &by_delta, &later, &young);
    assert_eq!(then, is("Stale", "source-a"));
    assert_eq!(
        decided_at(1, &a, &by_delta, &later, &rules),
        is("good", "source-a")
    );
    // A stale list stays stale, whatever changes it; and who is revoked stays so.
    let stale = changed(list("a").stale().changed(&[REVOKED]));
    assert_eq!(decided(1, &a, &stale), is("Stale", "source-a"));
    assert_eq!(decided(REVOKED, &a, &stale), is("revoked", "source-a"));
}
