//! Signature transactions: used once, answered once, fetched as often as they may be, and swept.

use store::{Acceptance, Fetched, GatewayState, NewSignatureTransaction, SignatureResult};

use crate::databases::Databases;
use crate::gateway_state::{LINK, NOW, race, sign_in};

const TRANSACTION: &str = "37a52ac8-b232-4bac-a454-04d68916489f";
const ACCEPTANCE: Acceptance<'_> = Acceptance {
    return_token_hash: &[2; 32],
    authenticated_at: NOW,
    sealed_identity: b"sealed",
};
const RESULT: SignatureResult<'_> = SignatureResult {
    encrypted: "a.b.c.d.e",
    certificate_commitment: &[8; 32],
    fetches: 3,
    expires_at: NOW + 960,
};

async fn open(state: &GatewayState) {
    let new = NewSignatureTransaction {
        transaction_id: TRANSACTION,
        client_id: "RP1",
        to_sign: &[7; 32],
        expires_at: NOW + 600,
    };
    state.open_signature(&new).await.unwrap();
}

async fn to_verifying(state: &GatewayState) {
    open(state).await;
    let began = state
        .begin_signature_sign_in(&sign_in("one"), TRANSACTION, NOW)
        .await;
    assert!(began.unwrap());
    let challenge = state.issue_challenge("one", &LINK, &[9; 32], NOW + 120, NOW);
    assert!(challenge.await.unwrap().is_some());
    assert!(
        state
            .consume_challenge("one", &LINK, NOW)
            .await
            .unwrap()
            .is_some()
    );
}

async fn record(state: &GatewayState, interaction_id: &str) -> bool {
    let recorded = state.record_acceptance_with_signature(interaction_id, &ACCEPTANCE, &RESULT);
    recorded.await.unwrap()
}

pub(crate) async fn of_many_sign_ins_one_uses_the_transaction(databases: Databases) {
    let state = databases.gateway().await;
    open(&state).await;
    let winners = race(&databases, |state, racer| async move {
        let interaction_id = format!("interaction-{racer}");
        let new = sign_in(&interaction_id);
        let began = state.begin_signature_sign_in(&new, TRANSACTION, NOW).await;
        let began = began.unwrap();
        // Both or neither.
        let stored = state.sign_in(&interaction_id, NOW).await.unwrap();
        assert_eq!(stored.is_some(), began);
        began
    });
    assert_eq!(winners.await, 1);
}

pub(crate) async fn a_transaction_that_does_not_fit_is_not_used(databases: Databases) {
    let state = databases.gateway().await;
    open(&state).await;
    let foreign = store::NewSignIn {
        client_id: "RP2",
        ..sign_in("foreign")
    };
    for (new, id, now) in [
        (foreign, TRANSACTION, NOW),
        (sign_in("late"), TRANSACTION, NOW + 600),
        (sign_in("guess"), "another", NOW),
    ] {
        let began = state.begin_signature_sign_in(&new, id, now).await;
        assert!(!began.unwrap(), "{}", new.interaction_id);
        let stored = state.sign_in(new.interaction_id, NOW).await.unwrap();
        assert!(stored.is_none());
    }
    let fitting = state
        .begin_signature_sign_in(&sign_in("one"), TRANSACTION, NOW + 599)
        .await;
    assert!(fitting.unwrap());
    let used = state.signature_of("one").await.unwrap().unwrap();
    assert_eq!(
        (used.transaction_id.as_str(), used.to_sign),
        (TRANSACTION, vec![7; 32])
    );
}

