//! Responders that the service asks: one that behaves as a test wants, and OpenSSL's.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use futures_util::{StreamExt as _, stream};
use pki::{
    CertIdHash, CrossCheck, OcspAnswer, OcspDelegate, OcspFailure, OcspIssuer, OcspRequest,
    OcspStatus, RevocationReason, UnixTime, UnreadOcspRequest, UnsignedOcspResponse, Verifier,
};
use runtime::WebTls;
use runtime::config::{ConfigPath, SecretFile};
use runtime::shutdown::Shutdown;
use runtime::web::{WebLimits, WebServer};
use sandbox::deployment::ServiceAuthority;
use sandbox::mint::CaKind::UserAuthentication;
use sandbox::mint::{CertificateSpec, RsaKey};
use tokio::sync::Semaphore;

use crate::ocsp_world::{DAY, cert_id};
use crate::world::{REVOKED_AT, authority};

/// What a responder does with a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    Good,
    /// Good until so many seconds from now.
    GoodUntil(i64),
    Revoked,
    Unknown,
    /// Good, once the gate lets it through.
    Gated,
    WrongNonce,
    NoNonce,
    /// Of so many seconds ago, and good for long.
    Old(i64),
    NoNonceOld(i64),
    Expired,
    Future,
    Failure(OcspFailure),
    Endless,
    SlowBody,
    Silent,
    Redirect,
    WrongSerial,
    WrongSigner,
    WrongType,
    ServerError,
    Garbage,
    Empty,
}

/// A responder that behaves as it is told.
pub(crate) struct Scripted {
    shared: Arc<Script>,
    url: String,
}

struct Script {
    behaviour: Mutex<Behaviour>,
    /// How far its clock is ahead.
    ahead: Mutex<i64>,
    gate: Semaphore,
    asked: Mutex<Vec<String>>,
    key: RsaKey,
    delegate: OcspDelegate,
}

impl Script {
    fn new(behaviour: Behaviour) -> Arc<Self> {
        let (key, now) = (RsaKey::generate().unwrap(), sandbox::now());
        let issuer = &authority(UserAuthentication).newest().key;
        let validity = (now.plus_secs(-DAY), now.plus_secs(10 * DAY));
        let spec = CertificateSpec::ocsp_responder(UserAuthentication, issuer, &key, validity);
        let trusted = authority(UserAuthentication).trusted(pki::CrlSigner::NewestKey);
        let delegate = OcspDelegate::from_pem_or_der(
            &spec.sign(issuer),
            &OcspIssuer::new(trusted.newest_anchor()),
            now,
            &Verifier::new(CrossCheck::Off),
        )
        .unwrap();
        Arc::new(Self {
            behaviour: Mutex::new(behaviour),
            ahead: Mutex::new(0),
            gate: Semaphore::new(0),
            asked: Mutex::default(),
            key,
            delegate,
        })
    }
}

impl Scripted {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        let shared = Script::new(behaviour);
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.await.unwrap();
        let url = format!("http://{}/responder", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        Self { shared, url }
    }

    /// The same over TLS, for who trusts `ocsp-ca.pem` of the folder.
    pub(crate) async fn start_over_tls(behaviour: Behaviour, folder: &Path) -> Self {
        let shared = Script::new(behaviour);
        let router = Router::new().fallback(answer).with_state(shared.clone());
        let authority = ServiceAuthority::generate("a responder's").unwrap();
        let issued = authority.issue("localhost").unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write("ocsp-ca.pem", authority.certificate_pem());
        write("responder.pem", &issued.certificate_pem);
        write("responder.key", &issued.private_key_pem);
        let certificate = ConfigPath::new(folder.join("responder.pem"));
        let key = SecretFile::new(folder.join("responder.key"));
        let tls = Arc::new(WebTls::load(&certificate, &key).unwrap());
        let limits = WebLimits {
            connections: 10,
            connection_age: Duration::from_mins(1),
            connection_grace: Duration::from_secs(1),
            header_timeout: Duration::from_secs(10),
            header_octets: 8_192,
            drain_timeout: Duration::from_secs(1),
        };
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let server = WebServer::bind(address, Some(tls), limits).await.unwrap();
        let port = server.address().unwrap().port();
        tokio::spawn(server.serve_here(router, Shutdown::new()));
        let url = format!("https://localhost:{port}/responder");
        Self { shared, url }
    }

    pub(crate) fn url(&self) -> String {
        self.url.clone()
    }

    pub(crate) fn behave(&self, behaviour: Behaviour) {
        *self.shared.behaviour.lock().unwrap() = behaviour;
    }

    pub(crate) fn set_ahead(&self, seconds: i64) {
        *self.shared.ahead.lock().unwrap() = seconds;
    }

    /// Lets one gated question through.
    pub(crate) fn open(&self) {
        self.shared.gate.add_permits(1);
    }

    /// Method, address and type of every question.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub(crate) fn asked_times(&self) -> usize {
        self.shared.asked.lock().unwrap().len()
    }
}

