//! The signature API: a client opens a transaction with what is to be signed, a person's sign-in uses it, and the result
//! waits, encrypted to its recipient, for the client's user access token.
//!
//! The gateway verifies neither the signature nor the signing certificate and says so nowhere else: whoever receives them
//! has to. They identify nobody here; `sub` and claims come from the user-authentication leg of the same sign-in alone.

mod leg;
mod problem;
mod result;
mod start;
mod to_sign;
mod token;
mod validity;
mod words;

pub(crate) use leg::{PendingSignature, PostedSigningLeg, SigningLeg};
pub(crate) use problem::SignatureProblem;
#[cfg(test)]
pub(crate) use problem::error_answers;
pub(crate) use result::result;
pub(crate) use start::start;
pub(crate) use to_sign::ToSign;
pub(crate) use validity::validity;
pub(crate) use words::{ReadBy, SignatureWords};

use axum::response::Response;
use store::{NewSignIn, StoreError};

use crate::authorization_request::AuthorizationRequest;
use crate::bearer::{NoRandomness, random_octets};
use crate::gateway::Gateway;
use crate::http_exchange::reference_number;

impl Gateway {
    /// Begins a sign-in that uses this transaction, if it is the client's, open and in time; of any number that would,
    /// one begins.
    pub(crate) async fn begin_with_signature(
        &self,
        new: &NewSignIn<'_>,
        transaction_id: &str,
    ) -> Result<bool, StoreError> {
        self.state
            .begin_signature_sign_in(new, transaction_id, self.now())
            .await
    }

    /// One answer whatever is wrong with the transaction: a client learns nothing of another's.
    pub(crate) fn refuse_signature_transaction(&self, request: &AuthorizationRequest) -> Response {
        let (reference, error) = (reference_number(), "invalid_request");
        let rule = "sign_transaction_id is of no transaction of this client that is open";
        tracing::info!(
            reference,
            error,
            rule,
            "an authorization request is refused"
        );
        let description = format!("{rule} (reference {reference})");
        self.error_redirect(
            &request.redirect_uri,
            request.state.as_deref(),
            error,
            &description,
        )
    }
}

/// A fresh identifier of a transaction: a random uuid (RFC 9562 section 5.4).
fn random_transaction_id() -> Result<String, NoRandomness> {
    let mut octets: [u8; 16] = random_octets()?;
    octets[6] = (octets[6] & 0x0F) | 0x40;
    octets[8] = (octets[8] & 0x3F) | 0x80;
    let text = hex::encode(octets);
    let (groups, last) = (
        [&text[..8], &text[8..12], &text[12..16], &text[16..20]],
        &text[20..],
    );
    Ok(format!("{}-{last}", groups.join("-")))
}

/// Might this be one of ours? Whatever else stands in a path or parameter never reaches the database.
pub(crate) fn is_transaction_id(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(place, octet)| match place {
            8 | 13 | 18 | 23 => octet == b'-',
            _ => matches!(octet, b'0'..=b'9' | b'a'..=b'f'),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_a_random_uuid_in_its_one_spelling() {
        let id = random_transaction_id().unwrap();
        assert!(is_transaction_id(&id), "{id}");
        assert_eq!(&id[14..15], "4");
        assert!(["8", "9", "a", "b"].contains(&&id[19..20]));
        assert_ne!(id, random_transaction_id().unwrap());
        for other in [
            id.to_uppercase().replace(|c: char| c.is_ascii_digit(), "A"),
            id.replace('-', ""),
            format!("{{{id}}}"),
            format!("{id}0"),
            id.replace('-', "0"),
            String::new(),
        ] {
            assert!(!is_transaction_id(&other), "{other}");
        }
    }
}
