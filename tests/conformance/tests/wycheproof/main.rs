//! Project Wycheproof's test vectors for the signatures that certificates have, through both
//! implementations, each asked alone and each with the message and with its digest.
//!
//! Every case of the three families is either judged or counted by name as outside of what Akashi
//! verifies; the sum is checked. What is outside is not skipped: its key, its algorithm or each of its
//! signatures must be refused. `cargo test -p conformance --test wycheproof -- --nocapture` shows the sums.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod algorithm;
mod ecdsa;
mod rsa_pkcs1;
mod rsa_pss;
mod tally;
