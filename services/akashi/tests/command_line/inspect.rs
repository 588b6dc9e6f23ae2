//! `akashi inspect`, on the certificates of a genuine test card, on what the sandbox mints, and on what is
//! neither a certificate nor a list.

use std::path::{Path, PathBuf};

use pki::UnixTime;
use sandbox::der;
use sandbox::mint::{
    CaKind, CrlEntry, CrlSpec, Extension, Extensions as _, LeafSubject, ListKind, ListSigner,
    MUNICIPALITIES, PEOPLE, names, pem,
};
use tempfile::TempDir;

use crate::support::{Said, akashi, jpki, text};

fn fixture(name: &str) -> PathBuf {
    let folder = "../../tests/conformance/fixtures/myna-card";
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .join(name)
}

/// Runs it on bytes in a file.
fn inspect(bytes: &[u8], options: &[&str]) -> Said {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, bytes).unwrap();
    akashi(&[&["inspect", text(&file)], options].concat())
}

/// What is shown of bytes that can be shown.
#[track_caller]
fn shown(bytes: &[u8], options: &[&str]) -> String {
    let said = inspect(bytes, options);
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
    said.stdout
}

/// Why bytes cannot be shown.
#[track_caller]
fn refused(bytes: &[u8]) -> String {
    let said = inspect(bytes, &[]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(2), ""));
    assert_eq!(said.stderr.lines().count(), 1, "{}", said.stderr);
    said.stderr
}

#[test]
fn the_genuine_certificates_are_shown_as_they_were() {
    for (name, golden) in [
        (
            "jpki-auth-cert.der",
            include_str!("inspect/user-authentication.txt"),
        ),
        ("jpki-sign-cert.der", include_str!("inspect/signing.txt")),
        ("signca03.cer", include_str!("inspect/authority.txt")),
    ] {
        let said = akashi(&["inspect", text(&fixture(name))]);
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(0), golden),
            "{name}"
        );
    }
}

#[test]
fn what_is_personal_is_shown_when_it_is_asked_for() {
    for (name, golden) in [
        (
            "jpki-auth-cert.der",
            include_str!("inspect/user-authentication-personal.txt"),
        ),
        (
            "jpki-sign-cert.der",
            include_str!("inspect/signing-personal.txt"),
        ),
        // Of an authority nothing is personal.
        ("signca03.cer", include_str!("inspect/authority.txt")),
    ] {
        let said = akashi(&["inspect", "--personal", text(&fixture(name))]);
        assert_eq!(
            (said.code, said.stdout.as_str()),
            (Some(0), golden),
            "{name}"
        );
    }
}

#[test]
fn json_hides_what_words_hide() {
    let leaf = std::fs::read(fixture("jpki-sign-cert.der")).unwrap();
    let read =
        |options| -> serde_json::Value { serde_json::from_str(&shown(&leaf, options)).unwrap() };
    let hidden = read(&["--json"]);
    for personal in ["serial", "subject", "not_after"] {
        assert!(hidden[personal].is_null(), "{personal}");
    }
    let value = |all: &serde_json::Value, name: &str| all["extensions"][name]["value"].clone();
    assert!(value(&hidden, "subjectAltName (2.5.29.17)").is_null());
    assert!(value(&hidden, "cRLDistributionPoints (2.5.29.31)").is_null());
    for secret in ["Kiyose", "黒桐", "1ee607", "02-17", "319800217"] {
        assert!(!hidden.to_string().contains(secret), "{secret}");
    }
    let all = read(&["--json", "--personal"]);
    assert_eq!(all["serial"], "1ee607");
    assert_eq!(all["not_after"], "2030-02-17T14:59:59Z");
    assert_eq!(all["four_information"]["name"], "黒桐　幹也");
}

/// A leaf of the sandbox's signing authority with one extension put in.
fn leaf_with(extension: Extension) -> Vec<u8> {
    let authority = jpki().authority(CaKind::DigitalSignature);
    let subject = LeafSubject::issued_at(&PEOPLE[0], &MUNICIPALITIES[0], sandbox::now());
    let key = &authority.generation(1).key;
    let leaf = authority.leaf(2, 21_000_000, key, &subject);
    leaf.with_duplicate(extension).sign(&authority.newest().key)
}

#[test]
fn a_hostile_certificate_cannot_speak_to_the_terminal() {
    let hostile = "x\u{1b}]0;owned\u{7}\u{202e}\nsha256: 00";
    let name = names::name([names::utf8("2.5.4.3", hostile)]);
    let uri = der::context_primitive(6, b"http://x/\x1b[2J\r\nauthority: yes");
    let both = der::sequence([names::directory_name(&name), uri]);
    for options in [&["--personal"][..], &["--personal", "--json"]] {
        let shown = shown(
            &leaf_with(Extension::plain(names::ISSUER_ALT_NAME, both.clone())),
            options,
        );
        let is_safe = |character: char| {
            character == '\n'
                || !(character.is_control() || ('\u{202a}'..='\u{202e}').contains(&character))
        };
        assert!(shown.chars().all(is_safe));
        assert!(
            !shown
                .lines()
                .any(|line| line.trim_start().starts_with("sha256: 00"))
        );
        assert!(!shown.lines().any(|line| line.starts_with("authority: yes")));
        assert!(shown.contains("owned"));
    }
}

