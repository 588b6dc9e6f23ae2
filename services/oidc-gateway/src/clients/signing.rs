//! What a registration says of signatures: whether the client may ask for them, and who receives them.
//!
//! A service provider may not hold raw signing certificates, so a private client's signatures go to a platform operator
//! whose key stands in another file: the client's own registration cannot name a key for them.

use std::sync::Arc;

use super::registration::ClientRegistration;
use super::{ClientRule, is_key_id};
use crate::jws::JsonWebKey;
use crate::recipients::{Recipient, Recipients};

/// The keys that the client proves itself with.
pub(super) fn assertion_keys(
    registration: &ClientRegistration,
) -> impl Iterator<Item = &JsonWebKey> {
    let keys = registration.jwks.keys.iter();
    keys.filter(|jwk| !is_encryption_key(jwk))
}

fn is_encryption_key(jwk: &JsonWebKey) -> bool {
    jwk.public_key_use.as_deref() == Some("enc")
}

/// Who receives the client's signatures; `None`: it may not ask for any.
pub(super) fn check(
    registration: &ClientRegistration,
    recipients: &Recipients,
) -> Result<Option<Arc<Recipient>>, ClientRule> {
    let own: Vec<&JsonWebKey> = registration
        .jwks
        .keys
        .iter()
        .filter(|jwk| is_encryption_key(jwk))
        .collect();
    let named = match &registration.signature {
        None if own.is_empty() => return Ok(None),
        None => {
            return Err(ClientRule::Signature(
                "a key with use \"enc\" is for signatures, which the registration does not allow: remove the key or add \
                 [client.signature]",
            ));
        }
        Some(signature) => signature.recipient.as_deref(),
    };
    match (registration.administrative, named, own.as_slice()) {
        (false, Some(recipient), []) => recipients
            .by_id(recipient)
            .map(|recipient| Some(Arc::clone(recipient)))
            .ok_or_else(|| ClientRule::Recipient(recipient.to_owned())),
        (false, None, []) => Err(ClientRule::Signature(
            "recipient is missing: a private client's signatures go to a platform operator of the recipients file",
        )),
        (false, _, _) => Err(ClientRule::Signature(
            "a private client may not receive signatures itself: remove the key with use \"enc\"",
        )),
        (true, None, [jwk]) => own_recipient(registration, jwk).map(Some),
        (true, None, _) => Err(ClientRule::Signature(
            "an administrative client needs exactly one key with use \"enc\" in its jwks",
        )),
        (true, Some(_), _) => Err(ClientRule::Signature(
            "an administrative client receives signatures itself: remove recipient",
        )),
    }
}

fn own_recipient(
    registration: &ClientRegistration,
    jwk: &JsonWebKey,
) -> Result<Arc<Recipient>, ClientRule> {
    if !is_key_id(&jwk.kid) {
        return Err(ClientRule::KeyId(jwk.kid.clone()));
    }
    let recipient = Recipient::of_client(registration.name.clone(), jwk);
    recipient.map(Arc::new).map_err(|error| ClientRule::Key {
        key_id: jwk.kid.clone(),
        error,
    })
}
