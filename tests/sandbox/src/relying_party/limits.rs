//! Every limit on what comes from outside, with the reason for its size.

use std::time::Duration;

/// A document of the provider. Its metadata and key set are a few kilobytes each.
pub(super) const RESPONSE_BYTES: usize = 64 * 1024;

/// One request to the provider; a person is waiting for the page.
pub(super) const REQUEST_TIMEOUT: Duration = Duration::from_secs(15);

/// Reaching the provider at all.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// How long the provider's metadata and keys are believed before they are fetched again.
pub(super) const METADATA_AGE: Duration = Duration::from_mins(5);

/// An ID token that names an unknown key makes us fetch the key set again, but not more often than
/// this: otherwise anybody with a forged token could make us hammer the provider.
pub(super) const METADATA_FLOOR: Duration = Duration::from_secs(5);

/// Lifetime of a client assertion: long enough for one request, too short to be worth stealing.
pub(super) const ASSERTION_SECONDS: i64 = 60;

/// How far the provider's clock may be ahead of ours or behind it.
pub(super) const CLOCK_SKEW_SECONDS: i64 = 10;

/// A sign-in that was begun and not finished. The gateway gives a person ten minutes.
pub(super) const SIGN_IN_SECONDS: i64 = 900;

/// Sign-ins one browser may have open, one in each of a few tabs; the oldest gives way.
pub(super) const SIGN_INS_PER_SESSION: usize = 8;

/// A session that nobody used for this long is forgotten.
pub(super) const SESSION_SECONDS: i64 = 3600;

/// Sessions in memory, a few kilobytes each; the one unused the longest gives way.
pub(super) const SESSIONS: usize = 10_000;

/// Characters of the provider's error texts that a page repeats.
pub(super) const ERROR_CHARACTERS: usize = 300;

/// People who may receive a premium item; there are no more items.
pub(super) const PREMIUM_ITEMS: usize = 100;
