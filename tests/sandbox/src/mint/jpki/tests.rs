//! The minted JPKI, read back by OpenSSL and by the verifying side.

use std::process::{Command, Output};

use pki::{CrlLimits, CrlSigner, CrossCheck, Verifier, validate_leaf, verify_crl};

use super::*;
use crate::mint::{ListKind, ListSigner, pem, shared_for_tests as jpki};

fn openssl(arguments: &[&str]) -> Output {
    Command::new("openssl").args(arguments).output().unwrap()
}

fn openssl_text(arguments: &[&str]) -> String {
    let output = openssl(arguments);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

/// Files that OpenSSL reads: the roots of an authority and one more.
struct Files {
    folder: tempfile::TempDir,
}

impl Files {
    fn of(kind: CaKind) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let roots = jpki().authority(kind).generations.iter();
        let roots: String = roots
            .map(|root| pem("CERTIFICATE", &root.certificate))
            .collect();
        std::fs::write(folder.path().join("roots.pem"), roots).unwrap();
        Self { folder }
    }

    fn with(&self, name: &str, contents: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, contents).unwrap();
        path.to_str().unwrap().to_owned()
    }

    fn roots(&self) -> String {
        self.folder
            .path()
            .join("roots.pem")
            .to_str()
            .unwrap()
            .to_owned()
    }
}

#[test]
fn openssl_verifies_every_leaf_that_is_not_expired() {
    for kind in CaKind::ALL {
        let files = Files::of(kind);
        for card in &jpki().cards {
            let leaf = pem("CERTIFICATE", &card.certificate(kind).der);
            let leaf = files.with("leaf.pem", leaf.as_bytes());
            // The policies are critical, which OpenSSL handles; names of the roots are equal, so it
            // must choose by key identifier as well.
            let verified = openssl(&["verify", "-CAfile", &files.roots(), &leaf]);
            assert_eq!(
                verified.status.success(),
                card.id != "expired",
                "{}",
                card.id
            );
        }
    }
}

