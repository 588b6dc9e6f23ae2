//! The whole service over mutual TLS, with its store and a stand-in for revocation-lookup.

#![expect(clippy::unwrap_used, reason = "in a test, failing is the report")]

mod support;

use std::time::{Duration, Instant};

use proto::revocation::v1::UnknownReason;
use proto::verification::v1::{HolderOrigin, VerificationResult};
use support::{Answer, Installation, SRE};
use tonic::Code;

#[tokio::test]
async fn a_holder_is_new_at_first_and_known_afterwards() {
    let installation = Installation::start(Answer::Good).await;
    let first = installation.verify("good").await;
    assert_eq!(
        first.result(),
        VerificationResult::Ok,
        "{}",
        first.explanation
    );
    let second = installation.verify("good").await;
    let (first, second) = (first.holder.unwrap(), second.holder.unwrap());
    assert_eq!(
        (first.origin(), second.origin()),
        (HolderOrigin::New, HolderOrigin::Known)
    );
    assert_eq!(first.holder_id, second.holder_id);
    let other = installation.verify("older-key").await;
    assert_ne!(other.holder.unwrap().holder_id, first.holder_id);
    installation.stop().await;
}

#[tokio::test]
async fn a_caller_without_an_entry_is_refused() {
    let installation = Installation::start(Answer::Good).await;
    let refused = installation
        .client(SRE)
        .verify_signature(support::request("good"))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(installation.lookups(), 0);
    installation.stop().await;
}

#[tokio::test]
async fn a_revoked_certificate_is_refused_by_what_revocation_lookup_says() {
    let installation = Installation::start(Answer::Revoked).await;
    let answer = installation.verify("good").await;
    assert_eq!(answer.result(), VerificationResult::CertificateRevoked);
    assert!(answer.holder.is_none());
    installation.stop().await;
}

#[tokio::test]
async fn an_answer_that_contradicts_itself_is_unknown() {
    let installation = Installation::start(Answer::Contradiction).await;
    let answer = installation.verify("good").await;
    assert_eq!(answer.result(), VerificationResult::RevocationUnknown);
    assert_eq!(
        answer.revocation.unwrap().unknown_reason(),
        UnknownReason::Unavailable
    );
    installation.stop().await;
}

#[tokio::test]
async fn a_revocation_lookup_that_does_not_answer_is_unknown_after_the_time_out() {
    let installation = Installation::start(Answer::Never).await;
    let began = Instant::now();
    let answer = installation.verify("good").await;
    assert_eq!(answer.result(), VerificationResult::RevocationUnknown);
    assert_eq!(answer.failed_rule, "revocation_unavailable");
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    installation.stop().await;
}

#[tokio::test]
async fn a_revocation_lookup_that_is_away_is_unknown_and_found_again_when_it_is_back() {
    let mut installation = Installation::start(Answer::Good).await;
    installation.stop_lookup().await;
    let answer = installation.verify("good").await;
    assert_eq!(answer.result(), VerificationResult::RevocationUnknown);

    installation.start_lookup(Answer::Good).await;
    let mut found = false;
    for _ in 0..50 {
        let answer = installation.verify("good").await;
        found = answer.result() == VerificationResult::Ok;
        if found {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(found);
    installation.stop().await;
}

#[tokio::test]
async fn what_is_counted_names_results_and_nobody() {
    let installation = Installation::start(Answer::Good).await;
    for _ in 0..2 {
        installation.verify("good").await;
    }
    let text = installation.context.metrics.render();
    for line in [
        r#"akashi_verifications_total{result="OK",role="signature-verification"} 2"#,
        r#"akashi_leaf_cache_total{found="yes",role="signature-verification"} 1"#,
        r#"akashi_cross_check_disagreements_total{role="signature-verification"} 0"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    installation.stop().await;
}

#[tokio::test]
async fn a_request_of_ten_megabytes_is_refused_and_the_next_one_answered() {
    let installation = Installation::start(Answer::Good).await;
    let mut client = installation.backend.clone();
    let mut large = support::request("good");
    large.certificate = vec![0; 10 * 1024 * 1024];
    let refused = client.verify_signature(large).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted);
    let answer = installation.verify("good").await;
    assert_eq!(answer.result(), VerificationResult::Ok);
    installation.stop().await;
}
