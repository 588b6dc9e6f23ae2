//! One case for each way in which the past is or is not known.

use index::Hit;
use pki::{CrlSigner, UnixTime};
use store::PastList;

use super::super::{AsOf, InMemory, Past, Present, Question, Signers, decide};
use crate::decide::tests::{
    HOUR, NOW, REVOKED, RULES, authority, key, list, lists, partition, scope, segment_at, serial,
};
use crate::decide::{Reason, Rules, Scope};
use crate::snapshot::List;

/// One question, and everything that is known.
struct Case {
    scope: Scope,
    crl_signer: CrlSigner,
    /// The generation of the certificate's key.
    issuer: u8,
    in_memory: Vec<List>,
    past: Vec<PastList>,
    /// Places in `past` of the lists with which the certificate left, and when it was revoked.
    left: Vec<(usize, i64)>,
    is_searched: bool,
    problem: Option<Reason>,
    rules: Rules,
    at: i64,
    not_after: Option<i64>,
}

/// About five hours ago, of a certificate that expired three hours ago. Lists came every two hours, at odd ones, each in
/// force for three hours; nobody is on any.
fn case() -> Case {
    Case {
        scope: Scope::FullOnly,
        crl_signer: CrlSigner::NewestKey,
        issuer: 2,
        in_memory: vec![in_memory()],
        past: vec![past(7), past(5), past(3), past(1)],
        left: Vec::new(),
        is_searched: true,
        problem: None,
        rules: RULES,
        at: 5,
        not_after: Some(3),
    }
}

/// The newest list, an hour old.
fn in_memory() -> List {
    List {
        crl_sha256: [1; 32],
        next_update: UnixTime::from_secs(NOW + 2 * HOUR),
        ..list("")
    }
}

fn revoked_at(list: List, revoked_at: i64) -> List {
    List {
        segment: segment_at(&[REVOKED], revoked_at),
        ..list
    }
}

const fn ago(hours: i64) -> i64 {
    NOW - hours * HOUR
}

/// The list that came so many hours ago, two hours after the one before.
fn past(hours: u8) -> PastList {
    let this_update = ago(i64::from(hours));
    PastList {
        generation: 100 - u64::from(hours),
        source: "source-".to_owned(),
        signer_key_id: key(2).as_bytes().to_vec(),
        scope_key: Vec::new(),
        crl_number: vec![100 - hours],
        this_update,
        next_update: this_update + 3 * HOUR,
        crl_sha256: [hours; 32],
        replaced_this_update: (hours < 7).then_some(this_update - 2 * HOUR),
        departed: Some(0),
        left: None,
    }
}

/// The answer in short: what, and the hour of the list behind it.
fn said(case: Case) -> String {
    let authority = authority(case.crl_signer);
    let signers = Signers::of(&authority, &key(case.issuer)).unwrap();
    let lists = lists(case.in_memory, &[]);
    let in_memory = InMemory::new(&lists, &case.scope, signers);
    let past = Past::new(case.past, &in_memory);
    let hit = |(place, revoked_at): &(usize, i64)| {
        let (revoked_at, reason) = (*revoked_at, 4);
        (*place, Hit { revoked_at, reason })
    };
    let hits: Vec<_> = case.left.iter().map(hit).collect();
    let namings = in_memory.namings(&serial(REVOKED));
    let found = in_memory.found(namings, &past, &hits, case.is_searched, &case.rules);
    let question = Question {
        at: UnixTime::from_secs(ago(case.at)),
        not_after: case.not_after.map(|hours| UnixTime::from_secs(ago(hours))),
    };
    let present = Present {
        problem: case.problem,
        max_age: case.rules.max_age,
    };
    let (what, list) = match decide(&question, found, &present) {
        AsOf::Good(list) => ("good".to_owned(), Some(list)),
        AsOf::GoodAsKnown(list) => ("as known".to_owned(), Some(list)),
        AsOf::Revoked(_, list, _) => ("revoked".to_owned(), list),
        AsOf::Unknown(why, _) => return format!("{why:?}"),
    };
    let hours = list.map(|list| (NOW - list.this_update.secs()) / HOUR);
    hours.map_or(what.clone(), |hours| format!("{what} {hours}"))
}

macro_rules! case {
    ($($field:ident: $value:expr),* $(,)?) => {
        Case { $($field: $value,)* ..case() }
    };
}

#[test]
fn a_list_proves_the_past_up_to_the_end_of_the_certificate() {
    let cases = [
        (case!(), "good 3"),
        // The bounds belong to it: a list of that very second, a certificate that ends in that very second.
        (case!(at: 3), "good 3"),
        (case!(not_after: Some(4)), "good 5"),
        (case!(at: 4, not_after: Some(4)), "as known 5"),
        (case!(at: 0, not_after: Some(-9)), "as known 1"),
        (case!(at: 1, not_after: Some(1)), "good 1"),
        (case!(at: 9, not_after: Some(-9)), "good 1"),
        (case!(at: 9, not_after: Some(8)), "NotRemembered"),
        (case!(at: 4, not_after: Some(5)), "Expired"),
        (case!(not_after: None), "NoExpiry"),
        (case!(in_memory: vec![], past: vec![]), "Now(NoList)"),
        (case!(is_searched: false), "TooMuch"),
        (case!(problem: Some(Reason::Clock)), "Now(Clock)"),
        (case!(problem: Some(Reason::Feed)), "Now(Feed)"),
    ];
    for (place, (case, expected)) in cases.into_iter().enumerate() {
        assert_eq!(said(case), expected, "{place}");
    }
}

