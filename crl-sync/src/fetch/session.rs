//! The clients of one attempt over HTTP(S), and what they show to whom.

use reqwest::{Certificate, Client, ClientBuilder, Identity, RequestBuilder, Url, redirect};
use zeroize::Zeroizing;

use super::FetchError;
use crate::access::Access;
use crate::config::FetchConfig;
use crate::location::HttpLocation;

/// What one attempt asks with.
pub(super) struct Session {
    /// For the source's own host, which sees the client certificate.
    home: Client,
    /// For hosts it redirects to, which do not.
    away: Client,
    password: Option<(String, Zeroizing<String>)>,
}

impl Session {
    /// The clients for one attempt: `plain` for a source that is shown nothing; else new ones, of the files as they are
    /// now.
    pub(super) async fn new(
        config: &FetchConfig,
        plain: &Client,
        at: &HttpLocation,
    ) -> Result<Self, FetchError> {
        if at.access.is_none() {
            return Ok(Self {
                home: plain.clone(),
                away: plain.clone(),
                password: None,
            });
        }
        let (config, access) = (config.clone(), at.access.clone());
        tokio::task::spawn_blocking(move || Self::open(&config, &access))
            .await
            .map_err(|_| FetchError::Panicked)?
    }

    /// Clients with what is in the files.
    pub(super) fn open(config: &FetchConfig, access: &Access) -> Result<Self, FetchError> {
        let unusable = |error: &dyn std::error::Error| FetchError::Credentials {
            problem: error.to_string(),
        };
        let credentials = access.read().map_err(|error| unusable(&error))?;
        let trusting = || {
            let builder = builder(config);
            let Some(pem) = &credentials.ca else {
                return Ok(builder);
            };
            Certificate::from_pem_bundle(pem).map(|ca| builder.tls_certs_only(ca))
        };
        let mut home = trusting().map_err(|error| unusable(&error))?;
        if let Some((certificate, key)) = &credentials.identity {
            let pem = Zeroizing::new([certificate.as_slice(), b"\n", key.as_slice()].concat());
            let identity = Identity::from_pem(&pem);
            home = home.identity(identity.map_err(|error| unusable(&error))?);
        }
        let build = |builder: ClientBuilder| builder.build().map_err(|error| unusable(&error));
        Ok(Self {
            home: build(home)?,
            away: build(trusting().map_err(|error| unusable(&error))?)?,
            password: credentials.password,
        })
    }

    /// A request. Only the source's own host, over https, is shown who asks.
    pub(super) fn get(&self, at: &HttpLocation, url: &Url) -> RequestBuilder {
        if url.scheme() != "https" || url.origin() != at.url.origin() {
            return self.away.get(url.clone());
        }
        let request = self.home.get(url.clone());
        match &self.password {
            Some((user, password)) => request.basic_auth(user, Some(password.as_str())),
            None => request,
        }
    }
}

/// What all clients have in common.
pub(super) fn builder(config: &FetchConfig) -> ClientBuilder {
    Client::builder()
        .user_agent(concat!("akashi-crl-sync/", env!("CARGO_PKG_VERSION")))
        .no_proxy()
        .redirect(redirect::Policy::none())
        .connect_timeout(config.connect_timeout())
        .read_timeout(config.read_timeout())
        // Minutes pass between two fetches: an idle connection only waits to break.
        .pool_max_idle_per_host(0)
}
