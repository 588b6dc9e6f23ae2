//! What an outcome is called to a clerk, and what can be done about it. English, with the term of the Japanese rules where
//! there is one, so that it can be found there.

use pki::UnixTime;
use proto::revocation::v1::{AsOfUnknownReason, RevocationReason, UnknownReason};
use tonic::Code;

use super::answer::{Outcome, Reason};
use super::certificate_file::Validity;

/// The headline of an outcome.
pub(super) fn headline(outcome: Outcome, validity: Option<Validity>) -> String {
    match outcome {
        Outcome::Valid => "VALID".to_owned(),
        Outcome::ValidAsKnown { known_at } => {
            format!("VALID AS FAR AS KNOWN on {}", moment(known_at))
        }
        Outcome::Revoked { revoked_at, .. } => format!("REVOKED (失効) on {}", moment(revoked_at)),
        Outcome::Expired => match validity {
            Some(validity) => format!("EXPIRED (有効期間満了) on {}", moment(validity.not_after)),
            None => "EXPIRED (有効期間満了)".to_owned(),
        },
        Outcome::NotYetValid => match validity {
            Some(validity) => format!("NOT YET VALID, begins on {}", moment(validity.not_before)),
            None => "NOT YET VALID".to_owned(),
        },
        Outcome::RevocationUnknown(_) | Outcome::PastRevocationUnknown(_) => {
            "UNKNOWN: whether it is revoked could not be determined".to_owned()
        }
        Outcome::UntrustedIssuer => "NOT TRUSTED: no trusted CA key signed it".to_owned(),
        Outcome::UnsupportedCertificate => "NOT A SIGNING CERTIFICATE".to_owned(),
        Outcome::MalformedCertificate => "NOT A CERTIFICATE".to_owned(),
        Outcome::CrossCheckDisagreement => {
            "REFUSED: the service could not check the CA's signature".to_owned()
        }
    }
}

/// Sentences under the headline: why, and what to do.
pub(super) fn advice(outcome: Outcome) -> Vec<String> {
    match outcome {
        Outcome::Valid => Vec::new(),
        Outcome::ValidAsKnown { .. } => vec![
            "Provisional: the list in force at the moment does not name it, and no later one can tell whether it was \
             revoked between the two. Ask again tomorrow; if it has expired, this is all that will be known."
                .to_owned(),
        ],
        Outcome::Revoked { reason, .. } => vec![
            format!("Reason: {}.", revocation_reason(reason)),
            "A revocation is final; ask the holder for a certificate issued since.".to_owned(),
        ],
        Outcome::Expired => vec!["Ask the holder to renew the certificate (更新).".to_owned()],
        Outcome::NotYetValid => vec!["Compare the clocks of the service and of the CA.".to_owned()],
        Outcome::RevocationUnknown(reason) => {
            let (why, what_to_do) = unknown_reason(reason);
            vec![
                format!("Why: {why}."),
                format!("What to do: {what_to_do}. Until then, do not treat the certificate as valid."),
            ]
        }
        Outcome::PastRevocationUnknown(reason) => {
            let (why, what_to_do) = past_unknown_reason(reason);
            vec![
                format!("Why: {why}."),
                format!("What to do: {what_to_do}. Do not treat the certificate as valid then."),
            ]
        }
        Outcome::UntrustedIssuer => vec![
            "It was altered, or not issued by JPKI's signing authority, or issued with a key of it that the service does not \
             know yet."
                .to_owned(),
        ],
        Outcome::UnsupportedCertificate => vec![
            "Send the digital-signature certificate (署名用電子証明書), not the one for user authentication \
             (利用者証明用電子証明書)."
                .to_owned(),
        ],
        Outcome::MalformedCertificate => {
            vec!["The file is damaged or holds something else; export the certificate again.".to_owned()]
        }
        Outcome::CrossCheckDisagreement => vec![
            "Two independent implementations disagree about it. Tell the operator of the service at once; do not treat \
             the certificate as valid."
                .to_owned(),
        ],
    }
}

