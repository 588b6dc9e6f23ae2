//! `akashi validate`, one question.

mod chain;
mod hostile;
mod input;
mod manifest;

use sandbox::mint::{CaKind, CrlSpec, Extensions as _, ListKind, ListSigner, names};
use serde_json::Value;

use crate::support::{Said, jpki};
use chain::{AT, Folder, MAPPED_POLICY, NOW, PATH, POLICY, chain};

#[track_caller]
fn assert_said(said: &Said, code: i32, words: &str) {
    assert_eq!(said.code, Some(code), "{}{}", said.stdout, said.stderr);
    let all = format!("{}{}", said.stdout, said.stderr);
    assert!(all.contains(words), "{words:?} is not in\n{all}");
}

/// The JSON object that was said.
#[track_caller]
fn json(said: &Said) -> Value {
    assert_eq!(
        said.stdout.lines().count(),
        1,
        "{}{}",
        said.stdout,
        said.stderr
    );
    serde_json::from_str(&said.stdout).unwrap()
}

#[test]
fn a_valid_path_is_drawn_and_ends_with_0() {
    let said = chain().folder().validate_path("");
    assert_eq!(said.stdout, include_str!("validate/valid.txt"));
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""));
}

#[test]
fn a_revoked_certificate_ends_with_1_and_the_delta_that_says_so() {
    let folder = chain().folder();
    folder.put("changes.crl", &chain().delta_with_leaf());
    let said = folder.validate_path("--crl changes.crl");
    assert_eq!(said.stdout, include_str!("validate/revoked.txt"));
    assert_eq!((said.code, said.stderr.as_str()), (Some(1), ""));
    // Without the delta the complete list says nothing, with the entry it does.
    assert_said(&folder.validate_path(""), 0, "VALID");
    folder.put("authority.crl", &chain().list_with_leaf());
    assert_said(
        &folder.validate_path(""),
        1,
        "REVOKED (失効) since 2026-11-21 09:00:00 JST",
    );
}

#[test]
fn an_undetermined_status_ends_with_1_and_says_what_is_wrong_with_each_list() {
    let folder = chain().folder();
    let expired = |mut spec: CrlSpec| {
        spec.next_update = Some(NOW.plus_secs(-60));
        spec
    };
    folder.put("authority.crl", &chain().list_with(expired));
    folder.put(
        "stranger.crl",
        &chain().list_with(|mut spec| {
            spec.issuer = names::name([names::country()]);
            spec
        }),
    );
    folder.put("rubbish.crl", b"0\x82\x00\x05hello");
    let said = folder.validate_path("--crl stranger.crl rubbish.crl");
    assert_eq!(said.stdout, include_str!("validate/undetermined.txt"));
    assert_eq!((said.code, said.stderr.as_str()), (Some(1), ""));
}

#[test]
fn without_lists_nothing_is_shown_to_be_good_unless_lists_are_off() {
    let folder = chain().folder();
    let line = format!("--trust-anchor root.cer --intermediate authority.cer --at {AT}");
    for more in ["", "--revocation require"] {
        let said = folder.validate(&format!("{line} {more} -- server.cer"));
        assert_said(&said, 1, "INDETERMINATE");
        assert_said(&said, 1, "no list of its issuer was given");
    }
    let said = folder.validate(&format!("{line} --revocation off -- server.cer"));
    assert_said(&said, 0, "not looked at (--revocation off)");
    // Then lists are not even read.
    let said = folder.validate(&format!(
        "{line} --revocation off --crl none.crl -- server.cer"
    ));
    assert_said(&said, 0, "VALID");
}

#[test]
fn the_refusal_has_rule_clause_place_and_both_values() {
    let folder = chain().folder();
    let said = folder.validate(&format!("{PATH} --at 2027-11-24T00:00:00Z -- server.cer"));
    for words in [
        "server.cer: INVALID\n  Rule               expired\n",
        "\n  Clause             RFC 5280 section 6.1.3 a 2\n",
        "\n  Reason             the certificate is expired at 2027-11-24T00:00:00Z\n",
        "\n  Refused at         certificate 1 of 2\n",
        "\n  Not after          2027-11-23 09:00:00 JST (2027-11-23T00:00:00Z)\n",
        "\n  At                 2027-11-24 09:00:00 JST (2027-11-24T00:00:00Z)\n",
        "no list was asked about it, because the path was refused before",
    ] {
        assert_said(&said, 1, words);
    }
    folder.put(
        "authority.cer",
        &chain().authority_with(|spec| {
            spec.with_extension(sandbox::mint::Extension::key_usage(&[0, 6]))
        }),
    );
    let said = folder.validate_path("");
    assert_said(&said, 1, "\n  Key usage needed   keyCertSign\n");
    assert_said(
        &said,
        1,
        "\n  Key usage found    digitalSignature, cRLSign\n",
    );
    // The chain without its middle.
    let said = folder.validate(&format!("--trust-anchor root.cer --at {AT} server.cer"));
    assert_said(&said, 1, "issuer_unknown");
    assert_said(&said, 1, "\n  Issuer             C=JP, CN=Authority\n");
    assert_said(&said, 1, "No trust anchor was reached.");
}

