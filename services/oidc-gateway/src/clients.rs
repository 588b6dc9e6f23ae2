//! The registered relying parties, read from a file and checked whole.

mod live;
mod registration;
mod signing;
mod summary;

pub(crate) use live::LiveClients;

pub use registration::{
    AddressForm, BirthdateForm, ClaimForms, ClientName, ClientRegistration, ClientsFile,
    GenderForm, JsonWebKeySet, NonceRule, Profile, SignatureRegistration,
};

pub use summary::{ClientSummary, ClientsCheck, check_clients};

use std::collections::HashMap;
use std::sync::Arc;

use url::Url;

use crate::jws::{Algorithm, KeyError, PublicKey};
use crate::limits;
use crate::recipients::{Recipient, Recipients};
use crate::scope::Scopes;

/// A client that passed every check.
#[derive(Debug)]
pub(crate) struct Client {
    registration: ClientRegistration,
    keys: HashMap<String, PublicKey>,
    /// Who receives the signatures the client may ask for; none: it may not.
    recipient: Option<Arc<Recipient>>,
}

/// All clients.
#[derive(Debug, Default)]
pub(crate) struct Clients(HashMap<String, Arc<Client>>);

/// Why a registration was refused.
#[derive(Debug, thiserror::Error)]
#[error("client {client_id:?}: {rule}")]
pub struct ClientRefused {
    /// Which registration.
    pub client_id: String,
    /// What is wrong with it.
    pub rule: ClientRule,
}

/// The rules of a registration.
#[derive(Debug, thiserror::Error)]
pub enum ClientRule {
    /// The identifier's form.
    #[error("client_id must be 1 to 255 characters of 0-9 a-z A-Z")]
    ClientId,
    /// The identifier is there twice.
    #[error("it is registered twice")]
    Repeated,
    /// A name is empty, too long or has characters that people cannot see.
    #[error(
        "name.ja and name.en must be 1 to 100 characters without control, invisible or direction-changing characters"
    )]
    Name,
    /// No address to answer to.
    #[error("redirect_uris must not be empty")]
    NoRedirectUri,
    /// An address that must not be answered to.
    #[error("redirect URI {uri:?}: {rule}")]
    RedirectUri {
        /// As written.
        uri: String,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// The sector's form.
    #[error("sector must be 1 to 255 characters of 0-9 a-z . -, such as a domain name")]
    Sector,
    /// The pairwise secret is not there.
    #[error("pairwise_secret_version {0} is not in the pairwise secret file")]
    PairwiseSecret(u32),
    /// FAPI 2.0 section 5.4 allows PS256 and ES256.
    #[error("profile fapi2 needs assertion_algorithm ES256 or PS256 (FAPI 2.0 section 5.4)")]
    Fapi2Algorithm,
    /// FAPI 2.0 section 5.3.2.1 allows the issuer as the only audience.
    #[error("profile fapi2 does not go with legacy_audience (FAPI 2.0 section 5.3.2.1)")]
    Fapi2Audience,
    /// A lifetime that is none, or that must not be waited for.
    #[error("assertion_lifetime_seconds must be 1 to 86400")]
    AssertionLifetime,
    /// No key to prove itself with.
    #[error("jwks.keys must not be empty")]
    NoKey,
    /// A key's identifier.
    #[error("key {0:?}: kid must be unique and 1 to 128 printable ASCII characters")]
    KeyId(String),
    /// A key that cannot be used.
    #[error("key {key_id:?}: {error}")]
    Key {
        /// Its `kid`.
        key_id: String,
        /// What is wrong with it.
        #[source]
        error: KeyError,
    },
    /// What the registration says of signatures.
    #[error("signature: {0}")]
    Signature(&'static str),
    /// The recipient is not there.
    #[error("signature.recipient {0:?} is not in the recipients file")]
    Recipient(String),
}

impl Clients {
    /// Checks every registration. `loopback` also allows `http` redirect URIs on this machine (the sandbox).
    pub(crate) fn check(
        file: ClientsFile,
        loopback: bool,
        has_pairwise_secret: impl Fn(u32) -> bool,
        recipients: &Recipients,
    ) -> Result<Self, ClientRefused> {
        let mut clients = HashMap::new();
        for registration in file.clients {
            let client_id = registration.client_id.clone();
            let checked =
                check_registration(registration, loopback, &has_pairwise_secret, recipients);
            let checked = checked.and_then(|client| {
                match clients.insert(client_id.clone(), Arc::new(client)) {
                    None => Ok(()),
                    Some(_) => Err(ClientRule::Repeated),
                }
            });
            checked.map_err(|rule| ClientRefused { client_id, rule })?;
        }
        Ok(Self(clients))
    }

    /// All of them, in no order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Arc<Client>> {
        self.0.values()
    }

    /// The client of this identifier.
    pub(crate) fn by_id(&self, client_id: &str) -> Option<&Arc<Client>> {
        self.0.get(client_id)
    }
}

