//! Many certificates at once: the same answers as one by one.

use proto::revocation::v1::{
    BatchGetRevocationStatusRequest, BatchGetRevocationStatusResponse, BatchRevocation,
    GetRevocationStatusResponse, Revocation, RevocationReason, RevocationStatus, UnknownReason,
};
use sandbox::mint::CaKind::{DigitalSignature, UserAuthentication};
use tonic::Code;

use crate::publishing::NewList;
use crate::world::{AUDITOR, BULK, REVOKED_AT, VERIFICATION, World, batch, point, question};

/// [`crate::world::REVOKED`] as a number.
const REVOKED: u32 = 0x0013_3701;
const UNLISTED: u32 = 0x0013_3702;

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_marks_the_revoked_and_says_one_thing_of_all_others() {
    let world = World::with_full_lists().await;
    let mut serials = vec![UNLISTED; 21];
    (serials[0], serials[9], serials[20]) = (REVOKED, REVOKED, REVOKED);
    let answer = world
        .ask_batch(BULK, batch(UserAuthentication, &serials))
        .await
        .unwrap();
    assert_eq!(answer.others(), RevocationStatus::Good);
    assert_eq!(answer.revoked, [0b0000_0001, 0b0000_0010, 0b0001_0000]);
    let revocation = Revocation {
        revoked_at: REVOKED_AT,
        reason: RevocationReason::KeyCompromise.into(),
    };
    let revoked = |position| BatchRevocation {
        position,
        revocation: Some(revocation),
        list: 0,
    };
    assert_eq!(answer.revocations, [revoked(0), revoked(9), revoked(20)]);
    assert_eq!(answer.lists.len(), 1);
    assert_eq!(answer.others_list.as_ref(), answer.lists.first());
    world.stop().await;
}

/// What a batch says of the certificate at a position, as a single lookup would have said it.
fn at(answer: &BatchGetRevocationStatusResponse, position: usize) -> GetRevocationStatusResponse {
    let mut single = GetRevocationStatusResponse {
        generation: answer.generation,
        ..Default::default()
    };
    let is_here = |revoked: &&BatchRevocation| {
        usize::try_from(revoked.position).is_ok_and(|place| place == position)
    };
    let revoked = answer.revocations.iter().find(is_here);
    let bit = answer.revoked[position / 8] >> (position % 8) & 1;
    assert_eq!(bit == 1, revoked.is_some());
    if let Some(revoked) = revoked {
        single.set_status(RevocationStatus::Revoked);
        single.revocation = revoked.revocation;
        single.list = Some(answer.lists[usize::try_from(revoked.list).unwrap()].clone());
    } else {
        single.status = answer.others;
        single.unknown_reason = answer.others_unknown_reason;
        single.list.clone_from(&answer.others_list);
    }
    single
}

