//! Sign-ins, from the request to the person's decision.

use store::{
    Acceptance, BrowserReturn, Consent, GatewayState, NewSignIn, Redemption, SecretHash, SignIn,
    Stage,
};
use tokio::task::JoinSet;

use crate::databases::Databases;

pub(crate) const NOW: i64 = 1_000_000;
pub(crate) const ID: &str = "interaction-1";
pub(crate) const BROWSER: SecretHash = [1; 32];
pub(crate) const LINK: SecretHash = [6; 32];
const RETURN: SecretHash = [2; 32];
const NEXT_BROWSER: SecretHash = [3; 32];
pub(crate) const CODE: SecretHash = [4; 32];
pub(crate) const TOKEN: SecretHash = [5; 32];

/// How many requests race for one step.
const RACERS: u8 = 200;

pub(crate) fn sign_in(interaction_id: &str) -> NewSignIn<'_> {
    NewSignIn {
        interaction_id,
        client_id: "RP1",
        redirect_uri: "https://rp.example/cb",
        state: "state",
        nonce: "nonce",
        scope: "openid name",
        code_challenge: "challenge",
        language: "ja",
        browser_hash: &BROWSER,
        pushed_request_hash: None,
        dpop_jkt: "",
        revocation_method: "",
        link_hash: &LINK,
        expires_at: NOW + 600,
    }
}

pub(crate) fn redemption(access_token_hash: &SecretHash) -> Redemption<'_> {
    Redemption {
        code_hash: &CODE,
        client_id: "RP1",
        redirect_uri: "https://rp.example/cb",
        code_challenge: "challenge",
        dpop_jkt: "",
        access_token_hash,
        sealed_identity: b"sealed under token",
        access_token_expires_at: NOW + 300,
    }
}

async fn stage(state: &GatewayState) -> Stage {
    state.sign_in(ID, NOW).await.unwrap().unwrap().stage
}

async fn to_verifying(state: &GatewayState) -> SignIn {
    state.begin_sign_in(&sign_in(ID)).await.unwrap();
    from_waiting_to_verifying(state).await
}

async fn from_waiting_to_verifying(state: &GatewayState) -> SignIn {
    state
        .issue_challenge(ID, &LINK, &[9; 32], NOW + 120, NOW)
        .await
        .unwrap()
        .unwrap();
    state
        .consume_challenge(ID, &LINK, NOW)
        .await
        .unwrap()
        .unwrap()
}

async fn to_verified(state: &GatewayState) {
    to_verifying(state).await;
    from_verifying_to_verified(state).await;
}

async fn from_verifying_to_verified(state: &GatewayState) {
    let acceptance = Acceptance {
        return_token_hash: &RETURN,
        authenticated_at: NOW,
        sealed_identity: b"sealed under return token",
    };
    assert!(state.record_acceptance(ID, &acceptance).await.unwrap());
}

fn back<'a>(token: &'a SecretHash, browser: &'a SecretHash) -> BrowserReturn<'a> {
    BrowserReturn {
        return_token_hash: token,
        browser_hash: browser,
        next_browser_hash: &NEXT_BROWSER,
        sealed_identity: b"sealed under browser",
    }
}

async fn to_consent(state: &GatewayState) {
    to_verified(state).await;
    from_verified_to_consent(state).await;
}

async fn from_verified_to_consent(state: &GatewayState) {
    assert!(
        state
            .return_to_browser(ID, &back(&RETURN, &BROWSER), NOW)
            .await
            .unwrap()
    );
}

fn consent(code_hash: &SecretHash) -> Consent<'_> {
    Consent {
        browser_hash: &NEXT_BROWSER,
        code_hash,
        sealed_identity: b"sealed under code",
        code_expires_at: NOW + 60,
    }
}

pub(crate) async fn to_code(state: &GatewayState) {
    to_code_of(state, &sign_in(ID)).await;
}

