//! Fetching the value of an entry of a directory, as JPKI publishes its lists: the attribute
//! `certificateRevocationList;binary` of the entry that a distribution point names.
//!
//! The client library holds a whole message, whatever length a directory claims, and panics over some. So it never sees
//! the network: its octets pass through a relay of ours, which does TLS, counts them and notices silence; and it runs in
//! tasks of its own, whose panic is a refusal.

use std::time::Duration;

use bytes::Bytes;
use ldap3::{LdapConnAsync, LdapConnSettings, LdapError, Scope, SearchEntry, StdStream};
use tokio::net::UnixStream;
use tokio::task::JoinSet;

use super::relay::{self, Relay};
use super::{FetchError, Fetched, Validators};
use crate::access::{Access, Credentials};
use crate::body::{Body, BodyReader};
use crate::config::FetchConfig;
use crate::limits;
use crate::location::LdapLocation;

/// Results of RFC 4511 appendix A that have a rule of their own.
const TIME_LIMIT_EXCEEDED: u32 = 3;
const SIZE_LIMIT_EXCEEDED: u32 = 4;
const REFERRAL: u32 = 10;
const ADMIN_LIMIT_EXCEEDED: u32 = 11;
const NO_SUCH_ATTRIBUTE: u32 = 16;
const NO_SUCH_OBJECT: u32 = 32;

/// How long a connection that is over may take to say why.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Fetches over LDAP.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ldap {
    connect: Duration,
    silence: Duration,
}

impl Ldap {
    pub(super) const fn new(config: &FetchConfig) -> Self {
        Self {
            connect: Duration::from_secs(config.connect_timeout_seconds),
            silence: Duration::from_secs(config.read_timeout_seconds),
        }
    }

    /// Fetches a value of at most so many octets into a body.
    pub(super) async fn fetch<R: BodyReader>(
        &self,
        at: &LdapLocation,
        max_bytes: u64,
        body: &mut Body<R>,
    ) -> Result<Fetched, FetchError> {
        let credentials = read(&at.access).await?;
        let connecting = relay::connect(at, &credentials);
        let connect = || FetchError::Connect {
            host: at.host.clone(),
        };
        let server = tokio::time::timeout(self.connect, connecting)
            .await
            .map_err(|_| connect())??;
        let value = self
            .ask(at, credentials, Relay::new(server, max_bytes))
            .await?;
        hand_over(value, body).await?;
        let validators = Validators::None;
        Ok(Fetched::Body { validators })
    }

    /// Asks through a relay. What the relay or the connection found wrong is told before what came of it.
    async fn ask(
        &self,
        at: &LdapLocation,
        credentials: Credentials,
        relay: Relay,
    ) -> Result<Vec<u8>, FetchError> {
        let exchange = |error: std::io::Error| FetchError::Exchange {
            problem: error.kind().to_string(),
        };
        let (near, far) = std::os::unix::net::UnixStream::pair().map_err(exchange)?;
        far.set_nonblocking(true).map_err(exchange)?;
        let far = UnixStream::from_std(far).map_err(exchange)?;
        let settings = LdapConnSettings::new().set_std_stream(StdStream::Unix(near));
        let (connection, ldap) = LdapConnAsync::with_settings(settings, "ldapi:///")
            .await
            .map_err(|error| broken(&error))?;
        // Ended when they are dropped, whichever way this ends.
        let (mut driver, mut question) = (JoinSet::new(), JoinSet::new());
        driver.spawn(connection.drive());
        question.spawn(value(ldap, at.clone(), credentials));
        let answer = tokio::select! {
            biased;
            ended = relay.run(far, self.silence) => return Err(ended),
            answer = question.join_next() => answer,
        };
        match answer {
            Some(Ok(Ok(value))) => Ok(value),
            Some(Ok(Err(Unanswered::Directory(error)))) => Err(error),
            Some(Ok(Err(Unanswered::Library(error)))) => {
                let last_words = tokio::time::timeout(LAST_WORDS, driver.join_next()).await;
                Err(match last_words {
                    Ok(Some(Err(ended))) if ended.is_panic() => FetchError::Panicked,
                    Ok(Some(Ok(Err(error)))) => broken(&error),
                    _ => broken(&error),
                })
            }
            // The task was not aborted, so it panicked.
            Some(Err(_)) | None => Err(FetchError::Panicked),
        }
    }
}

