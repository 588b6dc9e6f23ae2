//! Pushed requests, and keys that codes and tokens are bound to.

use store::{NewPushedRequest, NewSignIn, Occupancy, PushedRequest, Redemption, SecretHash};

use crate::databases::Databases;
use crate::gateway_state::{NOW, TOKEN, race, redemption, sign_in, to_code, to_code_of};

const REFERENCE: SecretHash = [11; 32];

fn pushed() -> NewPushedRequest<'static> {
    NewPushedRequest {
        request_uri_hash: &REFERENCE,
        client_id: "RP1",
        parameters: "scope=openid",
        dpop_jkt: "thumbprint",
        expires_at: NOW + 60,
        kept_until: NOW + 660,
    }
}

pub(crate) async fn a_pushed_request_is_its_client_s_until_it_ends_or_is_answered(
    databases: Databases,
) {
    let state = databases.gateway().await;
    state.push_request(&pushed()).await.unwrap();
    let stored = Some(PushedRequest {
        parameters: "scope=openid".to_owned(),
        dpop_jkt: "thumbprint".to_owned(),
    });
    let read = async |hash: &SecretHash, client_id: &str, now: i64| {
        state.pushed_request(hash, client_id, now).await.unwrap()
    };
    assert_eq!(read(&REFERENCE, "RP1", NOW + 59).await, stored);
    assert_eq!(read(&REFERENCE, "RP1", NOW + 59).await, stored);
    assert_eq!(read(&REFERENCE, "RP1", NOW + 60).await, None);
    assert_eq!(read(&REFERENCE, "RP2", NOW).await, None);
    assert_eq!(read(&[0; 32], "RP1", NOW).await, None);
    assert!(
        state
            .answer_pushed_request(&REFERENCE, "one")
            .await
            .unwrap()
    );
    assert_eq!(read(&REFERENCE, "RP1", NOW).await, None);
    // The sign-in that answers it may say so again; no other may.
    assert!(
        state
            .answer_pushed_request(&REFERENCE, "one")
            .await
            .unwrap()
    );
    assert!(
        !state
            .answer_pushed_request(&REFERENCE, "two")
            .await
            .unwrap()
    );
    assert!(!state.answer_pushed_request(&[0; 32], "one").await.unwrap());
}

pub(crate) async fn of_many_sign_ins_one_answers_a_pushed_request(databases: Databases) {
    let state = databases.gateway().await;
    state.push_request(&pushed()).await.unwrap();
    let winners = race(&databases, |state, racer| async move {
        state
            .answer_pushed_request(&REFERENCE, &racer.to_string())
            .await
            .unwrap()
    });
    assert_eq!(winners.await, 1);
}

pub(crate) async fn a_pushed_request_is_counted_and_kept_as_long_as_a_sign_in_may_answer_it(
    databases: Databases,
) {
    let state = databases.gateway().await;
    state.push_request(&pushed()).await.unwrap();
    let counted = Occupancy {
        client_id: "RP1".to_owned(),
        sign_ins: 0,
        assertion_ids: 0,
        pushed_requests: 1,
        signatures: 0,
    };
    assert_eq!(state.sweep(NOW + 660, 100).await.unwrap(), 0);
    assert_eq!(state.occupancy().await.unwrap(), [counted]);
    assert_eq!(state.sweep(NOW + 661, 100).await.unwrap(), 1);
    assert_eq!(state.occupancy().await.unwrap(), []);
}

pub(crate) async fn a_code_bound_to_a_key_is_redeemed_with_that_key_alone(databases: Databases) {
    let state = databases.gateway().await;
    let bound = NewSignIn {
        dpop_jkt: "key-1",
        pushed_request_hash: Some(&REFERENCE),
        revocation_method: "ocsp",
        ..sign_in(crate::gateway_state::ID)
    };
    to_code_of(&state, &bound).await;
    let with = |dpop_jkt| Redemption {
        dpop_jkt,
        ..redemption(&TOKEN)
    };
    for other in ["", "key-2"] {
        assert!(!state.redeem_code(&with(other), NOW).await.unwrap());
    }
    assert!(state.redeem_code(&with("key-1"), NOW).await.unwrap());
    let granted = state.by_access_token(&TOKEN, NOW).await.unwrap().unwrap();
    assert_eq!(granted.dpop_jkt, "key-1");
    assert_eq!(granted.revocation_method, "ocsp");
    assert_eq!(granted.pushed_request_hash.as_deref(), Some(&REFERENCE[..]));
}

pub(crate) async fn a_code_that_is_not_bound_binds_its_token_to_the_key_that_came(
    databases: Databases,
) {
    let state = databases.gateway().await;
    to_code(&state).await;
    let with_key = Redemption {
        dpop_jkt: "key-2",
        ..redemption(&TOKEN)
    };
    assert!(state.redeem_code(&with_key, NOW).await.unwrap());
    let granted = state.by_access_token(&TOKEN, NOW).await.unwrap().unwrap();
    assert_eq!(granted.dpop_jkt, "key-2");
    assert_eq!(granted.pushed_request_hash, None);
}
