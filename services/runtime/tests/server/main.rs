//! The gRPC server and client of the runtime against each other, over real connections.

#![expect(clippy::unwrap_used, reason = "in a test, failing is the report")]

mod access;
mod drain;
mod observe;
mod support;
mod tls;