/// What a reason code means at JPKI.
fn revocation_reason(reason: Reason) -> &'static str {
    match reason {
        Some(RevocationReason::NotStated) => {
            "none stated; at JPKI, destroyed before it was handed over (交付前破棄, unspecified)"
        }
        Some(RevocationReason::KeyCompromise) => {
            "the holder's private key may be in other hands (利用者鍵危殆化, keyCompromise)"
        }
        Some(RevocationReason::CaCompromise) => {
            "the CA's private key may be in other hands (cACompromise)"
        }
        Some(RevocationReason::AffiliationChanged) => {
            "something it states has changed, such as the address or the name (記載内容に変更, affiliationChanged)"
        }
        Some(RevocationReason::Superseded) => {
            "it was renewed; a newer one exists (更新, superseded)"
        }
        Some(RevocationReason::CessationOfOperation) => {
            "it is no longer needed (不要, cessationOfOperation)"
        }
        Some(RevocationReason::CertificateHold) => {
            "suspended on suspicion, which JPKI never lifts (疑義による一時保留, certificateHold)"
        }
        Some(RevocationReason::PrivilegeWithdrawn) => {
            "a right it states was withdrawn (privilegeWithdrawn)"
        }
        Some(RevocationReason::AaCompromise) => {
            "an attribute authority's key may be in other hands (aACompromise)"
        }
        Some(RevocationReason::Unspecified) | None => {
            "one that this version of akashi has no words for"
        }
    }
}

/// Why a status is unknown, and what can be done.
fn unknown_reason(reason: UnknownReason) -> (&'static str, &'static str) {
    const OPERATOR: &str = "tell the operator of the service";
    const LATER: &str = "ask again in 15 minutes; if it stays so, tell the operator of the service";
    match reason {
        UnknownReason::NoSuchAuthority => (
            "the service holds no revocation lists of the CA key that issued it",
            OPERATOR,
        ),
        UnknownReason::NoList => (
            "no revocation list (失効リスト) is held for the municipality that issued it",
            LATER,
        ),
        UnknownReason::Stale => (
            "the newest revocation list (失効リスト) is out of date",
            LATER,
        ),
        UnknownReason::OutOfScope => ("the lists held do not cover this certificate", OPERATOR),
        UnknownReason::Clock => ("the service's clock is wrong", OPERATOR),
        UnknownReason::Feed => ("the service may have missed a newer revocation list", LATER),
        UnknownReason::Unavailable => ("the revocation service could not be reached", LATER),
        UnknownReason::OcspNotConfigured => (
            "the service asks OCSP responders (OCSPレスポンダ) and has none of this CA",
            OPERATOR,
        ),
        UnknownReason::OcspUnreachable => ("the CA's OCSP responder did not answer in time", LATER),
        UnknownReason::OcspRefused => ("the CA's OCSP responder refused to answer", LATER),
        UnknownReason::OcspUnusable => (
            "the answer of the CA's OCSP responder proves nothing",
            OPERATOR,
        ),
        UnknownReason::OcspQueriesSpent => (
            "the questions that the service may put to the CA's OCSP responder today are spent",
            OPERATOR,
        ),
        UnknownReason::OcspUnknown => (
            "the CA's OCSP responder does not know the certificate",
            OPERATOR,
        ),
        UnknownReason::Unspecified => ("the service did not say why", OPERATOR),
    }
}

/// The same about a moment in the past.
fn past_unknown_reason(reason: AsOfUnknownReason) -> (&'static str, &'static str) {
    use AsOfUnknownReason as Past;
    const LATER: &str = "ask again in 15 minutes; if it stays so, tell the operator of the service";
    match reason {
        Past::NoSuchAuthority => unknown_reason(UnknownReason::NoSuchAuthority),
        Past::NoList => unknown_reason(UnknownReason::NoList),
        Past::OutOfScope => unknown_reason(UnknownReason::OutOfScope),
        Past::Clock => unknown_reason(UnknownReason::Clock),
        Past::Feed => unknown_reason(UnknownReason::Feed),
        Past::Unavailable => unknown_reason(UnknownReason::Unavailable),
        Past::Stale => (
            "no revocation list (失効リスト) is held that was in force then or came later",
            LATER,
        ),
        Past::Expired | Past::NoExpiry => (
            "it had expired then, and revocation lists forget expired certificates",
            "ask about a moment in its validity period",
        ),
        Past::NotRemembered => (
            "it expired before the oldest revocation list that the service remembers",
            "ask the authority itself",
        ),
        Past::Gap => (
            "what the revocation lists of that time named is not known any more",
            "ask the authority itself, and tell the operator of the service",
        ),
        Past::TooMuch => (
            "the service remembers more lists than one question may search",
            "ask again; if it stays so, tell the operator of the service",
        ),
        Past::Unspecified => unknown_reason(UnknownReason::Unspecified),
    }
}

