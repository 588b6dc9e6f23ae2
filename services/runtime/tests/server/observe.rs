//! Metrics, health and readiness over plain HTTP.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{TestServer, question};

/// Status code and body of a GET.
async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let code = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (code, answer.split_once("\r\n\r\n").unwrap().1.to_owned())
}

#[tokio::test]
async fn calls_and_refusals_are_counted_by_method_and_code() {
    let server = TestServer::start().await;
    server
        .client("listed")
        .get_revocation_status(question("R8-1"))
        .await
        .unwrap();
    server
        .client("unlisted")
        .get_revocation_status(question("R8-1"))
        .await
        .unwrap_err();
    let listen = "127.0.0.1:0".parse().unwrap();
    let listener = runtime::metrics::serve_http(listen, &server.context)
        .await
        .unwrap();
    let (code, text) = get(
        server.context.addresses.bound("metrics").unwrap(),
        "/metrics",
    )
    .await;
    assert_eq!(code, 200);
    for line in [
        r#"akashi_grpc_requests_total{code="OK",method="GetRevocationStatus",role="revocation-lookup"} 1"#,
        r#"akashi_grpc_requests_total{code="PERMISSION_DENIED",method="GetRevocationStatus",role="revocation-lookup"} 1"#,
        r#"akashi_access_refused_total{method="GetRevocationStatus",role="revocation-lookup"} 1"#,
        r#"akashi_grpc_request_duration_seconds_count{method="GetRevocationStatus",role="revocation-lookup"} 2"#,
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    listener.abort();
}

#[tokio::test]
async fn a_draining_process_is_alive_and_not_ready() {
    let server = TestServer::start().await;
    let listen = "127.0.0.1:0".parse().unwrap();
    let listener = runtime::metrics::serve_http(listen, &server.context)
        .await
        .unwrap();
    let address = server.context.addresses.bound("metrics").unwrap();
    assert_eq!(get(address, "/readyz").await.0, 200);
    server
        .context
        .health
        .set("freshness/user-authentication", false)
        .await;
    assert_eq!(get(address, "/readyz").await.0, 200);

    server.context.shutdown.begin();
    server.serving.await.unwrap().unwrap();
    let (code, text) = get(address, "/readyz").await;
    assert_eq!(code, 503);
    assert!(text.contains("process: not serving"), "{text}");
    assert_eq!(get(address, "/healthz").await.0, 200);
    listener.abort();
}
