//! Lists or responder: which of them decides, by the method that the caller chose. Pure: what it looks at, it is given.
//!
//! *Revoked* wins wherever it comes from with proof, the lists first. *Good* needs a process that can judge it. What a
//! responder answers is final; where it gives no answer with proof, the lists decide if the caller wants that.

use pki::{OcspEvidence, OcspStatus};

use crate::decide::{Decision, Reason};

/// Who is asked for a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RevocationMethod {
    /// The lists.
    Crl,
    /// The authority's responder.
    Ocsp,
    /// The responder, and the lists where it gives no answer with proof.
    OcspThenCrl,
}

/// Why there is no answer with proof from a responder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OcspProblem {
    /// The authority has none here.
    NotConfigured,
    /// It did not answer, or not in time.
    Unreachable,
    /// It refused to answer.
    Refused,
    /// What it answered proves nothing.
    Unusable,
    /// The day's queries are spent.
    Spent,
}

/// What a lookup by any method ends with.
#[derive(Clone, Copy)]
pub(crate) enum Conclusion<'a> {
    /// What the lists say.
    ByLists(Decision<'a>),
    /// What the responder says: good, revoked, or that it does not know the certificate.
    ByResponder(&'a OcspEvidence),
    /// Nothing is known.
    Nothing(OcspProblem),
}

/// Whether a responder can add to what the lists say. One that is not asked costs nothing, and learns nothing.
pub(crate) fn needs_responder(method: RevocationMethod, by_lists: &Decision<'_>) -> bool {
    // With a clock that is wrong no answer can be judged, and no responder is known for an unknown authority.
    let decided = matches!(
        by_lists,
        Decision::Revoked(..) | Decision::Unknown(Reason::Clock | Reason::NoSuchAuthority, _)
    );
    method != RevocationMethod::Crl && !decided
}

/// The status of one certificate, from what the lists say and what became of the question to the responder.
pub(crate) fn conclude<'a>(
    method: RevocationMethod,
    by_lists: Decision<'a>,
    asked: Result<&'a OcspEvidence, OcspProblem>,
) -> Conclusion<'a> {
    if method == RevocationMethod::Crl {
        return Conclusion::ByLists(by_lists);
    }
    match (by_lists, asked) {
        (Decision::Revoked(..) | Decision::Unknown(Reason::NoSuchAuthority, _), _) => {
            Conclusion::ByLists(by_lists)
        }
        (_, Ok(evidence)) if matches!(evidence.status(), OcspStatus::Revoked { .. }) => {
            Conclusion::ByResponder(evidence)
        }
        // A newer list may revoke what the responder calls good, or the clock makes an old answer a current one.
        (Decision::Unknown(Reason::Clock | Reason::Feed, _), _) => Conclusion::ByLists(by_lists),
        (_, Ok(evidence)) => Conclusion::ByResponder(evidence),
        (_, Err(_)) if method == RevocationMethod::OcspThenCrl => Conclusion::ByLists(by_lists),
        (_, Err(problem)) => Conclusion::Nothing(problem),
    }
}

#[cfg(test)]
#[path = "method_tests.rs"]
mod tests;