pub(crate) async fn to_code_of(state: &GatewayState, new: &NewSignIn<'_>) {
    state.begin_sign_in(new).await.unwrap();
    from_waiting_to_verifying(state).await;
    from_verifying_to_verified(state).await;
    from_verified_to_consent(state).await;
    assert!(
        state
            .record_consent(ID, &consent(&CODE), NOW)
            .await
            .unwrap()
    );
}

/// Lets many tasks try one step on two openings of one database, as two processes would, and counts those who made it.
pub(crate) async fn race<F>(databases: &Databases, step: impl Fn(GatewayState, u8) -> F) -> usize
where
    F: Future<Output = bool> + Send + 'static,
{
    let replicas = [databases.gateway().await, databases.gateway().await];
    let mut racers = JoinSet::new();
    for racer in 0..RACERS {
        racers.spawn(step(replicas[usize::from(racer % 2)].clone(), racer));
    }
    racers
        .join_all()
        .await
        .into_iter()
        .filter(|made_it| *made_it)
        .count()
}

pub(crate) async fn a_sign_in_walks_from_the_request_to_the_claims(databases: Databases) {
    let state = databases.gateway().await;
    to_code(&state).await;
    let stored = state.by_code(&CODE).await.unwrap().unwrap();
    assert_eq!(stored.stage, Stage::CodeIssued);
    assert_eq!(stored.sealed_identity, b"sealed under code");
    assert_eq!(stored.authenticated_at, NOW);
    assert!(state.redeem_code(&redemption(&TOKEN), NOW).await.unwrap());
    let granted = state.by_access_token(&TOKEN, NOW).await.unwrap().unwrap();
    assert_eq!(granted.sealed_identity, b"sealed under token");
    assert_eq!(
        (granted.nonce.as_str(), granted.scope.as_str()),
        ("nonce", "openid name")
    );
    assert!(
        state
            .by_access_token(&TOKEN, NOW + 300)
            .await
            .unwrap()
            .is_none()
    );
}

pub(crate) async fn a_challenge_stays_until_it_ends_and_then_is_another(databases: Databases) {
    let state = databases.gateway().await;
    state.begin_sign_in(&sign_in(ID)).await.unwrap();
    let issue = async |random: u8, now: i64| {
        let issued = state
            .issue_challenge(ID, &LINK, &[random; 32], now + 120, now)
            .await
            .unwrap();
        issued.map(|sign_in| (sign_in.challenge_random, sign_in.challenge_expires_at))
    };
    assert_eq!(issue(1, NOW).await, Some((vec![1; 32], NOW + 120)));
    assert_eq!(issue(2, NOW + 119).await, Some((vec![1; 32], NOW + 120)));
    assert_eq!(issue(3, NOW + 120).await, Some((vec![3; 32], NOW + 240)));
    assert_eq!(issue(4, NOW + 600).await, None);
}

pub(crate) async fn a_challenge_is_not_spent_before_it_is_issued_or_after_its_end(
    databases: Databases,
) {
    let state = databases.gateway().await;
    state.begin_sign_in(&sign_in(ID)).await.unwrap();
    assert!(
        state
            .consume_challenge(ID, &LINK, NOW)
            .await
            .unwrap()
            .is_none()
    );
    state
        .issue_challenge(ID, &LINK, &[9; 32], NOW + 120, NOW)
        .await
        .unwrap();
    assert!(
        state
            .consume_challenge(ID, &LINK, NOW + 120)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        state
            .consume_challenge(ID, &LINK, NOW + 119)
            .await
            .unwrap()
            .is_some()
    );
    assert!(
        state
            .consume_challenge(ID, &LINK, NOW + 119)
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        state
            .issue_challenge(ID, &LINK, &[8; 32], NOW + 120, NOW)
            .await
            .unwrap()
            .is_none()
    );
}

