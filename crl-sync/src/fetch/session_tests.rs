//! Who is shown a password or a certificate, and who is not.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rcgen::{CertificateParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair};
use reqwest::Url;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::tests::{answer, fetch};
use crate::access::Access;
use crate::config::SourceConfig;
use crate::fetch::FetchError;
use crate::location::{HttpLocation, Location, Transport};

const PASSWORD: &str = "correct horse";

/// An authority, and files of a server's and a client's certificate in a folder.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("ca.pem", &ca.pem());
        for (name, usage) in [
            ("server", ExtendedKeyUsagePurpose::ServerAuth),
            ("client", ExtendedKeyUsagePurpose::ClientAuth),
        ] {
            let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
            params.extended_key_usages = vec![usage];
            let key = KeyPair::generate().unwrap();
            let certificate = params.signed_by(&key, &ca).unwrap();
            write(&format!("{name}.pem"), &certificate.pem());
            write(&format!("{name}.key"), &key.serialize_pem());
        }
        write("password", &format!("{PASSWORD}\n"));
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn access(&self, keys: &[&str]) -> Access {
        let line = |key: &str, file: &str| format!("{key} = \"{}\"\n", self.path(file));
        let lines = |key: &&str| match *key {
            "user" => "user = \"agency\"\n".to_owned() + &line("password_file", "password"),
            "certificate" => {
                line("client_certificate", "client.pem") + &line("client_key", "client.key")
            }
            _ => line("ca", "ca.pem"),
        };
        let lines: String = keys.iter().map(lines).collect();
        let source =
            "name = \"x\"\ncertification_authority = \"x\"\nurl = \"x\"\ninterval_seconds = 1\n";
        let text = source.to_owned() + &lines;
        let config: SourceConfig = runtime::config::parse(&text).unwrap();
        Access::from_config(&config).unwrap()
    }

    /// A server that answers everything so, and what it was shown.
    async fn serve(&self, answer: String) -> Shown {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shown = Shown {
            port,
            requests: Arc::default(),
        };
        let requests = Arc::clone(&shown.requests);
        let acceptor = TlsAcceptor::from(Arc::new(server_config(self.folder.path())));
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let Ok(mut stream) = acceptor.accept(stream).await else {
                    continue;
                };
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await.unwrap());
                }
                let with_certificate = stream.get_ref().1.peer_certificates().is_some();
                let request = String::from_utf8(request).unwrap();
                requests.lock().unwrap().push((request, with_certificate));
                stream.write_all(answer.as_bytes()).await.unwrap();
                stream.shutdown().await.unwrap();
            }
        });
        shown
    }
}

/// A server that also takes clients without a certificate.
fn server_config(folder: &Path) -> ServerConfig {
    let chain = |name: &str| {
        let file = CertificateDer::pem_file_iter(folder.join(name)).unwrap();
        file.map(|certificate| certificate.unwrap())
            .collect::<Vec<_>>()
    };
    let mut roots = RootCertStore::empty();
    roots.add(chain("ca.pem").remove(0)).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider));
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(verifier.allow_unauthenticated().build().unwrap())
        .with_single_cert(
            chain("server.pem"),
            PrivateKeyDer::from_pem_file(folder.join("server.key")).unwrap(),
        )
        .unwrap()
}

struct Shown {
    port: u16,
    requests: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Shown {
    fn location(&self, access: Access, redirect_hosts: &[String]) -> Location {
        Location {
            transport: Transport::Http(HttpLocation {
                url: Url::parse(&format!("https://127.0.0.1:{}/list.crl", self.port)).unwrap(),
                redirect_hosts: redirect_hosts.to_vec(),
                access,
            }),
            max_bytes: 10,
            timeout: Duration::from_secs(20),
        }
    }

    /// Whether the last request came with a password and with a certificate.
    fn last(&self) -> (bool, bool) {
        let requests = self.requests.lock().unwrap();
        let (request, with_certificate) = requests.last().unwrap();
        (
            request.to_lowercase().contains("\r\nauthorization: "),
            *with_certificate,
        )
    }
}

fn list() -> String {
    answer("200 OK", "content-length: 4\r\n", "list")
}

#[tokio::test]
async fn a_source_is_shown_the_password_and_the_certificate_it_is_configured_with() {
    let files = Files::new();
    let server = files.serve(list()).await;
    for (keys, shown) in [
        (&["ca"][..], (false, false)),
        (&["ca", "user"], (true, false)),
        (&["ca", "certificate"], (false, true)),
        (&["ca", "user", "certificate"], (true, true)),
    ] {
        let location = server.location(files.access(keys), &[]);
        assert_eq!(fetch(&location).await.unwrap(), b"list");
        assert_eq!(server.last(), shown, "{keys:?}");
    }
    // "agency:correct horse" in base64 (RFC 7617); the line end of the file is no part of it.
    let request = server.requests.lock().unwrap()[1].0.clone();
    assert!(
        request.contains("Basic YWdlbmN5OmNvcnJlY3QgaG9yc2U=\r\n"),
        "{request}"
    );
}

#[tokio::test]
async fn only_the_named_authorities_are_believed_and_without_a_name_only_the_machines() {
    let files = Files::new();
    let server = files.serve(list()).await;
    let other = Files::new();
    for access in [
        Access::default(),
        other.access(&["ca"]),
        files.access(&["user"]),
    ] {
        let error = fetch(&server.location(access, &[])).await.unwrap_err();
        assert!(matches!(error, FetchError::Connect { .. }), "{error}");
    }
    assert!(server.requests.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_host_that_the_source_redirects_to_is_shown_nothing() {
    let files = Files::new();
    let mirror = files.serve(list()).await;
    let target = format!(
        "location: https://127.0.0.1:{}/list.crl\r\ncontent-length: 0\r\n",
        mirror.port
    );
    let server = files.serve(answer("302 Found", &target, "")).await;
    let hosts = [format!("127.0.0.1:{}", mirror.port)];
    let location = server.location(files.access(&["ca", "user", "certificate"]), &hosts);
    assert_eq!(fetch(&location).await.unwrap(), b"list");
    assert_eq!(server.last(), (true, true));
    assert_eq!(mirror.last(), (false, false));
}

#[tokio::test]
async fn files_are_read_for_every_attempt_and_what_is_in_them_is_never_told() {
    let files = Files::new();
    let server = files.serve(list()).await;
    let location = server.location(files.access(&["ca", "user", "certificate"]), &[]);
    assert!(fetch(&location).await.is_ok());
    for (name, wrong) in [
        ("password", "\n"),
        ("client.key", "secret-key"),
        (
            "ca.pem",
            "-----BEGIN CERTIFICATE-----\nsecret\n-----END CERTIFICATE-----\n",
        ),
    ] {
        let right = std::fs::read(files.path(name)).unwrap();
        std::fs::write(files.path(name), wrong).unwrap();
        let error = fetch(&location).await.unwrap_err();
        assert_eq!(error.rule(), "credentials", "{name}: {error}");
        assert!(
            !error.is_refusal() && !error.to_string().contains("secret"),
            "{error}"
        );
        std::fs::write(files.path(name), right).unwrap();
        assert!(fetch(&location).await.is_ok(), "{name}");
    }
    std::fs::write(files.path("password"), "changed").unwrap();
    let open = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(files.path("password"), open).unwrap();
    assert!(fetch(&location).await.is_ok());
    let request = server.requests.lock().unwrap().last().unwrap().0.clone();
    assert!(
        request.contains("Basic YWdlbmN5OmNoYW5nZWQ=\r\n"),
        "{request}"
    );
}