#[test]
fn without_a_moment_the_clock_is_asked() {
    let folder = chain().folder();
    let before = sandbox::now().secs();
    let said = json(&folder.validate(&format!("{PATH} --json -- server.cer")));
    let at = said["at"].as_str().unwrap();
    let moments: Vec<_> = (before..=sandbox::now().secs())
        .map(|secs| pki::UnixTime::from_secs(secs).to_string())
        .collect();
    assert!(moments.iter().any(|moment| moment == at), "{at}");
    let words = folder.validate(&format!("{PATH} -- server.cer")).stdout;
    assert!(
        words.contains(", by the clock\n") && words.contains("in force now\n"),
        "{words}"
    );
}

#[test]
fn every_policy_flag_counts() {
    let folder = chain().folder();
    let required = "--require-explicit-policy";
    let said = folder.validate_path(&format!("--policy {POLICY} {required}"));
    assert_said(&said, 0, &format!("Valid for policies {POLICY}\n"));
    // The leaf's policy is the root's other one by the mapping.
    let line = format!("--policy {POLICY} {required} --inhibit-policy-mapping");
    assert_said(&folder.validate_path(&line), 1, "policy");
    let line = format!("--policy {MAPPED_POLICY} 1.2.3.9");
    assert_said(&folder.validate_path(&line), 0, "VALID");
    let said = folder.validate_path(&format!("{line} {required}"));
    assert_said(&said, 1, "\n  Rule               policy_not_accepted\n");
    assert_said(&said, 1, "\n  Policies accepted  1.2.3.5, 1.2.3.9\n");
    folder.put("authority.cer", &chain().authority_of_any_policy());
    let line = format!("--policy {MAPPED_POLICY} {required}");
    assert_said(&folder.validate_path(&line), 0, "VALID");
    let said = folder.validate_path(&format!("{line} --inhibit-any-policy"));
    assert_said(
        &said,
        1,
        "\n  Policy rules       a policy is required, anyPolicy stands for nothing\n",
    );
}

#[test]
fn json_tells_the_same_in_stable_fields() {
    let folder = chain().folder();
    let said = folder.validate_path("--json");
    assert_eq!(said.code, Some(0));
    let valid = json(&said);
    let fields: Vec<_> = valid.as_object().unwrap().keys().cloned().collect();
    let expected = [
        "at",
        "clause",
        "compared",
        "file",
        "left_out",
        "path",
        "policies",
        "profile",
        "reason",
        "refused_at",
        "revocation",
        "rule",
        "trust_anchor",
        "unused_lists",
        "verdict",
    ];
    assert_eq!(fields, expected);
    assert_eq!(valid["verdict"], "valid");
    assert_eq!(valid["rule"], Value::Null);
    assert_eq!(valid["at"], "2026-11-23T00:00:00Z");
    assert_eq!(valid["trust_anchor"]["file"], "root.cer");
    assert_eq!(valid["trust_anchor"]["subject"], "C=JP, CN=Root");
    let leaf = &valid["path"][1];
    assert_eq!(leaf["file"], "server.cer");
    assert_eq!(leaf["issuer"], "C=JP, CN=Authority");
    assert_eq!(leaf["self_issued"], false);
    assert_eq!(leaf["lists"][0]["file"], "authority.crl");
    assert_eq!(leaf["lists"][0]["number"], "20");
    assert_eq!(leaf["lists"][0]["next_update"], "2026-11-24T00:00:00Z");
    assert_eq!(leaf["lists"][0]["outcome"], "not_listed");

    folder.put("changes.crl", &chain().delta_with_leaf());
    let said = folder.validate_path("--crl changes.crl --json");
    assert_eq!(said.code, Some(1));
    let revoked = json(&said);
    assert_eq!(revoked["verdict"], "invalid");
    assert_eq!(
        (&revoked["rule"], &revoked["refused_at"]),
        (&"revoked".into(), &1.into())
    );
    assert_eq!(revoked["clause"], "RFC 5280 section 6.3.3");
    assert_eq!(revoked["compared"]["revoked_at"], "2026-11-21T00:00:00Z");
    assert_eq!(revoked["compared"]["revocation_reason"], "keyCompromise");
    let list = &revoked["path"][1]["lists"][0];
    assert_eq!(list["delta"]["file"], "changes.crl");
    assert_eq!(
        (&list["delta"]["number"], &list["outcome"]),
        (&"21".into(), &"revoked".into())
    );
}

