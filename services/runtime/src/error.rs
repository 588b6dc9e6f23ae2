//! Why a role could not start or had to stop.

use std::net::SocketAddr;

use crate::authorities::AuthoritiesError;
use crate::client::ClientError;
use crate::config::ConfigError;
use crate::context::BackgroundError;
use crate::tls::TlsError;

/// Why a role could not start or had to stop.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The configuration does not hold.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The trust anchors do not hold.
    #[error(transparent)]
    Authorities(#[from] AuthoritiesError),
    /// The TLS files do not hold.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A client of another service cannot be made.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// A metric was registered twice or wrongly: a defect of ours.
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    /// Background work died.
    #[error(transparent)]
    Background(#[from] BackgroundError),
    /// A serving thread could not start or died.
    #[error("serving thread {thread}: {problem}")]
    Thread {
        /// Which one, counted from 0.
        thread: usize,
        /// What happened.
        problem: String,
    },
    /// Something that only this role has: its store, its keys.
    #[error(transparent)]
    Role(Box<dyn std::error::Error + Send + Sync>),
}

impl ServeError {
    /// An error that only one role has.
    pub fn role(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Role(error.into())
    }
}
