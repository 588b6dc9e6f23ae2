//! The card on another device, and the published signing keys.

use store::{OpenedByQr, QrOffer, SecretHash};
use tokio::task::JoinSet;

use crate::databases::Databases;
use crate::gateway_state::{BROWSER, ID, LINK, NOW, sign_in};

const QR: SecretHash = [21; 32];
const DEVICE: SecretHash = [22; 32];
const NOBODY: SecretHash = [23; 32];

fn offer<'a>(browser: &'a SecretHash, qr: &'a SecretHash) -> QrOffer<'a> {
    QrOffer {
        browser_hash: browser,
        qr_random: &[1; 32],
        qr_hash: qr,
        until: NOW + 120,
    }
}

fn opened<'a>(qr: &'a SecretHash, device: &'a SecretHash) -> OpenedByQr<'a> {
    OpenedByQr {
        qr_hash: qr,
        card_random: &[2; 32],
        card_hash: device,
        until: NOW + 240,
    }
}

pub(crate) async fn a_code_is_offered_only_by_the_browser_that_began(databases: Databases) {
    let state = databases.gateway().await;
    state.begin_sign_in(&sign_in(ID)).await.unwrap();
    assert!(!state.offer_qr(ID, &offer(&NOBODY, &QR), NOW).await.unwrap());
    assert!(
        !state
            .offer_qr("another", &offer(&BROWSER, &QR), NOW)
            .await
            .unwrap()
    );
    assert!(
        !state
            .offer_qr(ID, &offer(&BROWSER, &QR), NOW + 600)
            .await
            .unwrap()
    );
    assert!(
        state
            .offer_qr(ID, &offer(&BROWSER, &QR), NOW)
            .await
            .unwrap()
    );
    let stored = state.sign_in(ID, NOW).await.unwrap().unwrap();
    assert_eq!(stored.qr_hash.as_deref(), Some(QR.as_slice()));
    assert_eq!(stored.other_device_until, NOW + 120);
    // Once an answer came there is nothing to offer.
    state
        .issue_challenge(ID, &LINK, &[9; 32], NOW + 120, NOW)
        .await
        .unwrap()
        .unwrap();
    state
        .consume_challenge(ID, &LINK, NOW)
        .await
        .unwrap()
        .unwrap();
    assert!(
        !state
            .offer_qr(ID, &offer(&BROWSER, &QR), NOW)
            .await
            .unwrap()
    );
}

pub(crate) async fn of_many_devices_one_opens_the_code(databases: Databases) {
    let state = databases.gateway().await;
    state.begin_sign_in(&sign_in(ID)).await.unwrap();
    assert!(
        state
            .offer_qr(ID, &offer(&BROWSER, &QR), NOW)
            .await
            .unwrap()
    );
    assert!(
        state
            .open_by_qr(ID, &opened(&NOBODY, &DEVICE), NOW)
            .await
            .unwrap()
            .is_none()
    );
    let mut racers = JoinSet::new();
    for racer in 0..100 {
        let state = state.clone();
        racers.spawn(async move {
            let device = [racer; 32];
            state
                .open_by_qr(ID, &opened(&QR, &device), NOW)
                .await
                .unwrap()
                .is_some()
        });
    }
    let won = racers.join_all().await;
    assert_eq!(won.iter().filter(|won| **won).count(), 1);
}

pub(crate) async fn a_device_answers_in_time_and_only_if_it_opened_the_code(databases: Databases) {
    let state = databases.gateway().await;
    state.begin_sign_in(&sign_in(ID)).await.unwrap();
    assert!(
        state
            .offer_qr(ID, &offer(&BROWSER, &QR), NOW)
            .await
            .unwrap()
    );
    // Out of time.
    assert!(
        state
            .open_by_qr(ID, &opened(&QR, &DEVICE), NOW + 120)
            .await
            .unwrap()
            .is_none()
    );
    let row = state
        .open_by_qr(ID, &opened(&QR, &DEVICE), NOW + 119)
        .await
        .unwrap()
        .unwrap();
    assert!(row.qr_hash.is_none());
    for (opener, now, challenged) in [
        (&QR, NOW, false),
        (&NOBODY, NOW, false),
        (&DEVICE, NOW + 240, false),
        (&DEVICE, NOW + 239, true),
    ] {
        let row = state
            .issue_challenge(ID, opener, &[9; 32], NOW + 400, now)
            .await
            .unwrap();
        assert_eq!(row.is_some(), challenged, "{opener:?} {now}");
    }
    for (opener, now, spent) in [
        (&QR, NOW, false),
        (&NOBODY, NOW, false),
        (&DEVICE, NOW + 240, false),
        (&DEVICE, NOW + 239, true),
    ] {
        let row = state.consume_challenge(ID, opener, now).await.unwrap();
        assert_eq!(row.is_some(), spent, "{opener:?} {now}");
    }
}

pub(crate) async fn another_code_ends_the_device_and_its_challenge(databases: Databases) {
    let state = databases.gateway().await;
    state.begin_sign_in(&sign_in(ID)).await.unwrap();
    assert!(
        state
            .offer_qr(ID, &offer(&BROWSER, &QR), NOW)
            .await
            .unwrap()
    );
    state
        .open_by_qr(ID, &opened(&QR, &DEVICE), NOW)
        .await
        .unwrap()
        .unwrap();
    state
        .issue_challenge(ID, &DEVICE, &[9; 32], NOW + 120, NOW)
        .await
        .unwrap()
        .unwrap();
    assert!(
        state
            .offer_qr(ID, &offer(&BROWSER, &NOBODY), NOW)
            .await
            .unwrap()
    );
    assert!(
        state
            .consume_challenge(ID, &DEVICE, NOW)
            .await
            .unwrap()
            .is_none()
    );
    // Nor is that challenge anybody else's.
    assert!(
        state
            .consume_challenge(ID, &LINK, NOW)
            .await
            .unwrap()
            .is_none()
    );
    let row = state
        .issue_challenge(ID, &LINK, &[8; 32], NOW + 120, NOW)
        .await
        .unwrap();
    assert_eq!(row.unwrap().challenge_random, [8; 32]);
}

pub(crate) async fn a_key_is_published_once_and_held_for_as_long_as_it_is_said(
    databases: Databases,
) {
    let state = databases.gateway().await;
    state.publish_key("one", "{1}", NOW).await.unwrap();
    state.publish_key("one", "{1}", NOW + 10).await.unwrap();
    // Another key under its identifier changes nothing, nor does a clock that runs behind.
    state.publish_key("one", "{2}", NOW + 20).await.unwrap();
    state.publish_key("one", "{1}", NOW).await.unwrap();
    state.publish_key("two", "{2}", NOW + 5).await.unwrap();
    let keys = state.published_keys().await.unwrap();
    let keys: Vec<_> = keys
        .iter()
        .map(|key| {
            (
                key.key_id.as_str(),
                key.jwk.as_str(),
                key.published_at,
                key.held_at,
            )
        })
        .collect();
    assert_eq!(
        keys,
        [
            ("one", "{1}", NOW, NOW + 10),
            ("two", "{2}", NOW + 5, NOW + 5)
        ]
    );
    assert_eq!(state.withdraw_keys_held_before(NOW + 5).await.unwrap(), 0);
    assert_eq!(state.withdraw_keys_held_before(NOW + 10).await.unwrap(), 1);
    assert!(state.withdraw_key("one").await.unwrap());
    assert!(!state.withdraw_key("one").await.unwrap());
    assert!(state.published_keys().await.unwrap().is_empty());
}
