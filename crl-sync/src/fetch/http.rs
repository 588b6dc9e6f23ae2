//! Fetching bytes over HTTP(S), bounded in size and time. Nothing here knows what the bytes mean.
//!
//! Redirects are followed by hand, so that each goes through the same checks as the source's own address; proxies are
//! off, because an environment variable must not decide where lists come from.

use reqwest::header::{
    ETAG, HeaderMap, HeaderName, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    LOCATION,
};
use reqwest::{Client, Response, StatusCode, Url, redirect};

use crate::config::FetchConfig;
use crate::limits;
use crate::source::Location;

/// Fetches.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    client: Client,
}

/// What a source said.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// It still has what the validators name.
    NotModified,
    /// A whole body.
    Body {
        /// The body.
        bytes: Vec<u8>,
        /// What to ask with next time.
        validators: Validators,
    },
}

/// What a server wants to be asked with, so that it can say that nothing changed (RFC 9110 section 13.1).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Validators {
    entity_tag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

/// Why nothing usable was fetched. Names hosts, never whole addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("no connection to {host}")]
    Connect { host: String },
    #[error("the transfer brought nothing for too long")]
    Stalled,
    #[error("the transfer was not done within {seconds} seconds")]
    Timeout { seconds: u64 },
    #[error("the transfer ended before the body did")]
    Truncated,
    #[error("the body is larger than {limit} octets")]
    Oversized { limit: u64 },
    #[error("the server answered with status {status}")]
    Status { status: u16 },
    #[error("the server says that nothing changed, though it was not asked")]
    UnexpectedNotModified,
    #[error("the server redirects to {host}, which redirect_hosts does not name")]
    RedirectRefused { host: String },
    #[error("the server redirects without saying where to")]
    RedirectWithoutTarget,
    #[error("the server redirects from https to http")]
    RedirectToPlaintext,
    #[error("more than {} redirects", limits::REDIRECTS)]
    TooManyRedirects,
    #[error("the exchange failed: {problem}")]
    Exchange { problem: String },
}

impl FetchError {
    /// The broken rule's name.
    pub(crate) const fn rule(&self) -> &'static str {
        match self {
            Self::Connect { .. } => "connect",
            Self::Stalled => "stalled",
            Self::Timeout { .. } => "timeout",
            Self::Truncated => "truncated",
            Self::Oversized { .. } => "oversized",
            Self::Status { .. } => "http_status",
            Self::UnexpectedNotModified => "unexpected_not_modified",
            Self::RedirectRefused { .. }
            | Self::RedirectWithoutTarget
            | Self::RedirectToPlaintext
            | Self::TooManyRedirects => "redirect_refused",
            Self::Exchange { .. } => "exchange",
        }
    }

    /// Whether something arrived and was refused, rather than nothing usable having arrived.
    pub(crate) const fn is_refusal(&self) -> bool {
        match self {
            Self::Truncated
            | Self::Oversized { .. }
            | Self::UnexpectedNotModified
            | Self::RedirectRefused { .. }
            | Self::RedirectWithoutTarget
            | Self::RedirectToPlaintext
            | Self::TooManyRedirects => true,
            Self::Connect { .. }
            | Self::Stalled
            | Self::Timeout { .. }
            | Self::Status { .. }
            | Self::Exchange { .. } => false,
        }
    }
}

impl Fetcher {
    /// A fetcher for these locations.
    pub(crate) fn new<'a>(
        config: &FetchConfig,
        mut locations: impl Iterator<Item = &'a Location>,
    ) -> Result<Self, reqwest::Error> {
        let mut builder = Client::builder()
            .user_agent(concat!("akashi-crl-sync/", env!("CARGO_PKG_VERSION")))
            .no_proxy()
            .redirect(redirect::Policy::none())
            .connect_timeout(config.connect_timeout())
            .read_timeout(config.read_timeout())
            // Minutes pass between two fetches: an idle connection only waits to break.
            .pool_max_idle_per_host(0);
        if !locations.any(Location::needs_tls) {
            // Without https there is no need for the machine's root certificates, which a small image does not have.
            builder = builder.tls_certs_only([]);
        }
        Ok(Self {
            client: builder.build()?,
        })
    }

    /// Fetches what is at a location, unless it is still what the validators name.
    pub(crate) async fn fetch(
        &self,
        location: &Location,
        validators: Option<&Validators>,
    ) -> Result<Fetched, FetchError> {
        let seconds = location.timeout.as_secs();
        tokio::time::timeout(location.timeout, self.exchange(location, validators))
            .await
            .unwrap_or(Err(FetchError::Timeout { seconds }))
    }

    async fn exchange(
        &self,
        location: &Location,
        validators: Option<&Validators>,
    ) -> Result<Fetched, FetchError> {
        let mut url = location.url.clone();
        for _ in 0..=limits::REDIRECTS {
            let headers = validators
                .map(Validators::request_headers)
                .unwrap_or_default();
            let request = self.client.get(url.clone()).headers(headers);
            let response = request
                .send()
                .await
                .map_err(|error| exchange_error(&error, &url))?;
            match response.status() {
                StatusCode::OK => return body(response, location.max_bytes).await,
                StatusCode::NOT_MODIFIED if validators.is_some() => {
                    return Ok(Fetched::NotModified);
                }
                StatusCode::NOT_MODIFIED => return Err(FetchError::UnexpectedNotModified),
                status if status.is_redirection() => {
                    url = location.redirect(&url, response.headers())?;
                }
                status => {
                    return Err(FetchError::Status {
                        status: status.as_u16(),
                    });
                }
            }
        }
        Err(FetchError::TooManyRedirects)
    }
}