#[test]
fn a_user_authentication_leaf_reads_like_a_genuine_one() {
    let files = Files::of(CaKind::UserAuthentication);
    let card = jpki().card("good").unwrap();
    let leaf = files.with("leaf.der", &card.user_authentication.der);
    let text = openssl_text(&["x509", "-inform", "der", "-in", &leaf, "-noout", "-text"]);
    for expected in [
        "X509v3 Key Usage: critical\n                Digital Signature\n",
        "X509v3 Certificate Policies: critical\n                Policy: 1.2.392.200149.8.5.1.3.30\n                  CPS: http://www.jpki.go.jp/cps.html",
        "TLS Web Client Authentication",
        "OU = CRL Distribution Points, OU = Hinode-ken, CN = Umikaze-shi CRLDP",
        "OCSP - URI:http://ocspauthnorm.jpki.go.jp",
        "14:59:59",
        "DirName:/C=JP/O=JPKI/OU=JPKI for user authentication/OU=Japan Agency",
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    assert!(!text.contains("Subject Alternative Name") && !text.contains("Basic Constraints"));
    let genuine_size = 1_590_usize;
    assert!(card.user_authentication.der.len().abs_diff(genuine_size) < 60);
}

#[test]
fn a_signing_leaf_reads_like_a_genuine_one() {
    let files = Files::of(CaKind::DigitalSignature);
    let card = jpki().card("good").unwrap();
    let leaf = files.with("leaf.der", &card.digital_signature.der);
    let text = openssl_text(&["x509", "-inform", "der", "-in", &leaf, "-noout", "-text"]);
    let personal = "othername: 1.2.392.200149.8.5.5.1::海野　花子, \
                    othername: 1.2.392.200149.8.5.5.4::419900412, \
                    othername: 1.2.392.200149.8.5.5.3::2, \
                    othername: 1.2.392.200149.8.5.5.5::日ノ出県海風市汐見１丁目２番３号, \
                    othername: 1.2.392.200149.8.5.5.2::00000, \
                    othername: 1.2.392.200149.8.5.5.6::0000000000000000";
    for expected in [
        "X509v3 Key Usage: critical\n                Digital Signature, Non Repudiation\n",
        "Policy: 1.2.392.200149.8.5.1.1.20",
        "Subject: C = JP, L = Hinode-ken, L = Umikaze-shi, CN = ",
        personal,
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
    for unexpected in ["Extended Key Usage", "Authority Information Access", "OCSP"] {
        assert!(!text.contains(unexpected), "{unexpected} is in {text}");
    }
}

#[test]
fn openssl_verifies_every_list_with_the_key_it_names() {
    for kind in CaKind::ALL {
        let authority = jpki().authority(kind);
        for list in ListKind::all() {
            let files = Files::of(kind);
            let signer = authority.list_signer(list.signer);
            let now = crate::now();
            let der = authority
                .list(&list, 5, now, now.plus_secs(3600))
                .sign(&signer.key);
            let path = files.with("list.crl", &der);
            let root = files.with(
                "signer.pem",
                pem("CERTIFICATE", &signer.certificate).as_bytes(),
            );
            let arguments = [
                "crl", "-inform", "der", "-in", &path, "-noout", "-text", "-CAfile",
            ];
            let output = openssl(&[arguments.as_slice(), &[root.as_str()]].concat());
            assert!(String::from_utf8_lossy(&output.stderr).contains("verify OK"));
            let text = String::from_utf8(output.stdout).unwrap();
            let partition = text.contains("X509v3 Issuing Distribution Point: critical");
            assert_eq!(partition, list.municipality.is_some());
            assert!(
                text.contains("X509v3 CRL Number: \n                5\n"),
                "{text}"
            );
        }
    }
}

#[test]
fn the_verifying_side_accepts_every_leaf_under_its_own_authority_only() {
    let verifier = Verifier::new(CrossCheck::All);
    for kind in CaKind::ALL {
        let authority = jpki().authority(kind).trusted(CrlSigner::OwnKey);
        for card in &jpki().cards {
            let leaf = validate_leaf(&card.certificate(kind).der, &authority, &verifier).unwrap();
            assert_eq!(
                leaf.validity_at(crate::now()).is_ok(),
                card.id != "expired",
                "{}",
                card.id
            );
            let other = CaKind::ALL
                .into_iter()
                .find(|other| *other != kind)
                .unwrap();
            let other = &card.certificate(other).der;
            assert!(validate_leaf(other, &authority, &verifier).is_err());
        }
    }
    assert_eq!(verifier.disagreements(), 0);
}

#[test]
fn the_verifying_side_accepts_every_list_of_the_configured_signer() {
    let verifier = Verifier::new(CrossCheck::All);
    let now = crate::now();
    for kind in CaKind::ALL {
        let authority = jpki().authority(kind);
        for list in ListKind::all() {
            let crl_signer = match list.signer {
                ListSigner::Own(_) => CrlSigner::OwnKey,
                ListSigner::Newest => CrlSigner::NewestKey,
            };
            let spec = authority.list(&list, 7, now, now.plus_secs(3600));
            let der = spec.sign(&authority.list_signer(list.signer).key);
            let trusted = authority.trusted(crl_signer);
            let limits = CrlLimits {
                max_bytes: 1 << 20,
                max_entries: 100_000,
            };
            let crl = verify_crl(&der, &trusted, &limits, &verifier).unwrap();
            assert_eq!(crl.entries().len(), spec.entries.len());
            assert_eq!(crl.facts().number.to_decimal(), "7");
            crl.current_at(now).unwrap();
            let wrong = spec.sign_wrongly(&authority.list_signer(list.signer).key);
            verify_crl(&wrong, &trusted, &limits, &verifier).unwrap_err();
        }
    }
}

#[test]
fn a_revocation_appears_on_the_lists_that_cover_the_card_and_on_no_other() {
    let mut jpki = jpki().clone();
    let kind = CaKind::DigitalSignature;
    let count = |jpki: &Jpki, signer, slug: Option<&str>| {
        let list = ListKind {
            signer,
            municipality: slug.and_then(municipality),
        };
        let now = crate::now();
        jpki.authority(kind).list(&list, 1, now, now).entries.len()
    };
    let lists = [
        (ListSigner::Own(2), None, 1),
        (ListSigner::Own(2), Some("umikaze"), 1),
        (ListSigner::Newest, None, 1),
        (ListSigner::Newest, Some("umikaze"), 1),
        (ListSigner::Own(1), None, 0),
        (ListSigner::Own(1), Some("umikaze"), 0),
        (ListSigner::Own(2), Some("yamabiko"), 0),
        (ListSigner::Newest, Some("hoshizora"), 0),
    ];
    let before = lists.map(|(signer, slug, _)| count(&jpki, signer, slug));
    jpki.revoke("good", kind, 3, crate::now()).unwrap();
    for ((signer, slug, more), before) in lists.into_iter().zip(before) {
        assert_eq!(
            count(&jpki, signer, slug),
            before + more,
            "{signer:?} {slug:?}"
        );
    }
    assert!(jpki.is_revoked(jpki.card("good").unwrap(), kind));
    assert!(!jpki.is_revoked(jpki.card("good").unwrap(), CaKind::UserAuthentication));
    jpki.revoke("good", kind, 3, crate::now()).unwrap_err();
}

#[test]
fn serials_are_dense_and_used_once() {
    for kind in CaKind::ALL {
        let authority = jpki().authority(kind);
        let mut serials: Vec<_> = jpki()
            .cards
            .iter()
            .map(|card| card.certificate(kind).serial)
            .collect();
        serials.extend(authority.generations.iter().map(|root| root.serial));
        serials.sort_unstable();
        let distinct = serials.windows(2).all(|pair| pair[0] < pair[1]);
        assert!(distinct && serials[serials.len() - 1] - serials[0] < 8 * OTHER_PEOPLE);
    }
}

#[test]
fn a_kept_jpki_is_the_same_after_loading() {
    let folder = tempfile::tempdir().unwrap();
    let mut kept = jpki().clone();
    kept.card_mut("good")
        .unwrap()
        .authenticate("0000", &[0; 32])
        .unwrap_err();
    kept.save(folder.path()).unwrap();
    let loaded = Jpki::load_or_mint(folder.path(), crate::now()).unwrap();
    assert_eq!(
        serde_json::to_string(&kept).unwrap(),
        serde_json::to_string(&loaded).unwrap()
    );
}
