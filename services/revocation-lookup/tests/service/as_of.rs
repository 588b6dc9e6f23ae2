//! The status at a moment in the past, over a real store of each kind.

use proto::revocation::v1::{
    AsOfStatus, AsOfUnknownReason, GetRevocationStatusAsOfRequest, GetRevocationStatusAsOfResponse,
    RevocationStatus,
};
use sandbox::mint::CaKind::{self, DigitalSignature, UserAuthentication};
use sandbox::postgres::Postgres;
use store::LedgerRow;
use tonic::Code;

use crate::outages::on_postgres;
use crate::publishing::NewList;
use crate::world::{
    AUDITOR, BULK, BULK_NEIGHBOURS, REVOKED, SIGNING, STRANGER, UNLISTED, VERIFICATION, World,
    newest_key, question,
};

const DAY: i64 = 86_400;
/// Revoked on the second day, expired on the third, and so not on the list of the fourth.
const GONE: [u8; 3] = [0x13, 0x37, 0x03];
/// Revoked on the fourth day, and still on the newest list.
const LATE: [u8; 3] = [0x13, 0x37, 0x04];

/// Five days of lists, one at the beginning of each; it is the middle of the fifth.
struct Days {
    world: World,
    /// The beginning of the first.
    first: i64,
}

impl Days {
    async fn publish(world: World) -> Self {
        let first = now(&world);
        world
            .register(&[("user-full", UserAuthentication, None)])
            .await;
        let (gone, late) = ((GONE, first + DAY + 100), (LATE, first + 3 * DAY + 50));
        let days: [(&[_], &[_]); 5] = [
            (&[], &[]),
            (&[], &[]),
            (&[gone], &[]),
            (&[], &[gone]),
            (&[late], &[]),
        ];
        for (number, (revoked, left)) in (1..).zip(days) {
            let list = list(&world, "user-full", number);
            world.publish_leaving(list, revoked, Some(left)).await;
            world.clock.advance(DAY);
        }
        world.clock.advance(-DAY / 2);
        // The feed was confirmed by another clock.
        let confirmed = async || {
            let freshness = world.freshness(VERIFICATION).await;
            freshness.is_ok_and(|it| it.feed_age_seconds < 60)
        };
        world.until("the feed is confirmed", confirmed).await;
        Self { world, first }
    }

    /// The answer about a day and a part of it, for a certificate that expires at the end of a day.
    async fn ask(
        &self,
        serial: [u8; 3],
        at: (i64, i64),
        last_day: i64,
    ) -> GetRevocationStatusAsOfResponse {
        let at = self.first + at.0 * DAY + at.1;
        let not_after = self.first + (last_day + 1) * DAY - 1;
        let asked = past(&serial, at, not_after);
        let answer = self.world.ask_as_of(VERIFICATION, asked).await.unwrap();
        assert_eq!(answer.at, at);
        answer
    }
}

fn now(world: &World) -> i64 {
    runtime::clock::Clock::now(&world.clock).secs()
}

fn list(world: &World, source: &'static str, number: u8) -> NewList {
    NewList {
        source,
        kind: UserAuthentication,
        municipality: None,
        number,
        this_update: runtime::clock::Clock::now(&world.clock),
        entry_count: i64::from(matches!(number, 3 | 5)),
    }
}

fn past_of(kind: CaKind, serial: &[u8], at: i64, not_after: i64) -> GetRevocationStatusAsOfRequest {
    let single = question(kind, serial);
    GetRevocationStatusAsOfRequest {
        issuer_key_id: single.issuer_key_id,
        serial_number: single.serial_number,
        distribution_point: single.distribution_point,
        purpose: single.purpose,
        case_reference: single.case_reference,
        at,
        not_after,
    }
}

fn past(serial: &[u8], at: i64, not_after: i64) -> GetRevocationStatusAsOfRequest {
    past_of(UserAuthentication, serial, at, not_after)
}

/// The number of the list behind an answer.
fn number(answer: &GetRevocationStatusAsOfResponse) -> &str {
    answer.list.as_ref().map_or("-", |list| &list.crl_number)
}

async fn sqlite() -> (Option<Postgres>, Days) {
    (None, Days::publish(World::start().await).await)
}

async fn postgres() -> (Option<Postgres>, Days) {
    let (postgres, world) = on_postgres().await;
    (Some(postgres), Days::publish(world).await)
}

async fn end((postgres, days): (Option<Postgres>, Days)) {
    days.world.stop().await;
    tokio::task::spawn_blocking(move || drop(postgres))
        .await
        .unwrap();
}

/// Each named function becomes one test on each database.
macro_rules! on_both_databases {
    ($($test:ident),* $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let world = super::sqlite().await;
                    super::$test(&world.1).await;
                    super::end(world).await;
                }
            )*
        }

        mod on_postgresql {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $test() {
                    let world = super::postgres().await;
                    super::$test(&world.1).await;
                    super::end(world).await;
                }
            )*
        }
    };
}

