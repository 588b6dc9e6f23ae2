//! The service as its callers meet it: real gRPC over mutual TLS, a real store, a clock that the test moves.

#![expect(clippy::unwrap_used, reason = "in a test, failing is the report")]

mod access;
mod as_of;
mod batch;
mod files;
mod freshness;
mod held;
mod limits;
mod lookups;
mod ocsp;
mod ocsp_client;
mod ocsp_client_limits;
mod ocsp_world;
mod outages;
mod publishing;
mod records;
mod responder;
mod restored;
mod stalled_store;
mod stream;
mod world;
