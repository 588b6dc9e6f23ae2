//! A contract at the market, a private client: it cannot read the signature, which is encrypted to a platform operator. The
//! sandbox's operator stands beside it here, so that the page can show what each part means.

use super::id_token::IdToken;
use super::signature::{Fetched, SignedDocument};
use crate::recipient::{SignatureRecipient, VerifiedSignature};

/// What is signed: a text, so that everybody can compute its digest.
pub(super) const DOCUMENT: &str =
    "I agree to buy one boat at Harbour Market. みなと市場で船を一艘買うことに同意します。";

/// What the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SignedContract {
    pub(super) document: SignedDocument,
    /// What the operator found, or why it refused.
    pub(super) operator: Result<VerifiedSignature, String>,
}

/// What the market makes of a result.
pub(super) fn signed(
    id_token: IdToken,
    fetched: &Fetched,
    operator: Option<&SignatureRecipient>,
) -> SignedContract {
    let opened = match operator {
        None => Err("no operator is at hand".to_owned()),
        Some(operator) => operator
            .open(
                &fetched.result.jwe,
                &fetched.transaction_id,
                DOCUMENT.as_bytes(),
            )
            // The certificate stays with the operator.
            .map(|opened| opened.signature)
            .map_err(|error| error.to_string()),
    };
    SignedContract {
        document: SignedDocument::new(id_token, fetched),
        operator: opened,
    }
}
