//! What is encrypted here is decrypted by three others: the sandbox's own code, `jose` and `jwcrypto`.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sandbox::jwe::RecipientKey as Private;
use sandbox::mint::{EcKey, RsaKey, pem};
use sandbox::packages::{JOSE, JWCRYPTO, run_node, run_python};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::RecipientKey;

fn private_keys() -> [Private; 2] {
    [
        Private::Rsa(RsaKey::generate().unwrap()),
        Private::Ec(EcKey::generate().unwrap()),
    ]
}

fn public(private: &Private) -> RecipientKey {
    let jwk = serde_json::from_value(private.public_jwk("operator")).unwrap();
    RecipientKey::from_jwk(&jwk).unwrap()
}

fn encrypt(private: &Private, plain: &str) -> String {
    let plain = Zeroizing::new(plain.as_bytes().to_vec());
    public(private).encrypt(plain).unwrap()
}

#[test]
fn the_recipient_decrypts_and_the_header_says_how() {
    for private in private_keys() {
        let plain = "{\"signature\":\"署名\"}";
        let compact = encrypt(&private, plain);
        let (header, text) = private.decrypt(&compact).unwrap();
        assert_eq!(text, plain.as_bytes());
        assert_eq!(
            (&header["enc"], &header["kid"], &header["cty"]),
            (&json!("A256GCM"), &json!("operator"), &json!("json"))
        );
        assert!(header.get("zip").is_none());
        assert_ne!(compact, encrypt(&private, plain), "fresh keys and nonces");
    }
}

#[test]
fn a_changed_character_of_any_part_or_another_key_does_not_decrypt() {
    for private in private_keys() {
        let compact = encrypt(&private, "{}");
        assert!(private.decrypt(&compact).is_ok());
        for (place, part) in compact.split('.').enumerate() {
            let Ok(mut octets) = URL_SAFE_NO_PAD.decode(part) else {
                panic!("part {place} is not base64url");
            };
            let Some(last) = octets.last_mut() else {
                continue;
            };
            *last ^= 1;
            let changed = URL_SAFE_NO_PAD.encode(octets);
            let parts = compact.split('.').enumerate();
            let parts: Vec<&str> = parts
                .map(|(at, part)| if at == place { changed.as_str() } else { part })
                .collect();
            assert!(private.decrypt(&parts.join(".")).is_err(), "part {place}");
        }
        for other in private_keys() {
            assert!(other.decrypt(&compact).is_err());
        }
    }
}

fn cases() -> (String, Vec<String>) {
    let mut lines = String::new();
    let mut plains = Vec::new();
    for private in private_keys() {
        let pkcs8 = match &private {
            Private::Rsa(key) => key.pkcs8(),
            Private::Ec(key) => key.pkcs8(),
        };
        for plain in [
            "{}".to_owned(),
            format!("{{\"x\":\"{}\"}}", "あ".repeat(4_000)),
        ] {
            let case = json!({
                "pem": pem("PRIVATE KEY", pkcs8),
                "alg": private.public_jwk("k")["alg"],
                "jwe": encrypt(&private, &plain),
            });
            lines.push_str(&case.to_string());
            lines.push('\n');
            plains.push(plain);
        }
    }
    (lines, plains)
}

fn assert_decrypted(said: &str, plains: &[String]) {
    let decrypted: Vec<Value> = said
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(decrypted, plains);
}

#[test]
fn npm_jose_decrypts_both_algorithms() {
    const SCRIPT: &str = "
        import { compactDecrypt, importPKCS8 } from 'jose';
        import { readFileSync } from 'node:fs';
        for (const line of readFileSync(0, 'utf8').trim().split('\\n')) {
            const { pem, alg, jwe } = JSON.parse(line);
            const key = await importPKCS8(pem, alg);
            const only = { keyManagementAlgorithms: [alg], contentEncryptionAlgorithms: ['A256GCM'] };
            const { plaintext } = await compactDecrypt(jwe, key, only);
            console.log(JSON.stringify(new TextDecoder().decode(plaintext)));
        }";
    let (lines, plains) = cases();
    assert_decrypted(&run_node(&[JOSE], SCRIPT, &lines).unwrap(), &plains);
}

#[test]
fn pypi_jwcrypto_decrypts_both_algorithms() {
    const SCRIPT: &str = "
import json, sys
from jwcrypto import jwe, jwk
for line in sys.stdin:
    case = json.loads(line)
    key = jwk.JWK.from_pem(case['pem'].encode())
    token = jwe.JWE(algs=[case['alg'], 'A256GCM'])
    token.deserialize(case['jwe'], key=key)
    print(json.dumps(token.payload.decode()))
";
    let (lines, plains) = cases();
    assert_decrypted(&run_python(&JWCRYPTO, SCRIPT, &lines).unwrap(), &plains);
}
