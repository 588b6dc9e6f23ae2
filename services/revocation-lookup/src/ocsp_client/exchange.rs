//! One question over HTTP (RFC 6960 appendix A.1): posted, so that no serial number stands in a URL; to the configured
//! address alone, with no redirect and no proxy of the environment; and with a limit on what comes back.

use pki::limits::MAX_OCSP_RESPONSE_BYTES;
use pki::{OcspError, OcspFailure};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Certificate, Client, Response, StatusCode, Url, redirect};
use runtime::ServeError;
use runtime::config::ConfigError;

use super::config::OcspClientConfig;
use super::metrics::QueryOutcome;
use crate::method::OcspProblem;

const REQUEST_TYPE: &str = "application/ocsp-request";
const RESPONSE_TYPE: &str = "application/ocsp-response";

/// A bundle of authorities.
const CA_FILE_OCTETS: u64 = 1024 * 1024;

/// Connections are kept for less than the five seconds after which common servers close idle ones: a question must not meet
/// one that is being closed.
const IDLE: std::time::Duration = std::time::Duration::from_secs(4);

/// Why a question brought no answer with proof. Says nothing about the certificate.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("no connection")]
    NotConnected,
    #[error("the exchange broke")]
    Broken,
    #[error("no answer in time")]
    Late,
    #[error("no question could be made")]
    NoQuestion,
    #[error("HTTP status {0}")]
    HttpStatus(StatusCode),
    #[error("another Content-Type than {RESPONSE_TYPE}")]
    ContentType,
    #[error("more than {MAX_OCSP_RESPONSE_BYTES} octets")]
    TooLarge,
    #[error("{0}")]
    Refused(OcspFailure),
    #[error("{}", .0.rule())]
    Unproved(OcspError),
}

impl From<OcspError> for Failure {
    fn from(error: OcspError) -> Self {
        match error {
            OcspError::Unsuccessful { failure } => Self::Refused(failure),
            error => Self::Unproved(error),
        }
    }
}

impl Failure {
    /// What it is to who asked, and to who counts.
    pub(super) fn kind(&self) -> (OcspProblem, QueryOutcome) {
        match self {
            Self::NotConnected | Self::NoQuestion => {
                (OcspProblem::Unreachable, QueryOutcome::NotSent)
            }
            Self::Broken | Self::Late => (OcspProblem::Unreachable, QueryOutcome::Unreachable),
            Self::Refused(_) => (OcspProblem::Refused, QueryOutcome::Refused),
            Self::HttpStatus(_) | Self::ContentType | Self::TooLarge | Self::Unproved(_) => {
                (OcspProblem::Unusable, QueryOutcome::Unusable)
            }
        }
    }
}

/// The way to one responder.
pub(super) struct Exchange {
    client: Client,
    url: Url,
}

impl Exchange {
    pub(super) fn new(config: &OcspClientConfig) -> Result<Self, ServeError> {
        let url = config.url()?;
        let mut builder = Client::builder()
            .user_agent(concat!(
                "akashi-revocation-lookup/",
                env!("CARGO_PKG_VERSION")
            ))
            .no_proxy()
            .redirect(redirect::Policy::none())
            // hyper sends a question again only if it never left, over a connection that the other end had closed.
            .retry(reqwest::retry::never())
            .connect_timeout(config.connect_timeout())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(config.concurrent_queries);
        if let Some(file) = &config.server_ca {
            let pem = file.read(CA_FILE_OCTETS)?;
            let wrong = |problem: String| ConfigError::file(file, problem);
            let bundle = Certificate::from_pem_bundle(&pem).map_err(|e| wrong(e.to_string()))?;
            if bundle.is_empty() {
                return Err(wrong("holds no certificate".to_owned()).into());
            }
            builder = builder.tls_certs_only(bundle);
        } else if url.scheme() == "http" {
            // Without TLS there is no need for the computer's root certificates, which a small image does not have.
            builder = builder.tls_certs_only([]);
        }
        let client = builder.build().map_err(ServeError::role)?;
        Ok(Self { client, url })
    }

    /// Posts a question and reads what comes.
    pub(super) async fn post(&self, question: Vec<u8>) -> Result<Vec<u8>, Failure> {
        let request = self.client.post(self.url.clone());
        let request = request.header(CONTENT_TYPE, REQUEST_TYPE).body(question);
        let response = request.send().await.map_err(|error| {
            if error.is_connect() {
                Failure::NotConnected
            } else {
                Failure::Broken
            }
        })?;
        if response.status() != StatusCode::OK {
            return Err(Failure::HttpStatus(response.status()));
        }
        if !is_ocsp_response(response.headers()) {
            return Err(Failure::ContentType);
        }
        whole_body(response).await
    }
}

fn is_ocsp_response(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|found| found.to_str().ok()?.split(';').next())
        .is_some_and(|found| found.trim().eq_ignore_ascii_case(RESPONSE_TYPE))
}

async fn whole_body(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|_| Failure::Broken)? {
        if body.len() + piece.len() > MAX_OCSP_RESPONSE_BYTES {
            return Err(Failure::TooLarge);
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}
