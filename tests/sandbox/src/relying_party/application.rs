//! An application to the city, an administrative agency: it opens the signature with its own key, verifies it, and asks
//! whether the signing certificate is valid, which nobody but an agency is told.

use super::agency::{Agency, Validity};
use super::id_token::IdToken;
use super::provider::Provider;
use super::refusal::Refusal;
use super::signature::{Fetched, SignedDocument};
use crate::recipient::VerifiedSignature;

/// What is signed.
pub(super) const DOCUMENT: &str = "To the mayor of Harbour City: I apply for a copy of my residence record. \
    みなと市長様：住民票の写しの交付を申請します。";

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedApplication {
    pub(super) document: SignedDocument,
    /// What the office found, or why the signature does not count.
    pub(super) office: Result<Examined, String>,
}

/// A signature that the office verified, and what it was told of the certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Examined {
    pub(super) signature: VerifiedSignature,
    /// The office's own reference, which the record of the answer has too.
    pub(super) case_reference: String,
    /// The answer, or why there is none.
    pub(super) validity: Result<Validity, Refusal>,
}

/// What becomes of the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decision {
    Accepted,
    Refused,
    /// Nobody could tell whether the certificate is valid: asked again later.
    Undecided,
}

impl SignedApplication {
    pub(super) fn decision(&self) -> Decision {
        let Ok(examined) = &self.office else {
            return Decision::Refused;
        };
        match examined.validity.as_ref().map(|it| it.result.as_str()) {
            Ok("valid") => Decision::Accepted,
            Ok("revocation_unknown") | Err(_) => Decision::Undecided,
            Ok(_) => Decision::Refused,
        }
    }
}

/// What the city makes of a result.
pub(super) async fn receive(
    provider: &Provider,
    agency: Option<&Agency>,
    id_token: IdToken,
    fetched: &Fetched,
    now: i64,
) -> SignedApplication {
    let office = match agency {
        None => Err("the office is closed".to_owned()),
        Some(agency) => examine(provider, agency, fetched, now).await,
    };
    SignedApplication {
        document: SignedDocument::new(id_token, fetched),
        office,
    }
}

async fn examine(
    provider: &Provider,
    agency: &Agency,
    fetched: &Fetched,
    now: i64,
) -> Result<Examined, String> {
    let id = &fetched.transaction_id;
    let opened = agency
        .recipient
        .open(&fetched.result.jwe, id, DOCUMENT.as_bytes())
        .map_err(|error| error.to_string())?;
    // A name for the case that names nobody.
    let case_reference = format!("application-{id}");
    let question = agency.question(&opened.certificate, &case_reference, now);
    let validity = provider
        .validity(id, &fetched.access_token, &question)
        .await;
    Ok(Examined {
        signature: opened.signature,
        case_reference,
        validity,
    })
}

#[cfg(test)]
impl SignedApplication {
    /// A good signature whose certificate got this answer.
    pub(super) fn example(validity: Result<Validity, Refusal>) -> Self {
        let id_token = IdToken {
            subject: "somebody".to_owned(),
            acr: None,
            amr: Vec::new(),
            auth_time: None,
        };
        Self {
            document: SignedDocument::new(id_token, &Fetched::default()),
            office: Ok(Examined {
                signature: VerifiedSignature {
                    issuer: "https://op.example".to_owned(),
                    client_id: "CITY".to_owned(),
                    transaction_id: "t".to_owned(),
                    name: "見本　花子".to_owned(),
                    address: "みなと市".to_owned(),
                    valid_until: 0,
                    signature_octets: 256,
                },
                case_reference: "application-t".to_owned(),
                validity,
            }),
        }
    }
}