#[test]
fn a_revocation_by_then_wins_and_a_later_one_proves_good() {
    let on_list = |hours| vec![revoked_at(in_memory(), ago(hours))];
    let cases = [
        (case!(in_memory: on_list(5)), "revoked 1"),
        (case!(in_memory: on_list(4)), "good 1"),
        // Whatever the end of the certificate: the list names it.
        (case!(in_memory: on_list(4), not_after: None), "good 1"),
        // A list that names it makes it revoked, though it says from when on only in the future.
        (case!(in_memory: on_list(-1), at: 1), "revoked 1"),
        (case!(in_memory: on_list(-1), at: 2), "good 1"),
        // It left with the list of three hours ago, so the one of five hours ago named it.
        (case!(left: vec![(2, ago(6))]), "revoked 5"),
        (case!(left: vec![(2, ago(4))]), "good 5"),
        (case!(left: vec![(2, ago(4))], not_after: None), "good 5"),
        (case!(left: vec![(2, ago(4))], at: 4), "revoked 5"),
        // The list it was on is not remembered.
        (
            case!(left: vec![(0, ago(9))], past: vec![past(5), past(3), past(1)]),
            "revoked",
        ),
        (
            case!(left: vec![(2, ago(6))], problem: Some(Reason::Feed)),
            "revoked 5",
        ),
        (
            case!(left: vec![(2, ago(6))], is_searched: false),
            "revoked 5",
        ),
        (case!(left: vec![(2, ago(6))], not_after: None), "revoked 5"),
        (case!(left: vec![(2, ago(6))], at: 0), "revoked 5"),
        // Of two lists that name it the newer one speaks.
        (
            case!(left: vec![(2, ago(6))], in_memory: on_list(8)),
            "revoked 1",
        ),
        (
            case!(left: vec![(2, ago(6))], in_memory: on_list(2)),
            "revoked 5",
        ),
        (case!(in_memory: vec![in_memory().holding()]), "revoked 1"),
        (
            case!(in_memory: vec![in_memory().changed(&[REVOKED])]),
            "revoked 1",
        ),
    ];
    for (place, (case, expected)) in cases.into_iter().enumerate() {
        assert_eq!(said(case), expected, "{place}");
    }
}

#[test]
fn what_an_old_list_named_is_known_while_nothing_is_missing_after_it() {
    let without = |hours: u8, change: fn(&mut PastList)| -> Vec<PastList> {
        let mut lists = case().past;
        let of = lists.iter_mut().find(|it| it.crl_sha256 == [hours; 32]);
        change(of.unwrap());
        lists
    };
    let unknown: fn(&mut PastList) = |it| it.departed = None;
    let first: fn(&mut PastList) = |it| it.replaced_this_update = None;
    let other: fn(&mut PastList) = |it| it.source = "other".to_owned();
    let partition: fn(&mut PastList) = |it| it.scope_key = scope("a");
    let cases = [
        (case!(past: without(1, unknown)), "Gap"),
        (case!(past: without(1, first)), "Gap"),
        (case!(past: without(3, unknown)), "good 3"),
        (case!(past: without(3, unknown), not_after: Some(4)), "Gap"),
        (case!(past: without(3, other)), "Gap"),
        (case!(past: without(1, partition)), "Gap"),
        // A list is missing between them.
        (
            case!(past: vec![past(7), past(5), past(1)], not_after: Some(4)),
            "Gap",
        ),
        // The source is gone, or has nothing in memory.
        (case!(in_memory: vec![]), "Gap"),
        // The list in memory is not the one that the history ends with.
        (
            case!(past: without(1, |it| it.crl_sha256 = [99; 32])),
            "Gap",
        ),
        // Of a source that was removed the last list is not known, unless it is still held elsewhere.
        (case!(past: vec![past(7), past(5), past(3)]), "Gap"),
        (
            case!(past: vec![past(7), past(5), past(3), PastList {
                source: "renamed".to_owned(),
                replaced_this_update: None,
                ..past(3)
            }, PastList {
                source: "renamed".to_owned(),
                ..past(1)
            }], not_after: Some(4)),
            "good 5",
        ),
        // A list that is known by itself to be too old for it.
        (
            case!(in_memory: vec![List { superseded: true, ..in_memory() }], not_after: Some(-9), at: 0, past: vec![]),
            "Now(Stale)",
        ),
        (
            case!(past: without(1, unknown), at: 2, not_after: Some(2)),
            "Gap",
        ),
    ];
    for (place, (case, expected)) in cases.into_iter().enumerate() {
        assert_eq!(said(case), expected, "{place}");
    }
}

