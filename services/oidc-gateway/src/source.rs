//! Where a request comes from, as far as a limit may rest on it. Never logged, stored or shown.

use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use http::HeaderMap;
use serde::Deserialize;

/// The other end of a connection. Whoever serves the router puts it into each request's extensions.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

impl std::fmt::Debug for PeerAddress {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PeerAddress(..)")
    }
}

/// One household or office, as far as an address tells: an IPv4 address, or the /64 of an IPv6 address (RFC 6177: a
/// site has at least that much, so within it an address costs nothing).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Source(IpAddr);

impl Source {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & (u128::MAX << 64);
                Self(IpAddr::V6(Ipv6Addr::from_bits(network)))
            }
            address @ IpAddr::V4(_) => Self(address),
        }
    }
}

/// The addresses of proxies: `10.1.2.3` or `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Network {
    first: u128,
    mask: u128,
    is_v4: bool,
}

/// A text that is no [`Network`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an address such as 10.1.2.3, or a network such as 10.0.0.0/8 with no bits set behind the prefix"
)]
pub struct NetworkError;

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| NetworkError)?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| NetworkError)?,
            None => width,
        };
        // A prefix of 0 would believe everybody's word.
        if !(1..=width).contains(&prefix) {
            return Err(NetworkError);
        }
        let mask = u128::MAX << (width - prefix);
        let first = bits(address);
        if first & !mask != 0 {
            return Err(NetworkError);
        }
        Ok(Self {
            first,
            mask,
            is_v4: address.is_ipv4(),
        })
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl Network {
    fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.is_v4 && bits(address) & self.mask == self.first
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_bits().into(),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// Tells the sources of requests apart.
#[derive(Debug)]
pub(crate) struct Sources {
    trusted_proxies: Vec<Network>,
    peers_are_browsers: bool,
}

impl Sources {
    /// `peers_are_browsers`: the gateway itself ends TLS, so nobody stands between.
    pub(crate) fn new(trusted_proxies: Vec<Network>, peers_are_browsers: bool) -> Self {
        Self {
            peers_are_browsers: peers_are_browsers || !trusted_proxies.is_empty(),
            trusted_proxies,
        }
    }

    /// The source of a request. `None` where it cannot be told: behind a proxy that is not named, all requests have the
    /// proxy's address, and a limit on it would shut everybody out.
    pub(crate) fn of(&self, peer: Option<PeerAddress>, headers: &HeaderMap) -> Option<Source> {
        let PeerAddress(peer) = peer?;
        if !self.is_proxy(peer) {
            return self.peers_are_browsers.then(|| Source::of(peer));
        }
        // Each proxy appends whom it heard from: from the end, the first that is no proxy of ours. What stands before is
        // what that one says, and may be invented.
        let lines: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .map(|line| line.to_str().unwrap_or_default())
            .collect();
        let said = lines
            .iter()
            .rev()
            .flat_map(|line| line.rsplit(','))
            .map(|text| text.trim().parse::<IpAddr>().ok());
        let first_other = said
            .take_while(Option::is_some)
            .flatten()
            .find(|address| !self.is_proxy(*address));
        first_other.map(Source::of)
    }

    fn is_proxy(&self, address: IpAddr) -> bool {
        self.trusted_proxies
            .iter()
            .any(|network| network.contains(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Result<Network, NetworkError> {
        text.parse()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn source(sources: &Sources, peer: &str, forwarded: &[&str]) -> Option<Source> {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        sources.of(Some(PeerAddress(address(peer))), &headers)
    }

    #[test]
    fn networks_are_read_exactly() {
        let ten = network("10.0.0.0/8").unwrap();
        assert!(ten.contains(address("10.255.0.1")) && ten.contains(address("::ffff:10.0.0.1")));
        assert!(!ten.contains(address("11.0.0.1")) && !ten.contains(address("::a00:1")));
        let one = network("2001:db8::7").unwrap();
        assert!(one.contains(address("2001:db8::7")) && !one.contains(address("2001:db8::8")));
        for text in [
            "",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "0.0.0.0/0",
            "::/0",
            "10.0.0.0/",
            "proxy.internal",
            "10.0.0.0/-1",
        ] {
            assert_eq!(network(text), Err(NetworkError), "{text}");
        }
    }

    #[test]
    fn only_a_named_proxy_is_believed_and_only_about_whom_it_heard_from() {
        let sources = Sources::new(
            vec![
                network("10.0.0.0/8").unwrap(),
                network("127.0.0.1").unwrap(),
            ],
            false,
        );
        let one = Some(Source::of(address("192.0.2.1")));
        assert!(source(&sources, "10.1.1.1", &["192.0.2.1"]) == one);
        // Two proxies of ours, in one line or in two; what the browser invented stands before.
        assert!(source(&sources, "10.1.1.1", &["198.51.100.9, 192.0.2.1, 10.2.2.2"]) == one);
        assert!(
            source(
                &sources,
                "127.0.0.1",
                &["198.51.100.9, 192.0.2.1", "10.2.2.2"]
            ) == one
        );
        assert!(source(&sources, "192.0.2.1", &["198.51.100.9"]) == one);
        for silent in [
            &[][..],
            &["unknown"],
            &["192.0.2.1, _hidden"],
            &["10.3.3.3"],
        ] {
            assert!(source(&sources, "10.1.1.1", silent).is_none(), "{silent:?}");
        }
    }

    #[test]
    fn behind_a_proxy_that_is_not_named_nobody_is_told_apart() {
        let behind = Sources::new(Vec::new(), false);
        assert!(source(&behind, "127.0.0.1", &["192.0.2.1"]).is_none());
        let direct = Sources::new(Vec::new(), true);
        assert!(source(&direct, "192.0.2.1", &[]).is_some());
        assert!(direct.of(None, &HeaderMap::new()).is_none());
    }

    #[test]
    fn an_ipv6_site_is_one_source() {
        let of = |text| Source::of(address(text));
        assert!(of("2001:db8:0:1::1") == of("2001:db8:0:1:ffff::2"));
        assert!(of("2001:db8:0:1::1") != of("2001:db8:0:2::1"));
        assert!(of("::ffff:192.0.2.1") == of("192.0.2.1"));
        assert!(of("192.0.2.1") != of("192.0.2.2"));
        assert_eq!(
            format!("{:?}", PeerAddress(address("192.0.2.1"))),
            "PeerAddress(..)"
        );
    }
}
