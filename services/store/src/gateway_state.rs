//! What the gateway keeps between requests: sign-ins under way, with their codes and access tokens, the signatures asked
//! for, and the client assertions that were used.
//!
//! A sign-in is one row that walks through its [`Stage`]s. Every step is conditional and whole: of any number of requests
//! that try the same step at once, exactly one succeeds. Times are seconds since 1970-01-01T00:00:00Z and are given by the
//! caller.
//!
//! It is kept in a database, where any number of gateway processes share it and it survives them, or in the memory of one
//! process, and is lost with it. The promises of a step are the same, and one suite of tests holds both to them.

mod database;
mod device;
mod grant;
mod interaction;
mod memory;
mod pushed_request;
mod signature;
mod signing_key;
mod upkeep;

pub use device::{OpenedByQr, QrOffer};
pub use signature::{
    Fetched, NewSignatureTransaction, SignatureResult, SignatureTransaction, SigningToken,
};
pub use signing_key::PublishedKey;

use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use database::InDatabase;
use memory::InMemory;

/// SHA-256 of a bearer secret.
pub type SecretHash = [u8; 32];

/// How far a sign-in has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The browser shows the first page; the card has not been read.
    Waiting,
    /// The card's answer came and is being verified; its challenge is spent.
    Verifying,
    /// The card's answer is good; the browser has not come back yet.
    Verified,
    /// The card's answer was refused; the browser has not come back yet.
    Refused,
    /// The browser came back; the person is asked for consent.
    Consent,
    /// The browser came back and shows the refusal.
    RefusalShown,
    /// The person said no.
    Denied,
    /// The person said yes; the code waits for the client.
    CodeIssued,
    /// The client exchanged the code for the access token.
    Redeemed,
    /// The access token was revoked.
    Revoked,
}

/// A sign-in that begins.
#[derive(Debug, Clone, Copy)]
pub struct NewSignIn<'a> {
    /// Random, and unique.
    pub interaction_id: &'a str,
    /// The client that asks.
    pub client_id: &'a str,
    /// Where the answer goes.
    pub redirect_uri: &'a str,
    /// The client's `state`; empty if it sent none.
    pub state: &'a str,
    /// The client's `nonce`; empty if it sent none.
    pub nonce: &'a str,
    /// The scopes, joined by single spaces.
    pub scope: &'a str,
    /// The client's `code_challenge`.
    pub code_challenge: &'a str,
    /// The language of the pages.
    pub language: &'a str,
    /// The browser that began.
    pub browser_hash: &'a SecretHash,
    /// The pushed request that it answers.
    pub pushed_request_hash: Option<&'a SecretHash>,
    /// The thumbprint of the key that the code is bound to; empty for none.
    pub dpop_jkt: &'a str,
    /// How the client asked for the certificate to be checked; empty for no wish.
    pub revocation_method: &'a str,
    /// What the page's link to the reader app carries.
    pub link_hash: &'a SecretHash,
    /// When the sign-in ends unless the person consented.
    pub expires_at: i64,
}

/// A sign-in as stored.
#[derive(Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Random, and unique.
    pub interaction_id: String,
    /// How far it has come.
    pub stage: Stage,
    /// The client that asks.
    pub client_id: String,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// The client's `state`; empty if it sent none.
    pub state: String,
    /// The client's `nonce`; empty if it sent none.
    pub nonce: String,
    /// The scopes, joined by single spaces.
    pub scope: String,
    /// The client's `code_challenge`.
    pub code_challenge: String,
    /// The language of the pages.
    pub language: String,
    /// The browser that began or, once the browser came back, its new secret.
    pub browser_hash: Vec<u8>,
    /// The pushed request that it answers.
    pub pushed_request_hash: Option<Vec<u8>>,
    /// The thumbprint of the key that the code and then the access token is bound to; empty for none.
    pub dpop_jkt: String,
    /// How the client asked for the certificate to be checked; empty for no wish.
    pub revocation_method: String,
    /// What the page's link to the reader app carries.
    pub link_hash: Option<Vec<u8>>,
    /// What the QR code was made of, once one was shown.
    pub qr_random: Option<Vec<u8>>,
    /// What the QR code carries, until it is opened.
    pub qr_hash: Option<Vec<u8>>,
    /// What the secret of the device that opened the QR code was made of.
    pub card_random: Option<Vec<u8>>,
    /// The device that opened the QR code.
    pub card_hash: Option<Vec<u8>>,
    /// When the QR code, or the device that opened it, is out of time.
    pub other_device_until: i64,
    /// The random part of the card's challenge; empty until it is asked for.
    pub challenge_random: Vec<u8>,
    /// When the challenge ends.
    pub challenge_expires_at: i64,
    /// What the browser must bring when it comes back.
    pub return_token_hash: Option<Vec<u8>>,
    /// Why the card's answer was refused; empty otherwise.
    pub refusal: String,
    /// When the card's answer was verified; 0 before.
    pub authenticated_at: i64,
    /// Who it is, encrypted; empty unless verified.
    pub sealed_identity: Vec<u8>,
    /// When the present stage ends.
    pub expires_at: i64,
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn")
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}

