//! The commands that start nothing.

use std::fs::File;
use std::sync::Arc;

use store::{
    CrlWriter, DatabaseUrl, Departures, HashedSegment, NewHeld, NewOriginal, NewSegment,
    Replacement, Seen, SegmentFacts, SourceRegistration,
};

use crate::support::{akashi, deployment, edit, text};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/config");

#[test]
fn the_sample_files_of_every_role_are_good() {
    let said = akashi(&["config", "check", "--without-files", SAMPLES]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    assert_eq!(said.stdout.matches(": good").count(), 5, "{}", said.stdout);
}

#[test]
fn a_deployment_is_good_with_the_files_it_names() {
    let (_folder, deployment) = deployment(20_100);
    let said = akashi(&["config", "check", text(deployment.folder())]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    assert_eq!(said.stdout.matches(": good").count(), 5, "{}", said.stdout);
}

#[test]
fn an_unknown_key_is_refused_with_file_place_and_the_nearest_key() {
    let (_folder, deployment) = deployment(20_200);
    edit(
        &deployment,
        "signature-verification",
        "holder_links =",
        "holder_link =",
    );
    let file = deployment.config_file("signature-verification");
    for command in [
        vec!["config", "check", text(&file)],
        vec!["signature-verification", "--config", text(&file)],
    ] {
        let said = akashi(&command);
        assert_eq!(said.code, Some(2));
        let words = format!("{}{}", said.stdout, said.stderr);
        assert!(
            words.contains("signature-verification.toml: line "),
            "{words}"
        );
        assert!(words.contains("unknown field `holder_link`"), "{words}");
        assert!(words.contains("did you mean `holder_links`?"), "{words}");
    }
}

#[test]
fn one_bad_file_keeps_every_role_from_starting() {
    let (folder, deployment) = deployment(20_300);
    edit(&deployment, "oidc-gateway", "public_url", "publik_url");
    let said = akashi(&["all", "--config", text(deployment.folder())]);
    assert_eq!(said.code, Some(2), "{}", said.stderr);
    assert!(
        said.stderr.contains("did you mean `public_url`?"),
        "{}",
        said.stderr
    );
    assert!(!folder.path().join("data/crl.db").exists());
}

#[test]
fn production_refuses_a_throw_away_root() {
    let (_folder, deployment) = deployment(20_400);
    let role = "signing-certificate";
    edit(
        &deployment,
        role,
        "environment = \"sandbox\"",
        "environment = \"production\"",
    );
    let file = deployment.config_file(role);
    let checked = akashi(&["config", "check", text(&file)]);
    assert_eq!(checked.code, Some(2));
    assert!(
        checked
            .stdout
            .contains("is none of JPKI's production roots"),
        "{}",
        checked.stdout
    );
    let started = akashi(&[role, "--config", text(&file)]);
    assert_eq!(started.code, Some(1));
    assert!(
        started
            .stderr
            .contains("is none of JPKI's production roots"),
        "{}",
        started.stderr
    );
}

#[test]
fn a_replaced_anchor_is_refused_by_its_fingerprint() {
    let (folder, deployment) = deployment(20_500);
    let anchors = folder.path().join("anchors");
    let (one, other) = (
        anchors.join("user-authentication-1.cer"),
        anchors.join("user-authentication-2.cer"),
    );
    std::fs::copy(other, one).unwrap();
    let file = deployment.config_file("crl-sync");
    let said = akashi(&["config", "check", text(&file)]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.stdout
            .contains("user-authentication-1.cer: its SHA-256 is"),
        "{}",
        said.stdout
    );
}

#[test]
fn a_gateway_s_files_that_would_keep_it_from_starting_are_refused() {
    let sample = |name: &str| std::fs::read_to_string(format!("{SAMPLES}/{name}")).unwrap();
    let (clients, readers) = (sample("clients.toml"), sample("readers.toml"));
    let secret = format!("1:{}\n", "5a".repeat(32));
    for (name, good, from, to, rule) in [
        (
            "clients.toml",
            clients,
            "https://rp",
            "ftp://rp",
            "must be https",
        ),
        ("readers.toml", readers, "MFkw", "MFkx", "is no P-256"),
        (
            "recipients.toml",
            sample("recipients.toml"),
            "recipient_id = \"platform-operator-1\"",
            "recipient_id = \"\"",
            "recipient_id must be",
        ),
        ("secrets/pairwise", secret, "1:", "one:", "line 1"),
        (
            "signing-keys.toml",
            sample("signing-keys.toml").replace("id-token-2026-11.pem", "id-token.pem"),
            "+09:00",
            "",
            "no time such as",
        ),
    ] {
        let (folder, deployment) = deployment(20_600);
        let file = deployment.config_file("oidc-gateway");
        let (spoilt, path) = (good.replacen(from, to, 1), folder.path().join(name));
        assert!(path.exists(), "{name}");
        // The sample's clients name one of them.
        std::fs::copy(
            format!("{SAMPLES}/recipients.toml"),
            folder.path().join("recipients.toml"),
        )
        .unwrap();
        std::fs::write(&path, good).unwrap();
        let said = akashi(&["config", "check", text(&file)]);
        assert_eq!(said.code, Some(0), "{name}: {}{}", said.stdout, said.stderr);
        std::fs::write(&path, spoilt).unwrap();
        let said = akashi(&["config", "check", text(&file)]);
        assert_eq!(said.code, Some(2), "{name}: {}{}", said.stdout, said.stderr);
        assert!(said.stdout.contains(rule), "{name}: {}", said.stdout);
    }
}

#[test]
fn a_file_that_belongs_to_no_role_is_refused() {
    let said = akashi(&["config", "check", &format!("{SAMPLES}/agency.toml")]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.stderr.contains("a role's file is named crl-sync.toml"),
        "{}",
        said.stderr
    );
}

#[test]
fn a_sync_that_reaches_nobody_fails_and_names_every_source() {
    let (_folder, deployment) = deployment(20_600);
    let file = deployment.config_file("crl-sync");
    let said = akashi(&["crl-sync", "--once", "--config", text(&file)]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(said.stdout.lines().count() >= 2, "{}", said.stdout);
    assert!(
        said.stdout.lines().all(|line| line.contains(": failed (")),
        "{}",
        said.stdout
    );
}

#[test]
fn an_empty_audit_log_is_read_and_shows_nothing() {
    let (_folder, deployment) = deployment(20_700);
    let file = deployment.config_file("signing-certificate");
    for part in ["checks", "refusals", "refusal-totals", "ledger"] {
        let said = akashi(&["audit", part, "--config", text(&file)]);
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(0), ""),
            "{}",
            said.stderr
        );
    }
}

#[test]
fn a_link_that_does_not_wait_cannot_be_accepted() {
    let (_folder, deployment) = deployment(20_800);
    let file = deployment.config_file("signature-verification");
    let held = akashi(&["holder", "held", "--config", text(&file)]);
    assert_eq!(
        (held.code, held.stdout.as_str()),
        (Some(0), ""),
        "{}",
        held.stderr
    );
    let hash = "ab".repeat(32);
    let accept = [
        "holder",
        "accept",
        "--config",
        text(&file),
        "--certification-authority",
        "user-authentication",
        "--old",
        &hash,
        "--new",
        &hash,
        "--decided-by",
        "operator",
    ];
    let said = akashi(&accept);
    assert_eq!(said.code, Some(1));
    assert!(
        said.stderr.contains("no such link waits"),
        "{}",
        said.stderr
    );
}

/// A list of `source` with nobody on it, and one certificate that left it and is held; the list itself is kept.
fn hold_a_removal(database: &DatabaseUrl, source: &str) {
    let folder = tempfile::tempdir().unwrap();
    let fetched = folder.path().join("fetched");
    std::fs::write(&fetched, b"the list").unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let writer = CrlWriter::open(database).await.unwrap();
        let registration = SourceRegistration {
            source: source.to_owned(),
            certification_authority: "user-authentication".to_owned(),
            expected_scope_key: None,
            ordinal: 0,
        };
        writer.register_sources(&[registration]).await.unwrap();
        let facts = SegmentFacts {
            source: source.to_owned(),
            certification_authority: "user-authentication".to_owned(),
            signer_key_id: vec![7; 20],
            scope_key: Vec::new(),
            issuing_distribution_point: Vec::new(),
            crl_number: vec![1, 4],
            this_update: 1_700_000_000,
            next_update: 1_800_000_000,
            crl_sha256: sandbox::mint::sha256(b"the list"),
            entry_count: 0,
        };
        let segment = NewSegment {
            segment: b"held",
            entry_count: 1,
        };
        let replacement = Replacement {
            facts: &facts,
            segment: HashedSegment::new(&b"list"[..]),
            seen: Seen::default(),
            keeps_delta: false,
            replaced_this_update: None,
            departures: Departures::Known {
                departed: Some(segment),
                are_held: true,
                held: Some(NewHeld {
                    since: 1_700_000_000,
                    segment,
                }),
            },
            original: Some(NewOriginal {
                file: Arc::new(File::open(&fetched).unwrap()),
                octets: 8,
                sha256: sandbox::mint::sha256(b"the list"),
                kept_until: 1_800_000_000,
            }),
            keep_history_after: 0,
        };
        writer.replace(&replacement).await.unwrap();
        writer.close().await;
    });
}