pub(crate) async fn a_result_is_stored_with_its_sign_in_or_not_at_all(databases: Databases) {
    let state = databases.gateway().await;
    to_verifying(&state).await;
    assert!(!record(&state, "another").await);
    assert!(record(&state, "one").await);
    assert!(!record(&state, "one").await, "once");
    assert!(state.signature_of("one").await.unwrap().is_none());
    // The person has cancelled meanwhile: nothing is stored of the signature either.
    let state = databases.gateway().await;
    let new = NewSignatureTransaction {
        transaction_id: "other",
        client_id: "RP1",
        to_sign: &[7; 32],
        expires_at: NOW + 600,
    };
    state.open_signature(&new).await.unwrap();
    let began = state
        .begin_signature_sign_in(&sign_in("two"), "other", NOW)
        .await;
    assert!(began.unwrap());
    assert!(state.record_denial("two", &[1; 32], NOW).await.unwrap());
    assert!(!record(&state, "two").await);
    assert!(state.signature_of("two").await.unwrap().is_some());
    assert!(state.erase_signature("two").await.unwrap());
    assert!(state.signature_of("two").await.unwrap().is_none());
}

pub(crate) async fn a_result_is_fetched_as_often_as_it_may_be_and_by_its_sign_in(
    databases: Databases,
) {
    let state = databases.gateway().await;
    to_verifying(&state).await;
    let fetch = async |transaction: &str, interaction: &str, now: i64| {
        let fetched = state.fetch_signature(transaction, interaction, now).await;
        fetched.unwrap()
    };
    assert_eq!(
        fetch(TRANSACTION, "one", NOW).await,
        Fetched::Unknown,
        "not signed"
    );
    assert!(record(&state, "one").await);
    for (transaction, interaction, now) in [
        ("another", "one", NOW),
        (TRANSACTION, "another", NOW),
        (TRANSACTION, "one", NOW + 960),
    ] {
        assert_eq!(fetch(transaction, interaction, now).await, Fetched::Unknown);
    }
    let winners = race(&databases, |state, _| async move {
        let fetched = state
            .fetch_signature(TRANSACTION, "one", NOW)
            .await
            .unwrap();
        matches!(fetched, Fetched::Result { encrypted, .. } if encrypted == "a.b.c.d.e")
    });
    assert_eq!(winners.await, 3);
    assert_eq!(fetch(TRANSACTION, "one", NOW).await, Fetched::Erased);
    // What the certificate was can still be recognised, until the end.
    let commitment = async |now| {
        let found = state.certificate_commitment(TRANSACTION, "one", now).await;
        found.unwrap()
    };
    assert_eq!(commitment(NOW).await, Some(vec![8; 32]));
    assert_eq!(commitment(NOW + 960).await, None);
}

pub(crate) async fn signatures_and_their_tokens_are_counted_and_swept(databases: Databases) {
    let state = databases.gateway().await;
    open(&state).await;
    let stored = state
        .store_signing_token(&[5; 32], "RP1", "key", NOW + 300)
        .await;
    stored.unwrap();
    let counted = async || {
        let occupancy = state.occupancy().await.unwrap();
        occupancy.first().map_or(0, |client| client.signatures)
    };
    assert_eq!(counted().await, 2);
    let client = async |now| {
        let found = state.signing_token(&[5; 32], now).await;
        found
            .unwrap()
            .map(|token| (token.client_id, token.dpop_jkt))
    };
    let expected = ("RP1".to_owned(), "key".to_owned());
    assert_eq!(client(NOW + 299).await, Some(expected));
    assert_eq!(client(NOW + 300).await, None);
    assert_eq!(state.sweep(NOW + 300, 100).await.unwrap(), 0, "not yet");
    assert_eq!(state.sweep(NOW + 301, 100).await.unwrap(), 1);
    assert_eq!(counted().await, 1);
    assert_eq!(state.sweep(NOW + 601, 100).await.unwrap(), 1);
    assert_eq!(counted().await, 0);
}

pub(crate) async fn only_its_client_revokes_a_signing_token(databases: Databases) {
    let state = databases.gateway().await;
    let stored = state
        .store_signing_token(&[5; 32], "RP1", "", NOW + 300)
        .await;
    stored.unwrap();
    assert!(!state.revoke_signing_token(&[5; 32], "RP2").await.unwrap());
    assert!(state.revoke_signing_token(&[5; 32], "RP1").await.unwrap());
    assert!(!state.revoke_signing_token(&[5; 32], "RP1").await.unwrap());
}
