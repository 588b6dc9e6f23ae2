//! Codes, access tokens and used assertions, and what is swept.

use store::{NewSignIn, Occupancy, Redemption};

use crate::databases::Databases;
use crate::gateway_state::{CODE, NOW, TOKEN, race, redemption, sign_in, to_code};

pub(crate) async fn of_many_redemptions_one_gets_the_token(databases: Databases) {
    let state = databases.gateway().await;
    to_code(&state).await;
    let winners = race(&databases, |state, racer| async move {
        state
            .redeem_code(&redemption(&[racer; 32]), NOW)
            .await
            .unwrap()
    });
    assert_eq!(winners.await, 1);
}

pub(crate) async fn a_redemption_that_does_not_fit_spends_nothing(databases: Databases) {
    let state = databases.gateway().await;
    to_code(&state).await;
    let fitting = redemption(&TOKEN);
    for other in [
        Redemption {
            client_id: "RP2",
            ..fitting
        },
        Redemption {
            redirect_uri: "https://rp.example/cb/",
            ..fitting
        },
        Redemption {
            code_challenge: "another",
            ..fitting
        },
        Redemption {
            code_hash: &[0; 32],
            ..fitting
        },
    ] {
        assert!(!state.redeem_code(&other, NOW).await.unwrap());
    }
    assert!(!state.redeem_code(&fitting, NOW + 60).await.unwrap());
    assert!(state.redeem_code(&fitting, NOW + 59).await.unwrap());
}

pub(crate) async fn a_code_that_comes_again_ends_its_token(databases: Databases) {
    let state = databases.gateway().await;
    to_code(&state).await;
    // Before its redemption there is nothing to end, and the code stays good.
    assert!(!state.revoke_redeemed_code(&CODE, "RP1").await.unwrap());
    assert!(state.redeem_code(&redemption(&TOKEN), NOW).await.unwrap());
    assert!(!state.redeem_code(&redemption(&[6; 32]), NOW).await.unwrap());
    assert!(!state.revoke_redeemed_code(&CODE, "RP2").await.unwrap());
    assert!(state.by_access_token(&TOKEN, NOW).await.unwrap().is_some());
    assert!(state.revoke_redeemed_code(&CODE, "RP1").await.unwrap());
    assert!(state.by_access_token(&TOKEN, NOW).await.unwrap().is_none());
    assert_eq!(
        state.by_code(&CODE).await.unwrap().unwrap().sealed_identity,
        b""
    );
}

pub(crate) async fn only_its_client_revokes_an_access_token(databases: Databases) {
    let state = databases.gateway().await;
    to_code(&state).await;
    assert!(state.redeem_code(&redemption(&TOKEN), NOW).await.unwrap());
    assert!(!state.revoke_access_token(&TOKEN, "RP2").await.unwrap());
    assert!(state.by_access_token(&TOKEN, NOW).await.unwrap().is_some());
    assert!(state.revoke_access_token(&TOKEN, "RP1").await.unwrap());
    assert!(state.by_access_token(&TOKEN, NOW).await.unwrap().is_none());
}

pub(crate) async fn an_assertion_is_used_by_one_of_many(databases: Databases) {
    let winners = race(&databases, |state, _| async move {
        state
            .use_assertion("RP1", &[7; 32], NOW + 300)
            .await
            .unwrap()
    });
    assert_eq!(winners.await, 1);
}

pub(crate) async fn what_was_used_stays_used_after_a_restart(databases: Databases) {
    let state = databases.gateway().await;
    to_code(&state).await;
    assert!(state.redeem_code(&redemption(&TOKEN), NOW).await.unwrap());
    assert!(
        state
            .use_assertion("RP1", &[7; 32], NOW + 300)
            .await
            .unwrap()
    );
    state.close().await;
    let reopened = databases.gateway().await;
    assert!(
        !reopened
            .redeem_code(&redemption(&[6; 32]), NOW)
            .await
            .unwrap()
    );
    assert!(
        !reopened
            .use_assertion("RP1", &[7; 32], NOW + 300)
            .await
            .unwrap()
    );
    assert!(
        reopened
            .by_access_token(&TOKEN, NOW)
            .await
            .unwrap()
            .is_some()
    );
}

pub(crate) async fn a_sweep_removes_what_ended_and_nothing_else(databases: Databases) {
    let state = databases.gateway().await;
    state.begin_sign_in(&sign_in("ended")).await.unwrap();
    let lasting = NewSignIn {
        expires_at: NOW + 900,
        ..sign_in("lasting")
    };
    state.begin_sign_in(&lasting).await.unwrap();
    state
        .use_assertion("RP1", &[7; 32], NOW + 300)
        .await
        .unwrap();
    state
        .use_assertion("RP2", &[8; 32], NOW + 900)
        .await
        .unwrap();
    let rows = |client_id: &str, sign_ins: u64, assertion_ids: u64| Occupancy {
        client_id: client_id.to_owned(),
        sign_ins,
        assertion_ids,
        pushed_requests: 0,
        signatures: 0,
    };
    assert_eq!(
        state.occupancy().await.unwrap(),
        [rows("RP1", 2, 1), rows("RP2", 0, 1)]
    );
    assert_eq!(state.sweep(NOW + 700, 100).await.unwrap(), 2);
    assert_eq!(state.sweep(NOW + 700, 100).await.unwrap(), 0);
    assert_eq!(
        state.occupancy().await.unwrap(),
        [rows("RP1", 1, 0), rows("RP2", 0, 1)]
    );
    assert!(state.sign_in("lasting", NOW).await.unwrap().is_some());
}

pub(crate) async fn a_sweep_takes_no_more_rows_than_it_is_told(databases: Databases) {
    let state = databases.gateway().await;
    for number in 0..5 {
        state
            .begin_sign_in(&sign_in(&format!("ended-{number}")))
            .await
            .unwrap();
    }
    assert_eq!(state.sweep(NOW + 700, 3).await.unwrap(), 3);
    assert_eq!(state.sweep(NOW + 700, 3).await.unwrap(), 2);
}