#[test]
fn a_list_that_is_kept_is_written_as_it_was_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let database = DatabaseUrl::sqlite(&folder.path().join("crl.db")).unwrap();
    hold_a_removal(&database, "full");
    let url = format!("sqlite://{}", folder.path().join("crl.db").display());
    let out = folder.path().join("list.crl");
    let original = |source: &str, number: &str| {
        let path = out.display().to_string();
        let said = akashi(&[
            "crl", "original", source, number, "--out", &path, "--store", &url,
        ]);
        (said.code, said.stdout + &said.stderr)
    };
    for (source, number) in [("full", "261"), ("other", "260")] {
        let (code, words) = original(source, number);
        assert_eq!(code, Some(1));
        assert!(words.contains("not kept"), "{words}");
    }
    assert_eq!(original("full", "x").0, Some(2));
    assert!(!out.exists());

    let (code, words) = original("full", "260");
    assert_eq!(code, Some(0), "{words}");
    assert!(
        words.contains("this_update=2023-11-14T22:13:20Z"),
        "{words}"
    );
    assert_eq!(std::fs::read(&out).unwrap(), b"the list");
    // What is there is nobody's to overwrite.
    let (code, words) = original("full", "260");
    assert_eq!(code, Some(1), "{words}");
    assert_eq!(
        std::fs::read_dir(folder.path())
            .unwrap()
            .filter(|it| {
                it.as_ref()
                    .unwrap()
                    .file_name()
                    .to_string_lossy()
                    .contains("part")
            })
            .count(),
        0
    );
}

