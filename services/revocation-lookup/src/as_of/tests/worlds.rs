//! Every combination of one small world: an authority that publishes as RFC 5280 section 5 wants it, five lists of one
//! source, one certificate. What is answered is compared with what is true, and with what could be known.

use std::sync::LazyLock;

use index::Hit;
use pki::{CrlSigner, KeyIdentifier, UnixTime};
use store::PastList;

use super::super::{AsOf, InMemory, Past, Present, Question, Signers, Why, decide};
use crate::decide::Scope;
use crate::decide::tests as by_now;
use crate::snapshot::{AuthorityLists, List};

const LISTS: [i64; 5] = [10, 20, 30, 40, 50];
/// Lists overlap by half.
const IN_FORCE: i64 = 15;
const NEVER: i64 = i64::MAX;
/// Before, at, and between the lists, and after all of them.
const TIMES: [i64; 13] = [1, 5, 10, 13, 20, 26, 30, 35, 40, 50, 52, 64, 65];

/// Certificates of the newest key. Keys take a while to read.
static SIGNERS: LazyLock<Signers> = LazyLock::new(|| {
    let authority = by_now::authority(CrlSigner::NewestKey);
    Signers::of(&authority, &by_now::key(2)).unwrap()
});
/// That key.
static KEY: LazyLock<KeyIdentifier> = LazyLock::new(|| by_now::key(2));

/// A certificate: when it expires and when it is revoked.
#[derive(Clone, Copy, Debug)]
struct Fate {
    not_after: i64,
    revoked_at: i64,
}

impl Fate {
    /// An entry is on every list from its revocation to the first one after the certificate expired.
    fn is_named_by(self, list: i64) -> bool {
        let before = LISTS.iter().rfind(|it| **it < list);
        let first_after = list <= self.not_after || before.is_none_or(|it| *it <= self.not_after);
        self.revoked_at <= list && self.revoked_at <= self.not_after && first_after
    }
}

/// What is missing of what is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    Nothing,
    /// The oldest so many lists.
    Forgotten(usize),
    /// What left with the list at this place.
    Unknown(usize),
}

fn past_list(place: usize, loss: Loss) -> PastList {
    let this_update = LISTS[place];
    let before = place.checked_sub(1).map(|before| LISTS[before]);
    PastList {
        generation: place as u64 + 1,
        source: "source-".to_owned(),
        signer_key_id: KEY.as_bytes().to_vec(),
        scope_key: Vec::new(),
        crl_number: vec![u8::try_from(this_update).unwrap()],
        this_update,
        next_update: this_update + IN_FORCE,
        crl_sha256: [u8::try_from(this_update).unwrap(); 32],
        replaced_this_update: before,
        departed: (loss != Loss::Unknown(place)).then_some(1),
        left: None,
    }
}

fn answer(at: i64, fate: Fate, loss: Loss) -> AsOf {
    let newest = LISTS[LISTS.len() - 1];
    let entry = |is_named| {
        if is_named {
            &[by_now::REVOKED][..]
        } else {
            &[]
        }
    };
    let list = List {
        crl_sha256: [u8::try_from(newest).unwrap(); 32],
        this_update: UnixTime::from_secs(newest),
        next_update: UnixTime::from_secs(newest + IN_FORCE),
        segment: by_now::segment_at(entry(fate.is_named_by(newest)), fate.revoked_at),
        ..by_now::list("")
    };
    let lists: AuthorityLists = by_now::lists(vec![list], &[]);
    let in_memory = InMemory::new(&lists, &Scope::FullOnly, SIGNERS.clone());
    let first = match loss {
        Loss::Forgotten(lists) => lists,
        _ => 0,
    };
    let remembered: Vec<usize> = (first..LISTS.len()).collect();
    let past = remembered.iter().map(|place| past_list(*place, loss));
    let past = Past::new(past.collect(), &in_memory);
    let hit = Hit {
        revoked_at: fate.revoked_at,
        reason: 4,
    };
    let left = |(row, place): (usize, &usize)| {
        let before = LISTS[place.checked_sub(1)?];
        let left = fate.is_named_by(before) && !fate.is_named_by(LISTS[*place]);
        (left && loss != Loss::Unknown(*place)).then_some((row, hit))
    };
    let hits: Vec<_> = remembered.iter().enumerate().filter_map(left).collect();
    let namings = in_memory.namings(&by_now::serial(by_now::REVOKED));
    let found = in_memory.found(namings, &past, &hits, true, &by_now::RULES);
    let question = Question {
        at: UnixTime::from_secs(at),
        not_after: Some(UnixTime::from_secs(fate.not_after)),
    };
    let present = Present {
        problem: None,
        max_age: None,
    };
    decide(&question, found, &present)
}

