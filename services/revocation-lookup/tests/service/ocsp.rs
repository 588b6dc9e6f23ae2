//! The OCSP responder as its clients meet it: `openssl ocsp` and plain HTTP, beside gRPC.

use std::process::Command;

use pki::{OcspFailure, OcspStatus};
use proto::revocation::v1::RevocationStatus;
use reqwest::StatusCode;
use sandbox::mint::CaKind::{DigitalSignature, UserAuthentication};

use crate::ocsp_world::{
    DAY, OF_BULK, OVER_TLS, PROXY, SIGN_IN, SIGNER_DAYS, SIGNING, failure, http, openssl, post,
    publish_full_list, request, url, verify, world,
};
use crate::world::{
    BULK, BULK_NEIGHBOURS, LIFETIME, REVOKED, REVOKED_AT, SERVER, STRANGER, UNLISTED, VERIFICATION,
    audit_url, batch, question,
};

#[tokio::test(flavor = "multi_thread")]
async fn openssl_agrees_with_grpc_on_a_hundred_certificates() {
    let world = world().await;
    let serials: Vec<[u8; 3]> = (0..100_u8).map(|n| [0x20, n, n.wrapping_mul(37)]).collect();
    let revoked: Vec<_> = serials
        .iter()
        .copied()
        .filter(|serial| serial[2] % 3 == 0)
        .collect();
    publish_full_list(&world, &revoked).await;
    let url = url(&world, SIGN_IN);
    let mut statuses = [0, 0];
    for serial in &serials {
        let [a, b, c] = serial;
        let number = format!("0x{a:02X}{b:02X}{c:02X}");
        let hash = if b % 2 == 0 { "-sha1" } else { "-sha256" };
        let nonce = if b % 5 == 0 { "-no_nonce" } else { "-nonce" };
        let asked = [
            hash,
            "-issuer",
            "user-authentication.pem",
            "-CAfile",
            "user-authentication.pem",
            "-serial",
            &number,
            nonce,
            "-url",
            &url,
        ];
        let said = openssl(world.folder(), &asked).await;
        assert!(said.contains("Response verify OK"), "{said}");
        assert!(!said.contains("WARNING"), "{said}");
        let answer = world
            .ask(VERIFICATION, question(UserAuthentication, serial))
            .await
            .unwrap();
        let (status, place) = match answer.status() {
            RevocationStatus::Good => ("good", 0),
            RevocationStatus::Revoked => ("revoked", 1),
            other => panic!("{other:?}"),
        };
        assert!(said.contains(&format!("{number}: {status}")), "{said}");
        assert_eq!(status == "revoked", revoked.contains(serial));
        statuses[place] += 1;
    }
    assert!(statuses[0] > 50 && statuses[1] > 20, "{statuses:?}");
    world.stop().await;
}

