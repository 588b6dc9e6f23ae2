//! Who signatures are encrypted to: the platform operators, from a file of their own that no client's registration can
//! change, and administrative clients, which receive theirs themselves.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

use crate::clients::{ClientName, is_key_id, is_name};
use crate::jwe::RecipientKey;
use crate::jws::{JsonWebKey, KeyError};

/// The recipients file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientsFile {
    /// The platform operators.
    #[serde(rename = "recipient", default)]
    pub recipients: Vec<RecipientRegistration>,
}

/// One platform operator, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientRegistration {
    /// What clients' registrations call it: 1 to 128 printable ASCII characters.
    pub recipient_id: String,
    /// What people read before they consent.
    pub name: ClientName,
    /// The public key that signatures are encrypted to: `use` is `enc`, `alg` is `RSA-OAEP-256` or `ECDH-ES`.
    pub jwk: JsonWebKey,
}

/// Why a recipient was refused.
#[derive(Debug, thiserror::Error)]
#[error("recipient {recipient_id:?}: {rule}")]
pub struct RecipientRefused {
    /// Which recipient.
    pub recipient_id: String,
    /// What is wrong with it.
    pub rule: RecipientRule,
}

/// The rules of a recipient.
#[derive(Debug, thiserror::Error)]
pub enum RecipientRule {
    /// The identifier's form.
    #[error("recipient_id must be 1 to 128 printable ASCII characters")]
    RecipientId,
    /// The identifier is there twice.
    #[error("it is registered twice")]
    Repeated,
    /// As of a client's name.
    #[error(
        "name.ja and name.en must be 1 to 100 characters without control, invisible or direction-changing characters"
    )]
    Name,
    /// The key's identifier.
    #[error("jwk.kid must be 1 to 128 printable ASCII characters")]
    KeyId,
    /// The key cannot be used.
    #[error("jwk: {0}")]
    Key(#[from] KeyError),
}

/// One who receives signatures.
#[derive(Debug)]
pub(crate) struct Recipient {
    pub(crate) name: ClientName,
    pub(crate) key: RecipientKey,
}

impl Recipient {
    /// A client that receives its signatures itself.
    pub(crate) fn of_client(name: ClientName, jwk: &JsonWebKey) -> Result<Self, KeyError> {
        Ok(Self {
            name,
            key: RecipientKey::from_jwk(jwk)?,
        })
    }
}

/// All platform operators.
#[derive(Debug, Default)]
pub(crate) struct Recipients(HashMap<String, Arc<Recipient>>);

impl Recipients {
    /// Checks every recipient.
    pub(crate) fn check(file: RecipientsFile) -> Result<Self, RecipientRefused> {
        let mut recipients = HashMap::new();
        for registration in file.recipients {
            let recipient_id = registration.recipient_id.clone();
            let checked = check(registration).and_then(|recipient| {
                match recipients.insert(recipient_id.clone(), Arc::new(recipient)) {
                    None => Ok(()),
                    Some(_) => Err(RecipientRule::Repeated),
                }
            });
            checked.map_err(|rule| RecipientRefused { recipient_id, rule })?;
        }
        Ok(Self(recipients))
    }

    /// The recipient of this identifier.
    pub(crate) fn by_id(&self, recipient_id: &str) -> Option<&Arc<Recipient>> {
        self.0.get(recipient_id)
    }
}

fn check(registration: RecipientRegistration) -> Result<Recipient, RecipientRule> {
    let RecipientRegistration {
        recipient_id,
        name,
        jwk,
    } = registration;
    if !is_key_id(&recipient_id) {
        return Err(RecipientRule::RecipientId);
    }
    if !is_name(&name.ja) || !is_name(&name.en) {
        return Err(RecipientRule::Name);
    }
    if !is_key_id(&jwk.kid) {
        return Err(RecipientRule::KeyId);
    }
    Ok(Recipient {
        key: RecipientKey::from_jwk(&jwk)?,
        name,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: &str = include_str!("../../../deploy/config/recipients.toml");

    fn checked(text: &str) -> Result<Recipients, String> {
        let file = runtime::config::parse(text).map_err(|error| error.to_string())?;
        Recipients::check(file).map_err(|refused| refused.to_string())
    }

    #[test]
    fn the_documented_recipients_are_accepted_once_each() {
        let recipients = checked(SAMPLE).unwrap();
        assert!(recipients.by_id("platform-operator-1").is_some());
        assert!(recipients.by_id("platform-operator-2").is_some());
        assert!(recipients.by_id("platform-operator-3").is_none());
        assert!(checked(&format!("{SAMPLE}\n{SAMPLE}")).is_err());
    }

    #[test]
    fn a_key_that_signatures_cannot_be_encrypted_to_is_refused_with_what_is_wrong() {
        for (from, to, expected) in [
            ("use = \"enc\"", "use = \"sig\"", "\"enc\""),
            ("alg = \"ECDH-ES\"", "alg = \"ECDH-ES+A256KW\"", "ECDH-ES"),
            ("alg = \"RSA-OAEP-256\"", "alg = \"RSA1_5\"", "RSA-OAEP-256"),
            ("crv = \"P-256\"", "crv = \"P-384\"", "P-256"),
            ("e = \"AQAB\"", "e = \"Aw\"", "65537"),
            ("\ny = \"", "\ny = \"AAAA", "\"y\""),
            ("kid = \"", "d = \"x\"\nkid = \"", "private"),
            ("kid = \"", "kid = \"\\u0007", "kid"),
            ("en = \"", "en = \"\\u202e", "name"),
            ("recipient_id = \"", "recipient_id = \"\\n", "recipient_id"),
        ] {
            assert!(SAMPLE.contains(from), "{from}");
            let refused = checked(&SAMPLE.replace(from, to)).unwrap_err();
            assert!(refused.contains(expected), "{from}: {refused}");
        }
    }
}
