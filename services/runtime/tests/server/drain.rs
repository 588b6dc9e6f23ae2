//! Stopping in order.

use std::time::{Duration, Instant};

use proto::revocation::v1::GetRevocationStatusResponse;
use tokio::task::JoinHandle;
use tonic::{Code, Response, Status};

use crate::support::{TestServer, question};

/// A call that waits for a permit of the gate.
async fn call_in_progress(
    server: &TestServer,
) -> JoinHandle<Result<Response<GetRevocationStatusResponse>, Status>> {
    let mut client = server.client("listed");
    let call = tokio::spawn(async move { client.get_revocation_status(question("wait")).await });
    server.until_calls(1).await;
    call
}

#[tokio::test]
async fn a_call_in_progress_is_finished_and_new_ones_are_not_taken() {
    let server = TestServer::start().await;
    let call = call_in_progress(&server).await;

    server.context.shutdown.begin();
    while server.context.health.is_serving("") {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // The listeners close a moment after the health says so.
    let mut refused = false;
    for _ in 0..100 {
        refused = server
            .client("listed")
            .get_revocation_status(question("R8-1"))
            .await
            .is_err();
        if refused {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(refused);
    assert!(!call.is_finished());

    server.gate.add_permits(1);
    assert_eq!(call.await.unwrap().unwrap().into_inner().generation, 7);
    server.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_call_that_does_not_end_is_cut_off_at_the_drain_time_out() {
    let server = TestServer::start().await;
    let call = call_in_progress(&server).await;

    let began = Instant::now();
    server.context.shutdown.begin();
    server.serving.await.unwrap().unwrap();
    let took = began.elapsed();
    assert!(
        took >= Duration::from_secs(2) && took < Duration::from_secs(8),
        "{took:?}"
    );
    assert!(call.await.unwrap().is_err());
}

#[tokio::test]
async fn stopping_at_once_waits_for_nothing() {
    let server = TestServer::start().await;
    let call = call_in_progress(&server).await;

    let began = Instant::now();
    server.context.shutdown.stop_now();
    server.serving.await.unwrap().unwrap();
    assert!(
        began.elapsed() < Duration::from_millis(1500),
        "{:?}",
        began.elapsed()
    );
    assert!(call.await.unwrap().is_err());
}

#[tokio::test]
async fn an_idle_connection_does_not_hold_up_the_end() {
    let server = TestServer::start().await;
    let mut client = server.client("listed");
    client
        .get_revocation_status(question("R8-1"))
        .await
        .unwrap();
    let began = Instant::now();
    server.context.shutdown.begin();
    server.serving.await.unwrap().unwrap();
    assert!(
        began.elapsed() < Duration::from_millis(1500),
        "{:?}",
        began.elapsed()
    );
    let refused = client
        .get_revocation_status(question("R8-2"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
}

#[tokio::test]
async fn a_lost_connection_is_made_again() {
    let server = TestServer::start().await;
    let mut client = server.client("listed");
    client
        .get_revocation_status(question("R8-1"))
        .await
        .unwrap();
    let (address, folder) = (server.address, server.folder);
    server.context.shutdown.begin();
    server.serving.await.unwrap().unwrap();
    assert!(
        client
            .get_revocation_status(question("R8-2"))
            .await
            .is_err()
    );

    let again = crate::support::TestServer::start_again(address, folder).await;
    let mut answered = false;
    for _ in 0..50 {
        answered = client.get_revocation_status(question("R8-3")).await.is_ok();
        if answered {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(answered);
    drop(again);
}
