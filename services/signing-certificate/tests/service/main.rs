//! The whole service over real mutual TLS: a throw-away JPKI, a stand-in for revocation-lookup whose answers each test
//! chooses, and the audit log read back.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its surroundings fail"
)]

mod access;
mod as_of;
mod audit;
mod forwarded;
mod outcomes;
mod requests;
mod stand_in;
mod world;
