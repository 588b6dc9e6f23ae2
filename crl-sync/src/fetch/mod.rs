//! Fetching bytes, bounded in size and time. Nothing here knows what the bytes mean: they go into a [`Body`] as they
//! come.

mod error;
mod file;
mod http;
mod ldap;
mod relay;
mod session;
#[cfg(test)]
pub(crate) mod test_server;
mod validators;

use reqwest::Url;

use crate::body::{Body, BodyReader};
use crate::config::FetchConfig;
use crate::location::{Location, Transport};

pub(crate) use error::FetchError;
pub(crate) use validators::Validators;

/// Fetches.
#[derive(Clone, Debug)]
pub(crate) struct Fetcher {
    http: http::Http,
    ldap: ldap::Ldap,
}

/// What a source said.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// It still has what the validators name.
    NotModified,
    /// The body has everything.
    Body {
        /// What to ask with next time.
        validators: Validators,
    },
}

impl Fetcher {
    /// A fetcher for these locations.
    pub(crate) fn new<'a>(
        config: &FetchConfig,
        locations: impl Iterator<Item = &'a Location>,
    ) -> Result<Self, reqwest::Error> {
        Ok(Self {
            http: http::Http::new(config, locations)?,
            ldap: ldap::Ldap::new(config),
        })
    }

    /// Whether what a location is shown can be read and used.
    pub(crate) async fn check(&self, location: &Location) -> Result<(), FetchError> {
        match &location.transport {
            Transport::Http(at) => self.http.check(at).await,
            Transport::File(_) => Ok(()),
            Transport::Ldap(at) => ldap::check(at).await,
        }
    }

    /// Fetches what is at a location into a body, unless it is still what the validators name. A body that its reader
    /// refuses ends the transfer at once, with [`FetchError::Unread`].
    pub(crate) async fn fetch<R: BodyReader>(
        &self,
        location: &Location,
        validators: Option<&Validators>,
        body: &mut Body<R>,
    ) -> Result<Fetched, FetchError> {
        let seconds = location.timeout.as_secs();
        let transfer = async {
            match &location.transport {
                Transport::Http(at) => self.http.fetch(at, validators, body).await,
                Transport::File(path) => file::fetch(path, validators, body).await,
                Transport::Ldap(at) => self.ldap.fetch(at, location.max_bytes, body).await,
            }
        };
        tokio::time::timeout(location.timeout, transfer)
            .await
            .unwrap_or(Err(FetchError::Timeout { seconds }))
    }
}

fn host_of(url: &Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}
