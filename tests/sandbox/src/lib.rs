//! A throw-away JPKI and everything around Akashi that is not Akashi: the certification authorities,
//! the cards and their holders, the repository of revocation lists, the app that reads a card and a
//! relying party that uses it all.
//!
//! This is test code. The shipped binary contains none of it (README, invariant 6): whatever can mint
//! a certificate stays here. Names, addresses and municipalities are invented.

pub mod card;
pub mod card_app;
pub mod deployment;
pub mod der;
pub mod files;
pub mod jwe;
pub mod launcher;
pub mod mint;
pub mod nation;
pub mod packages;
pub mod postgres;
pub mod qr_code;
pub mod recipient;
pub mod relying_party;
pub mod repository;
pub mod spellings;
pub mod world;

/// The time, which this test code may read itself: it plays the outside world, which has clocks.
#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox plays the outside world"
)]
pub fn now() -> pki::UnixTime {
    let since_epoch = std::time::SystemTime::now()
        .duration_since(std::time::SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    pki::UnixTime::from_secs(i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX))
}
