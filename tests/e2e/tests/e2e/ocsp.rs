//! The shipped binary as an OCSP responder: what `openssl ocsp` hears about cards.

use std::process::Command;

use anyhow::{Result, ensure};
use e2e::system::{Plan, Shape, System};
use sandbox::deployment::identity;
use sandbox::mint::CaKind;

/// Cards whose certificate the newest key issued, and one of the key before it.
const CARDS: [(&str, usize, &str); 4] = [
    ("good", 2, ": good"),
    ("revoked", 2, ": revoked"),
    ("minor", 2, ": good"),
    ("older-key", 1, ": good"),
];

#[tokio::test(flavor = "multi_thread")]
async fn openssl_hears_of_cards_and_of_signing_certificates_only_for_an_agency() -> Result<()> {
    let plan = Plan {
        ocsp: true,
        ..Plan::of(Shape::AllOnSqlite)
    };
    let system = System::start(&plan).await?;
    for (card, generation, status) in CARDS {
        let said = ask(&system, CaKind::UserAuthentication, card, generation, &[])?;
        ensure!(said.contains("response verify ok"), "{card}: {said}");
        ensure!(said.contains(status), "{card}: {said}");
    }
    let agency = system.deployment.tls_files(identity::CITY_OFFICE);
    let (certificate, key) = (
        agency.certificate.display().to_string(),
        agency.private_key.display().to_string(),
    );
    let signed = ["-signer", &certificate, "-signkey", &key];
    for (card, generation, status) in CARDS {
        let said = ask(&system, CaKind::DigitalSignature, card, generation, &signed);
        let said = said?;
        ensure!(said.contains("response verify ok"), "{card}: {said}");
        ensure!(said.contains(status), "{card}: {said}");
        // To anybody else the revoked one is like the others.
        let said = ask(&system, CaKind::DigitalSignature, card, generation, &[])?;
        ensure!(said.contains("sigrequired"), "{card}: {said}");
    }
    Ok(())
}

fn ask(
    system: &System,
    kind: CaKind,
    card: &str,
    generation: usize,
    more: &[&str],
) -> Result<String> {
    let ports = system.deployment.ports().ocsp;
    let port = match kind {
        CaKind::UserAuthentication => ports.user_authentication,
        CaKind::DigitalSignature => ports.digital_signature,
    };
    let issuer = system.deployment.ocsp_files(kind.name(), generation);
    let certificate = system.world.repository.certificate_file(card, kind);
    let output = Command::new("openssl")
        .args(["ocsp", "-url", &format!("http://127.0.0.1:{port}/")])
        .arg("-issuer")
        .arg(&issuer.authority)
        .arg("-CAfile")
        .arg(&issuer.authority)
        .arg("-cert")
        .arg(certificate)
        .args(more)
        .output()?;
    Ok(String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).to_lowercase())
}
