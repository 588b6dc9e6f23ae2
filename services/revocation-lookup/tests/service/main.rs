//! The service as its callers meet it: real gRPC over mutual TLS, a real store, a clock that the test moves.

mod access;
mod freshness;
mod lookups;
mod outages;
mod records;
mod world;
