//! How often a responder is asked, by whom, and what stays of it: the day, one question at a time, answers that are kept,
//! streams, callers' limits and the ledger.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use proto::revocation::v1::streamed_revocation_status::Answer;
use proto::revocation::v1::{
    GetRevocationStatusRequest, Purpose, RevocationMethod, RevocationStatus,
    StreamRevocationStatusRequest, UnknownReason,
};
use sandbox::mint::CaKind::{DigitalSignature, UserAuthentication};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use crate::ocsp_client::{OCSP, OCSP_THEN_CRL, ask, by, world_asking};
use crate::responder::{Behaviour, Scripted};
use crate::world::{
    BULK, BULK_NEIGHBOURS, UNLISTED, VERIFICATION, World, audit_url, batch, question,
};

/// Certificates far from each other.
fn serial(number: u8) -> [u8; 3] {
    [0x30, number, 0x55]
}

fn has_line(world: &World, line: &str) {
    let metrics = world.context.metrics.render();
    let line = format!("{line}\n");
    assert!(metrics.contains(&line), "{line}{metrics}");
}

fn queries_left(world: &World, left: u64) {
    let name = "akashi_ocsp_client_queries_left";
    let alerts = include_str!("../../../../deploy/prometheus/alerts.yml");
    assert!(alerts.contains(&format!("({name}) == 0")));
    has_line(
        world,
        &format!(
            "{name}{{certification_authority=\"user-authentication\",role=\"revocation-lookup\"}} {left}"
        ),
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_day_asks_nobody_and_the_next_one_does() {
    let responder = Scripted::start(Behaviour::Good).await;
    let world = world_asking(&responder, "queries_per_day = 3").await;
    queries_left(&world, 3);
    // The noon that comes next, so that the hours of this test are of one day: lists only ever become newer.
    let now = runtime::clock::Clock::now(&world.clock).secs();
    let noon = (now + 43_199).div_euclid(86_400) * 86_400 + 43_200;
    world.clock.advance(noon - now);
    responder.set_ahead(noon - now);
    world.publish_full_lists(2).await;
    for number in 0..3 {
        let good = ask(&world, OCSP, &serial(number)).await;
        assert_eq!(good.status(), RevocationStatus::Good);
    }
    queries_left(&world, 0);
    // A kept answer is no query.
    assert_eq!(
        ask(&world, OCSP, &serial(0)).await.status(),
        RevocationStatus::Good
    );
    let spent = ask(&world, OCSP, &serial(4)).await;
    assert_eq!(spent.unknown_reason(), UnknownReason::OcspQueriesSpent);
    assert_eq!((spent.list, spent.ocsp), (None, None));
    let by_list = ask(&world, OCSP_THEN_CRL, &serial(4)).await;
    assert_eq!(by_list.status(), RevocationStatus::Good);
    assert!(by_list.list.is_some() && by_list.ocsp.is_none());
    assert_eq!(responder.asked_times(), 3);
    has_line(
        &world,
        "akashi_ocsp_client_unasked_total{certification_authority=\"user-authentication\",role=\"revocation-lookup\",why=\"spent\"} 2",
    );
    let to_midnight = 43_200;
    world.clock.advance(to_midnight);
    responder.set_ahead(noon + to_midnight - now);
    world.publish_full_lists(3).await;
    let good = ask(&world, OCSP, &serial(4)).await;
    assert_eq!(good.status(), RevocationStatus::Good);
    queries_left(&world, 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_certificate_is_asked_about_once_at_a_time_and_its_answer_kept_for_a_minute() {
    let responder = Scripted::start(Behaviour::Gated).await;
    let world = world_asking(&responder, "timeout_milliseconds = 9000").await;
    let asked = serial(1);
    let all = join_all((0..20).map(|_| ask(&world, OCSP, &asked)));
    let gate = async {
        world
            .until("the responder is asked", async || {
                responder.asked_times() > 0
            })
            .await;
        // Whoever asks a second question meets the gate too.
        tokio::time::sleep(Duration::from_millis(300)).await;
        responder.open();
    };
    let (answers, ()) = tokio::join!(all, gate);
    for answer in answers {
        assert_eq!(answer.status(), RevocationStatus::Good);
    }
    assert_eq!(responder.asked_times(), 1);
    responder.behave(Behaviour::Revoked);
    let status = async || ask(&world, OCSP, &asked).await.status();
    world.clock.advance(59);
    assert_eq!(status().await, RevocationStatus::Good);
    assert_eq!(responder.asked_times(), 1);
    world.clock.advance(1);
    assert_eq!(status().await, RevocationStatus::Revoked);
    assert_eq!(responder.asked_times(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_answer_ends_with_its_next_update() {
    let responder = Scripted::start(Behaviour::GoodUntil(30)).await;
    let world = world_asking(&responder, "").await;
    // Within the tolerated difference, our clock is behind by more than the test takes.
    ask(&world, OCSP, &serial(1)).await;
    ask(&world, OCSP, &serial(1)).await;
    assert_eq!(responder.asked_times(), 1);
    responder.behave(Behaviour::Unknown);
    world.clock.advance(50);
    let unknown = ask(&world, OCSP, &serial(1)).await;
    assert_eq!(unknown.unknown_reason(), UnknownReason::OcspUnknown);
    assert_eq!(responder.asked_times(), 2);
    // What the responder does not know is kept as well.
    ask(&world, OCSP_THEN_CRL, &serial(1)).await;
    assert_eq!(responder.asked_times(), 2);
    world.stop().await;
}

/// A stream of [`BULK`], and the statuses of one message, in order.
struct Stream {
    ask: mpsc::Sender<StreamRevocationStatusRequest>,
    answers: tonic::Streaming<proto::revocation::v1::StreamRevocationStatusResponse>,
}

impl Stream {
    async fn open(world: &World) -> Self {
        let (ask, asked) = mpsc::channel(16);
        let mut client = world.client(BULK);
        let answers = client.stream_revocation_status(ReceiverStream::new(asked));
        let answers = answers.await.unwrap().into_inner();
        Self { ask, answers }
    }

    async fn send(&self, lookups: Vec<GetRevocationStatusRequest>) {
        let message = StreamRevocationStatusRequest { lookups };
        self.ask.send(message).await.unwrap();
    }

    async fn next(&mut self) -> Vec<Result<(RevocationStatus, UnknownReason), Code>> {
        let message = self.answers.message().await.unwrap().unwrap();
        let told = |answer| match answer {
            Answer::Status(status) => Ok((status.status(), status.unknown_reason())),
            Answer::Failure(failure) => Err(Code::from(failure.code)),
        };
        let answers = message.answers.into_iter();
        answers.map(|answer| told(answer.answer.unwrap())).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_responder_holds_a_stream_up_for_one_question_and_not_for_each() {
    let responder = Scripted::start(Behaviour::Silent).await;
    let world = world_asking(&responder, "timeout_milliseconds = 1000").await;
    let mut stream = Stream::open(&world).await;
    let about = |method, number| by(method, question(UserAuthentication, &serial(number)));
    let began = Instant::now();
    for number in 0..3 {
        let lookups = [OCSP, RevocationMethod::Crl, OCSP_THEN_CRL];
        let lookups = lookups
            .into_iter()
            .zip(3 * number..)
            .map(|(method, number)| about(method, number));
        stream.send(lookups.collect()).await;
    }
    stream.send(vec![about(RevocationMethod::Crl, 100)]).await;
    let good = Ok((RevocationStatus::Good, UnknownReason::Unspecified));
    let silent = Ok((RevocationStatus::Unknown, UnknownReason::OcspUnreachable));
    for _ in 0..3 {
        assert_eq!(stream.next().await, [silent, good, good]);
    }
    assert_eq!(stream.next().await, [good]);
    // Six questions of a second each, one after the other, would take six.
    let took = began.elapsed();
    assert!(took < Duration::from_millis(1_900), "{took:?}");
    // Another stream does not wait at all.
    let (mut waiting, mut other) = (Stream::open(&world).await, Stream::open(&world).await);
    waiting.send(vec![about(OCSP, 101)]).await;
    let began = Instant::now();
    other.send(vec![about(RevocationMethod::Crl, 102)]).await;
    assert_eq!(other.next().await, [good]);
    assert!(began.elapsed() < Duration::from_millis(700));
    assert_eq!(waiting.next().await, [silent]);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_for_whom_the_lookup_is_refused() {
    let responder = Scripted::start(Behaviour::Good).await;
    let world = world_asking(&responder, "").await;
    let refused = async |question| world.ask(VERIFICATION, question).await.unwrap_err().code();
    let right = by(OCSP, question(UserAuthentication, &UNLISTED));
    let without = |change: fn(&mut GetRevocationStatusRequest)| {
        let mut question = right.clone();
        change(&mut question);
        question
    };
    for wrong in [
        without(|question| question.purpose = Purpose::Unspecified.into()),
        without(|question| question.case_reference.clear()),
        without(|question| question.serial_number = vec![0, 1]),
    ] {
        assert_eq!(refused(wrong).await, Code::InvalidArgument);
    }
    let foreign = by(OCSP, question(DigitalSignature, &UNLISTED));
    assert_eq!(refused(foreign).await, Code::PermissionDenied);
    // A walk through the serial numbers that a batch began.
    let most = u32::try_from(BULK_NEIGHBOURS).unwrap();
    let neighbours: Vec<u32> = (0x0050_0000..0x0050_0000 + most - 2).collect();
    let asked = batch(UserAuthentication, &neighbours);
    world.ask_batch(BULK, asked).await.unwrap();
    let mut stream = Stream::open(&world).await;
    let next = (0x0050_0000 + most - 2..0x0050_0000 + most)
        .map(|number| question(UserAuthentication, &number.to_be_bytes()[1..]));
    stream
        .send(next.map(|question| by(OCSP, question)).collect())
        .await;
    let stopped = Err(Code::ResourceExhausted);
    let answers = stream.next().await;
    assert_eq!((answers.len(), answers[1]), (2, stopped));
    assert_eq!(responder.asked_times(), 1);
    // The twins.
    stream.send(vec![right.clone()]).await;
    assert_eq!(stream.next().await, [stopped]);
    world.ask(VERIFICATION, right).await.unwrap();
    assert_eq!(responder.asked_times(), 2);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_lookup_by_ocsp_is_in_the_ledger_also_when_its_caller_has_gone() {
    let responder = Scripted::start(Behaviour::Good).await;
    let world = world_asking(&responder, "timeout_milliseconds = 3000").await;
    ask(&world, OCSP, &serial(1)).await;
    responder.behave(Behaviour::Revoked);
    ask(&world, OCSP_THEN_CRL, &serial(2)).await;
    responder.behave(Behaviour::ServerError);
    ask(&world, OCSP, &serial(3)).await;
    ask(&world, OCSP_THEN_CRL, &serial(3)).await;
    responder.behave(Behaviour::Gated);
    let last = serial(4);
    let gone = tokio::time::timeout(Duration::from_millis(500), ask(&world, OCSP, &last));
    assert!(gone.await.is_err());
    responder.open();
    let folder = world.stop().await;
    let url = audit_url(folder.path()).parse().unwrap();
    let log = store::AuditLog::open(&url).await.unwrap();
    let rows = log.ledger(10).await.unwrap();
    let mut told: Vec<_> = rows.iter().map(|row| (&*row.outcome, row.count)).collect();
    // Minutes are rows of their own.
    told.sort_unstable();
    assert_eq!(
        told,
        [
            ("good", 1),
            ("good_by_ocsp", 2),
            ("revoked_by_ocsp", 1),
            ("unknown_ocsp_unusable", 1)
        ]
    );
}
