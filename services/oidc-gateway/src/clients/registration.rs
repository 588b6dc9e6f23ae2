//! The clients file, as written.

use serde::Deserialize;

use crate::jws::{Algorithm, JsonWebKey};
use crate::language::Language;
use crate::limits;
use crate::scope::Claim;

/// The clients file.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientsFile {
    /// The registrations.
    #[serde(rename = "client")]
    pub clients: Vec<ClientRegistration>,
}

/// One registration, as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientRegistration {
    /// 1 to 255 characters of `0-9 a-z A-Z`.
    pub client_id: String,
    /// What people read.
    pub name: ClientName,
    /// Compared character for character.
    pub redirect_uris: Vec<String>,
    /// Clients of one sector see the same `sub`.
    pub sector: String,
    /// What the client may ask for beyond `openid`.
    #[serde(default)]
    pub scopes: Vec<Claim>,
    /// Which rules the client is held to.
    #[serde(default)]
    pub profile: Profile,
    /// Whether an authorization request must have a `nonce`; FAPI 2.0 never asks for one.
    #[serde(default)]
    pub nonce: NonceRule,
    /// The one algorithm of the client's assertions.
    pub assertion_algorithm: Algorithm,
    /// Whether the token endpoint's address is an audience too.
    #[serde(default)]
    pub legacy_audience: bool,
    /// How far ahead, in seconds, the end of an assertion may lie.
    #[serde(default = "five_minutes")]
    pub assertion_lifetime_seconds: i64,
    /// Whether the card may be read on another device than the one whose browser began.
    #[serde(default)]
    pub cross_device: bool,
    /// Which pairwise secret makes the client's `sub`.
    #[serde(default = "first_version")]
    pub pairwise_secret_version: u32,
    /// The form of the four claims.
    #[serde(default)]
    pub claims: ClaimForms,
    /// An administrative agency: gets signatures itself, and may have the signing certificate's validity asked. Only this
    /// file says so.
    #[serde(default)]
    pub administrative: bool,
    /// Allows the client to ask for signatures (scope `sign`).
    #[serde(default)]
    pub signature: Option<SignatureRegistration>,
    /// The client's public keys.
    pub jwks: JsonWebKeySet,
}

/// `[client.signature]`: that a client may ask for signatures, and who receives them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureRegistration {
    /// `recipient_id` in the recipients file; absent for an administrative client, which receives them itself.
    #[serde(default)]
    pub recipient: Option<String>,
}

fn first_version() -> u32 {
    1
}

fn five_minutes() -> i64 {
    limits::ASSERTION_LIFETIME_SECONDS
}

/// Which rules a client is held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// What relying parties of the national service know.
    #[default]
    Compatibility,
    /// The FAPI 2.0 Security Profile.
    Fapi2,
}

impl Profile {
    /// As it is written in the file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Compatibility => "compatibility",
            Self::Fapi2 => "fapi2",
        }
    }
}

/// Whether an authorization request must have a `nonce`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NonceRule {
    /// As the national service has it.
    #[default]
    Required,
    /// As OpenID Connect Core has it for codes.
    Optional,
}

/// A client's name in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientName {
    /// Japanese.
    pub ja: String,
    /// English.
    pub en: String,
}

impl ClientName {
    pub(crate) fn in_language(&self, language: Language) -> &str {
        match language {
            Language::Japanese => &self.ja,
            Language::English => &self.en,
        }
    }
}

/// A JWK Set (RFC 7517 section 5).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JsonWebKeySet {
    /// The keys.
    pub keys: Vec<JsonWebKey>,
}

/// The form of the four claims for one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ClaimForms {
    /// The form of `address`.
    pub address: AddressForm,
    /// The form of `birthdate`.
    pub birthdate: BirthdateForm,
    /// The form of `gender`.
    pub gender: GenderForm,
}

/// The form of `address`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AddressForm {
    /// One string, as the national service has it.
    #[default]
    String,
    /// `{"formatted": ...}` (OpenID Connect Core section 5.1.1).
    Object,
}

/// The form of `birthdate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BirthdateForm {
    /// `YYYYMMDD`, as on the card.
    #[default]
    Card,
    /// `YYYY-MM-DD` (OpenID Connect Core section 5.1).
    Iso,
}

/// The form of `gender`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GenderForm {
    /// `1`, `2`, `3` or `9`, as on the card.
    #[default]
    Card,
    /// `male`, `female` or `other` (OpenID Connect Core section 5.1).
    Word,
}
