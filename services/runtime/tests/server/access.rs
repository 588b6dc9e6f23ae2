//! Who may call what, and what a broken request is told.

use proto::revocation::v1::{GetFreshnessRequest, GetRevocationStatusResponse};
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::{Code, IntoRequest as _};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::support::{GET_FRESHNESS, GET_STATUS, LISTED, TestServer, UNLISTED, question};

#[tokio::test]
async fn a_listed_caller_is_answered() {
    let server = TestServer::start().await;
    let answer = server
        .client("listed")
        .get_revocation_status(question("R8-1"))
        .await
        .unwrap();
    assert_eq!(answer.into_inner().generation, 7);
    assert_eq!(server.refusals(), []);
}

#[tokio::test]
async fn an_unlisted_caller_is_refused_and_reported_and_never_reaches_the_handler() {
    let server = TestServer::start().await;
    let mut client = server.client("unlisted");
    let refused = client
        .get_revocation_status(question("R8-1"))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(server.calls(), 0);
    assert_eq!(
        server.refusals(),
        [(Some(UNLISTED.to_owned()), GET_STATUS.to_owned())]
    );
}

#[tokio::test]
async fn a_method_without_an_entry_refuses_a_caller_who_is_listed_for_another() {
    let server = TestServer::start().await;
    let mut client = server.client("listed");
    let refused = client
        .get_freshness(GetFreshnessRequest {})
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(
        server.refusals(),
        [(Some(LISTED.to_owned()), GET_FRESHNESS.to_owned())]
    );
    assert!(client.get_revocation_status(question("R8-1")).await.is_ok());
}

#[tokio::test]
async fn a_caller_is_refused_before_the_body_is_read() {
    let server = TestServer::start().await;
    let mut grpc = Grpc::new(server.channel(&server.files("unlisted")));
    grpc.ready().await.unwrap();
    // A body that never comes: whoever waits for it waits for ever.
    let never = tokio_stream::pending::<proto::revocation::v1::GetRevocationStatusRequest>();
    let codec = tonic_prost::ProstCodec::<_, GetRevocationStatusResponse>::default();
    let refused = grpc
        .client_streaming(
            never.into_request(),
            PathAndQuery::from_static(GET_STATUS),
            codec,
        )
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

#[tokio::test]
async fn health_is_told_to_the_listed_and_to_nobody_else() {
    let server = TestServer::start().await;
    let mut client = HealthClient::new(server.channel(&server.files("listed")));
    let mut stranger = HealthClient::new(server.channel(&server.files("unlisted")));
    for service in ["", "akashi.revocation.v1.RevocationLookupService"] {
        let request = || HealthCheckRequest {
            service: service.to_owned(),
        };
        let status = client.check(request()).await.unwrap().into_inner().status();
        assert_eq!(
            status,
            tonic_health::pb::health_check_response::ServingStatus::Serving
        );
        let refused = stranger.check(request()).await.unwrap_err();
        assert_eq!(refused.code(), Code::PermissionDenied);
    }
}

#[tokio::test]
async fn what_is_no_message_in_a_frame_is_an_invalid_argument() {
    let server = TestServer::start().await;
    let mut grpc = Grpc::new(server.channel(&server.files("listed")));
    grpc.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<u32, GetRevocationStatusResponse>::default();
    let nothing = tokio_stream::empty::<u32>();
    let path = PathAndQuery::from_static(GET_STATUS);
    let refused = grpc
        .client_streaming(nothing.into_request(), path, codec)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn a_message_over_the_limit_is_resource_exhausted_and_the_server_lives_on() {
    let server = TestServer::start().await;
    let mut client = server.client("listed");
    let mut large = question("R8-1");
    large.distribution_point = vec![0; 10 * 1024 * 1024];
    let refused = client.get_revocation_status(large).await.unwrap_err();
    assert_eq!(refused.code(), Code::ResourceExhausted, "{refused}");
    assert!(client.get_revocation_status(question("R8-1")).await.is_ok());
}

#[tokio::test]
async fn bytes_that_are_not_the_message_are_an_invalid_argument() {
    let server = TestServer::start().await;
    let mut grpc = Grpc::new(server.channel(&server.files("listed")));
    grpc.ready().await.unwrap();
    // Field 1 is `bytes` in the contract; here it is a number.
    let codec = tonic_prost::ProstCodec::<u32, GetRevocationStatusResponse>::default();
    let path = PathAndQuery::from_static(GET_STATUS);
    let refused = grpc
        .unary(5_u32.into_request(), path, codec)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument, "{refused}");
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn a_method_nobody_has_is_refused_without_naming_it() {
    let server = TestServer::start().await;
    let mut grpc = Grpc::new(server.channel(&server.files("listed")));
    grpc.ready().await.unwrap();
    let codec = tonic_prost::ProstCodec::<u32, GetRevocationStatusResponse>::default();
    let path = PathAndQuery::from_static("/akashi.revocation.v1.RevocationLookupService/List");
    let refused = grpc
        .unary(5_u32.into_request(), path, codec)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(
        server.refusals(),
        [(Some(LISTED.to_owned()), "unknown".to_owned())]
    );
}

#[tokio::test]
async fn a_defect_in_one_call_ends_no_other_call_of_its_connection() {
    let server = TestServer::start().await;
    let client = server.client("listed");
    let mut waiting = client.clone();
    let waiting =
        tokio::spawn(async move { waiting.get_revocation_status(question("wait")).await });
    server.until_calls(1).await;
    let defect = client
        .clone()
        .get_revocation_status(question("panic"))
        .await
        .unwrap_err();
    assert_eq!(defect.code(), Code::Internal);
    server.gate.add_permits(1);
    assert!(waiting.await.unwrap().is_ok());
}
