//! What every process of Akashi needs: configuration, the clock, who is calling and whether they may,
//! TLS, health, metrics, logs, stopping in order, and the one place that turns errors into gRPC
//! statuses.
//!
//! A role is a library with a `Config` and a `serve(config, context)`; the [`context::Context`] is
//! handed to it. gRPC roles serve through [`server::GrpcServer`] and in no other way.

pub mod access;
pub mod authorities;
pub mod client;
pub mod clock;
pub mod config;
pub mod context;
mod error;
mod gathered;
pub mod health;
pub mod limits;
pub mod logging;
pub mod metrics;
pub mod peer;
pub mod plaintext;
pub mod priority;
pub mod server;
pub mod shutdown;
pub mod status;
mod tls;
pub mod web;

pub use context::Context;
pub use error::ServeError;
pub use tls::{Refreshed, Reloading, TlsError, WebTls, private_key};
