//! TLS 1.3 with certificates on both sides, from PEM files that may change while the process runs.

mod files;
mod reload;
mod web;

pub(crate) use files::client_config;
pub use files::{TlsError, private_key};
pub(crate) use reload::ServerTls;
pub use reload::{Refreshed, Reloading};
pub use web::WebTls;
