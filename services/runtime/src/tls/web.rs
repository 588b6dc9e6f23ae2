//! TLS for HTTP/1.1: for browsers and relying parties, who are asked for no certificate, and for callers who are.

use std::path::Path;

use rustls::ServerConfig;
use tokio_rustls::TlsAcceptor;

use super::files::{ALPN_HTTP_1_1, TlsError, server_config, web_server_config};
use super::reload::Reloading;
use crate::config::{ConfigPath, SecretFile, TlsConfig};

/// The TLS of an HTTP/1.1 listener, from PEM files that may change while the process runs.
pub struct WebTls(Reloading<ServerConfig>);

impl std::fmt::Debug for WebTls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("WebTls")
    }
}

impl WebTls {
    /// Reads the files.
    ///
    /// # Errors
    /// When a file cannot be read or is not what it should be.
    pub fn load(certificate: &ConfigPath, private_key: &SecretFile) -> Result<Self, TlsError> {
        let paths = [certificate.as_path(), private_key.path().as_path()];
        let paths = paths.into_iter().map(Path::to_owned).collect();
        let (certificate, private_key) = (certificate.clone(), private_key.clone());
        Reloading::new(paths, move || web_server_config(&certificate, &private_key)).map(Self)
    }

    /// The same for a listener that lets nobody in without a certificate by `client_ca`.
    ///
    /// # Errors
    /// When a file cannot be read or is not what it should be.
    pub fn load_mutual(files: &TlsConfig) -> Result<Self, TlsError> {
        let paths = [
            files.certificate.as_path(),
            files.private_key.path().as_path(),
            files.client_ca.as_path(),
        ];
        let paths = paths.into_iter().map(Path::to_owned).collect();
        let files = files.clone();
        Reloading::new(paths, move || server_config(&files, ALPN_HTTP_1_1)).map(Self)
    }

    /// Looks at the files and reads them again if one changed. Blocks on the file system.
    pub fn refresh(&self) {
        self.0.refresh();
    }

    /// Accepts connections with the files as they were last looked at.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.0.current())
    }
}
