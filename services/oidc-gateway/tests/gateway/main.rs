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
mod every_flow;
mod proof;
mod traffic;
mod world;

mod acr;
mod assertion_claims;
mod assertion_signatures;
mod card_leg;
mod client_assertions;
mod codes;
mod confusion;
mod discovery;
mod dpop;
mod dpop_binding;
mod erasure;
mod fapi2_client_proof;
mod fapi2_security_profile;
mod flow;
mod hygiene;
mod in_memory;
mod issuer;
mod listener;
mod log;
mod oidcc_basic;
mod oidcc_config;
mod pkce;
mod pkcs11;
mod privacy;
mod pushed_requests;
mod redirect_uris;
mod registrations;
mod requests;
mod revivals;
mod rotation;
mod session;
mod session_twins;
mod signature_bound;
mod signature_card;
mod signature_results;
mod signature_tokens;
mod signature_transactions;
mod signature_validity;
mod signing;
mod tokens;
mod traces;
mod two_devices;
