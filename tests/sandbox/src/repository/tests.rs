//! The repository over its real ports.

use std::net::Ipv4Addr;

use http::StatusCode;
use pki::{CrlError, CrlLimits, CrlSigner, CrossCheck, VerifiedCrl, Verifier, verify_crl};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::*;
use crate::mint::{ListSigner, shared_for_tests};

const FULL: &str = "/crl/user-authentication/own-2/full.crl";

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    shared_for_tests().save(folder.path()).unwrap();
    folder
}

struct Running {
    repository: Arc<Repository>,
    files: String,
    control: String,
    http: reqwest::Client,
    _folder: TempDir,
    _stop: (oneshot::Sender<()>, oneshot::Sender<()>),
}

impl Running {
    async fn start() -> Self {
        let folder = folder();
        let repository = Repository::open(folder.path(), 3600, crate::now()).unwrap();
        let listener = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let (files, control) = (listener().await.unwrap(), listener().await.unwrap());
        let addresses = [&files, &control].map(|it| format!("http://{}", it.local_addr().unwrap()));
        let (stop_files, files_stopped) = oneshot::channel::<()>();
        let (stop_control, control_stopped) = oneshot::channel::<()>();
        let serving = serve(files, Arc::clone(&repository), async {
            let _ = files_stopped.await;
        });
        tokio::spawn(serving);
        let controlling = serve_control(control, Arc::clone(&repository), async {
            let _ = control_stopped.await;
        });
        tokio::spawn(controlling);
        let [files, control] = addresses;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_max_idle_per_host(0)
            .build()
            .unwrap();
        let stop = (stop_files, stop_control);
        Self {
            repository,
            files,
            control,
            http,
            _folder: folder,
            _stop: stop,
        }
    }

    async fn get(&self, path: &str) -> reqwest::Result<reqwest::Response> {
        self.http.get(format!("{}{path}", self.files)).send().await
    }

    async fn control(&self, path: &str, body: Value) -> (StatusCode, Value) {
        let address = format!("{}{path}", self.control);
        let response = self.http.post(address).json(&body).send().await.unwrap();
        let status = response.status();
        (status, response.json().await.unwrap())
    }

    async fn list(&self) -> Result<VerifiedCrl, CrlError> {
        let der = self.get(FULL).await.unwrap().bytes().await.unwrap();
        let kind = CaKind::UserAuthentication;
        let authority = self
            .repository
            .read(|jpki| jpki.authority(kind).trusted(CrlSigner::OwnKey));
        let limits = CrlLimits {
            max_bytes: 1 << 20,
            max_entries: 10_000,
        };
        verify_crl(&der, &authority, &limits, &Verifier::new(CrossCheck::Off))
    }
}

