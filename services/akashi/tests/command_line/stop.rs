//! Starting and stopping.

use std::net::TcpListener;

use crate::process::{Process, status_of};
use crate::support::{akashi, deployment, text};

#[test]
fn every_role_becomes_ready_in_one_process_and_drains_on_sigterm() {
    let (_folder, deployment) = deployment(21_000);
    let mut process = Process::start(&["all", "--config", text(deployment.folder())]);
    process.wait_for("every role is ready");
    let ports = deployment.ports();
    for role in [
        ports.crl_sync,
        ports.revocation_lookup,
        ports.signature_verification,
        ports.signing_certificate,
        ports.oidc_gateway,
    ] {
        assert_eq!(status_of(role.metrics, "/readyz"), 200);
        assert_eq!(status_of(role.metrics, "/metrics"), 200);
    }
    process.signal("-TERM");
    assert_eq!(process.end().code(), Some(0), "{}", process.log());
    assert!(
        process.log().contains("every role stopped"),
        "{}",
        process.log()
    );
}

#[test]
fn one_role_becomes_ready_and_drains_on_sigint() {
    let (_folder, deployment) = deployment(21_200);
    let file = deployment.config_file("signature-verification");
    let mut process = Process::start(&["signature-verification", "--config", text(&file)]);
    process.wait_for("gRPC listens");
    process.signal("-INT");
    assert_eq!(process.end().code(), Some(0), "{}", process.log());
}

#[test]
fn a_taken_port_is_named_and_ends_the_role() {
    let (_folder, deployment) = deployment(21_400);
    let port = deployment.ports().signature_verification.service;
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let file = deployment.config_file("signature-verification");
    let said = akashi(&["signature-verification", "--config", text(&file)]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr
            .contains(&format!("cannot listen on 127.0.0.1:{port}")),
        "{}",
        said.stderr
    );
    drop(taken);
}

#[test]
fn when_one_role_cannot_start_all_stop() {
    let (_folder, deployment) = deployment(21_600);
    let port = deployment.ports().signing_certificate.service;
    let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
    let said = akashi(&["all", "--config", text(deployment.folder())]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(
        said.stderr
            .contains("signing-certificate: cannot listen on"),
        "{}",
        said.stderr
    );
    drop(taken);
}
