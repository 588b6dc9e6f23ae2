//! Nothing that was used or is over comes back, whether the clock goes back or the process is started anew. Codes and
//! assertions are in `codes`.

use axum::Router;
use http::Method;

use crate::assertion::Assertion;
use crate::browser::{AuthRequest, Browser, send};
use crate::card::{HANAKO, answer_request, challenge, describe, link};
use crate::proof::{Proof, USERINFO, fresh_key, userinfo_with};
use crate::signing::{access_token, result};
use crate::world::{NOW, World};

/// What was used once: each is to be refused from now on.
struct Used {
    /// A proof, with the token that it was shown with.
    token: String,
    proof: String,
    /// The reference of a pushed request that was answered.
    reference: AuthRequest,
    /// A card's answer to its challenge, with the sign-in and the secret of its page's link.
    answer: (String, String, String),
    /// A transaction of a signature.
    transaction: String,
}

async fn used(world: &World) -> Used {
    let key = fresh_key();
    let request = AuthRequest::of(&world.delta);
    let tokens = world.delta.bound_tokens(world, &request, &key).await;
    let token = access_token(&tokens).to_owned();
    let proof = Proof::of(&key, "GET", USERINFO).for_token(&token);
    let proof = proof.signed_by(&key);
    let reference = world.delta.pushed(&world.router, &request).await;
    let answered = Browser::default().sign_in(world, &reference, HANAKO).await;
    assert!(answered.redirected("code").is_some());
    let id = Browser::default()
        .begin(world, &AuthRequest::of(&world.alpha))
        .await;
    let described = describe(world, &id).await.json();
    let answer = HANAKO.answer(&challenge(&described)).to_string();
    let (transaction, tokens) = world.bank.have_signed(world, HANAKO).await;
    assert_eq!(
        result(world, &transaction, access_token(&tokens))
            .await
            .status,
        200
    );
    let used = Used {
        token,
        proof,
        reference,
        answer: (id.clone(), link(world, &id), answer),
        transaction,
    };
    let first = used.again(world, &world.router).await;
    // The reference and the transaction were used already; the other two are only now.
    assert_eq!(first, [200, 400, 200, 303]);
    used
}

impl Used {
    /// What each of them is answered if it is brought again.
    async fn again(&self, world: &World, router: &Router) -> [u16; 4] {
        let authorization = format!("DPoP {}", self.token);
        let proof = [self.proof.as_str()];
        let shown = userinfo_with(router, Method::GET, &authorization, &proof).await;
        let path = |request: &AuthRequest| {
            format!("{}/auth?{}", crate::browser::PROTOCOL, request.query())
        };
        let begun = crate::browser::get(router, &path(&self.reference)).await;
        let (id, secret, answer) = &self.answer;
        let judged = send(router, answer_request(id, secret, answer.clone())).await;
        let signed = world.bank.sign_request(&self.transaction);
        let signed = crate::browser::get(router, &path(&signed)).await;
        let error = signed.redirected("error");
        assert_eq!(error.as_deref(), Some("invalid_request"), "{}", signed.body);
        [shown.status, begun.status, judged.status, signed.status]
    }
}

#[tokio::test]
async fn attack_76_a_clock_that_jumps_back_revives_no_proof_reference_challenge_or_transaction() {
    let world = World::new().await;
    let used = used(&world).await;
    for seconds in [0, 30, -30, -30] {
        world.clock.advance(seconds);
        world.gateway.sweep().await.unwrap();
        let again = used.again(&world, &world.router).await;
        assert_eq!(again, [401, 400, 410, 303], "{seconds}");
    }
    // The twin: what is new is taken, though the clock went back.
    let assertion = Assertion::of(&world.alpha)
        .claim("iat", (NOW - 30).into())
        .claim("exp", (NOW + 30).into());
    let assertion = assertion.signed_by(&world.alpha.key);
    assert!(world.alpha.proves(&world, &assertion).await);
}

#[tokio::test]
async fn attack_77_a_restart_revives_no_proof_reference_challenge_or_transaction() {
    let mut world = World::new().await;
    let used = used(&world).await;
    world.state.close().await;
    let restarted = world.replica().await;
    assert_eq!(used.again(&world, &restarted).await, [401, 400, 410, 303]);
    // The twin: sign-ins go on, also one by a new reference.
    world.router = restarted;
    let request = AuthRequest::of(&world.delta);
    let answer = world.delta.pushed_sign_in(&world, &request).await;
    assert!(answer.redirected("code").is_some());
}
