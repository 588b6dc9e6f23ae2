use index::Hit;
use pki::{
    CertId, CertIdHash, CrossCheck, DelegateRevocation, ExpectedNonce, OcspAnswer, OcspDelegate,
    OcspExpectation, OcspIssuer, OcspRequest, RevocationReason, SerialNumber, UnixTime,
    UnreadOcspRequest, UnsignedOcspResponse, Verifier,
};
use sandbox::mint::{Authority, CaKind, CertificateSpec, RsaKey};

use super::RevocationMethod::{Crl, Ocsp, OcspThenCrl};
use super::*;
use crate::decide::tests::list;
use crate::metrics::Outcome;
use crate::snapshot::List;

/// Who decided, and what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// The lists, whatever they say.
    Lists,
    Responder,
    Nobody,
}
use Said::{Lists, Nobody, Responder};

/// Verified answers: good, revoked, unknown.
fn answers() -> [OcspEvidence; 3] {
    let kind = CaKind::UserAuthentication;
    let now = UnixTime::from_secs(1_800_000_000);
    let mut authority = Authority::new(kind);
    authority.add_generation(now.plus_secs(-86_400)).unwrap();
    let (issuer, key) = (&authority.newest().key, RsaKey::generate().unwrap());
    let validity = (now.plus_secs(-60), now.plus_secs(60));
    let certificate = CertificateSpec::ocsp_responder(kind, issuer, &key, validity).sign(issuer);
    let trusted = authority.trusted(pki::CrlSigner::NewestKey);
    let anchor = trusted.newest_anchor();
    let verifier = Verifier::new(CrossCheck::Off);
    let delegate = OcspIssuer::new(anchor);
    let delegate = OcspDelegate::from_pem_or_der(&certificate, &delegate, now, &verifier).unwrap();
    let serial = SerialNumber::from_unsigned_be(&[7]).unwrap();
    let (name, public) = (anchor.subject_der(), anchor.public_key());
    let cert_id = CertId::new(CertIdHash::Sha1, name, public, serial).unwrap();
    let request = OcspRequest::new(&cert_id, None);
    let unread = UnreadOcspRequest::read(request.der()).unwrap();
    let question = unread.question().unwrap();
    let revoked = OcspStatus::Revoked {
        revoked_at: now.plus_secs(-10),
        reason: RevocationReason::KeyCompromise,
    };
    [OcspStatus::Good, revoked, OcspStatus::Unknown].map(|status| {
        let answer = OcspAnswer::new(&question, status, now, Some(now.plus_secs(60)));
        let response = UnsignedOcspResponse::new(&delegate, now, &answer, None);
        let signature = key.sign(response.to_be_signed());
        let expectation = OcspExpectation {
            nonce: ExpectedNonce::NotSent,
            delegate_revocation: DelegateRevocation::NoCheckRequired,
            max_age_secs: None,
            now,
        };
        let der = response.signed(&signature);
        pki::verify_ocsp_response(&der, &cert_id, &expectation, &verifier).unwrap()
    })
}

const PROBLEMS: [OcspProblem; 5] = [
    OcspProblem::NotConfigured,
    OcspProblem::Unreachable,
    OcspProblem::Refused,
    OcspProblem::Unusable,
    OcspProblem::Spent,
];

/// What the lists can say.
fn decisions(list: &List) -> [(&'static str, Decision<'_>); 8] {
    let hit = Hit {
        revoked_at: 1_799_000_000,
        reason: 1,
    };
    let unknown = |reason| Decision::Unknown(reason, Some(list));
    [
        ("good", Decision::Good(list)),
        ("no list", Decision::Unknown(Reason::NoList, None)),
        ("stale", unknown(Reason::Stale)),
        ("out of scope", unknown(Reason::OutOfScope)),
        ("revoked", Decision::Revoked(hit, list)),
        ("no such authority", unknown(Reason::NoSuchAuthority)),
        ("clock", unknown(Reason::Clock)),
        ("feed", unknown(Reason::Feed)),
    ]
}

#[test]
fn every_combination_of_method_lists_and_responder_has_its_conclusion() {
    let (list, answers) = (list(""), answers());
    // Who decides when the responder says good, revoked, unknown, or has no answer with proof.
    let table = |method, by_lists| match (method, by_lists) {
        (Crl, _) | (_, "revoked" | "no such authority") => [Lists; 4],
        (_, "clock" | "feed") => [Lists, Responder, Lists, Lists],
        (Ocsp, _) => [Responder, Responder, Responder, Nobody],
        (OcspThenCrl, _) => [Responder, Responder, Responder, Lists],
    };
    for method in [Crl, Ocsp, OcspThenCrl] {
        for (name, by_lists) in decisions(&list) {
            let expected = table(method, name);
            let by_answer = answers.iter().map(Ok).zip(expected);
            let by_problem = PROBLEMS.map(|problem| (Err(problem), expected[3]));
            for (asked, said) in by_answer.chain(by_problem) {
                let conclusion = conclude(method, by_lists, asked);
                let found = match (conclusion, asked) {
                    (Conclusion::ByLists(decision), _) => {
                        assert_eq!(Outcome::of(&decision), Outcome::of(&by_lists));
                        Lists
                    }
                    (Conclusion::ByResponder(evidence), Ok(asked)) => {
                        assert_eq!(evidence, asked);
                        Responder
                    }
                    (Conclusion::Nothing(problem), Err(asked)) => {
                        assert_eq!(problem, asked);
                        Nobody
                    }
                    _ => panic!("{method:?}, lists {name}, {asked:?}: made up"),
                };
                assert_eq!(found, said, "{method:?}, lists {name}, {asked:?}");
            }
        }
    }
}

#[test]
fn a_responder_is_asked_only_where_it_can_add_something() {
    let list = list("");
    for (name, by_lists) in decisions(&list) {
        let adds = !matches!(name, "revoked" | "no such authority" | "clock");
        assert_eq!(needs_responder(Ocsp, &by_lists), adds, "{name}");
        assert_eq!(needs_responder(OcspThenCrl, &by_lists), adds, "{name}");
        assert!(!needs_responder(Crl, &by_lists), "{name}");
    }
}
