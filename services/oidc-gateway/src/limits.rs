//! Every limit on what comes from outside, with the reason for its size.

use std::time::Duration;

/// A request body. The largest honest one is the card's answer: two certificates of at most 8 KiB in base64, their
/// signatures and the four information, under 30 KiB together.
pub(crate) const BODY_BYTES: usize = 64 * 1024;

/// How long a body may take to arrive. A phone on a bad line sends 16 KiB in a second or two; longer is slow-body abuse.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the request line and the headers may take.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(10);

/// Open connections. Beyond it new ones wait in the listen queue, so memory stays bounded.
pub(crate) const CONNECTIONS: usize = 10_000;

/// How long a connection may live. Whoever sends requests and does not read the answers blocks its connection in the
/// middle of one, where no other limit ends it.
pub(crate) const CONNECTION_AGE: Duration = Duration::from_mins(1);

/// How long a request in progress may still take when its connection's time is over: headers, body and verification.
pub(crate) const CONNECTION_GRACE: Duration = Duration::from_secs(30);

/// Sources that are counted at a time, some 6 MB.
pub(crate) const SOURCES: usize = 100_000;

/// Header bytes of a request, the request line with its query included. 16 parameters of 255 characters,
/// percent-encoded, are 12 KiB.
pub(crate) const HEADER_BYTES: usize = 64 * 1024;

/// Parameters of a form or query. The longest honest authorization request has about twenty.
pub(crate) const PARAMETERS: usize = 64;

/// `client_id`, `redirect_uri`, `state` and `nonce`: 1 to 255 characters, as the national service has it.
pub(crate) const PARAMETER_CHARACTERS: usize = 255;

/// `code_challenge`: 1 to 128 characters, as the national service has it.
pub(crate) const CODE_CHALLENGE_CHARACTERS: usize = 128;

/// `scope`: room for many unknown values, which are ignored.
pub(crate) const SCOPE_CHARACTERS: usize = 1_000;

/// `code_verifier`: RFC 7636 section 4.1.
pub(crate) const CODE_VERIFIER_CHARACTERS: std::ops::RangeInclusive<usize> = 43..=128;

/// A client assertion in compact form. One with a 4,096-bit signature and long claims stays under 2 KiB.
pub(crate) const ASSERTION_BYTES: usize = 8 * 1024;

/// `jti` of a client assertion.
pub(crate) const ASSERTION_ID_CHARACTERS: usize = 255;

/// How far ahead `exp` of a client assertion may lie unless the registration says otherwise: what must be remembered to
/// refuse a replay.
pub(crate) const ASSERTION_LIFETIME_SECONDS: i64 = 300;

/// The most a registration may say: relying parties of the national service send assertions of a day.
pub(crate) const LONGEST_ASSERTION_LIFETIME_SECONDS: i64 = 86_400;

/// How far ahead of our clock `iat` and `nbf` may lie. FAPI 2.0 section 5.3.2.1 asks to accept 10 s and to refuse 60 s.
pub(crate) const ASSERTION_SKEW_SECONDS: i64 = 10;

/// A DPoP proof in compact form. One with a 4,096-bit key and its signature stays under 2 KiB.
pub(crate) const PROOF_BYTES: usize = 8 * 1024;

/// How old `iat` of a DPoP proof may be: FAPI 2.0 section 5.3.2.1 asks to accept 10 s, and beyond a minute a proof that
/// somebody recorded is worth nothing.
pub(crate) const PROOF_AGE_SECONDS: i64 = 60;

/// How far ahead of our clock `iat` of a DPoP proof may lie: 10 s must pass and 60 s must not; 30 s leave room for a
/// second that is cut off on either side.
pub(crate) const PROOF_SKEW_SECONDS: i64 = 30;

/// How long a DPoP nonce is good. Every answer brings a fresh one, so an active client always has one.
pub(crate) const NONCE_SECONDS: i64 = 120;

/// How far another replica's clock may be ahead of ours.
pub(crate) const NONCE_SKEW_SECONDS: i64 = 30;

/// How long a pushed request may wait for the browser: FAPI 2.0 section 5.3.2.2 asks for less than 600 s; a redirect takes
/// seconds.
pub(crate) const PUSHED_REQUEST_SECONDS: i64 = 60;

/// What is stored of a pushed request. The longest honest one has some 3 KiB.
pub(crate) const PUSHED_REQUEST_BYTES: usize = 16 * 1024;

/// `claims` (OpenID Connect Core section 5.5): every claim that there is, with room.
pub(crate) const CLAIMS_BYTES: usize = 4 * 1024;

/// How long a row outlives its expiry before it is swept: a clock that jumps back by less brings nothing back to life.
pub(crate) const SWEEP_MARGIN_SECONDS: i64 = 120;

/// How often expired rows are swept and the rows per client are counted.
pub(crate) const SWEEP_INTERVAL: Duration = Duration::from_secs(10);

/// Rows of one sweep statement, so that no write holds the database for long.
pub(crate) const SWEEP_ROWS: i64 = 1_000;

/// A user-authentication certificate, DER; the contract of signature-verification.
pub(crate) const CERTIFICATE_BYTES: usize = 8 * 1024;

/// A signature value; the contract of signature-verification.
pub(crate) const SIGNATURE_BYTES: usize = 512;

/// How long a token of the client credentials grant is good: as a user access token.
pub(crate) const SIGNING_TOKEN_SECONDS: i64 = 300;

/// How often a signature's result may be fetched: a client whose connection broke while it came asks again.
pub(crate) const RESULT_FETCHES: i64 = 3;

/// What a signature's result holds beside signature and certificate: names, identifiers and the digest.
pub(crate) const RESULT_BYTES_BESIDE: usize = 2 * 1024;

/// Name and address as read from the card surface. The card's own fields are shorter.
pub(crate) const NAME_BYTES: usize = 512;
/// See [`NAME_BYTES`].
pub(crate) const ADDRESS_BYTES: usize = 1_024;

/// A person's subject and four information as JSON, where every character of name and address may take two, and a tag.
pub(crate) const IDENTITY_BYTES: usize = 2 * (NAME_BYTES + ADDRESS_BYTES) + 512;

/// `key_id` of a reader and `kid` of a client's key.
pub(crate) const KEY_ID_CHARACTERS: usize = 128;

/// How long signature-verification may take before the person is told to try later.
pub(crate) const VERIFICATION_TIMEOUT: Duration = Duration::from_secs(10);