/// A card's answer that is good.
#[derive(Debug, Clone, Copy)]
pub struct Acceptance<'a> {
    /// What the browser must bring when it comes back.
    pub return_token_hash: &'a SecretHash,
    /// When the answer was verified.
    pub authenticated_at: i64,
    /// Who it is, encrypted.
    pub sealed_identity: &'a [u8],
}

/// The browser's return from the card's reader.
#[derive(Debug, Clone, Copy)]
pub struct BrowserReturn<'a> {
    /// The return token's hash.
    pub return_token_hash: &'a SecretHash,
    /// The browser's present secret.
    pub browser_hash: &'a SecretHash,
    /// The browser's secret from now on.
    pub next_browser_hash: &'a SecretHash,
    /// Who it is, encrypted under that secret; empty for a refusal.
    pub sealed_identity: &'a [u8],
}

/// The person's consent.
#[derive(Debug, Clone, Copy)]
pub struct Consent<'a> {
    /// The browser's present secret.
    pub browser_hash: &'a SecretHash,
    /// The code's hash.
    pub code_hash: &'a SecretHash,
    /// Who it is, encrypted under the code.
    pub sealed_identity: &'a [u8],
    /// When the code ends.
    pub code_expires_at: i64,
}

/// A client's redemption of a code. All of it must fit the row, or nothing happens.
#[derive(Debug, Clone, Copy)]
pub struct Redemption<'a> {
    /// The code's hash.
    pub code_hash: &'a SecretHash,
    /// The client that proved itself.
    pub client_id: &'a str,
    /// The client's `redirect_uri`.
    pub redirect_uri: &'a str,
    /// The challenge of the client's `code_verifier`.
    pub code_challenge: &'a str,
    /// The thumbprint of the key that the client proved, to which the access token is bound; empty for none. It must be the
    /// code's, if the code is bound to one.
    pub dpop_jkt: &'a str,
    /// The access token's hash.
    pub access_token_hash: &'a SecretHash,
    /// Who it is, encrypted under the access token.
    pub sealed_identity: &'a [u8],
    /// When the access token ends.
    pub access_token_expires_at: i64,
}

/// An authorization request that a client pushed.
#[derive(Debug, Clone, Copy)]
pub struct NewPushedRequest<'a> {
    /// The reference's hash.
    pub request_uri_hash: &'a SecretHash,
    /// The client that proved itself.
    pub client_id: &'a str,
    /// The request's parameters, encoded as a form.
    pub parameters: &'a str,
    /// The thumbprint of the key that the client proved when it pushed; empty for none.
    pub dpop_jkt: &'a str,
    /// Until when a sign-in may begin with it.
    pub expires_at: i64,
    /// Until when a sign-in that began with it may be answered.
    pub kept_until: i64,
}

/// A pushed request that a sign-in may begin with.
#[derive(Clone, PartialEq, Eq)]
pub struct PushedRequest {
    /// The request's parameters, encoded as a form.
    pub parameters: String,
    /// The thumbprint of the key that the client proved when it pushed; empty for none.
    pub dpop_jkt: String,
}

impl std::fmt::Debug for PushedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PushedRequest(..)")
    }
}

/// Rows one client has stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occupancy {
    /// The client.
    pub client_id: String,
    /// Its sign-ins.
    pub sign_ins: u64,
    /// Its used assertions and proofs.
    pub assertion_ids: u64,
    /// Its pushed requests.
    pub pushed_requests: u64,
    /// Its signature transactions and the tokens that open them.
    pub signatures: u64,
}

impl Occupancy {
    fn none(client_id: String) -> Self {
        Self {
            client_id,
            sign_ins: 0,
            assertion_ids: 0,
            pushed_requests: 0,
            signatures: 0,
        }
    }
}

/// The gateway's part of the data.
#[derive(Debug, Clone)]
pub struct GatewayState {
    keeper: Keeper,
}

#[derive(Debug, Clone)]
enum Keeper {
    Database(InDatabase),
    Memory(InMemory),
}

/// The same call to whoever keeps the state; in memory nothing waits.
macro_rules! of_keeper {
    ($state:ident, $method:ident($($argument:expr),*)) => {
        match &$state.keeper {
            $crate::gateway_state::Keeper::Database(database) => database.$method($($argument),*).await,
            $crate::gateway_state::Keeper::Memory(memory) => memory.$method($($argument),*),
        }
    };
}
use of_keeper;

impl GatewayState {
    /// Connects and brings the schema up to this program's version.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        let database = InDatabase::open(url).await?;
        Ok(Self {
            keeper: Keeper::Database(database),
        })
    }

    /// In the memory of this process: for one gateway alone, and nothing outlives it. Clones share what they keep.
    pub fn in_memory() -> Self {
        Self {
            keeper: Keeper::Memory(InMemory::default()),
        }
    }

    /// Whether what was used up before this process began can be used again: whoever relies on single use then has to
    /// refuse all that may have come before.
    pub fn forgets_on_restart(&self) -> bool {
        matches!(self.keeper, Keeper::Memory(_))
    }

    /// Closes every connection.
    pub async fn close(&self) {
        if let Keeper::Database(database) = &self.keeper {
            database.close().await;
        }
    }
}
