//! The service as its callers meet it: real gRPC over mutual TLS, a real store, a clock that the test moves.

#![expect(clippy::unwrap_used, reason = "in a test, failing is the report")]

mod access;
mod freshness;
mod lookups;
mod ocsp;
mod outages;
mod records;
mod stalled_store;
mod world;
