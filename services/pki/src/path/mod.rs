//! Validating certification paths: RFC 5280 section 6 whole.
//!
//! | file | section |
//! |---|---|
//! | `builder` | which certificates could be a path (RFC 4158); signatures, 6.1.3 (a) (1) and (4) |
//! | `candidates` | whose certificates could be an issuer's |
//! | `walk` | 6.1.2 to 6.1.5 along one path, from the anchor to the certificate asked about |
//! | `policy` | the policy graph, 6.1.3 (d) to (f), 6.1.4 (a), (b), (h) to (j), 6.1.5 (g) |
//! | `name_constraints`, `subtree` | 6.1.3 (b), (c) |
//! | `extensions` | 4.2, what they say |
//! | `revocation` | 6.3.3: which lists answer for a certificate, and what |
//! | `crl_scope` | 6.3.3 (b), (d): what a list covers of a certificate |
//! | `crl_signer` | 6.3.3 (f) to (h): whose key signs a list |
//! | `list_order` | 5.2.3, 5.2.4: which of several lists is in force |
//! | `list_reading` | 6.3.3 (i) to (l): what a list says |
//! | `budget` | what a question may cost |

mod anchor;
mod budget;
mod builder;
mod candidates;
mod clause;
mod crl_scope;
mod crl_signer;
mod email;
mod error;
mod extensions;
mod list_order;
mod list_reading;
mod name_constraints;
mod node;
mod policy;
mod report;
mod revocation;
mod subtree;
mod walk;
mod withheld;

pub use anchor::PathAnchor;
pub use error::{PathError, Work};
pub use name_constraints::NameForm;
pub use policy::PolicySettings;
pub use report::{
    CrlOutcome, CrlRefusal, PathCertificate, PathReport, RevocationEvidence, Verdict,
};
pub use withheld::Withheld;

use crate::limits::{MAX_CRLS, MAX_INTERMEDIATES};
use crate::{Profile, UnixTime, Verifier};
use budget::Budget;
use builder::Search;

/// Whether the status of every certificate of the path must be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevocationMode {
    /// No list is consulted.
    Off,
    /// Each certificate must be shown to be good by a list that is current and in scope.
    Require,
}

/// A question: is this certificate valid?
#[derive(Debug)]
pub struct PathRequest<'a> {
    /// What certificates must look like.
    pub profile: &'static Profile,
    /// The certificate asked about, DER.
    pub certificate: &'a [u8],
    /// Certificates that may be between it and an anchor, or may have issued a list; DER. Their
    /// order does not matter.
    pub intermediates: &'a [&'a [u8]],
    /// Whom to trust.
    pub trust_anchors: &'a [PathAnchor],
    /// Complete and delta lists, DER. Their order does not matter.
    pub crls: &'a [&'a [u8]],
    /// The moment to judge at.
    pub at: UnixTime,
    /// What is asked of policies. A JPKI profile has its own policy besides.
    pub policies: PolicySettings,
    /// Whether lists are consulted.
    pub revocation: RevocationMode,
}

/// Answers a question. Valid needs proof of everything; the report says what was shown by what, or
/// which rule failed at which certificate.
pub fn validate_path(request: &PathRequest<'_>, verifier: &Verifier) -> PathReport {
    match check_sizes(request) {
        Ok(()) => {}
        Err(error) => return PathReport::refused_unread(error),
    }
    let mut search = match Search::new(request, verifier) {
        Ok(search) => search,
        Err(error) => return PathReport::refused_alone(error, request.certificate),
    };
    let outcome = search.run();
    search.report(outcome)
}

fn check_sizes(request: &PathRequest<'_>) -> Result<(), PathError> {
    let given = request.intermediates.len();
    if request.profile.is_card() && given > 0 {
        return Err(PathError::IntermediateForbidden { given });
    }
    if given > MAX_INTERMEDIATES {
        let limit = MAX_INTERMEDIATES;
        return Err(PathError::TooManyCertificates { given, limit });
    }
    let given = request.crls.len();
    if given > MAX_CRLS {
        let limit = MAX_CRLS;
        return Err(PathError::TooManyCrls { given, limit });
    }
    if request.trust_anchors.is_empty() {
        return Err(PathError::NoTrustAnchor);
    }
    Ok(())
}