/// Whether what a directory is shown can be read and used.
pub(super) async fn check(at: &LdapLocation) -> Result<(), FetchError> {
    let credentials = read(&at.access).await?;
    if at.tls {
        relay::tls(&credentials)?;
    }
    Ok(())
}

async fn read(access: &Access) -> Result<Credentials, FetchError> {
    let access = access.clone();
    let read = tokio::task::spawn_blocking(move || access.read()).await;
    let read = read.map_err(|_| FetchError::Panicked)?;
    read.map_err(|error| FetchError::Credentials {
        problem: error.to_string(),
    })
}

/// Why there is no value.
enum Unanswered {
    /// The directory said so.
    Directory(FetchError),
    /// The library could not make out what it said.
    Library(LdapError),
}

impl From<LdapError> for Unanswered {
    fn from(error: LdapError) -> Self {
        Self::Library(error)
    }
}

impl From<FetchError> for Unanswered {
    fn from(error: FetchError) -> Self {
        Self::Directory(error)
    }
}

/// The one value of the attribute of the entry.
async fn value(
    mut ldap: ldap3::Ldap,
    at: LdapLocation,
    credentials: Credentials,
) -> Result<Vec<u8>, Unanswered> {
    if let Some((user, password)) = &credentials.password {
        let code = ldap.simple_bind(user, password).await?.rc;
        if code != 0 {
            return Err(FetchError::BindRefused { code }.into());
        }
    }
    let attributes = [at.attribute.as_str()];
    let ldap3::SearchResult(entries, result) = ldap
        .search(&at.entry, Scope::Base, "(objectClass=*)", attributes)
        .await?;
    succeeded(result.rc)?;
    if !result.refs.is_empty() {
        return Err(FetchError::Referral.into());
    }
    let mut values = Vec::new();
    for entry in entries {
        let entry = SearchEntry::construct(entry);
        // Octets that happen to be UTF-8 come as a text.
        let texts = entry.attrs.into_iter().map(|(name, texts)| {
            let octets = texts.into_iter().map(String::into_bytes);
            (name, octets.collect::<Vec<_>>())
        });
        let found = entry.bin_attrs.into_iter().chain(texts);
        let named = found.filter(|(name, _)| is_same(name, &at.attribute));
        values.extend(named.flat_map(|(_, values)| values));
    }
    match (values.pop(), values.len()) {
        (Some(value), 0) => Ok(value),
        (None, _) => Err(FetchError::AttributeAbsent.into()),
        (Some(_), others) => Err(FetchError::SeveralValues { count: others + 1 }.into()),
    }
}

/// Names of attributes are compared without case (RFC 4512 section 2.5).
fn is_same(name: &str, asked: &str) -> bool {
    name.eq_ignore_ascii_case(asked)
}

fn succeeded(code: u32) -> Result<(), FetchError> {
    match code {
        0 => Ok(()),
        NO_SUCH_OBJECT => Err(FetchError::NoSuchEntry),
        NO_SUCH_ATTRIBUTE => Err(FetchError::AttributeAbsent),
        REFERRAL => Err(FetchError::Referral),
        TIME_LIMIT_EXCEEDED | SIZE_LIMIT_EXCEEDED | ADMIN_LIMIT_EXCEEDED => {
            Err(FetchError::DirectoryLimit { code })
        }
        code => Err(FetchError::LdapResult { code }),
    }
}

async fn hand_over<R: BodyReader>(value: Vec<u8>, body: &mut Body<R>) -> Result<(), FetchError> {
    let mut value = Bytes::from(value);
    body.begin(u64::try_from(value.len()).ok())?;
    while !value.is_empty() {
        let piece = value.split_to(value.len().min(limits::FILE_PIECE_OCTETS));
        body.push(piece).await?;
    }
    Ok(())
}

/// A connection that ended, or brought what is not LDAP: the library tells them apart in words only.
fn broken(error: &LdapError) -> FetchError {
    match error {
        LdapError::Io { source } if source.to_string() == "decoding error" => FetchError::NotLdap,
        _ => FetchError::Truncated,
    }
}

#[cfg(test)]
#[path = "ldap_tests.rs"]
mod tests;