#[test]
fn whose_key_signed_a_list_decides_whether_it_counts() {
    let signed = |hours: u8, generation: u8| PastList {
        signer_key_id: key(generation).as_bytes().to_vec(),
        ..past(hours)
    };
    let rolled = || vec![signed(7, 1), signed(5, 1), past(3), past(1)];
    let own = CrlSigner::OwnKey;
    let cases = [
        // The next key's lists go on where the last one's ended: they name the certificates of both.
        (
            case!(past: rolled(), issuer: 1, not_after: Some(4)),
            "good 5",
        ),
        (
            case!(past: rolled(), issuer: 1, left: vec![(2, ago(6))]),
            "revoked 5",
        ),
        // Nothing of the key before is about certificates of the next.
        (case!(past: rolled(), not_after: Some(4)), "NotRemembered"),
        // Where each key has its own lists, another key's list says nothing about who was on this key's.
        (
            case!(past: rolled(), issuer: 1, crl_signer: own, not_after: Some(4)),
            "Gap",
        ),
        (case!(past: rolled(), crl_signer: own), "good 3"),
        (case!(issuer: 1, crl_signer: own), "Now(NoList)"),
        // The list in memory is signed by the key before: it proves its own past, and not the present.
        (
            case!(in_memory: vec![in_memory().signed_by_generation(1)], past: vec![], issuer: 1, at: 2, not_after: Some(-9)),
            "good 1",
        ),
        (
            case!(in_memory: vec![in_memory().signed_by_generation(1)], past: vec![], issuer: 1, at: 0, not_after: Some(-9)),
            "Now(Stale)",
        ),
    ];
    for (place, (case, expected)) in cases.into_iter().enumerate() {
        assert_eq!(said(case), expected, "{place}");
    }
}

#[test]
fn a_list_stands_for_a_later_moment_only_while_it_was_in_force() {
    let some_lists = || vec![past(7), past(1)];
    let aged = |max_age| Rules {
        max_age: Some(max_age),
        ..RULES
    };
    let stale = || {
        vec![List {
            next_update: UnixTime::from_secs(ago(0)),
            ..in_memory()
        }]
    };
    let changed = || vec![in_memory().changed(&[])];
    let cases = [
        (
            case!(at: 0, not_after: Some(-9), in_memory: stale()),
            "Now(Stale)",
        ),
        (
            case!(at: 0, not_after: Some(-9), rules: aged(HOUR)),
            "as known 1",
        ),
        (
            case!(at: 0, not_after: Some(-9), rules: aged(HOUR - 1)),
            "Now(Stale)",
        ),
        // Between seven hours and one hour ago no list came, and the first was in force for three hours.
        (case!(at: 5, past: some_lists()), "Gap"),
        (case!(at: 3, past: some_lists()), "Now(Stale)"),
        // A delta list tells what was known when it was issued, a minute ago.
        (
            case!(at: 1, not_after: Some(-9), in_memory: changed()),
            "good 1",
        ),
        (
            case!(at: 0, not_after: Some(-9), in_memory: changed()),
            "as known 1",
        ),
    ];
    for (place, (case, expected)) in cases.into_iter().enumerate() {
        assert_eq!(said(case), expected, "{place}");
    }
}

#[test]
fn the_lists_of_other_scopes_say_nothing() {
    let of = |name: &str| List {
        crl_sha256: [1; 32],
        ..list(name)
    };
    let revoked = |name| revoked_at(of(name), ago(9));
    let no_past = || case!(past: vec![], not_after: Some(-9));
    let unnamed = |in_memory| Case {
        scope: Scope::Unnamed,
        in_memory,
        ..no_past()
    };
    let named = |in_memory| Case {
        scope: partition("a"),
        in_memory,
        ..no_past()
    };
    let past_of = |name: &str| {
        let of_partition = |list: PastList| PastList {
            scope_key: scope(name),
            source: format!("source-{name}"),
            ..list
        };
        case()
            .past
            .into_iter()
            .map(of_partition)
            .collect::<Vec<_>>()
    };
    let cases = [
        (named(vec![of("a")]), "good 1"),
        (named(vec![of("")]), "good 1"),
        (named(vec![of("b")]), "Now(NoList)"),
        (named(vec![of("a"), revoked("b")]), "good 1"),
        (named(vec![of("a"), revoked("")]), "revoked 1"),
        (unnamed(vec![of("a")]), "Now(OutOfScope)"),
        (unnamed(vec![of("a"), of("b")]), "good 1"),
        (unnamed(vec![of("a"), revoked("b")]), "revoked 1"),
        (unnamed(vec![of("")]), "good 1"),
        (
            case!(scope: partition("a"), in_memory: vec![of("a")], past: past_of("a")),
            "good 3",
        ),
        // Partitions come and go: those of today need not have been all of then.
        (
            case!(scope: Scope::Unnamed, in_memory: vec![of("a"), of("b")], past: past_of("a")),
            "NotRemembered",
        ),
        (
            case!(scope: Scope::Unnamed, in_memory: vec![of("")]),
            "good 3",
        ),
    ];
    for (place, (case, expected)) in cases.into_iter().enumerate() {
        assert_eq!(said(case), expected, "{place}");
    }
}