async fn answer(
    State(script): State<Arc<Script>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let kind = headers["content-type"].to_str().unwrap();
    let asked = format!("{method} {uri} {kind}");
    script.asked.lock().unwrap().push(asked);
    let behaviour = *script.behaviour.lock().unwrap();
    let kind = [("content-type", "application/ocsp-response")];
    match behaviour {
        Behaviour::Gated => script.gate.acquire().await.unwrap().forget(),
        Behaviour::Silent => std::future::pending().await,
        Behaviour::Failure(failure) => return (kind, pki::ocsp_failure(failure)).into_response(),
        Behaviour::Redirect => {
            let target = [("location", uri.to_string())];
            return (StatusCode::TEMPORARY_REDIRECT, target).into_response();
        }
        Behaviour::ServerError => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Behaviour::Garbage => return (kind, "no answer").into_response(),
        Behaviour::Empty => return (kind, "").into_response(),
        _ => {}
    }
    let der = script.answer(&body, behaviour);
    let piece = |octets: Vec<u8>| Ok::<_, std::io::Error>(Bytes::from(octets));
    match behaviour {
        Behaviour::Endless => {
            let endless = stream::once(std::future::ready(piece(der)))
                .chain(stream::repeat_with(move || piece(vec![0; 8_192])));
            (kind, Body::from_stream(endless)).into_response()
        }
        Behaviour::SlowBody => {
            let half = piece(der[..der.len() / 2].to_vec());
            let slow = stream::once(std::future::ready(half)).chain(stream::pending());
            (kind, Body::from_stream(slow)).into_response()
        }
        Behaviour::WrongType => ([("content-type", "text/html")], der).into_response(),
        _ => (kind, der).into_response(),
    }
}

impl Script {
    fn answer(&self, request: &[u8], behaviour: Behaviour) -> Vec<u8> {
        let now = sandbox::now().plus_secs(*self.ahead.lock().unwrap());
        let other = OcspRequest::new(
            &cert_id(UserAuthentication, CertIdHash::Sha1, &[0x77, 1]),
            None,
        );
        let asked = UnreadOcspRequest::read(request).unwrap();
        let nonce = asked.question().unwrap().nonce().map(<[u8]>::to_vec);
        let about = match behaviour {
            Behaviour::WrongSerial => UnreadOcspRequest::read(other.der()).unwrap(),
            _ => asked,
        };
        let status = match behaviour {
            Behaviour::Revoked => OcspStatus::Revoked {
                revoked_at: UnixTime::from_secs(REVOKED_AT),
                reason: RevocationReason::Superseded,
            },
            Behaviour::Unknown => OcspStatus::Unknown,
            _ => OcspStatus::Good,
        };
        let (this_update, next_update) = match behaviour {
            Behaviour::GoodUntil(seconds) => (now, now.plus_secs(seconds)),
            Behaviour::Old(age) | Behaviour::NoNonceOld(age) => {
                (now.plus_secs(-age), now.plus_secs(DAY))
            }
            Behaviour::Expired => (now.plus_secs(-120), now.plus_secs(-60)),
            Behaviour::Future => (now.plus_secs(3_600), now.plus_secs(7_200)),
            _ => (now, now.plus_secs(900)),
        };
        let nonce = match behaviour {
            Behaviour::WrongNonce => Some(vec![7; 32]),
            Behaviour::NoNonce | Behaviour::NoNonceOld(_) => None,
            _ => nonce,
        };
        let question = about.question().unwrap();
        let answer = OcspAnswer::new(&question, status, this_update, Some(next_update));
        let response = UnsignedOcspResponse::new(&self.delegate, now, &answer, nonce.as_deref());
        let signature = match behaviour {
            Behaviour::WrongSigner => RsaKey::generate().unwrap().sign(response.to_be_signed()),
            _ => self.key.sign(response.to_be_signed()),
        };
        response.signed(&signature)
    }
}

/// `openssl ocsp` as a responder over the keys of a folder; stopped when dropped.
pub(crate) struct OpenSsl {
    child: Child,
    port: u16,
}

impl OpenSsl {
    /// Answers about the certificates of an index, signed by `{signer}.pem`.
    pub(crate) async fn start(folder: &Path, signer: &str, options: &[&str]) -> Self {
        let name = UserAuthentication.name();
        let mut child = Command::new("openssl")
            .current_dir(folder)
            .args(["ocsp", "-index", "index.txt", "-port", "0"])
            .args(["-CA", &format!("{name}.pem")])
            .args(["-rsigner", &format!("{signer}.pem")])
            .args(["-rkey", &format!("{signer}.key")])
            .args(options)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        // ACCEPT [::]:33311 PID=27800; a connection to find out would hold it up.
        let listening = tokio::task::spawn_blocking(move || {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).unwrap();
            let port = line.split([':', ' ']).find_map(|part| part.parse().ok());
            port.unwrap_or_else(|| panic!("openssl says {line:?}"))
        });
        let port = listening.await.unwrap();
        Self { child, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}

impl Drop for OpenSsl {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// OpenSSL's data base: a status for each serial number, by the letter for it.
pub(crate) fn write_index(folder: &Path, certificates: &[(&str, [u8; 3])]) {
    let mut text = String::new();
    for (status, [a, b, c]) in certificates {
        let revocation = match *status {
            // 2026-02-17T14:59:59Z
            "R" => "260217145959Z,superseded",
            _ => "",
        };
        writeln!(
            text,
            "{status}\t360101000000Z\t{revocation}\t{a:02X}{b:02X}{c:02X}\tunknown\t/CN=one"
        )
        .unwrap();
    }
    std::fs::write(folder.join("index.txt"), text).unwrap();
}
