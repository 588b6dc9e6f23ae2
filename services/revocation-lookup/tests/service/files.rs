//! The files of one service: its configuration, certificates and trust anchors.

use std::fmt::Write as _;
use std::path::Path;

use aws_lc_rs::digest;
use revocation_lookup::{
    BATCH_GET_REVOCATION_STATUS, GET_FRESHNESS, GET_REVOCATION_STATUS, GET_REVOCATION_STATUS_AS_OF,
    STREAM_REVOCATION_STATUS,
};
use sandbox::deployment::ServiceAuthority;
use sandbox::mint::{Authority, CaKind};

use crate::world::{
    AUDITOR, AUTHORITIES, BULK, BULK_NEIGHBOURS, BULK_QUOTA, SERVER, SIGNING, SRE, STRANGER,
    VERIFICATION, audit_url,
};

const HEALTH: &str = "/grpc.health.v1.Health/Check";

pub(crate) fn write_files(folder: &Path, crl: &str, more: &str) {
    std::fs::create_dir(folder.join("tls")).unwrap();
    let authority = ServiceAuthority::generate("services of a test").unwrap();
    std::fs::write(
        folder.join("tls/services-ca.pem"),
        authority.certificate_pem(),
    )
    .unwrap();
    for identity in [SERVER, VERIFICATION, SIGNING, AUDITOR, BULK, SRE, STRANGER] {
        let issued = authority.issue(identity).unwrap();
        let tls = folder.join("tls");
        std::fs::write(tls.join(format!("{identity}.pem")), issued.certificate_pem).unwrap();
        std::fs::write(tls.join(format!("{identity}.key")), issued.private_key_pem).unwrap();
    }
    let mut text = format!(
        r#"
            environment = "sandbox"
            poll_interval_seconds = 1
            max_feed_age_seconds = 1800
            state_directory = "state"
            partition_count = {{ user-authentication = 2 }}
            listen = {{ address = "127.0.0.1:0", threads = 1 }}
            tls = {{ certificate = "tls/{SERVER}.pem", private_key = "tls/{SERVER}.key", client_ca = "tls/services-ca.pem" }}
            store = {{ crl = "{crl}", audit = "{}" }}
        "#,
        audit_url(folder)
    );
    for authority in AUTHORITIES.iter() {
        write_authority(folder, authority, &mut text);
    }
    write_callers(&mut text);
    text.push_str(more);
    std::fs::write(folder.join("revocation-lookup.toml"), text).unwrap();
}

fn write_callers(text: &mut String) {
    let callers = [
        (
            VERIFICATION,
            &[
                GET_REVOCATION_STATUS,
                GET_REVOCATION_STATUS_AS_OF,
                GET_FRESHNESS,
            ][..],
            &CaKind::ALL[..1],
        ),
        (
            SIGNING,
            &[GET_REVOCATION_STATUS, GET_REVOCATION_STATUS_AS_OF],
            &CaKind::ALL[1..],
        ),
        (AUDITOR, &[GET_REVOCATION_STATUS], &CaKind::ALL),
        (SRE, &[GET_FRESHNESS, HEALTH], &CaKind::ALL),
        (
            BULK,
            &[
                BATCH_GET_REVOCATION_STATUS,
                STREAM_REVOCATION_STATUS,
                GET_REVOCATION_STATUS_AS_OF,
            ],
            &CaKind::ALL[..1],
        ),
    ];
    for (identity, methods, kinds) in callers {
        let authorities: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        writeln!(
            text,
            "[[caller]]\nidentity = {identity:?}\nmethods = {methods:?}\ncertification_authorities = {authorities:?}"
        )
        .unwrap();
    }
    // The limits of the last one.
    writeln!(
        text,
        "distinct_serials_per_hour = {BULK_QUOTA}\nneighbouring_serials = {BULK_NEIGHBOURS}"
    )
    .unwrap();
}

fn write_authority(folder: &Path, authority: &Authority, text: &mut String) {
    let (name, profile) = (authority.kind.name(), authority.kind.profile_name());
    writeln!(
        text,
        "[[certification_authority]]\nname = {name:?}\nprofile = {profile:?}\ncrl_signer = \"newest_key\""
    )
    .unwrap();
    for generation in &authority.generations {
        let file = format!("{name}-{}.cer", generation.ordinal);
        std::fs::write(folder.join(&file), &generation.certificate).unwrap();
        let sha256 = digest::digest(&digest::SHA256, &generation.certificate);
        let sha256 = sha256
            .as_ref()
            .iter()
            .fold(String::new(), |mut hex, octet| {
                write!(hex, "{octet:02x}").unwrap();
                hex
            });
        writeln!(
            text,
            "[[certification_authority.trust_anchor]]\nfile = {file:?}\nsha256 = {sha256:?}"
        )
        .unwrap();
    }
}