impl Client {
    pub(crate) fn id(&self) -> &str {
        &self.registration.client_id
    }

    pub(crate) fn name(&self) -> &ClientName {
        &self.registration.name
    }

    pub(crate) fn sector(&self) -> &str {
        &self.registration.sector
    }

    pub(crate) fn pairwise_secret_version(&self) -> u32 {
        self.registration.pairwise_secret_version
    }

    pub(crate) fn profile(&self) -> Profile {
        self.registration.profile
    }

    pub(crate) fn is_fapi2(&self) -> bool {
        self.profile() == Profile::Fapi2
    }

    /// Must its authorization requests have a `nonce`?
    pub(crate) fn needs_nonce(&self) -> bool {
        !self.is_fapi2() && self.registration.nonce == NonceRule::Required
    }

    /// Must its authorization requests have a `state`?
    pub(crate) fn needs_state(&self) -> bool {
        !self.is_fapi2()
    }

    pub(crate) fn assertion_lifetime_seconds(&self) -> i64 {
        self.registration.assertion_lifetime_seconds
    }

    pub(crate) fn legacy_audience(&self) -> bool {
        self.registration.legacy_audience
    }

    pub(crate) fn cross_device(&self) -> bool {
        self.registration.cross_device
    }

    pub(crate) fn assertion_algorithm(&self) -> Algorithm {
        self.registration.assertion_algorithm
    }

    pub(crate) fn claim_forms(&self) -> ClaimForms {
        self.registration.claims
    }

    /// RFC 9700 section 4.1.3: exact string comparison, with nothing normalised and no exception for loopback.
    pub(crate) fn has_redirect_uri(&self, redirect_uri: &str) -> bool {
        self.registration
            .redirect_uris
            .iter()
            .any(|registered| registered == redirect_uri)
    }

    /// Does this request ask for something that the client may not ask for?
    pub(crate) fn is_beyond_registration(&self, scopes: &Scopes) -> bool {
        let allowed = &self.registration.scopes;
        (scopes.ask_for_a_signature() && self.recipient.is_none())
            || scopes.claims().iter().any(|claim| !allowed.contains(claim))
    }

    /// Who receives the signatures that the client may ask for.
    pub(crate) fn recipient(&self) -> Option<&Arc<Recipient>> {
        self.recipient.as_ref()
    }

    /// Is it an administrative agency, by its registration?
    pub(crate) fn is_administrative(&self) -> bool {
        self.registration.administrative
    }

    /// The key of this identifier; without one, the only key there is.
    pub(crate) fn key(&self, key_id: Option<&str>) -> Option<&PublicKey> {
        match key_id {
            Some(key_id) => self.keys.get(key_id),
            None if self.keys.len() == 1 => self.keys.values().next(),
            None => None,
        }
    }
}

fn check_registration(
    registration: ClientRegistration,
    loopback: bool,
    has_pairwise_secret: impl Fn(u32) -> bool,
    recipients: &Recipients,
) -> Result<Client, ClientRule> {
    if !is_client_id(&registration.client_id) {
        return Err(ClientRule::ClientId);
    }
    if [&registration.name.ja, &registration.name.en]
        .into_iter()
        .any(|name| !is_name(name))
    {
        return Err(ClientRule::Name);
    }
    if registration.redirect_uris.is_empty() {
        return Err(ClientRule::NoRedirectUri);
    }
    for uri in &registration.redirect_uris {
        check_redirect_uri(uri, loopback).map_err(|rule| ClientRule::RedirectUri {
            uri: uri.clone(),
            rule,
        })?;
    }
    if !is_sector(&registration.sector) {
        return Err(ClientRule::Sector);
    }
    if !has_pairwise_secret(registration.pairwise_secret_version) {
        return Err(ClientRule::PairwiseSecret(
            registration.pairwise_secret_version,
        ));
    }
    check_profile(&registration)?;
    let recipient = signing::check(&registration, recipients)?;
    let keys = check_keys(&registration)?;
    Ok(Client {
        registration,
        keys,
        recipient,
    })
}

