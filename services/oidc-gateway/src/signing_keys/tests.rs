use super::ring::KEY_SET_SECONDS;
use super::signer::Signer;
use super::*;
use crate::jws::{Algorithm, JsonWebKey, PublicKey, UnverifiedJws};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use store::PublishedKey;

const HOUR: i64 = 3_600;

fn fresh_pem() -> String {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    let body = STANDARD.encode(pair.to_pkcs8v1().unwrap().as_ref());
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}

/// A folder with the keys `a`, `b` and `c`, and a keys file of this text.
fn folder(text: &str) -> (tempfile::TempDir, ConfigPath) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b", "c"] {
        std::fs::write(folder.path().join(name), fresh_pem()).unwrap();
    }
    let path = ConfigPath::new(folder.path().join("signing-keys.toml"));
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn entry(key_id: &str, sign_from: &str) -> String {
    format!(
        "[[signing_key]]\nkey_id = \"{key_id}\"\nsign_from = \"{sign_from}\"\nfile = \"{key_id}\"\n"
    )
}

const AT_0: &str = "1970-01-01T00:00:00Z";
const AT_10_HOURS: &str = "1970-01-01T10:00:00Z";

fn published(key_id: &str, published_at: i64) -> PublishedKey {
    PublishedKey {
        key_id: key_id.to_owned(),
        jwk: format!("{{\"kid\":\"{key_id}\"}}"),
        published_at,
        held_at: published_at,
    }
}

fn signing(ring: &Ring, now: i64) -> &str {
    &ring.signing_at(now).unwrap().key_id
}

#[test]
fn a_key_signs_from_its_time_on_and_never_before_everybody_can_know_it() {
    let (_folder, path) = folder(&(entry("a", AT_0) + &entry("b", AT_10_HOURS)));
    let held = Arc::new(HeldKeys::load(&path).unwrap());
    let at = |published_at: i64, now: i64| {
        let known = vec![published("a", 0), published("b", published_at)];
        signing(&Ring::new(Arc::clone(&held), known), now).to_owned()
    };
    // Published long before: the time in the file decides.
    assert_eq!(at(HOUR, 10 * HOUR - 1), "a");
    assert_eq!(at(HOUR, 10 * HOUR), "b");
    // The operator was late: the hour decides.
    assert_eq!(at(10 * HOUR, 11 * HOUR + 119), "a");
    assert_eq!(at(10 * HOUR, 11 * HOUR + 120), "b");
}

#[test]
fn where_nobody_can_know_any_key_yet_one_signs_all_the_same() {
    let (_folder, path) = folder(&(entry("a", AT_0) + &entry("b", AT_10_HOURS)));
    let held = Arc::new(HeldKeys::load(&path).unwrap());
    let fresh = Ring::new(Arc::clone(&held), Vec::new());
    assert_eq!(signing(&fresh, 5 * HOUR), "a");
    // What was known is forgotten: the older key is the one that somebody may have fetched.
    assert_eq!(signing(&fresh, 20 * HOUR), "a");
    assert!(!fresh.was_published_in_time(fresh.signing_at(20 * HOUR).unwrap(), 20 * HOUR));
    // A gateway that starts before any key's time still signs.
    assert_eq!(signing(&fresh, -1), "a");
    // Of two that are too new, the one that was there first.
    let known = vec![published("a", 20 * HOUR), published("b", 20 * HOUR + 1)];
    assert_eq!(signing(&Ring::new(held, known), 20 * HOUR + 2), "a");
}

#[test]
fn the_key_set_says_how_long_it_may_be_kept() {
    let said = format!("public, max-age={KEY_SET_SECONDS}");
    assert_eq!(CACHE_CONTROL, said.as_str());
}

#[test]
fn what_others_hold_is_published_and_what_is_withdrawn_is_not() {
    let text = "withdrawn = [\"stolen\"]\n".to_owned() + &entry("a", AT_0);
    let (_folder, path) = folder(&text);
    let held = Arc::new(HeldKeys::load(&path).unwrap());
    let known = ["a", "others", "stolen"].map(|key_id| published(key_id, 0));
    let set: Value = serde_json::from_slice(&Ring::new(held, known.to_vec()).key_set()).unwrap();
    let key_ids: Vec<&Value> = set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| &key["kid"])
        .collect();
    assert_eq!(key_ids, ["a", "others"]);
    assert!(set["keys"][0].get("d").is_none() && set["keys"][0].get("x").is_some());
}