/// The root, a card's certificate and its municipality's list, of one of the two authorities.
fn card_folder(kind: CaKind) -> Folder {
    let (authority, card) = (jpki().authority(kind), jpki().card("good").unwrap());
    let list = ListKind {
        signer: ListSigner::Own(2),
        municipality: Some(card.municipality()),
    };
    let now = sandbox::now();
    let spec = authority.list(&list, 7, now.plus_secs(-60), now.plus_secs(3_600));
    let folder = chain().folder();
    folder.put("root.cer", &authority.generation(2).certificate);
    folder.put("server.cer", &card.certificate(kind).der);
    folder.put("authority.crl", &spec.sign(&authority.generation(2).key));
    folder
}

#[test]
fn the_cards_profiles_take_their_own_certificates_only() {
    for kind in CaKind::ALL {
        let folder = card_folder(kind);
        let line = "--trust-anchor root.cer --crl authority.crl --profile";
        for profile in [
            "jpki-user-authentication",
            "jpki-signing",
            "jpki-test-user-authentication",
            "jpki-test-signing",
        ] {
            let said = folder.validate(&format!("{line} {profile} server.cer"));
            let is_own = profile == kind.profile_name();
            assert_eq!(
                said.code,
                Some(i32::from(!is_own)),
                "{profile}: {}",
                said.stdout
            );
            assert!(
                said.stdout
                    .contains(&format!("Profile            {profile}\n"))
            );
        }
        // One tier.
        let profile = kind.profile_name();
        let line = format!("{line} {profile} --intermediate authority.cer -- server.cer");
        assert_said(&folder.validate(&line), 1, "intermediate_forbidden");
    }
}

#[test]
fn help_names_every_flag_and_profile() {
    let said = chain().folder().validate("--help");
    assert_eq!(said.code, Some(0));
    for words in [
        "--profile <P>",
        "--trust-anchor <FILE>...",
        "--intermediate <FILE>...",
        "--crl <FILE>...",
        "--at <RFC3339>",
        "--policy <OID>...",
        "--require-explicit-policy",
        "--inhibit-policy-mapping",
        "--inhibit-any-policy",
        "--revocation <MODE>",
        "--json",
        "--manifest <FILE.jsonl>",
        "CERT",
        "rfc5280, jpki-user-authentication, jpki-signing, jpki-test-user-authentication, jpki-test-signing",
        "require, off",
    ] {
        assert!(said.stdout.contains(words), "{words}:\n{}", said.stdout);
    }
}

#[test]
fn of_the_lists_of_several_moments_the_one_in_force_then_decides_and_is_named() {
    let folder = chain().folder();
    // The next list, half a day later, has the leaf on it.
    let next = chain().list_with_leaf_later(43_200);
    folder.put("next.crl", &next);
    let at = |moment: &str| {
        let line = format!("{PATH} --crl next.crl --at {moment} --json -- server.cer");
        json(&folder.validate(&line))
    };
    let lists = |answer: &Value| -> Vec<(String, String, String)> {
        let lists = answer["path"][1]["lists"].as_array().unwrap().clone();
        let text = |list: &Value, key: &str| list[key].as_str().unwrap_or("-").to_owned();
        let row = |list: &Value| {
            (
                text(list, "file"),
                text(list, "outcome"),
                text(list, "rule"),
            )
        };
        lists.iter().map(row).collect()
    };
    let is = |file: &str, outcome: &str, rule: &str| {
        (file.to_owned(), outcome.to_owned(), rule.to_owned())
    };
    let before = at("2026-11-23T11:59:59Z");
    assert_eq!(before["verdict"], "valid");
    let told = lists(&before);
    assert!(
        told.contains(&is("authority.crl", "not_listed", "-")),
        "{told:?}"
    );
    assert!(
        told.contains(&is("next.crl", "not_believed", "crl_not_yet_current")),
        "{told:?}"
    );

    let from_then_on = at("2026-11-23T12:00:00Z");
    assert_eq!(from_then_on["verdict"], "invalid");
    assert_eq!(from_then_on["rule"], "revoked");
    let told = lists(&from_then_on);
    assert!(told.contains(&is("next.crl", "revoked", "-")), "{told:?}");
}