fn check_profile(registration: &ClientRegistration) -> Result<(), ClientRule> {
    if !(1..=limits::LONGEST_ASSERTION_LIFETIME_SECONDS)
        .contains(&registration.assertion_lifetime_seconds)
    {
        return Err(ClientRule::AssertionLifetime);
    }
    if registration.profile == Profile::Compatibility {
        return Ok(());
    }
    if registration.assertion_algorithm == Algorithm::Rs256 {
        return Err(ClientRule::Fapi2Algorithm);
    }
    if registration.legacy_audience {
        return Err(ClientRule::Fapi2Audience);
    }
    Ok(())
}

fn check_keys(registration: &ClientRegistration) -> Result<HashMap<String, PublicKey>, ClientRule> {
    let mut keys = HashMap::new();
    for jwk in signing::assertion_keys(registration) {
        let key_id = jwk.kid.clone();
        if !is_key_id(&key_id) {
            return Err(ClientRule::KeyId(key_id));
        }
        let key = PublicKey::from_jwk(jwk, registration.assertion_algorithm).map_err(|error| {
            ClientRule::Key {
                key_id: key_id.clone(),
                error,
            }
        })?;
        if keys.insert(key_id.clone(), key).is_some() {
            return Err(ClientRule::KeyId(key_id));
        }
    }
    if keys.is_empty() {
        Err(ClientRule::NoKey)
    } else {
        Ok(keys)
    }
}

/// The form of a client identifier, in a registration and in a request alike.
pub(crate) fn is_client_id(text: &str) -> bool {
    (1..=limits::PARAMETER_CHARACTERS).contains(&text.len())
        && text.bytes().all(|octet| octet.is_ascii_alphanumeric())
}

/// The form of a key identifier, of clients and of readers.
pub(crate) fn is_key_id(text: &str) -> bool {
    (1..=limits::KEY_ID_CHARACTERS).contains(&text.len())
        && text.bytes().all(|octet| octet.is_ascii_graphic())
}

/// A name, of a client or a recipient, is what people decide by, so it reads as it is written.
pub(crate) fn is_name(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= 100
        && !text
            .chars()
            .any(|character| character.is_control() || is_invisible(character))
}

/// Unicode's default-ignorable and direction-changing characters, line separators, annotations and blank letters. The
/// variation selectors (U+FE00 to U+FE0F, U+E0100 to U+E01EF) stay: Japanese names are written with them.
fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
        | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}'
        | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E00FF}'
        | '\u{E01F0}'..='\u{E0FFF}')
}

fn is_sector(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text
            .bytes()
            .all(|octet| matches!(octet, b'0'..=b'9' | b'a'..=b'z' | b'.' | b'-'))
}

/// What an answer to a client consists of (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207 section 2).
const ANSWER_PARAMETERS: [&str; 5] = ["code", "state", "iss", "error", "error_description"];

fn check_redirect_uri(uri: &str, loopback: bool) -> Result<(), &'static str> {
    if !(1..=limits::PARAMETER_CHARACTERS).contains(&uri.len()) {
        return Err("must be 1 to 255 characters");
    }
    // What a browser would silently change (tabs, backslashes, characters beyond ASCII) has no place in an address
    // that is compared character for character.
    if !uri
        .bytes()
        .all(|octet| octet.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&octet))
    {
        return Err("must be written in the characters of RFC 3986 section 2");
    }
    let url = Url::parse(uri).map_err(|_| "is not an absolute URI")?;
    if url.as_str() != uri && format!("{uri}/") != url.as_str() {
        return Err("is not in its normal form (RFC 3986 section 6.2.2)");
    }
    if url.fragment().is_some() {
        return Err("must not have a fragment (RFC 6749 section 3.1.2)");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not name a user");
    }
    // The client would find two of them in an answer and might believe the one that is not ours (RFC 9207 section 2.4).
    if url
        .query_pairs()
        .any(|(name, _)| ANSWER_PARAMETERS.contains(&name.as_ref()))
    {
        return Err("must not have a parameter that the answer adds: code, state, iss, error...");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if loopback && is_loopback(&url) => Ok(()),
        _ => Err("must be https (in the sandbox, http on this machine is allowed too)"),
    }
}

/// Is the host this machine, by name or by address?
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(domain)) => domain == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests;