#[test]
fn what_is_malformed_twice_or_unknown_is_shown_and_not_refused() {
    let malformed = shown(
        &leaf_with(Extension::plain(names::BASIC_CONSTRAINTS, der::null())),
        &[],
    );
    assert!(
        malformed.contains("value: malformed: an element has tag 0x05"),
        "{malformed}"
    );
    let unknown = shown(&leaf_with(Extension::unknown_critical()), &[]);
    assert!(
        unknown.contains("1.3.6.1.4.1.55555.1:\n    critical: yes\n    value: unknown, 2 octets\n")
    );
    let twice = shown(&leaf_with(Extension::key_usage(&[5])), &[]);
    assert!(twice.contains(
        "  keyUsage (2.5.29.15) again:\n    critical: yes\n    value:\n      usage: keyCertSign\n"
    ));
}

/// A list of the sandbox's user-authentication authority, with entries for three reasons.
fn list(change: impl FnOnce(CrlSpec) -> CrlSpec) -> Vec<u8> {
    let authority = jpki().authority(CaKind::UserAuthentication);
    let kind = ListKind {
        signer: ListSigner::Newest,
        municipality: Some(&MUNICIPALITIES[0]),
    };
    let (issued, due) = (
        UnixTime::from_secs(1_795_392_000),
        UnixTime::from_secs(1_795_478_400),
    );
    let mut list = authority.list(&kind, 1_001, issued, due);
    list.entries = [
        (77_001, None),
        (77_002, Some(1)),
        (77_003, Some(1)),
        (77_004, Some(6)),
    ]
    .map(|(serial, reason)| CrlEntry::new(serial, issued, reason))
    .to_vec();
    change(list).sign(&authority.newest().key)
}

#[test]
fn a_list_is_counted_and_never_read_out() {
    for options in [&[][..], &["--personal"]] {
        let shown = shown(&list(|list| list), options);
        for line in [
            "kind: revocation list",
            "issuer: C=JP, O=JPKI, OU=JPKI for user authentication, \
             OU=Japan Agency for Local Authority Information Systems",
            "number: 1001",
            "this update: 2026-11-23T00:00:00Z (2026-11-23T09:00:00+09:00)",
            "next update: 2026-11-24T00:00:00Z (2026-11-24T09:00:00+09:00)",
            "  distribution point: directoryName: C=JP, O=JPKI, OU=JPKI for user authentication, \
             OU=CRL Distribution Points, OU=Hinode-ken, CN=Umikaze-shi CRLDP",
            "entries: 4",
            "  unspecified: 1",
            "  keyCompromise: 2",
            "  certificateHold: 1",
        ] {
            assert!(
                shown.lines().any(|found| found == line),
                "{line} is not in\n{shown}"
            );
        }
        // The serials in decimal and in hexadecimal.
        for serial in ["77001", "77002", "012cc9", "12cca"] {
            assert!(!shown.contains(serial), "{serial}");
        }
    }
    let json: serde_json::Value =
        serde_json::from_str(&shown(&list(|list| list), &["--json"])).unwrap();
    assert_eq!(json["entries_by_reason"]["keyCompromise"], 2);
}

#[test]
fn a_delta_and_a_full_list_say_so() {
    let delta = shown(&list(|list| list.as_delta_of(1_000)), &[]);
    assert!(delta.starts_with("kind: delta revocation list\n"));
    assert!(delta.contains("\nbase number: 1000\n"));
    let full = shown(
        &list(|list| list.without_extension(names::ISSUING_DISTRIBUTION_POINT)),
        &[],
    );
    assert!(full.contains("\nscope: all certificates of its issuer, for all reasons\n"));
    assert!(!full.contains("base number"));
}

#[test]
fn pem_is_shown_like_der_and_its_label_decides() {
    let (leaf, list) = (
        std::fs::read(fixture("jpki-auth-cert.der")).unwrap(),
        list(|list| list),
    );
    for (label, other, der) in [
        ("CERTIFICATE", "X509 CRL", leaf),
        ("X509 CRL", "CERTIFICATE", list),
    ] {
        assert_eq!(shown(pem(label, &der).as_bytes(), &[]), shown(&der, &[]));
        let said = refused(pem(other, &der).as_bytes());
        assert!(said.contains("cannot be read"), "{said}");
    }
}

#[test]
fn what_cannot_be_shown_is_refused_with_what_to_do() {
    let leaf = std::fs::read(fixture("jpki-auth-cert.der")).unwrap();
    let key = pem("PRIVATE KEY", b"0");
    let two = pem("CERTIFICATE", &leaf).repeat(2);
    let other = pem("PKCS7\u{1b}[2J", &leaf);
    for (bytes, words) in [
        (&b""[..], "the file is empty; give"),
        (b"hello", "no certificate (the certificate is not DER: "),
        (&leaf[..100], "the bytes end inside an element"),
        (key.as_bytes(), "holds a private key; give the certificate"),
        (two.as_bytes(), "more than one PEM block; put each"),
        (
            other.as_bytes(),
            "only CERTIFICATE and X509 CRL can be shown",
        ),
        (
            b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            "the PEM text is damaged; export",
        ),
    ] {
        let said = refused(bytes);
        assert!(said.contains(words), "{said}");
        assert!(!said.contains('\u{1b}'), "{said}");
    }
    let folder = TempDir::new().unwrap();
    let said = akashi(&["inspect", text(folder.path())]);
    assert_eq!(said.code, Some(2));
    assert!(
        said.stderr.contains("this is a folder; name a file in it"),
        "{}",
        said.stderr
    );
    let said = akashi(&["inspect", text(&folder.path().join("nothing"))]);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("cannot be read"), "{}", said.stderr);
}