/// What a gRPC error means to whoever asked. The service's own sentence follows it where it helps.
pub(super) fn refusal(code: Code) -> &'static str {
    match code {
        Code::PermissionDenied | Code::Unauthenticated => {
            "the service does not answer this caller; ask its operator whether the name in your client certificate is \
             registered as an administrative caller"
        }
        Code::InvalidArgument => "the service calls the question malformed",
        Code::ResourceExhausted => {
            "the service takes no more questions from this caller now; ask again later"
        }
        Code::DeadlineExceeded | Code::Cancelled => {
            "the service did not answer in time; ask again later"
        }
        Code::Unavailable => "the service cannot be reached or cannot answer now; ask again later",
        Code::Unimplemented => {
            "the server at this address does not offer this check; compare the settings"
        }
        _ => "the service failed; tell its operator",
    }
}

/// A moment in the clerk's time and in UTC: "2026-02-17 23:59:59 JST (2026-02-17T14:59:59Z)".
pub(in crate::commands) fn moment(time: UnixTime) -> String {
    // Japan has had no summer time since 1951.
    const JST_SECONDS: i64 = 9 * 60 * 60;
    let japan = time.plus_secs(JST_SECONDS).to_string();
    let japan = japan.trim_end_matches('Z').replace('T', " ");
    format!("{japan} JST ({time})")
}

/// An age in its two largest units: "3 h 12 min".
pub(super) fn age(seconds: i64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (hours, minutes) = (rest / 3600, rest % 3600 / 60);
    match (days, hours, minutes) {
        _ if seconds < 0 => "0 min".to_owned(),
        (0, 0, minutes) => format!("{minutes} min"),
        (0, hours, minutes) => format!("{hours} h {minutes} min"),
        (days, hours, _) => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::{advice, age, headline, moment};
    use crate::commands::check::answer::Outcome;
    use crate::commands::check::certificate_file::Validity;
    use pki::UnixTime;
    use proto::revocation::v1::{RevocationReason, UnknownReason};

    const END: UnixTime = UnixTime::from_secs(1_897_570_799);

    #[test]
    fn a_moment_is_given_in_japans_time_and_in_utc() {
        assert_eq!(
            moment(END),
            "2030-02-17 23:59:59 JST (2030-02-17T14:59:59Z)"
        );
        for extreme in [i64::MIN, -1, 0, i64::MAX] {
            assert!(moment(UnixTime::from_secs(extreme)).contains("JST"));
        }
    }

    #[test]
    fn an_age_is_given_in_two_units() {
        assert_eq!(age(-30), "0 min");
        assert_eq!(age(59), "0 min");
        assert_eq!(age(3 * 3600 + 12 * 60), "3 h 12 min");
        assert_eq!(age(26 * 3600), "1 d 2 h");
        assert!(!age(i64::MAX).is_empty() && !age(i64::MIN).is_empty());
    }

    #[test]
    fn an_expired_certificate_is_dated_by_itself() {
        let validity = Validity {
            not_before: UnixTime::from_secs(0),
            not_after: END,
        };
        assert_eq!(
            headline(Outcome::Expired, Some(validity)),
            "EXPIRED (有効期間満了) on 2030-02-17 23:59:59 JST (2030-02-17T14:59:59Z)"
        );
        assert_eq!(headline(Outcome::Expired, None), "EXPIRED (有効期間満了)");
    }

    #[test]
    fn a_revocation_is_explained_with_its_japanese_term() {
        let revoked = Outcome::Revoked {
            revoked_at: END,
            reason: Some(RevocationReason::AffiliationChanged),
        };
        assert!(headline(revoked, None).starts_with("REVOKED (失効) on 2030-02-17 23:59:59 JST"));
        assert!(advice(revoked)[0].contains("記載内容に変更"));
    }

    #[test]
    fn every_reason_has_words() {
        for number in -1..20 {
            let reason = RevocationReason::try_from(number).ok();
            let lines = advice(Outcome::Revoked {
                revoked_at: END,
                reason,
            });
            assert!(lines[0].len() > "Reason: .".len(), "{number}");
        }
    }

    #[test]
    fn unknown_says_why_and_what_to_do_and_never_that_it_is_valid() {
        for number in 0..=13 {
            let outcome = Outcome::RevocationUnknown(UnknownReason::try_from(number).unwrap());
            let lines = advice(outcome);
            assert!(lines[0].starts_with("Why: ") && lines[1].starts_with("What to do: "));
            assert!(lines[1].ends_with("do not treat the certificate as valid."));
            assert!(!headline(outcome, None).contains("VALID"));
        }
    }
}