fn fates() -> impl Iterator<Item = Fate> {
    TIMES.into_iter().flat_map(|not_after| {
        TIMES
            .into_iter()
            .chain([NEVER])
            .map(move |revoked_at| Fate {
                not_after,
                revoked_at,
            })
    })
}

#[test]
fn of_a_whole_history_everything_is_known_that_can_be() {
    let mut counts = [0; 5];
    for fate in fates() {
        for at in TIMES {
            let revoked = fate.revoked_at <= at && LISTS.iter().any(|it| fate.is_named_by(*it));
            let covered = LISTS
                .iter()
                .any(|it| at <= *it && (*it <= fate.not_after || fate.is_named_by(*it)));
            let in_force = LISTS.iter().any(|it| (*it..*it + IN_FORCE).contains(&at));
            let before_the_first = at < LISTS[0] && fate.not_after < LISTS[0];
            let kind = match answer(at, fate, Loss::Nothing) {
                AsOf::Revoked(hit, ..) => {
                    assert_eq!(hit.revoked_at, fate.revoked_at);
                    assert!(revoked, "{at} {fate:?}");
                    0
                }
                AsOf::Good(list) => {
                    assert!(!revoked && covered, "{at} {fate:?}");
                    assert!(list.this_update.secs() >= at);
                    1
                }
                AsOf::GoodAsKnown(list) => {
                    assert!(!revoked && !covered && in_force, "{at} {fate:?}");
                    let known_at = list.this_update.secs();
                    assert!(known_at < at && at < known_at + IN_FORCE);
                    2
                }
                AsOf::Unknown(Why::Expired, _) => {
                    assert!(!revoked && !covered && at > fate.not_after, "{at} {fate:?}");
                    3
                }
                AsOf::Unknown(why, _) => {
                    let expected = if before_the_first {
                        Why::NotRemembered
                    } else {
                        assert!(at >= LISTS[4] + IN_FORCE, "{at} {fate:?}");
                        Why::Now(crate::decide::Reason::Stale)
                    };
                    assert!(!revoked && !covered, "{at} {fate:?}");
                    assert_eq!(why, expected, "{at} {fate:?}");
                    4
                }
            };
            counts[kind] += 1;
        }
    }
    assert!(counts.iter().all(|count| *count > 10), "{counts:?}");
}

#[test]
fn whatever_is_missing_of_the_history_nothing_false_is_said() {
    let losses = (1..LISTS.len()).flat_map(|place| [Loss::Forgotten(place), Loss::Unknown(place)]);
    let losses: Vec<_> = losses.collect();
    let mut unknown = 0;
    for fate in fates() {
        for at in TIMES {
            let whole = answer(at, fate, Loss::Nothing);
            for loss in &losses {
                let answer = answer(at, fate, *loss);
                match (&answer, &whole) {
                    (AsOf::Revoked(..), AsOf::Revoked(..))
                    | (AsOf::Good(_), AsOf::Good(_))
                    | (AsOf::GoodAsKnown(_), AsOf::GoodAsKnown(_)) => {}
                    // A list that was not forgotten was in force then, and did not know of it yet.
                    (AsOf::GoodAsKnown(list), AsOf::Good(_) | AsOf::Revoked(..)) => {
                        assert!(!fate.is_named_by(list.this_update.secs()));
                    }
                    (AsOf::Unknown(..), _) => unknown += 1,
                    _ => panic!("{at} {fate:?} {loss:?}: {answer:?}, not {whole:?}"),
                }
            }
        }
    }
    assert!(unknown > 100, "{unknown}");
}
