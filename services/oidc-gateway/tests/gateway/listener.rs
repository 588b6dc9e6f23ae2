//! The gateway as a process: its port, with and without TLS, and its end.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::time::Duration;

use oidc_gateway::{Config, WebTlsConfig};
use runtime::Context;
use runtime::config::{ConfigPath, SecretFile};
use runtime::shutdown::Shutdown;
use tokio::task::JoinHandle;

use crate::world::{ISSUER, World};

/// A self-signed certificate that serves as everybody's.
fn write_certificate(folder: &Path) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["op.example".to_owned()];
    let certificate = rcgen::CertificateParams::new(names)
        .unwrap()
        .self_signed(&key)
        .unwrap();
    std::fs::write(folder.join("certificate.pem"), certificate.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
    certificate.pem()
}

async fn serve(world: &World, with_tls: bool) -> (Context, SocketAddr, JoinHandle<()>) {
    let folder = world.folder.path();
    let mut config: Config = world.config.clone();
    config.listen.address = "127.0.0.1:0".parse().unwrap();
    config.observability.metrics_listen = "127.0.0.1:0".parse().unwrap();
    let certificate = ConfigPath::new(folder.join("certificate.pem"));
    let private_key = SecretFile::new(folder.join("key.pem"));
    let services = [&mut config.signature_verification].into_iter();
    for service in services.chain(config.signing_certificate.as_mut()) {
        service.certificate = certificate.clone();
        service.private_key = private_key.clone();
        service.server_ca = certificate.clone();
    }
    if with_tls {
        config.tls = Some(WebTlsConfig {
            certificate,
            private_key,
        });
    }
    let context = Context::new("oidc-gateway", Shutdown::new()).await;
    let serving = tokio::spawn({
        let context = context.clone();
        async move { oidc_gateway::serve(config, context).await.unwrap() }
    });
    let address = context.addresses.wait("http").await;
    while !context.health.is_serving("") {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (context, address, serving)
}

/// One exchange, as the octets are, until the gateway closes the connection.
async fn exchange(address: SocketAddr, request: String) -> String {
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        // A server that refuses early may reset the connection; what came before counts.
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_ne!(
                error.kind(),
                std::io::ErrorKind::WouldBlock,
                "it stays open"
            );
        }
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_serves_until_it_is_asked_to_stop() {
    let world = World::new().await;
    write_certificate(world.folder.path());
    let (context, address, serving) = serve(&world, false).await;
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    let answer = exchange(
        address,
        get("/api/realms/main/.well-known/openid-configuration"),
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 200 OK") && answer.contains(ISSUER),
        "{answer}"
    );
    let long = get(&format!("/{}", "x".repeat(100_000)));
    let answer = exchange(address, long).await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 4"),
        "{answer:.100}"
    );
    assert!(
        context
            .metrics
            .render()
            .contains(r#"endpoint="discovery",outcome="ok""#)
    );
    context.shutdown.begin();
    serving.await.unwrap();
    assert!(!context.health.is_serving(""));
    assert!(TcpStream::connect(address).is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attack_74_whoever_says_nothing_or_never_finishes_loses_the_connection() {
    let world = World::new().await;
    write_certificate(world.folder.path());
    let (context, address, serving) = serve(&world, false).await;
    let kept = "GET /api/realms/main/assets/gateway.css HTTP/1.1\r\nHost: x\r\n\r\n";
    // Nothing at all, half a request, and nothing more after a whole one.
    let (silent, half, idle) = tokio::join!(
        exchange(address, String::new()),
        exchange(address, "GET / HTTP/1.1\r\nHost: x\r\nX: ".to_owned()),
        exchange(address, kept.to_owned()),
    );
    assert!(!silent.contains("200 OK") && !half.contains("200 OK"));
    assert!(idle.starts_with("HTTP/1.1 200 OK"), "{idle:.100}");
    context.shutdown.begin();
    serving.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_with_tls_of_its_own_speaks_nothing_else() {
    let world = World::new().await;
    let pem = write_certificate(world.folder.path());
    let (context, address, serving) = serve(&world, true).await;
    let root = reqwest::Certificate::from_pem(pem.as_bytes()).unwrap();
    let client = reqwest::Client::builder()
        .tls_certs_only([root])
        .resolve("op.example", address)
        .build()
        .unwrap();
    let path = "api/realms/main/.well-known/openid-configuration";
    let url = format!("https://op.example:{}/{path}", address.port());
    let answer = client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(
        answer.json::<serde_json::Value>().await.unwrap()["issuer"],
        ISSUER
    );
    let plain = exchange(address, format!("GET /{path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    assert!(!plain.contains("200 OK"), "{plain}");
    context.shutdown.begin();
    serving.await.unwrap();
}