#[tokio::test]
async fn a_token_verifies_with_the_published_key_and_with_no_other() {
    let (_folder, path) = folder(&(entry("a", AT_0) + &entry("b", AT_10_HOURS)));
    let keys = SigningKeys::load(&path, 300, &Metrics::new("keys")).unwrap();
    let token = keys.sign_id_token(&json!({ "sub": "s" }), 0).await.unwrap();
    let jws = UnverifiedJws::parse(&token).unwrap();
    assert_eq!(jws.header().kid.as_deref(), Some("a"));
    let set: Value = serde_json::from_slice(&keys.key_set()).unwrap();
    let key = |index: usize| {
        let jwk: JsonWebKey = serde_json::from_value(set["keys"][index].clone()).unwrap();
        PublicKey::from_jwk(&jwk, Algorithm::Es256).unwrap()
    };
    assert_eq!(jws.verify(&key(0)), Ok(br#"{"sub":"s"}"#.as_slice()));
    assert!(jws.verify(&key(1)).is_err());
}

fn refusal(text: &str) -> String {
    let (_folder, path) = folder(text);
    match HeldKeys::load(&path) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a_file_that_cannot_be_meant_is_refused_in_words() {
    for (text, words) in [
        (String::new(), "signing_key"),
        ("signing_key = []\n".to_owned(), "1 to 16"),
        (entry("a", AT_0) + &entry("a", AT_10_HOURS), "unique"),
        (entry("a", AT_0).replace("\"a\"
sign", "\"\"
sign"), "unique"),
        (entry("a", AT_0) + &entry("b", AT_0), "same time"),
        (entry("a", "tomorrow"), "no time such as"),
        (entry("missing", AT_0), "missing"),
        (entry("signing-keys.toml", AT_0), "holds no P-256 private key"),
        ("withdrawn = [\"a\"]\n".to_owned() + &entry("a", AT_0), "withdrawn"),
        ("[[signing_key]]\nkey_id = \"a\"\n".to_owned(), "either a file or"),
        ("[[signing_key]]\nkey_id = \"a\"\npkcs11_label = \"x\"\n".to_owned(), "no [pkcs11]"),
        (entry("a", AT_0) + "pkcs11_label = \"x\"\n", "either a file or"),
        (entry("a", AT_0) + "[pkcs11]\nmodule = \"m\"\npin_file = \"p\"\n", "either token_label or slot"),
        (
            entry("a", AT_0) + "[pkcs11]\nmodule = \"m\"\npin_file = \"p\"\nslot = 1\nsessions = 0\n",
            "1 to 64",
        ),
        (
            "[[signing_key]]\nkey_id = \"a\"\npkcs11_label = \"x\"\n[pkcs11]\nmodule = \"a\"\npin_file = \"p\"\nslot = 1\n"
                .to_owned(),
            "",
        ),
        (entry("a", AT_0) + "algorithm = \"RS256\"\n", "algorithm"),
    ] {
        let problem = refusal(&text);
        assert!(problem.contains(words), "{text}: {problem}");
        assert!(problem.contains("signing-keys.toml") || problem.contains('/'), "{problem}");
    }
}

#[test]
fn the_documented_file_is_accepted() {
    let sample = include_str!("../../../../deploy/config/signing-keys.toml");
    for text in [
        sample.to_owned(),
        sample
            .replace("#[pkcs11]", "[pkcs11]")
            .replace("#module", "module")
            .replace("#token_label", "token_label")
            .replace("#pin_file", "pin_file")
            .replace("#sessions", "sessions"),
    ] {
        let file: SigningKeysFile = runtime::config::parse(&text).unwrap();
        file.check().unwrap();
        assert_eq!(file.pkcs11.is_some(), text != sample);
    }
}

#[test]
fn only_the_right_kind_of_key_is_a_key() {
    let pem = fresh_pem();
    assert!(Signer::from_pem(pem.as_bytes()).is_some());
    for wrong in [
        String::new(),
        pem.replace("PRIVATE KEY", "EC PRIVATE KEY"),
        pem.replace("MI", "MJ"),
        "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----".to_owned(),
    ] {
        assert!(Signer::from_pem(wrong.as_bytes()).is_none(), "{wrong:.40}");
    }
}
