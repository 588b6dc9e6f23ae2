//! Where a source is, how it is reached and how much of it is read.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;

use crate::access::Access;
use crate::config::SourceConfig;
use crate::limits;

/// Where a source is and how much of it is read.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    pub(crate) transport: Transport,
    pub(crate) max_bytes: u64,
    pub(crate) timeout: Duration,
}

/// How a source is reached.
#[derive(Clone, Debug)]
pub(crate) enum Transport {
    /// Over HTTP(S).
    Http(HttpLocation),
    /// A file of this machine.
    File(PathBuf),
    /// In a directory, over LDAP.
    Ldap(LdapLocation),
}

/// An address over HTTP(S).
#[derive(Clone, Debug)]
pub(crate) struct HttpLocation {
    pub(crate) url: Url,
    /// `host` or `host:port`, lowercase.
    pub(crate) redirect_hosts: Vec<String>,
    pub(crate) access: Access,
}

/// A value of an entry of a directory (RFC 4516).
#[derive(Clone, Debug)]
pub(crate) struct LdapLocation {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Whether TLS comes first, as `ldaps` says.
    pub(crate) tls: bool,
    /// The entry's distinguished name as a string (RFC 4514).
    pub(crate) entry: String,
    /// The attribute with its options.
    pub(crate) attribute: String,
    pub(crate) access: Access,
}

/// The key that cannot be, and why.
type Problem = (&'static str, &'static str);

impl Location {
    /// Checks what one `[[source]]` says about where it is.
    pub(crate) fn from_config(config: &SourceConfig) -> Result<Self, Problem> {
        let url = Url::parse(&config.url).map_err(|_| ("url", "is not a URL"))?;
        if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
            return Err(("url", "takes no user, password or fragment"));
        }
        let access = Access::from_config(config)?;
        if !access.is_none() && !matches!(url.scheme(), "https" | "ldaps") {
            let problem = "only https:// and ldaps:// take user, client_certificate and ca";
            return Err(("url", problem));
        }
        if !config.redirect_hosts.is_empty() && !matches!(url.scheme(), "http" | "https") {
            return Err(("redirect_hosts", "only http:// and https:// redirect"));
        }
        let transport = match url.scheme() {
            // Plain http is enough: a list is believed for its signature.
            "http" | "https" => Transport::Http(http(url, config, access)?),
            "file" => Transport::File(file(&url)?),
            "ldap" | "ldaps" => Transport::Ldap(ldap(&url, access)?),
            _ => return Err(("url", "must be http, https, file, ldap or ldaps")),
        };
        if !(1..=86_400).contains(&config.timeout_seconds) {
            return Err(("timeout_seconds", "1 to 86400 seconds"));
        }
        Ok(Self {
            max_bytes: max_bytes(config, &transport)?,
            transport,
            timeout: Duration::from_secs(config.timeout_seconds),
        })
    }
}

fn http(url: Url, config: &SourceConfig, access: Access) -> Result<HttpLocation, Problem> {
    if url.host_str().is_none_or(str::is_empty) {
        return Err(("url", "must be http://host/... or https://host/..."));
    }
    let mut redirect_hosts = Vec::with_capacity(config.redirect_hosts.len());
    for host in &config.redirect_hosts {
        // A path or scheme would never match, and the operator would think that it does.
        if host.is_empty() || host.contains(['/', '@', '*', ' ']) {
            return Err(("redirect_hosts", "each is \"host\" or \"host:port\""));
        }
        redirect_hosts.push(host.to_ascii_lowercase());
    }
    Ok(HttpLocation {
        url,
        redirect_hosts,
        access,
    })
}

fn file(url: &Url) -> Result<PathBuf, Problem> {
    let problem = ("url", "must be file:///path, without host and query");
    if url.query().is_some() || url.path().ends_with('/') {
        return Err(problem);
    }
    url.to_file_path().map_err(|()| problem)
}

fn ldap(url: &Url, access: Access) -> Result<LdapLocation, Problem> {
    let problem = (
        "url",
        "must be ldap://host/DN?certificateRevocationList;binary, ldap or ldaps",
    );
    let tls = url.scheme() == "ldaps";
    if tls && !access.has_ca() {
        return Err((
            "ca",
            "is needed with ldaps: directories have no public authorities",
        ));
    }
    let host = url.host_str().filter(|host| !host.is_empty());
    let parameters = ldap3::get_url_params(url).map_err(|_| problem)?;
    let mut query = url.query().unwrap_or_default().split('?');
    let attribute = query.next().unwrap_or_default();
    let is_attribute = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b';');
    // A list is the value of one entry: there is nothing to search for.
    let rest: Vec<&str> = query.filter(|part| !part.is_empty()).collect();
    if attribute.is_empty()
        || !attribute.bytes().all(is_attribute)
        || !matches!(rest[..], [] | ["base"])
    {
        return Err(problem);
    }
    Ok(LdapLocation {
        // The brackets of an IPv6 address belong to the URL.
        host: host.ok_or(problem)?.trim_matches(['[', ']']).to_owned(),
        port: url.port().unwrap_or(if tls { 636 } else { 389 }),
        tls,
        entry: parameters.base.into_owned(),
        attribute: attribute.to_owned(),
        access,
    })
}

fn max_bytes(config: &SourceConfig, transport: &Transport) -> Result<u64, Problem> {
    let (most, problem, default) = match transport {
        Transport::Http(_) | Transport::File(_) => (
            pki::limits::MAX_CRL_BYTES,
            "1 to 1610612736 octets",
            limits::DEFAULT_MAX_BYTES,
        ),
        Transport::Ldap(_) => (
            limits::LDAP_MAX_BYTES,
            "1 to 16777216 octets from a directory, which are held at once: larger lists come over http",
            limits::LDAP_MAX_BYTES,
        ),
    };
    let max_bytes = config.max_bytes.unwrap_or(default);
    if !(1..=most).contains(&max_bytes) {
        return Err(("max_bytes", problem));
    }
    Ok(max_bytes)
}
