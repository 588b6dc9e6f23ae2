//! Fetching over HTTP(S). Redirects are followed by hand, so that each goes through the same checks as the source's own
//! address; proxies are off, because an environment variable must not decide where lists come from.

use std::time::Duration;

use reqwest::header::{
    CONTENT_RANGE, DATE, HeaderMap, HeaderValue, IF_RANGE, LOCATION, RANGE, RETRY_AFTER,
};
use reqwest::{Client, Response, StatusCode, Url};

use super::session::{Session, builder};
use super::validators::HttpValidators;
use super::{FetchError, Fetched, Validators, host_of};
use crate::body::{Body, BodyReader};
use crate::config::FetchConfig;
use crate::limits;
use crate::location::{HttpLocation, Location, Transport};

/// Fetches over HTTP(S).
#[derive(Clone, Debug)]
pub(super) struct Http {
    config: FetchConfig,
    /// For sources that are shown nothing.
    plain: Client,
}

impl Http {
    /// A client for these locations.
    pub(super) fn new<'a>(
        config: &FetchConfig,
        mut locations: impl Iterator<Item = &'a Location>,
    ) -> Result<Self, reqwest::Error> {
        let mut builder = builder(config);
        if !locations.any(Location::needs_tls) {
            // Without https there is no need for the machine's root certificates, which a small image does not have.
            builder = builder.tls_certs_only([]);
        }
        Ok(Self {
            config: config.clone(),
            plain: builder.build()?,
        })
    }

    /// Whether what a location is shown can be read and used.
    pub(super) async fn check(&self, at: &HttpLocation) -> Result<(), FetchError> {
        let session = Session::new(&self.config, &self.plain, at).await;
        session.map(drop)
    }

    /// Fetches a body. One that is cut off is continued where it ended, a few times, if the server says by a strong
    /// entity tag that it is still the same; the hash of the whole proves it.
    pub(super) async fn fetch<R: BodyReader>(
        &self,
        at: &HttpLocation,
        validators: Option<&Validators>,
        body: &mut Body<R>,
    ) -> Result<Fetched, FetchError> {
        let session = Session::new(&self.config, &self.plain, at).await?;
        let asked = match validators {
            Some(Validators::Http(validators)) => Some(validators),
            _ => None,
        };
        let headers = asked.map(HttpValidators::request_headers);
        let mut response = session.ask(at, &headers.unwrap_or_default()).await?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if asked.is_some() => return Ok(Fetched::NotModified),
            StatusCode::NOT_MODIFIED => return Err(FetchError::UnexpectedNotModified),
            _ => return Err(status(&response)),
        }
        let mut validators = begin(&response, body)?;
        let mut tries = 0..limits::RESUMES;
        loop {
            match receive(response, body).await {
                Err(FetchError::Truncated) => {}
                received => {
                    received?;
                    let validators = Validators::Http(validators);
                    return Ok(Fetched::Body { validators });
                }
            }
            let tag = validators.strong_entity_tag().cloned();
            let tag = tag.ok_or(FetchError::Truncated)?;
            response = session.resume(at, &tag, body.octets(), &mut tries).await?;
            if response.status() == StatusCode::OK {
                // The server has another list by now: this is the whole of it.
                validators = begin(&response, body)?;
            }
        }
    }
}