on_both_databases! {
    who_left_the_lists_is_still_revoked_from_then_on,
    who_is_on_no_list_is_good_as_far_as_lists_reach,
    what_is_not_known_of_the_past_is_said,
}

async fn who_left_the_lists_is_still_revoked_from_then_on(days: &Days) {
    // By now it is on no list, and a lookup of the present does not know it any more.
    let asked = question(UserAuthentication, &GONE);
    let present = days.world.ask(VERIFICATION, asked).await.unwrap();
    assert_eq!(present.status(), RevocationStatus::Good);

    // The list of the second day was before, the one of the third named it.
    let before = days.ask(GONE, (1, 99), 2).await;
    assert_eq!((before.status(), number(&before)), (AsOfStatus::Good, "3"));
    for at in [(1, 100), (1, 101), (2, 0), (3, 0), (4, 100)] {
        let after = days.ask(GONE, at, 2).await;
        assert_eq!(after.status(), AsOfStatus::Revoked, "{at:?}");
        let revocation = after.revocation.unwrap();
        assert_eq!(revocation.revoked_at, days.first + DAY + 100);
        let (named_by, left_with) = (after.list.unwrap(), after.left_with.unwrap());
        assert_eq!((&*named_by.crl_number, &*left_with.crl_number), ("3", "4"));
        assert_eq!(named_by.this_update, days.first + 2 * DAY);
        assert_eq!(named_by.signer_key_id, newest_key(UserAuthentication));
        assert!(named_by.full && named_by.delta.is_none());
    }

    // Revoked later, and still on the newest list.
    let later = days.ask(LATE, (3, 49), 9).await;
    assert_eq!((later.status(), number(&later)), (AsOfStatus::Good, "5"));
    let revoked = days.ask(LATE, (3, 50), 9).await;
    assert_eq!(
        (revoked.status(), number(&revoked)),
        (AsOfStatus::Revoked, "5")
    );
    assert_eq!(revoked.left_with, None);
}

async fn who_is_on_no_list_is_good_as_far_as_lists_reach(days: &Days) {
    let cases = [
        // Not expired yet: the newest list covers everything up to its time.
        ((0, 0), 9, AsOfStatus::Good, "5"),
        ((4, 0), 9, AsOfStatus::Good, "5"),
        ((4, 1), 9, AsOfStatus::GoodAsKnown, "5"),
        // Expired on the third day: the third list is the last that would name it.
        ((0, 0), 2, AsOfStatus::Good, "3"),
        ((2, 0), 2, AsOfStatus::Good, "3"),
        ((2, 1), 2, AsOfStatus::GoodAsKnown, "3"),
    ];
    for (at, last_day, status, list) in cases {
        let answer = days.ask(UNLISTED, at, last_day).await;
        assert_eq!((answer.status(), number(&answer)), (status, list), "{at:?}");
    }
    // As of now, the answer is that of a lookup.
    let at = now(&days.world);
    for serial in [UNLISTED, LATE] {
        let asked = question(UserAuthentication, &serial);
        let present = days.world.ask(VERIFICATION, asked).await.unwrap();
        let asked = past(&serial, at, at + DAY);
        let answer = days.world.ask_as_of(VERIFICATION, asked).await.unwrap();
        match present.status() {
            RevocationStatus::Good => assert_eq!(answer.status(), AsOfStatus::GoodAsKnown),
            status => {
                assert_eq!(status, RevocationStatus::Revoked);
                assert_eq!(answer.status(), AsOfStatus::Revoked);
                assert_eq!(answer.revocation, present.revocation);
            }
        }
        assert_eq!(answer.generation, present.generation);
        assert_eq!(number(&answer), present.list.unwrap().crl_number);
    }
}

