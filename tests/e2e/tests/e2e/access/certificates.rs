//! Client certificates that are not our authority's: refused before any call.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result};
use e2e::findings::Findings;
use e2e::system::{System, reqwest_client};
use e2e::tls::{self, Shown};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use sandbox::deployment::{ServiceAuthority, ServiceCertificate, identity};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// HTTP/2's preface and empty settings (RFC 9113 section 3.4): a server that lets us in answers with its own settings.
const HELLO: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";

const PATIENCE: Duration = Duration::from_secs(15);

/// A certificate with its key, in files.
type Files = (PathBuf, PathBuf);

pub(super) async fn run(system: &System, findings: &mut Findings) -> Result<()> {
    let ports = system.deployment.ports();
    let foreign = foreign_certificates(system)?;
    let files = system.deployment.tls_files(identity::CITY_OFFICE);
    let right = (files.certificate, files.private_key);
    for (to, port) in [
        (
            identity::SIGNATURE_VERIFICATION,
            ports.signature_verification,
        ),
        (identity::REVOCATION_LOOKUP, ports.revocation_lookup),
        (identity::SIGNING_CERTIFICATE, ports.signing_certificate),
    ] {
        let before = failed_handshakes(port.metrics).await?;
        for (name, shown) in &foreign {
            let opened = opens(system, to, port.service, shown.as_ref()).await;
            findings.check(format!("{to}: a certificate {name}"), !opened, "it opens");
        }
        let after = failed_handshakes(port.metrics).await?;
        let counted = after >= before + 4;
        findings.check(
            format!("{to} counts them"),
            counted,
            format!("{before}, {after}"),
        );
        // Their twin: the agency's own certificate opens each of them. What it may ask there is another matter.
        let opened = opens(system, to, port.service, Some(&right)).await;
        findings.check(
            format!("{to}: the agency's certificate"),
            opened,
            "it opens nothing",
        );
    }
    let logged = system.logs().contains("a TLS handshake failed");
    findings.check("the log says so", logged, "no line");
    // A server that is not ours is refused by its callers just as well.
    let wrong_name = tls::connect(
        ports.signing_certificate.service,
        identity::REVOCATION_LOOKUP,
        &files.authority,
        None,
        b"h2",
    );
    findings.check(
        "a server of another name",
        wrong_name.await.is_err(),
        "is believed",
    );
    Ok(())
}

/// Certificates that name the agency and that our authority did not issue, with what each of them is.
fn foreign_certificates(system: &System) -> Result<[(&'static str, Option<Files>); 4]> {
    let folder = system.folder().join("foreign-certificates");
    std::fs::create_dir_all(&folder)?;
    let agency = identity::CITY_OFFICE;
    // The same names as ours, another key.
    let namesake = ServiceAuthority::generate("Akashi sandbox services")?;
    let of_namesake = write(&folder, "namesake", &namesake.issue(agency)?, "")?;
    let own = write(&folder, "own", &self_signed(agency)?, "")?;
    let caller = identity::AUTHENTICATION_BACKEND;
    let files = system.deployment.tls_files(caller);
    let key = std::fs::read_to_string(&files.private_key)?;
    let issued = issued_by_a_caller(caller, &key, agency)?;
    let sent_along = std::fs::read_to_string(&files.certificate)?;
    let chained = write(&folder, "chained", &issued, &sent_along)?;
    Ok([
        ("of another authority of the same name", Some(of_namesake)),
        ("signed by itself", Some(own)),
        ("issued by a caller with the caller's own", Some(chained)),
        ("that is not there", None),
    ])
}

/// Whether somebody with this certificate gets as far as HTTP/2.
async fn opens(system: &System, to: &str, port: u16, shown: Option<&Files>) -> bool {
    let authority = system.deployment.tls_files(to).authority;
    let shown = shown.map(|(certificate, private_key)| Shown {
        certificate,
        private_key,
    });
    let talk = async {
        let mut stream = tls::connect(port, to, &authority, shown, b"h2").await?;
        stream.write_all(HELLO).await?;
        let mut head = [0; 9];
        stream.read_exact(&mut head).await?;
        // Type 4: SETTINGS.
        anyhow::ensure!(head[3] == 4, "no settings");
        Ok(())
    };
    matches!(tokio::time::timeout(PATIENCE, talk).await, Ok(Ok(())))
}

async fn failed_handshakes(port: u16) -> Result<u64> {
    let url = format!("http://127.0.0.1:{port}/metrics");
    let page = reqwest_client()?.get(url).send().await?.text().await?;
    page.lines()
        .filter(|line| line.starts_with("akashi_tls_handshakes_failed_total"))
        .map(|line| {
            let value = line.rsplit(' ').next().unwrap_or_default();
            value.parse::<u64>().context("a counter")
        })
        .sum()
}

fn write(
    folder: &Path,
    name: &str,
    issued: &ServiceCertificate,
    sent_along: &str,
) -> Result<Files> {
    let (certificate, key) = (
        folder.join(format!("{name}.pem")),
        folder.join(format!("{name}.key")),
    );
    std::fs::write(
        &certificate,
        format!("{}{sent_along}", issued.certificate_pem),
    )?;
    std::fs::write(&key, &issued.private_key_pem)?;
    Ok((certificate, key))
}

fn self_signed(identity: &str) -> Result<ServiceCertificate> {
    let key = KeyPair::generate()?;
    let params = CertificateParams::new(vec![identity.to_owned()])?;
    Ok(ServiceCertificate {
        certificate_pem: params.self_signed(&key)?.pem(),
        private_key_pem: key.serialize_pem(),
    })
}

/// What a caller of ours can do with the key of its own certificate: call itself an authority.
fn issued_by_a_caller(
    caller: &str,
    caller_key: &str,
    identity: &str,
) -> Result<ServiceCertificate> {
    let mut authority = CertificateParams::new(vec![caller.to_owned()])?;
    authority
        .distinguished_name
        .push(DnType::CommonName, caller);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = Issuer::new(authority, KeyPair::from_pem(caller_key)?);
    let key = KeyPair::generate()?;
    let params = CertificateParams::new(vec![identity.to_owned()])?;
    Ok(ServiceCertificate {
        certificate_pem: params.signed_by(&key, &issuer)?.pem(),
        private_key_pem: key.serialize_pem(),
    })
}