/// With Python's `cryptography`, which judges every signature, nonce and `CertID` itself.
#[tokio::test(flavor = "multi_thread")]
async fn another_client_agrees_with_grpc_on_ten_thousand_certificates() {
    const FIRST: u32 = 0x0020_0000;
    const COUNT: u32 = 10_000;
    // No two in one block of 256: neighbours in such a number would be a sweep.
    const STEP: u32 = 257;
    let world = world().await;
    let octets = |serial: u32| {
        let [_, serial @ ..] = serial.to_be_bytes();
        serial
    };
    let revoked: Vec<_> = (FIRST..FIRST + COUNT * STEP)
        .step_by(usize::try_from(STEP).unwrap())
        .filter(|n| n.is_multiple_of(7))
        .map(octets)
        .collect();
    publish_full_list(&world, &revoked).await;
    let (folder, url) = (world.folder().to_owned(), url(&world, SIGN_IN));
    let asking = tokio::task::spawn_blocking(move || {
        Command::new("python3")
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/tests/service/ocsp_client.py"
            ))
            .args([
                &url,
                "user-authentication.pem",
                &FIRST.to_string(),
                &COUNT.to_string(),
                &STEP.to_string(),
            ])
            .current_dir(folder)
            .output()
            .unwrap()
    });
    let output = asking.await.unwrap();
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{failed}");
    let said = String::from_utf8(output.stdout).unwrap();
    let mut client = world.client(VERIFICATION);
    let mut serial = FIRST;
    for line in said.lines() {
        let asked = question(UserAuthentication, &octets(serial));
        let answer = client
            .get_revocation_status(asked)
            .await
            .unwrap()
            .into_inner();
        let status = match answer.status() {
            RevocationStatus::Good => "GOOD",
            RevocationStatus::Revoked => "REVOKED",
            other => panic!("{other:?}"),
        };
        assert_eq!(line, format!("{serial} {status}"));
        assert_eq!(status == "REVOKED", serial.is_multiple_of(7));
        serial += STEP;
    }
    assert_eq!(serial, FIRST + COUNT * STEP);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_has_the_list_s_times_and_reason() {
    let world = world().await;
    let answer = post(&world, SIGN_IN, request(UserAuthentication, &REVOKED)).await;
    let evidence = verify(&world, &REVOKED, &answer).unwrap();
    let now = runtime::clock::Clock::now(&world.clock);
    let OcspStatus::Revoked { revoked_at, reason } = evidence.status() else {
        panic!("{evidence:?}");
    };
    assert_eq!(
        (revoked_at.secs(), reason),
        (REVOKED_AT, pki::RevocationReason::KeyCompromise)
    );
    assert_eq!(evidence.this_update(), now);
    assert_eq!(evidence.next_update(), Some(now.plus_secs(LIFETIME)));
    // The same octets again: it was kept. Another moment's question with a nonce is signed anew.
    let again = post(&world, SIGN_IN, request(UserAuthentication, &REVOKED)).await;
    assert_eq!(again, answer);
    // A newer list, another answer.
    world.clock.advance(60);
    world.publish_full_lists(2).await;
    let newer = post(&world, SIGN_IN, request(UserAuthentication, &REVOKED)).await;
    let evidence = verify(&world, &REVOKED, &newer).unwrap();
    assert_eq!(evidence.this_update(), now.plus_secs(60));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_proof_nothing_is_good_and_a_revocation_stays_one() {
    let world = world().await;
    let ask =
        async |serial: &[u8]| post(&world, SIGN_IN, request(UserAuthentication, serial)).await;
    let good = verify(&world, &UNLISTED, &ask(&UNLISTED).await).unwrap();
    assert_eq!(good.status(), OcspStatus::Good);
    world.clock.advance(LIFETIME);
    assert_eq!(failure(&ask(&UNLISTED).await), Some(OcspFailure::TryLater));
    let revoked = verify(&world, &REVOKED, &ask(&REVOKED).await).unwrap();
    assert!(matches!(revoked.status(), OcspStatus::Revoked { .. }));
    assert_eq!(revoked.next_update(), None);
    // The signer's certificate has ended; nobody would accept what it signs.
    world.clock.advance(SIGNER_DAYS * DAY);
    world.publish_full_lists(2).await;
    assert_eq!(
        failure(&ask(&REVOKED).await),
        Some(OcspFailure::InternalError)
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_signing_authority_answers_registered_agencies_and_tells_others_nothing() {
    let world = world().await;
    let url = url(&world, SIGNING);
    let ask = async |serial: &[u8; 3], options: &str| {
        let number = format!("0x{:02X}{:02X}{:02X}", serial[0], serial[1], serial[2]);
        let mut arguments = vec![
            "-issuer",
            "digital-signature.pem",
            "-CAfile",
            "digital-signature.pem",
            "-serial",
            &number,
            "-url",
            &url,
        ];
        arguments.extend(options.split_whitespace());
        openssl(world.folder(), &arguments).await
    };
    // The twin: the same questions by an agency, signed by a P-256 responder.
    let agency = "-signer agency.pem -signkey agency.key";
    for (serial, status) in [(&REVOKED, "revoked"), (&UNLISTED, "good")] {
        let said = ask(serial, agency).await;
        assert!(said.contains("Response verify OK"), "{said}");
        assert!(said.contains(&format!(": {status}")), "{said}");
    }
    let private = "-signer private.pem -signkey private.key";
    // The agency's certificate does not make its signature.
    let borrowed = "-signer private.pem -signkey private.key -sign_other agency.pem";
    for (options, refusal) in [
        ("", "sigrequired"),
        (private, "unauthorized"),
        (borrowed, "unauthorized"),
    ] {
        let mut said = vec![ask(&REVOKED, options).await, ask(&UNLISTED, options).await];
        said.push(ask(&[0x7f, 1, 2], options).await);
        said.dedup();
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].contains(refusal), "{said:?}");
    }
    // What is no question at all gets the same octets as one.
    let unsigned = post(&world, SIGNING, request(DigitalSignature, &REVOKED)).await;
    assert_eq!(failure(&unsigned), Some(OcspFailure::SigRequired));
    let empty_question = vec![0x30, 0x02, 0x30, 0x00];
    assert_eq!(post(&world, SIGNING, empty_question).await, unsigned);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_callers_on_the_list_are_answered_over_tls() {
    let world = world().await;
    let ask = async |identity: &str| {
        let (own, authority) = world.tls_files(identity);
        let address = world.context.addresses.bound(OVER_TLS).unwrap();
        let client = reqwest::Client::builder()
            .tls_certs_only([reqwest::Certificate::from_pem(authority.as_bytes()).unwrap()])
            .identity(reqwest::Identity::from_pem(own.as_bytes()).unwrap())
            .resolve(SERVER, address)
            .build()
            .unwrap();
        client
            .post(format!("https://{SERVER}:{}/", address.port()))
            .header("content-type", "application/ocsp-request")
            .body(request(UserAuthentication, &UNLISTED))
            .send()
            .await
            .unwrap()
            .bytes()
            .await
            .unwrap()
    };
    let answered = verify(&world, &UNLISTED, &ask(VERIFICATION).await).unwrap();
    assert_eq!(answered.status(), OcspStatus::Good);
    assert_eq!(
        failure(&ask(STRANGER).await),
        Some(OcspFailure::Unauthorized)
    );
    // Without TLS there is no answer on that port.
    assert!(http().get(url(&world, OVER_TLS)).send().await.is_err());
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_question_about_this_authority_is_refused() {
    let world = world().await;
    let ask = async |body: Vec<u8>| failure(&post(&world, SIGN_IN, body).await);
    let right = request(UserAuthentication, &UNLISTED);
    assert_eq!(ask(right.clone()).await, None);
    let other = request(DigitalSignature, &UNLISTED);
    assert_eq!(ask(other).await, Some(OcspFailure::Unauthorized));
    for garbage in [
        Vec::new(),
        b"no request".to_vec(),
        right[1..].to_vec(),
        vec![0x30; 16_384],
    ] {
        assert_eq!(ask(garbage).await, Some(OcspFailure::MalformedRequest));
    }
    let send = async |kind: &str, body: Vec<u8>| {
        let client = http().post(url(&world, SIGN_IN));
        let answer = client.header("content-type", kind).body(body).send().await;
        answer.unwrap().status()
    };
    let kind = "application/ocsp-request";
    assert_eq!(send(kind, right.clone()).await, StatusCode::OK);
    assert_eq!(
        send(kind, vec![0x30; 16_385]).await,
        StatusCode::PAYLOAD_TOO_LARGE
    );
    assert_eq!(
        send("text/plain", right).await,
        StatusCode::UNSUPPORTED_MEDIA_TYPE
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_comes_in_pieces_is_the_same_question() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let world = world().await;
    let question = request(UserAuthentication, &UNLISTED);
    let expected = post(&world, SIGN_IN, question.clone()).await;
    let send = async |octets: &[u8]| {
        let address = url(&world, SIGN_IN);
        let address = address.trim_start_matches("http://").trim_end_matches('/');
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/ocsp-request\r\n\
                    Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
        connection.write_all(head.as_bytes()).await.unwrap();
        for piece in octets.chunks(4_096.min(octets.len() / 3)) {
            let size = format!("{:x}\r\n", piece.len());
            let chunk = [size.as_bytes(), piece, b"\r\n"].concat();
            connection.write_all(&chunk).await.unwrap();
            connection.flush().await.unwrap();
            // So that it does not come together with the next.
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        // What is too long is answered before its end.
        let _ = connection.write_all(b"0\r\n\r\n").await;
        let mut answer = Vec::new();
        let _ = connection.read_to_end(&mut answer).await;
        answer
    };
    let answer = send(&question).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    assert!(answer.ends_with(&expected));
    let too_long = send(&vec![0x30; 16_385]).await;
    assert!(too_long.starts_with(b"HTTP/1.1 413"));
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_in_a_url_is_answered_only_where_it_is_switched_on() {
    use base64::Engine as _;
    let world = world().await;
    let get = async |listener: &str, path: &str| {
        let asked = http().get(url(&world, listener) + path).send();
        asked.await.unwrap()
    };
    let der = request(UserAuthentication, &UNLISTED);
    let path = base64::engine::general_purpose::STANDARD.encode(&der);
    let escaped = path
        .replace('/', "%2F")
        .replace('+', "%2B")
        .replace('=', "%3D");
    for path in [&path, &escaped] {
        let answer = get(SIGN_IN, path).await;
        assert_eq!(answer.status(), StatusCode::OK);
        let headers = answer.headers().clone();
        let control = format!("max-age={LIFETIME}, private, no-transform, must-revalidate");
        assert_eq!(headers["cache-control"], control.as_str());
        for name in ["last-modified", "expires", "etag"] {
            assert!(headers.contains_key(name), "{name}");
        }
        let answer = answer.bytes().await.unwrap();
        assert_eq!(answer, post(&world, SIGN_IN, der.clone()).await);
    }
    let malformed = get(SIGN_IN, "no-base64").await;
    assert_eq!(malformed.headers()["cache-control"], "no-store");
    let malformed = malformed.bytes().await.unwrap();
    assert_eq!(failure(&malformed), Some(OcspFailure::MalformedRequest));
    assert_eq!(get(SIGNING, &path).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(
        get(SIGNING, "").await.status(),
        StatusCode::METHOD_NOT_ALLOWED
    );
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sweep_is_stopped_by_ocsp_and_grpc_together() {
    let world = world().await;
    let most = u32::try_from(BULK_NEIGHBOURS).unwrap();
    let neighbours: Vec<u32> = (0x0050_0000..0x0050_0000 + most).collect();
    let (by_grpc, by_ocsp) = neighbours.split_at(BULK_NEIGHBOURS - 3);
    let asked = batch(UserAuthentication, by_grpc);
    world.ask_batch(BULK, asked).await.unwrap();
    let mut refused = Vec::new();
    for serial in by_ocsp {
        let body = request(UserAuthentication, &serial.to_be_bytes()[1..]);
        let answer = post(&world, OF_BULK, body).await;
        refused.push(failure(&answer));
    }
    let later = Some(OcspFailure::TryLater);
    assert_eq!(refused, [None, None, later]);
    let known = post(&world, OF_BULK, request(UserAuthentication, &UNLISTED)).await;
    assert_eq!(failure(&known), later);
    let asked = batch(UserAuthentication, &neighbours[..1]);
    assert!(world.ask_batch(BULK, asked).await.is_err());
    // Somebody else is answered.
    let other = post(&world, SIGN_IN, request(UserAuthentication, &UNLISTED)).await;
    assert_eq!(failure(&other), None);
    world.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_question_is_in_the_ledger_and_every_refusal_is_noted() {
    let world = world().await;
    for serial in [&UNLISTED, &UNLISTED, &REVOKED] {
        post(&world, SIGN_IN, request(UserAuthentication, serial)).await;
    }
    post(&world, SIGNING, request(DigitalSignature, &REVOKED)).await;
    let metrics = world.context.metrics.render();
    for line in [
        r#"akashi_lookup_requests_total{method="OCSP",outcome="good",role="revocation-lookup"} 2"#,
        r#"akashi_lookup_requests_total{method="OCSP",outcome="denied",role="revocation-lookup"} 1"#,
        "akashi_ocsp_kept_responses_total{role=\"revocation-lookup\"} 1",
    ] {
        assert!(metrics.contains(line), "{line}\n{metrics}");
    }
    let folder = world.stop().await;
    let log = store::AuditLog::open(&audit_url(folder.path()).parse().unwrap())
        .await
        .unwrap();
    let rows = log.ledger(10).await.unwrap();
    let mut told: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                &*row.caller,
                &*row.method,
                &*row.purpose,
                &*row.outcome,
                row.count,
            )
        })
        .collect();
    told.sort_unstable();
    let purpose = "PURPOSE_USER_AUTHENTICATION";
    assert_eq!(
        told,
        [
            (PROXY, "OCSP", purpose, "good", 2),
            (PROXY, "OCSP", purpose, "revoked", 1)
        ]
    );
}