impl Session {
    /// Asks for the rest of a body. What does not even answer is asked again while there are tries.
    async fn resume(
        &self,
        at: &HttpLocation,
        tag: &HeaderValue,
        octets: u64,
        tries: &mut std::ops::Range<u32>,
    ) -> Result<Response, FetchError> {
        let mut headers = HeaderMap::new();
        let range = HeaderValue::try_from(format!("bytes={octets}-"));
        headers.insert(RANGE, range.map_err(|_| FetchError::Truncated)?);
        headers.insert(IF_RANGE, tag.clone());
        for ordinal in tries {
            tokio::time::sleep(limits::RESUME_PAUSE * 2_u32.saturating_pow(ordinal)).await;
            let response = match self.ask(at, &headers).await {
                Ok(response) => response,
                Err(error) if error.is_refusal() => return Err(error),
                Err(_) => continue,
            };
            match response.status() {
                StatusCode::OK => return Ok(response),
                StatusCode::PARTIAL_CONTENT if continues(response.headers(), tag, octets) => {
                    return Ok(response);
                }
                StatusCode::PARTIAL_CONTENT => return Err(FetchError::RangeMismatch),
                _ => {}
            }
        }
        Err(FetchError::Truncated)
    }

    /// Sends a request, also to where it is redirected.
    async fn ask(&self, at: &HttpLocation, headers: &HeaderMap) -> Result<Response, FetchError> {
        let mut url = at.url.clone();
        for _ in 0..=limits::REDIRECTS {
            let request = self.get(at, &url).headers(headers.clone());
            let response = request
                .send()
                .await
                .map_err(|error| exchange_error(&error, &url))?;
            if !response.status().is_redirection() || response.status() == StatusCode::NOT_MODIFIED
            {
                return Ok(response);
            }
            url = at.redirect(&url, response.headers())?;
        }
        Err(FetchError::TooManyRedirects)
    }
}

impl Location {
    fn needs_tls(&self) -> bool {
        match &self.transport {
            // What is shown something has clients of its own.
            Transport::Http(at) => {
                at.access.is_none() && (at.url.scheme() == "https" || !at.redirect_hosts.is_empty())
            }
            Transport::File(_) | Transport::Ldap(_) => false,
        }
    }
}

impl HttpLocation {
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

/// Begins a body with the answer that has all of it.
fn begin<R: BodyReader>(
    response: &Response,
    body: &mut Body<R>,
) -> Result<HttpValidators, FetchError> {
    body.begin(response.content_length())?;
    Ok(HttpValidators::of(response.headers()))
}

/// Hands an answer over, piece by piece, until its reader wants no more.
async fn receive<R: BodyReader>(
    mut response: Response,
    body: &mut Body<R>,
) -> Result<(), FetchError> {
    loop {
        let chunk = tokio::select! {
            biased;
            () = body.refused() => return Err(FetchError::Unread),
            chunk = response.chunk() => chunk.map_err(|error| body_error(&error))?,
        };
        match chunk {
            Some(chunk) => body.push(chunk).await?,
            None => return Ok(()),
        }
    }
}

/// Whether a partial answer is the rest of the very same body (RFC 9110 section 14.4).
fn continues(headers: &HeaderMap, tag: &HeaderValue, octets: u64) -> bool {
    let range = headers
        .get(CONTENT_RANGE)
        .and_then(|value| value.to_str().ok());
    let begins = range
        .and_then(|range| range.strip_prefix("bytes "))
        .and_then(|range| range.split_once('-'))
        .and_then(|(first, _)| first.parse().ok());
    // A server that sends no tag with a part was bound by If-Range all the same.
    let same = headers
        .get(reqwest::header::ETAG)
        .is_none_or(|found| found == tag);
    begins == Some(octets) && same
}

fn status(response: &Response) -> FetchError {
    FetchError::Status {
        status: response.status().as_u16(),
        retry_after: retry_after(response.headers()),
    }
}

/// How long a server asks to be left alone: seconds, or a date, which is measured by the server's own clock.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok();
    let asked = text(RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = |text| httpdate::parse_http_date(text).ok();
    date(asked)?.duration_since(date(text(DATE)?)?).ok()
}

fn exchange_error(error: &reqwest::Error, url: &Url) -> FetchError {
    if error.is_connect() {
        FetchError::Connect { host: host_of(url) }
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
#[path = "http_resume_tests.rs"]
mod resume_tests;
#[cfg(test)]
#[path = "session_tests.rs"]
mod session_tests;
#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