#[test]
fn removals_are_shown_and_accepted_for_the_list_that_was_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let database = DatabaseUrl::sqlite(&folder.path().join("crl.db")).unwrap();
    hold_a_removal(&database, "full");
    let url = format!("sqlite://{}", folder.path().join("crl.db").display());
    let crl = |arguments: &[&str]| {
        let mut all = vec!["crl"];
        all.extend(arguments);
        all.extend(["--store", &url]);
        let said = akashi(&all);
        (said.code, said.stdout + &said.stderr)
    };
    let held = "source=full certification_authority=user-authentication number=260 entries=0 held=1 \
                since=2023-11-14T22:13:20Z\n";
    assert_eq!(crl(&["held"]), (Some(0), held.to_owned()));
    assert_eq!(crl(&["decisions"]), (Some(0), String::new()));

    let accept =
        |source: &str, number: &str, by: &str| crl(&["accept", source, number, "--decided-by", by]);
    let (code, words) = accept("full", "259", "operator");
    assert_eq!(code, Some(1));
    assert!(words.contains("has number 260"), "{words}");
    let (code, words) = accept("other", "260", "operator");
    assert_eq!(code, Some(1));
    assert!(words.contains("no list is in force"), "{words}");
    assert_eq!(accept("full", "260", "").0, Some(1));
    assert_eq!(crl(&["held"]), (Some(0), held.to_owned()));

    let (code, words) = accept("full", "260", "operator A");
    assert_eq!(code, Some(0), "{words}");
    assert_eq!(crl(&["held"]), (Some(0), String::new()));
    let (code, words) = accept("full", "260", "operator A");
    assert_eq!(code, Some(1));
    assert!(words.contains("nothing is held"), "{words}");
    let (code, words) = crl(&["decisions"]);
    assert_eq!(code, Some(0));
    let decision = "source=full certification_authority=user-authentication number=260 accepted=1 \
                    decided_by=\"operator A\" decided_at=20";
    assert!(words.starts_with(decision), "{words}");
}