pub(crate) async fn of_many_answers_one_spends_the_challenge(databases: Databases) {
    let state = databases.gateway().await;
    state.begin_sign_in(&sign_in(ID)).await.unwrap();
    state
        .issue_challenge(ID, &LINK, &[9; 32], NOW + 120, NOW)
        .await
        .unwrap();
    let winners = race(&databases, |state, _| async move {
        state
            .consume_challenge(ID, &LINK, NOW)
            .await
            .unwrap()
            .is_some()
    });
    assert_eq!(winners.await, 1);
}

pub(crate) async fn a_verdict_is_recorded_once(databases: Databases) {
    let state = databases.gateway().await;
    to_verifying(&state).await;
    assert!(
        state
            .record_refusal(ID, &RETURN, "certificate_revoked")
            .await
            .unwrap()
    );
    let acceptance = Acceptance {
        return_token_hash: &RETURN,
        authenticated_at: NOW,
        sealed_identity: b"sealed",
    };
    assert!(!state.record_acceptance(ID, &acceptance).await.unwrap());
    let stored = state.sign_in(ID, NOW).await.unwrap().unwrap();
    assert_eq!(
        (stored.stage, stored.refusal.as_str()),
        (Stage::Refused, "certificate_revoked")
    );
    assert!(
        state
            .return_to_browser(ID, &back(&RETURN, &BROWSER), NOW)
            .await
            .unwrap()
    );
    assert_eq!(stage(&state).await, Stage::RefusalShown);
}

pub(crate) async fn the_way_back_needs_the_token_and_the_browser_and_is_taken_once(
    databases: Databases,
) {
    let state = databases.gateway().await;
    to_verified(&state).await;
    let attempts = [
        back(&[0; 32], &BROWSER),
        back(&RETURN, &[0; 32]),
        back(&RETURN, &NEXT_BROWSER),
    ];
    for attempt in attempts {
        assert!(!state.return_to_browser(ID, &attempt, NOW).await.unwrap());
    }
    assert!(
        !state
            .return_to_browser(ID, &back(&RETURN, &BROWSER), NOW + 600)
            .await
            .unwrap()
    );
    assert_eq!(stage(&state).await, Stage::Verified);
    assert!(
        state
            .return_to_browser(ID, &back(&RETURN, &BROWSER), NOW)
            .await
            .unwrap()
    );
    assert_eq!(stage(&state).await, Stage::Consent);
    assert!(
        !state
            .return_to_browser(ID, &back(&RETURN, &NEXT_BROWSER), NOW)
            .await
            .unwrap()
    );
}

pub(crate) async fn consent_needs_the_browser_s_new_secret(databases: Databases) {
    let state = databases.gateway().await;
    to_consent(&state).await;
    let old = Consent {
        browser_hash: &BROWSER,
        ..consent(&CODE)
    };
    assert!(!state.record_consent(ID, &old, NOW).await.unwrap());
    assert!(
        !state
            .record_consent(ID, &consent(&CODE), NOW + 600)
            .await
            .unwrap()
    );
    assert!(
        state
            .record_consent(ID, &consent(&CODE), NOW)
            .await
            .unwrap()
    );
}

pub(crate) async fn of_many_consents_one_makes_a_code(databases: Databases) {
    let state = databases.gateway().await;
    to_consent(&state).await;
    let winners = race(&databases, |state, racer| async move {
        state
            .record_consent(ID, &consent(&[racer; 32]), NOW)
            .await
            .unwrap()
    });
    assert_eq!(winners.await, 1);
}

pub(crate) async fn a_denial_forgets_who_it_was_and_ends_the_sign_in(databases: Databases) {
    let state = databases.gateway().await;
    to_consent(&state).await;
    assert!(!state.record_denial(ID, &BROWSER, NOW).await.unwrap());
    assert!(state.record_denial(ID, &NEXT_BROWSER, NOW).await.unwrap());
    let stored = state.sign_in(ID, NOW).await.unwrap().unwrap();
    assert_eq!(
        (stored.stage, stored.sealed_identity),
        (Stage::Denied, Vec::new())
    );
    assert!(
        !state
            .record_consent(ID, &consent(&CODE), NOW)
            .await
            .unwrap()
    );
}
