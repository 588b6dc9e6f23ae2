//! The genuine leaves of JPKI-TEST and the production roots as the offline way judges them.

use conformance::fixture;
use conformance::issuer::NOW;
use pki::{
    CrossCheck, PRODUCTION_ROOTS, PathAnchor, PathReport, PathRequest, PolicySettings, Profile,
    RevocationMode, TrustAnchor, UnixTime, Verdict, Verifier, validate_path,
};

const AUTHENTICATION: &[&str] = &["authca-test-2019", "authca-test-2023"];
const SIGNING: &[&str] = &["signca-test-2019", "signca-test-2024"];
const AUTHENTICATION_PRODUCTION: &[&str] = &["authca01", "authca02", "authca03"];
const SIGNING_PRODUCTION: &[&str] = &["signca01", "signca02", "signca03"];

/// The leaf's fixture, its anchors, the production's twins of them.
const LEAVES: [(&str, &[&str], &[&str]); 2] = [
    (
        "jpki-auth-cert.der",
        AUTHENTICATION,
        AUTHENTICATION_PRODUCTION,
    ),
    ("jpki-sign-cert.der", SIGNING, SIGNING_PRODUCTION),
];

fn anchor(name: &str) -> PathAnchor {
    PathAnchor::from_der(&fixture(&format!("myna-card/{name}.cer"))).unwrap()
}

/// Without lists: those of JPKI-TEST are not public.
fn judge(leaf: &str, anchors: &[&str], profile: &'static Profile) -> PathReport {
    let leaf = fixture(&format!("myna-card/{leaf}"));
    let anchors: Vec<_> = anchors.iter().map(|name| anchor(name)).collect();
    let request = PathRequest {
        profile,
        certificate: &leaf,
        intermediates: &[],
        trust_anchors: &anchors,
        crls: &[],
        at: NOW,
        policies: PolicySettings::default(),
        revocation: RevocationMode::Off,
    };
    validate_path(&request, &Verifier::new(CrossCheck::All))
}

#[track_caller]
fn rule(report: &PathReport) -> &'static str {
    report.error.as_ref().unwrap().rule()
}

#[test]
fn each_genuine_leaf_is_valid_under_its_profile_and_refused_under_every_other_by_its_rule() {
    // Rows: the leaf's profile; columns: the profile it is judged by.
    let expected = [
        ("jpki-user-authentication", ["policy", "extension_missing"]),
        ("jpki-signing", ["extension_forbidden", "policy"]),
        ("jpki-test-user-authentication", ["", "extension_missing"]),
        ("jpki-test-signing", ["extension_forbidden", ""]),
    ];
    assert_eq!(expected.len(), Profile::all().len());
    for (profile, rules) in expected {
        let profile = Profile::by_name(profile).unwrap();
        for ((leaf, anchors, _), expected) in LEAVES.into_iter().zip(rules) {
            let report = judge(leaf, anchors, profile);
            if expected.is_empty() {
                assert_eq!(report.verdict, Verdict::Valid, "{:?}", report.error);
                assert_eq!(report.trust_anchor, Some(1));
            } else {
                assert_eq!(report.verdict, Verdict::Invalid);
                assert_eq!(rule(&report), expected, "{leaf} as {}", profile.name());
            }
        }
    }
}

#[test]
fn each_genuine_leaf_is_refused_under_the_wrong_roots() {
    for (leaf, anchors, production) in LEAVES {
        let profile = match leaf {
            "jpki-auth-cert.der" => "jpki-test-user-authentication",
            _ => "jpki-test-signing",
        };
        let profile = Profile::by_name(profile).unwrap();
        let [older, newer] = anchors else {
            panic!("two generations")
        };
        assert_eq!(judge(leaf, &[newer], profile).verdict, Verdict::Valid);
        for wrong in [&[*older], production] {
            assert_eq!(rule(&judge(leaf, wrong, profile)), "issuer_unknown");
        }
        let other = if anchors == SIGNING {
            AUTHENTICATION
        } else {
            SIGNING
        };
        assert_eq!(rule(&judge(leaf, other, profile)), "issuer_unknown");
    }
}

#[test]
fn a_genuine_leaf_by_itself_says_nothing_about_revocation() {
    let anchors: Vec<_> = AUTHENTICATION.iter().map(|name| anchor(name)).collect();
    let request = PathRequest {
        profile: Profile::by_name("jpki-test-user-authentication").unwrap(),
        certificate: &fixture("myna-card/jpki-auth-cert.der"),
        intermediates: &[],
        trust_anchors: &anchors,
        crls: &[],
        at: NOW,
        policies: PolicySettings::default(),
        revocation: RevocationMode::Require,
    };
    let report = validate_path(&request, &Verifier::new(CrossCheck::All));
    assert_eq!(report.verdict, Verdict::Indeterminate);
    assert_eq!(rule(&report), "revocation_undetermined");
}

/// A root as a certificate below these anchors, at a moment.
fn judge_root(name: &str, anchors: &[&str], at: UnixTime, profile: &'static Profile) -> PathReport {
    let anchors: Vec<_> = anchors.iter().map(|name| anchor(name)).collect();
    let request = PathRequest {
        profile,
        certificate: &fixture(&format!("myna-card/{name}.cer")),
        intermediates: &[],
        trust_anchors: &anchors,
        crls: &[],
        at,
        policies: PolicySettings::default(),
        revocation: RevocationMode::Off,
    };
    validate_path(&request, &Verifier::new(CrossCheck::All))
}

#[test]
fn the_production_roots_vouch_for_themselves_and_for_no_other_generation() {
    for root in PRODUCTION_ROOTS {
        let der = fixture(&format!("myna-card/{}.cer", root.name));
        let (from, to) = {
            let root = TrustAnchor::from_der(&der).unwrap();
            (root.not_before(), root.not_after())
        };
        let judge = |anchors: &[&str], at| judge_root(root.name, anchors, at, Profile::rfc5280());
        for at in [from, to] {
            assert_eq!(judge(&[root.name], at).verdict, Verdict::Valid);
        }
        assert_eq!(
            rule(&judge(&[root.name], from.plus_secs(-1))),
            "not_yet_valid"
        );
        assert_eq!(rule(&judge(&[root.name], to.plus_secs(1))), "expired");
        let authority = root.name.trim_end_matches(char::is_numeric);
        for other in PRODUCTION_ROOTS
            .iter()
            .filter(|other| other.name != root.name)
        {
            let same_name = other.name.starts_with(authority);
            let expected = if same_name {
                "issuer_signature"
            } else {
                "issuer_unknown"
            };
            assert_eq!(
                rule(&judge(&[other.name], from)),
                expected,
                "{}",
                other.name
            );
        }
    }
}

#[test]
fn no_production_root_is_a_leaf() {
    for root in PRODUCTION_ROOTS {
        for profile in Profile::all() {
            let report = judge_root(root.name, &[root.name], NOW, profile);
            assert_eq!(report.verdict, Verdict::Invalid);
            assert_eq!(rule(&report), "extension_missing", "as {}", profile.name());
        }
    }
}