#[tokio::test]
async fn a_revocation_is_on_the_next_list_with_a_higher_number() {
    let running = Running::start().await;
    let before = running.list().await.unwrap();
    let body = json!({ "holder": "good", "certificate": "user-authentication", "reason": "key_compromise" });
    let (status, state) = running.control("/control/revoke", body.clone()).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(state["holders"][0]["revoked"]["user-authentication"], true);
    assert_eq!(state["holders"][0]["revoked"]["digital-signature"], false);
    let after = running.list().await.unwrap();
    assert!(after.facts().number > before.facts().number);
    assert_eq!(after.entries().len(), before.entries().len() + 1);
    let (status, _) = running.control("/control/revoke", body).await;
    assert_eq!(status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn bad_commands_are_refused_in_words() {
    let running = Running::start().await;
    for (path, body, expected) in [
        ("/control/revoke", json!({ "holder": "nobody" }), 404),
        (
            "/control/revoke",
            json!({ "holder": "good", "reason": "boredom" }),
            400,
        ),
        ("/control/unlock", json!({ "holder": "nobody" }), 404),
    ] {
        let (status, answer) = running.control(path, body).await;
        assert_eq!(status.as_u16(), expected, "{path}");
        assert!(
            answer["error"]
                .as_str()
                .is_some_and(|words| !words.is_empty())
        );
    }
}

#[tokio::test]
async fn an_unchanged_list_is_not_sent_again() {
    let running = Running::start().await;
    let etag = running.get(FULL).await.unwrap().headers()["etag"].clone();
    let again = |etag: http::HeaderValue| {
        running
            .http
            .get(format!("{}{FULL}", running.files))
            .header("if-none-match", etag)
            .send()
    };
    assert_eq!(
        again(etag.clone()).await.unwrap().status(),
        StatusCode::NOT_MODIFIED
    );
    running.repository.publish(crate::now()).unwrap();
    assert_eq!(again(etag).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn a_stopped_server_refuses_connections_and_comes_back() {
    let running = Running::start().await;
    assert!(running.get(FULL).await.is_ok());
    running
        .control("/control/fault", json!({ "kind": "stop" }))
        .await;
    let mut refused = false;
    for _ in 0..100 {
        refused = running
            .get(FULL)
            .await
            .is_err_and(|error| error.is_connect());
        if refused {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(refused);
    running
        .control("/control/fault", json!({ "kind": "none" }))
        .await;
    let mut back = false;
    for _ in 0..100 {
        back = running
            .get(FULL)
            .await
            .is_ok_and(|response| response.status() == StatusCode::OK);
        if back {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(back);
}

#[tokio::test]
async fn a_truncated_body_and_a_redirect_look_like_what_they_are() {
    let running = Running::start().await;
    running
        .repository
        .set_fault(Fault::everywhere(FaultKind::Truncate));
    assert!(running.get(FULL).await.unwrap().bytes().await.is_err());
    running
        .repository
        .set_fault(Fault::everywhere(FaultKind::Redirect));
    let response = running.get(FULL).await.unwrap();
    assert_eq!(response.status(), StatusCode::FOUND);
    assert!(
        response.headers()["location"]
            .to_str()
            .unwrap()
            .starts_with("http://localhost:")
    );
    running
        .repository
        .set_fault(Fault::everywhere(FaultKind::Stall));
    let stalled = running.get(FULL).await.unwrap().bytes();
    assert!(
        tokio::time::timeout(Duration::from_millis(300), stalled)
            .await
            .is_err()
    );
    running.repository.set_fault(Fault {
        kind: FaultKind::Unavailable,
        path: Some("/crl/digital-signature/".to_owned()),
    });
    assert_eq!(running.get(FULL).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn every_list_that_is_wrong_in_itself_is_refused_by_the_verifying_side() {
    let running = Running::start().await;
    assert!(running.list().await.is_ok());
    for kind in [
        FaultKind::WrongSignature,
        FaultKind::NoNextUpdate,
        FaultKind::WrongAuthority,
        FaultKind::Delta,
        FaultKind::UnknownCriticalExtension,
        FaultKind::RemoveFromCrl,
        FaultKind::TrailingOctet,
        FaultKind::CutShort,
        FaultKind::Html,
    ] {
        running.repository.set_fault(Fault::everywhere(kind));
        assert!(running.list().await.is_err(), "{kind:?}");
    }
    running.repository.set_fault(Fault::none());
    assert!(running.list().await.is_ok());
}

#[tokio::test]
async fn every_list_that_is_wrong_only_here_and_now_verifies_and_shows_what_is_wrong() {
    let running = Running::start().await;
    let right = running.list().await.unwrap();
    let now = crate::now();
    let wrong = async |kind| {
        running.repository.set_fault(Fault::everywhere(kind));
        running.list().await.unwrap()
    };
    assert!(wrong(FaultKind::LowerNumber).await.facts().number < right.facts().number);
    assert!(wrong(FaultKind::Expired).await.current_at(now).is_err());
    assert!(
        wrong(FaultKind::FromTheFuture)
            .await
            .current_at(now)
            .is_err()
    );
    let partition = wrong(FaultKind::WrongPartition).await;
    assert_ne!(partition.facts().scope, right.facts().scope);
    let signer = wrong(FaultKind::WrongSigner)
        .await
        .facts()
        .signer_key_id
        .clone();
    assert_ne!(signer, right.facts().signer_key_id);
    assert!(wrong(FaultKind::Emptied).await.entries().is_empty());
}

#[test]
fn numbers_rise_over_a_restart() {
    let folder = folder();
    let number = || {
        let repository = Repository::open(folder.path(), 60, crate::now()).unwrap();
        repository.publications()["user-authentication"].number
    };
    let (first, second) = (number(), number());
    assert!(second > first);
}

#[test]
fn every_list_and_every_certificate_is_there() {
    let folder = folder();
    let repository = Repository::open(folder.path(), 60, crate::now()).unwrap();
    for kind in CaKind::ALL {
        for list in ListKind::all() {
            assert!(repository.document(&list_path(kind, &list)).is_some());
        }
        assert!(repository.document(&links_path(kind)).is_some());
        assert!(repository.certificate_file("good", kind).exists());
    }
    let missing = ListKind {
        signer: ListSigner::Own(2),
        municipality: None,
    };
    let path = list_path(CaKind::UserAuthentication, &missing).replace("full", "nowhere");
    assert!(repository.document(&path).is_none());
}
