//! Who may ask, decided before anything of the question is looked at: the refusal is the same for every question.

use std::collections::HashMap;
use std::sync::Arc;

use pki::{OcspFailure, OcspRequester, UnixTime, UnreadOcspRequest, Verifier};
use runtime::ServeError;
use runtime::config::ConfigError;
use runtime::peer::Peer;

use super::config::OcspConfig;

/// A certificate has 2 KB.
const CERTIFICATE_FILE_OCTETS: u64 = 64 * 1024;

/// Who may ask through one listener.
pub(super) enum Access {
    /// Whoever reaches a loopback port, under this name.
    Loopback(Arc<str>),
    /// Client certificates with these identities.
    Callers(Vec<Arc<str>>),
    /// Those whose certificates these are, by the certificate; with client certificates, only over their own connections.
    Requesters {
        registered: HashMap<Box<[u8]>, (Arc<str>, OcspRequester)>,
        over_tls: bool,
    },
}

/// A refusal, and why, for the audit log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) failure: OcspFailure,
    pub(super) reason: &'static str,
}

impl Access {
    pub(super) fn load(config: &OcspConfig) -> Result<Self, ServeError> {
        let identities = || {
            config
                .callers
                .iter()
                .map(|identity| identity.as_str().into())
        };
        if config.requester.is_empty() {
            return Ok(match (&config.tls, identities().next()) {
                (None, Some(identity)) => Self::Loopback(identity),
                _ => Self::Callers(identities().collect()),
            });
        }
        let mut registered = HashMap::new();
        for requester in &config.requester {
            let wrong = |problem: String| ConfigError::file(&requester.certificate, problem);
            let bytes = requester.certificate.read(CERTIFICATE_FILE_OCTETS)?;
            let read = OcspRequester::from_pem_or_der(&bytes).map_err(|e| wrong(e.to_string()))?;
            let identity: Arc<str> = requester.identity.as_str().into();
            if registered
                .insert(read.der().into(), (identity, read))
                .is_some()
            {
                return Err(wrong("is another requester's too".to_owned()).into());
            }
        }
        Ok(Self::Requesters {
            registered,
            over_tls: config.tls.is_some(),
        })
    }

    /// Under which name a lookup is counted.
    pub(super) fn admit(
        &self,
        peer: &Peer,
        request: &UnreadOcspRequest<'_>,
        now: UnixTime,
        verifier: &Verifier,
    ) -> Result<Arc<str>, Refused> {
        let unauthorized = |reason| Refused {
            failure: OcspFailure::Unauthorized,
            reason,
        };
        let identity = peer.identity.as_ref();
        match self {
            Self::Loopback(name) => Ok(name.clone()),
            Self::Callers(callers) => identity
                .filter(|identity| callers.contains(identity))
                .cloned()
                .ok_or(unauthorized("not_on_allowlist")),
            Self::Requesters { .. } if !request.is_signed() => Err(Refused {
                failure: OcspFailure::SigRequired,
                reason: "request_not_signed",
            }),
            Self::Requesters {
                registered,
                over_tls,
            } => {
                let (name, requester) = request
                    .certificates()
                    .iter()
                    .find_map(|der| registered.get(*der))
                    .ok_or(unauthorized("requester_not_registered"))?;
                if *over_tls && identity != Some(name) {
                    return Err(unauthorized("requester_not_the_caller"));
                }
                if !requester.signed(request, now, verifier) {
                    return Err(unauthorized("request_signature"));
                }
                Ok(name.clone())
            }
        }
    }
}