#[tokio::test(flavor = "multi_thread")]
async fn every_certificate_of_a_batch_has_the_answer_of_a_single_lookup() {
    let world = World::start().await;
    let this_update = runtime::clock::Clock::now(&world.clock);
    world
        .register(&[
            ("a", UserAuthentication, Some(0)),
            ("b", UserAuthentication, Some(1)),
        ])
        .await;
    // Nothing, one of two partitions, both, and both too old.
    for step in 0..4_u8 {
        if let Some(source @ ("a" | "b")) = [None, Some("a"), Some("b"), None][usize::from(step)] {
            world
                .publish(NewList {
                    source,
                    kind: UserAuthentication,
                    municipality: Some(usize::from(source == "b")),
                    number: 1,
                    this_update: this_update.plus_secs(-i64::from(step)),
                    entry_count: 1,
                })
                .await;
        }
        if step == 3 {
            world.clock.advance(86_400);
        }
        for point in [
            vec![],
            point(UserAuthentication, 0),
            point(UserAuthentication, 1),
        ] {
            let many = BatchGetRevocationStatusRequest {
                distribution_point: point.clone(),
                ..batch(UserAuthentication, &[UNLISTED, REVOKED])
            };
            let many = world.ask_batch(BULK, many).await.unwrap();
            for (position, serial) in [UNLISTED, REVOKED].into_iter().enumerate() {
                let mut one = question(UserAuthentication, &serial.to_be_bytes()[1..]);
                one.distribution_point.clone_from(&point);
                let one = world.ask(VERIFICATION, one).await.unwrap();
                assert_eq!(at(&many, position), one, "step {step}, {serial:x}");
            }
        }
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn serial_numbers_of_every_width_are_the_same_numbers() {
    let world = World::with_full_lists().await;
    for width in 3..=20_usize {
        let padded = |serial: u32| {
            let mut octets = vec![0; width - 3];
            octets.extend(&serial.to_be_bytes()[1..]);
            octets
        };
        let request = BatchGetRevocationStatusRequest {
            serial_number_octets: u32::try_from(width).unwrap(),
            serial_numbers: [UNLISTED, REVOKED].into_iter().flat_map(padded).collect(),
            ..batch(UserAuthentication, &[])
        };
        let answer = world.ask_batch(BULK, request).await.unwrap();
        assert_eq!(answer.revoked, [0b10], "{width}");
    }
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_nobody_is_not_told_from_that_of_another_authority() {
    let world = World::with_full_lists().await;
    let request = BatchGetRevocationStatusRequest {
        issuer_key_id: vec![9; 20],
        ..batch(UserAuthentication, &[REVOKED])
    };
    let refused = world.ask_batch(BULK, request).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_needs_an_entry_of_its_own_and_tells_nothing_of_other_authorities() {
    let world = World::with_full_lists().await;
    for identity in [VERIFICATION, AUDITOR] {
        let request = batch(UserAuthentication, &[REVOKED]);
        let refused = world.ask_batch(identity, request).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
    let mut answers = Vec::new();
    let malformed = BatchGetRevocationStatusRequest {
        serial_number_octets: 21,
        ..batch(DigitalSignature, &[REVOKED])
    };
    for request in [
        batch(DigitalSignature, &[REVOKED]),
        batch(DigitalSignature, &[UNLISTED]),
        malformed,
    ] {
        let refused = world.ask_batch(BULK, request).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
        answers.push(refused.message().to_owned());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_wrong_or_too_large_is_refused_in_words() {
    let world = World::with_full_lists().await;
    let valid = batch(UserAuthentication, &[UNLISTED]);
    assert!(world.ask_batch(BULK, valid.clone()).await.is_ok());
    let cases = [
        (
            "serial_number_octets",
            BatchGetRevocationStatusRequest {
                serial_number_octets: 0,
                ..valid.clone()
            },
        ),
        (
            "serial_numbers",
            BatchGetRevocationStatusRequest {
                serial_numbers: vec![1; 40_004],
                ..valid.clone()
            },
        ),
        ("position 1", batch(UserAuthentication, &[UNLISTED, 0])),
        (
            "purpose",
            BatchGetRevocationStatusRequest {
                purpose: 0,
                ..valid.clone()
            },
        ),
    ];
    for (field, request) in cases {
        let refused = world.ask_batch(BULK, request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument);
        assert!(refused.message().contains(field), "{}", refused.message());
    }
    let huge = BatchGetRevocationStatusRequest {
        serial_numbers: vec![1; 2_000_000],
        ..valid
    };
    let refused = world.ask_batch(BULK, huge).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("message length too large"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_known_of_a_batch_without_a_list() {
    let world = World::start().await;
    world
        .register(&[("user-full", UserAuthentication, None)])
        .await;
    let answer = world
        .ask_batch(BULK, batch(UserAuthentication, &[UNLISTED, REVOKED]))
        .await
        .unwrap();
    assert_eq!(answer.others(), RevocationStatus::Unknown);
    assert_ne!(answer.others_unknown_reason(), UnknownReason::Unspecified);
    assert!(answer.revocations.is_empty() && answer.others_list.is_none());
    assert_eq!(answer.revoked, [0]);
    world.stop().await;
}
