//! TLS 1.3 with certificates on both sides, from PEM files that may change while the process runs.

mod files;
mod reload;
mod web;

pub use files::TlsError;
pub(crate) use files::client_config;
pub(crate) use reload::{Reloading, ServerTls};
pub use web::WebTls;
