//! The gateway from outside: whole sign-ins, and the attacks that others fell to.
//!
//! Tests named `attack_NN` stand for one known attack each; a twin beside it differs by the attack alone and succeeds.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]

mod assertion;
mod browser;
mod card;
mod world;

mod assertion_claims;
mod card_leg;
mod client_assertions;
mod codes;
mod confusion;
mod discovery;
mod flow;
mod hygiene;
mod listener;
mod log;
mod pkcs11;
mod privacy;
mod requests;
mod rotation;
mod session;
mod session_twins;
mod tokens;
mod two_devices;