impl Location {
    fn needs_tls(&self) -> bool {
        self.url.scheme() == "https" || !self.redirect_hosts.is_empty()
    }

    /// Where a redirect from `from` leads, if this location may be led there.
    fn redirect(&self, from: &Url, headers: &HeaderMap) -> Result<Url, FetchError> {
        let target = headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let target = target.and_then(|target| from.join(target).ok());
        let target = target.ok_or(FetchError::RedirectWithoutTarget)?;
        let host = target
            .host_str()
            .ok_or(FetchError::RedirectWithoutTarget)?
            .to_owned();
        let port = target.port_or_known_default().unwrap_or_default();
        let with_port = format!("{host}:{port}");
        // A name without a port means the scheme's own port, not every port of that host.
        let is_named = self.redirect_hosts.contains(&with_port)
            || target.port().is_none() && self.redirect_hosts.contains(&host);
        match (from.scheme(), target.scheme()) {
            _ if !is_named => Err(FetchError::RedirectRefused { host: with_port }),
            (_, "https") | ("http", "http") => Ok(target),
            ("https", "http") => Err(FetchError::RedirectToPlaintext),
            _ => Err(FetchError::RedirectRefused { host: with_port }),
        }
    }
}

impl Validators {
    fn of(headers: &HeaderMap) -> Self {
        let short = |name: HeaderName| {
            headers
                .get(name)
                .filter(|value| value.len() <= limits::VALIDATOR_OCTETS)
                .cloned()
        };
        Self {
            entity_tag: short(ETAG),
            last_modified: short(LAST_MODIFIED),
        }
    }

    fn request_headers(&self) -> HeaderMap {
        let pairs = [
            (IF_NONE_MATCH, &self.entity_tag),
            (IF_MODIFIED_SINCE, &self.last_modified),
        ];
        let present =
            |(name, value): (_, &Option<HeaderValue>)| value.clone().map(|value| (name, value));
        pairs.into_iter().filter_map(present).collect()
    }

    /// Whether there is nothing to ask with.
    pub(crate) const fn is_empty(&self) -> bool {
        self.entity_tag.is_none() && self.last_modified.is_none()
    }
}

/// Reads a body, of which no more than `limit` octets are ever held.
async fn body(mut response: Response, limit: u64) -> Result<Fetched, FetchError> {
    let oversized = FetchError::Oversized { limit };
    let announced = response.content_length();
    // A body that announces itself as too large is not read at all.
    if announced.is_some_and(|announced| announced > limit) {
        return Err(oversized);
    }
    let validators = Validators::of(response.headers());
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| body_error(&error))? {
        let length = u64::try_from(bytes.len() + chunk.len()).unwrap_or(u64::MAX);
        if length > limit {
            return Err(oversized);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Fetched::Body { bytes, validators })
}

fn exchange_error(error: &reqwest::Error, url: &Url) -> FetchError {
    if error.is_connect() {
        FetchError::Connect {
            host: url.host_str().unwrap_or_default().to_owned(),
        }
    } else if error.is_timeout() {
        FetchError::Stalled
    } else {
        // The error without its address: addresses may name a municipality.
        let problem = std::error::Error::source(error)
            .map_or_else(|| "no answer".to_owned(), ToString::to_string);
        FetchError::Exchange { problem }
    }
}

fn body_error(error: &reqwest::Error) -> FetchError {
    if error.is_timeout() {
        FetchError::Stalled
    } else {
        FetchError::Truncated
    }
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
