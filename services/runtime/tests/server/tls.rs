//! Who gets a connection at all.

use std::sync::Arc;
use std::time::Duration;

use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::Code;

use crate::support::{Authority, LISTED, SERVER_NAME, TestServer, question};

/// How a client of its own making tries to connect.
struct Attempt {
    version: &'static SupportedProtocolVersion,
    with_certificate: bool,
    alpn: &'static [u8],
}

/// The attempt that succeeds; each refusal below differs from it by one thing.
const GOOD: Attempt = Attempt {
    version: &rustls::version::TLS13,
    with_certificate: true,
    alpn: b"h2",
};

impl Attempt {
    /// Whether the server speaks HTTP/2 with this client. In TLS 1.3 a client's own handshake ends
    /// before the server has looked at its certificate, so only an answer proves anything.
    async fn is_let_in(&self, server: &TestServer) -> bool {
        self.first_octets(server)
            .await
            .is_ok_and(|octets| octets > 0)
    }

    async fn first_octets(&self, server: &TestServer) -> std::io::Result<usize> {
        let stream = TcpStream::connect(server.address).await?;
        let name = ServerName::try_from(SERVER_NAME).unwrap();
        let connector = TlsConnector::from(Arc::new(self.config(server)));
        let mut stream = connector.connect(name, stream).await?;
        // The client's preface and empty settings (RFC 9113 section 3.4).
        stream
            .write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
            .await?;
        stream.read(&mut [0; 64]).await
    }

    fn config(&self, server: &TestServer) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        let authority = server.authority.pem();
        roots
            .add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[self.version])
            .unwrap()
            .with_root_certificates(roots);
        let mut config = if self.with_certificate {
            let (certificate, key) = server.authority.issue(&[LISTED]);
            let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        } else {
            builder.with_no_client_auth()
        };
        config.alpn_protocols = vec![self.alpn.to_vec()];
        config
    }
}

#[tokio::test]
async fn only_a_client_with_a_certificate_that_speaks_http_2_over_tls_1_3_is_let_in() {
    let server = TestServer::start().await;
    let without_certificate = Attempt {
        with_certificate: false,
        ..GOOD
    };
    let over_tls_1_2 = Attempt {
        version: &rustls::version::TLS12,
        ..GOOD
    };
    let of_another_protocol = Attempt {
        alpn: b"http/1.1",
        ..GOOD
    };
    for (name, attempt, let_in) in [
        ("good", GOOD, true),
        ("without a certificate", without_certificate, false),
        ("over TLS 1.2", over_tls_1_2, false),
        ("of another protocol", of_another_protocol, false),
        ("good, after the others", GOOD, true),
    ] {
        assert_eq!(attempt.is_let_in(&server).await, let_in, "{name}");
    }
}

/// A connection that the server closes after the client's side of the handshake: the client sees it end
/// before or after it sent the call.
fn is_lost(status: &tonic::Status) -> bool {
    matches!(
        status.code(),
        Code::Unavailable | Code::Unknown | Code::Cancelled
    )
}

#[tokio::test]
async fn a_client_of_another_authority_is_refused() {
    let server = TestServer::start().await;
    Authority::new().write(server.folder.path(), "foreign", &[LISTED]);
    let refused = server
        .client("foreign")
        .get_revocation_status(question("R8-1"))
        .await;
    assert!(is_lost(&refused.unwrap_err()));
    assert!(
        server
            .client("listed")
            .get_revocation_status(question("R8-1"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_client_with_two_names_is_refused() {
    let server = TestServer::start().await;
    server
        .authority
        .write(server.folder.path(), "both", &[LISTED, "other.akashi.test"]);
    let refused = server
        .client("both")
        .get_revocation_status(question("R8-1"))
        .await;
    assert!(is_lost(&refused.unwrap_err()));
    server
        .authority
        .write(server.folder.path(), "one", &[LISTED]);
    assert!(
        server
            .client("one")
            .get_revocation_status(question("R8-1"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_server_of_another_name_is_not_spoken_to() {
    let server = TestServer::start().await;
    let mut files = server.files("listed");
    "signing-certificate.akashi.test".clone_into(&mut files.server_name);
    let client =
        proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient::new;
    let refused = client(server.channel(&files))
        .get_revocation_status(question("R8-1"))
        .await;
    assert_eq!(refused.unwrap_err().code(), Code::Unavailable);
    assert_eq!(server.calls(), 0);
}

#[tokio::test]
async fn a_slow_handshake_delays_nobody() {
    let server = TestServer::start().await;
    let mut silent = Vec::new();
    for _ in 0..8 {
        silent.push(TcpStream::connect(server.address).await.unwrap());
    }
    let client = server.client("listed");
    let answer = tokio::time::timeout(Duration::from_secs(3), async {
        client.clone().get_revocation_status(question("R8-1")).await
    });
    assert!(answer.await.unwrap().is_ok());
}

#[tokio::test]
async fn replaced_certificates_are_used_without_a_restart() {
    let server = TestServer::start().await;
    let folder = server.folder.path();
    let mut before = server.client("listed");
    assert!(before.get_revocation_status(question("R8-1")).await.is_ok());

    let next = Authority::new();
    next.write(folder, "listed", &[LISTED]);
    next.write(folder, "server", &[SERVER_NAME]);
    std::fs::write(folder.join("ca.pem"), next.pem()).unwrap();

    let mut answered = false;
    for _ in 0..50 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        answered = server
            .client("listed")
            .get_revocation_status(question("R8-2"))
            .await
            .is_ok();
        if answered {
            break;
        }
    }
    assert!(answered, "the server never took the new files");
    // A connection from before lives on until its greatest age.
    assert!(before.get_revocation_status(question("R8-3")).await.is_ok());
}

#[tokio::test]
async fn files_that_do_not_load_leave_the_last_good_ones_in_use() {
    let server = TestServer::start().await;
    std::fs::write(server.folder.path().join("server.pem"), "half a certifi").unwrap();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(
        server
            .client("listed")
            .get_revocation_status(question("R8-1"))
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_server_without_usable_files_does_not_start() {
    let server = TestServer::start().await;
    std::fs::write(server.folder.path().join("server.key"), "no key").unwrap();
    let refused = crate::support::server(&server.context, server.folder.path())
        .err()
        .unwrap();
    assert!(
        refused
            .to_string()
            .ends_with("server.key: holds no PEM private key"),
        "{refused}"
    );
}
