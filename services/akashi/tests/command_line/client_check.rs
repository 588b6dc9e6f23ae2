//! `akashi client check`.

use crate::support::{akashi, text};

const SAMPLE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../deploy/config/clients.toml"
);

const RECIPIENTS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../deploy/config/recipients.toml"
);

#[test]
fn the_sample_is_good_and_its_client_is_named() {
    let said = akashi(&["client", "check", "--recipients", RECIPIENTS, SAMPLE]);
    assert_eq!(said.code, Some(0), "{}{}", said.stdout, said.stderr);
    let line = "RP00000001: good (profile compatibility, ES256, 1 key, 1 redirect URI, sector rp.example.jp)";
    assert!(said.stdout.contains(line), "{}", said.stdout);
    // Without the file nobody is there to receive a private client's signatures.
    let said = akashi(&["client", "check", SAMPLE]);
    assert_eq!(said.code, Some(2), "{}", said.stdout);
    let words = "signature.recipient \"platform-operator-1\" is not in the recipients file";
    assert!(said.stdout.contains(words), "{}", said.stdout);
}

#[test]
fn a_broken_rule_is_named_with_its_client_and_file() {
    let folder = tempfile::tempdir().unwrap();
    let sample = std::fs::read_to_string(SAMPLE).unwrap();
    let written = |name: &str, from: &str, to: &str| {
        assert!(sample.contains(from), "{from}");
        let file = folder.path().join(name);
        std::fs::write(&file, sample.replace(from, to)).unwrap();
        file
    };
    let local = written(
        "local.toml",
        "\"https://rp.example.jp/callback\"",
        "\"http://localhost:3000/callback\"",
    );
    let fapi = written(
        "fapi.toml",
        "profile = \"compatibility\"",
        "profile = \"fapi2\"\nlegacy_audience = true #",
    );
    let said = akashi(&["client", "check", text(&local), text(&fapi)]);
    assert_eq!(said.code, Some(2), "{}", said.stdout);
    for words in ["local.toml", "RP00000001", "must be https", "fapi.toml"] {
        assert!(said.stdout.contains(words), "{words}: {}", said.stdout);
    }
    let said = akashi(&[
        "client",
        "check",
        "--sandbox",
        "--recipients",
        RECIPIENTS,
        text(&local),
    ]);
    assert_eq!(said.code, Some(0), "{}", said.stdout);
}

#[test]
fn the_pairwise_secret_of_every_client_must_be_there() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("pairwise");
    let checked = |version: u32| {
        std::fs::write(&secrets, format!("{version}:{}\n", "5a".repeat(32))).unwrap();
        let of = [
            "client",
            "check",
            "--pairwise-secret-file",
            text(&secrets),
            "--recipients",
            RECIPIENTS,
            SAMPLE,
        ];
        akashi(&of)
    };
    assert_eq!(checked(1).code, Some(0));
    let said = checked(2);
    assert_eq!(said.code, Some(2));
    let words = "pairwise_secret_version 1 is not in the pairwise secret file";
    assert!(said.stdout.contains(words), "{}", said.stdout);
}