async fn what_is_not_known_of_the_past_is_said(days: &Days) {
    let why = async |serial, at, last_day| {
        let answer = days.ask(serial, at, last_day).await;
        assert_eq!(answer.status(), AsOfStatus::Unknown);
        answer.unknown_reason()
    };
    let expired = why(UNLISTED, (3, 0), 2).await;
    assert_eq!(expired, AsOfUnknownReason::Expired);
    let early = why(UNLISTED, (-2, 0), -1).await;
    assert_eq!(early, AsOfUnknownReason::NotRemembered);
    let asked = past(&UNLISTED, days.first, 0);
    let answer = days.world.ask_as_of(VERIFICATION, asked).await.unwrap();
    assert_eq!(answer.unknown_reason(), AsOfUnknownReason::NoExpiry);

    // What left with the next list is not known, so neither is who was on the one before.
    let sixth = list(&days.world, "user-full", 6);
    days.world.publish_leaving(sixth, &[], None).await;
    let gap = why(UNLISTED, (0, 0), 2).await;
    assert_eq!(gap, AsOfUnknownReason::Gap);
    let revoked = days.ask(GONE, (2, 0), 2).await;
    assert_eq!(revoked.status(), AsOfStatus::Revoked);
    // The sixth list itself proves all that came before.
    let answer = days.ask(UNLISTED, (0, 0), 9).await;
    assert_eq!((answer.status(), number(&answer)), (AsOfStatus::Good, "6"));

    days.world.clock.advance(-DAY);
    let asked = past(&UNLISTED, days.first, days.first + 9 * DAY);
    let answer = days.world.ask_as_of(VERIFICATION, asked).await.unwrap();
    assert_eq!(answer.unknown_reason(), AsOfUnknownReason::Clock);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_a_question_is_said_before_anything_is_read() {
    let world = World::with_full_lists().await;
    let at = now(&world);
    let asked = || past(&UNLISTED, at, at + DAY);
    assert!(world.ask_as_of(VERIFICATION, asked()).await.is_ok());
    let wrong = [
        ("at:", GetRevocationStatusAsOfRequest { at: 0, ..asked() }),
        ("at:", GetRevocationStatusAsOfRequest { at: -1, ..asked() }),
        (
            "at:",
            GetRevocationStatusAsOfRequest {
                at: at + 1,
                ..asked()
            },
        ),
        (
            "at:",
            GetRevocationStatusAsOfRequest {
                at: i64::MAX,
                ..asked()
            },
        ),
        (
            "not_after:",
            GetRevocationStatusAsOfRequest {
                not_after: -1,
                ..asked()
            },
        ),
        (
            "purpose:",
            GetRevocationStatusAsOfRequest {
                purpose: 0,
                ..asked()
            },
        ),
        (
            "serial_number:",
            GetRevocationStatusAsOfRequest {
                serial_number: vec![],
                ..asked()
            },
        ),
        (
            "issuer_key_id:",
            GetRevocationStatusAsOfRequest {
                issuer_key_id: vec![],
                ..asked()
            },
        ),
        (
            "case_reference:",
            GetRevocationStatusAsOfRequest {
                case_reference: String::new(),
                ..asked()
            },
        ),
    ];
    for (field, request) in wrong {
        let refused = world.ask_as_of(VERIFICATION, request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().starts_with(field), "{refused:?}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_caller_learns_nothing_about_signing_certificates_of_the_past() {
    let world = World::with_full_lists().await;
    let at = now(&world);
    let about = |serial: &[u8]| past_of(DigitalSignature, serial, at, at + DAY);
    let revoked = world.ask_as_of(SIGNING, about(&REVOKED)).await.unwrap();
    assert_eq!(revoked.status(), AsOfStatus::Revoked);
    let good = world.ask_as_of(SIGNING, about(&UNLISTED)).await.unwrap();
    assert_eq!(good.status(), AsOfStatus::Good);

    let questions = [
        about(&REVOKED),
        about(&UNLISTED),
        about(&[]),
        GetRevocationStatusAsOfRequest {
            at: at + DAY,
            ..about(&REVOKED)
        },
        GetRevocationStatusAsOfRequest {
            issuer_key_id: vec![9; 20],
            ..about(&REVOKED)
        },
    ];
    let mut answers = Vec::new();
    for question in questions {
        let refused = world.ask_as_of(VERIFICATION, question).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        answers.push((refused.message().to_owned(), refused.details().to_vec()));
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "one answer to all: {answers:?}");

    // Who may look up the present may not look up the past by that.
    for identity in [AUDITOR, STRANGER] {
        let asked = past(&UNLISTED, at, at + DAY);
        let refused = world.ask_as_of(identity, asked).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_about_the_past_count_and_are_recorded_like_all_others() {
    let world = World::with_full_lists().await;
    let at = now(&world);
    let mut client = world.client(BULK);
    let mut stopped = None;
    for number in 0..=u16::try_from(BULK_NEIGHBOURS).unwrap() {
        let [high, low] = number.to_be_bytes();
        let asked = past(&[7, high, low], at, at + DAY);
        if let Err(refused) = client.get_revocation_status_as_of(asked).await {
            stopped = Some((number, refused.code()));
            break;
        }
    }
    let (number, code) = stopped.unwrap();
    assert_eq!(code, Code::ResourceExhausted);
    assert!(usize::from(number) >= BULK_NEIGHBOURS - 10);
    let audit = world.audit().await;
    let _folder = world.stop().await;

    let rows: Vec<LedgerRow> = audit.ledger(1_000).await.unwrap();
    let of_method = |row: &&LedgerRow| row.method.ends_with("/GetRevocationStatusAsOf");
    let rows: Vec<_> = rows.iter().filter(of_method).collect();
    let total: u64 = rows.iter().map(|row| row.count).sum();
    assert_eq!(total, u64::from(number));
    assert!(
        rows.iter()
            .all(|row| row.outcome == "good" && row.caller == BULK)
    );
}
