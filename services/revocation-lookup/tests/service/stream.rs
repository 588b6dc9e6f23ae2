//! Lookups in a stream.

use std::time::Duration;

use proto::revocation::v1::streamed_revocation_status::Answer;
use proto::revocation::v1::{
    GetRevocationStatusRequest, RevocationStatus, StreamRevocationStatusRequest,
    StreamRevocationStatusResponse,
};
use sandbox::mint::CaKind::{DigitalSignature, UserAuthentication};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use crate::world::{AUDITOR, BULK, REVOKED, UNLISTED, VERIFICATION, World, question};

/// Both ends of a stream.
struct Lookups {
    ask: mpsc::Sender<StreamRevocationStatusRequest>,
    answers: Streaming<StreamRevocationStatusResponse>,
}

impl Lookups {
    async fn open(world: &World, identity: &str) -> Result<Self, Status> {
        let (ask, asked) = mpsc::channel(4);
        let mut client = world.client(identity);
        let answers = client
            .stream_revocation_status(ReceiverStream::new(asked))
            .await?
            .into_inner();
        Ok(Self { ask, answers })
    }

    async fn send(&self, lookups: Vec<GetRevocationStatusRequest>) {
        let message = StreamRevocationStatusRequest { lookups };
        self.ask.send(message).await.unwrap();
    }

    /// The answers to one message: the status, or the code of the failure.
    async fn next(&mut self) -> Result<Option<Vec<Result<RevocationStatus, Code>>>, Status> {
        let answered = tokio::time::timeout(Duration::from_secs(10), self.answers.message())
            .await
            .expect("an answer within ten seconds")?;
        Ok(answered.map(|message| {
            let answers = message.answers.into_iter();
            answers
                .map(|streamed| match streamed.answer.unwrap() {
                    Answer::Status(status) => Ok(status.status()),
                    Answer::Failure(failure) => {
                        assert!(!failure.message.is_empty());
                        Err(Code::from(failure.code))
                    }
                })
                .collect()
        }))
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn lookups_of_a_stream_are_answered_in_order_and_one_that_fails_leaves_the_others() {
    let world = World::with_full_lists().await;
    let mut lookups = Lookups::open(&world, BULK).await.unwrap();
    let about = |serial: &[u8]| question(UserAuthentication, serial);
    lookups
        .send(vec![
            about(&REVOKED),
            about(&[]),
            question(DigitalSignature, &REVOKED),
            about(&UNLISTED),
        ])
        .await;
    lookups.send(vec![about(&UNLISTED)]).await;
    let expected = vec![
        Ok(RevocationStatus::Revoked),
        Err(Code::InvalidArgument),
        Err(Code::PermissionDenied),
        Ok(RevocationStatus::Good),
    ];
    assert_eq!(lookups.next().await.unwrap(), Some(expected));
    let second = lookups.next().await.unwrap();
    assert_eq!(second, Some(vec![Ok(RevocationStatus::Good)]));
    drop(lookups.ask);
    assert!(lookups.answers.message().await.unwrap().is_none());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_sees_every_new_list() {
    let world = World::with_full_lists().await;
    let mut client = world.client(BULK);
    let (ask, asked) = mpsc::channel(4);
    let answers = client
        .stream_revocation_status(ReceiverStream::new(asked))
        .await;
    let mut answers = answers.unwrap().into_inner();
    for number in 2..5 {
        world.publish_full_lists(number).await;
        let lookups = vec![question(UserAuthentication, &UNLISTED)];
        let message = StreamRevocationStatusRequest { lookups };
        ask.send(message).await.unwrap();
        let answered = answers.message().await.unwrap().unwrap();
        let Some(Answer::Status(status)) = &answered.answers[0].answer else {
            panic!("{answered:?}")
        };
        let list = status.list.as_ref().unwrap();
        assert_eq!(list.crl_number, number.to_string());
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_needs_an_entry_of_its_own() {
    let world = World::with_full_lists().await;
    for identity in [VERIFICATION, AUDITOR] {
        let refused = Lookups::open(&world, identity).await.err().unwrap();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
    assert!(Lookups::open(&world, BULK).await.is_ok());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_without_lookups_or_with_too_many_ends_the_stream() {
    let world = World::with_full_lists().await;
    for count in [0, 257] {
        let mut lookups = Lookups::open(&world, BULK).await.unwrap();
        let one = question(UserAuthentication, &UNLISTED);
        lookups.send(vec![one.clone(); 256]).await;
        let answers = lookups.next().await.unwrap().unwrap();
        assert_eq!(answers, [Ok(RevocationStatus::Good); 256]);
        lookups.send(vec![one; count]).await;
        let refused = lookups.next().await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains("lookups"));
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_drains_ends_its_streams() {
    let world = World::with_full_lists().await;
    let mut lookups = Lookups::open(&world, BULK).await.unwrap();
    lookups
        .send(vec![question(UserAuthentication, &UNLISTED)])
        .await;
    assert!(lookups.next().await.unwrap().is_some());
    let begun = std::time::Instant::now();
    world.stop().await;
    assert!(lookups.next().await.unwrap().is_none());
    // Far below the drain time-out, after which streams are cut off.
    assert!(begun.elapsed() < Duration::from_secs(8));
}
