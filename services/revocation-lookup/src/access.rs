//! Which authorities a caller may ask about.
//!
//! The allowlist of methods is runtime's; this is the second half of it. Signing certificates' status is closed to
//! everybody but the services that answer administrative agencies, and this service knows that status too: so a caller
//! is refused by the issuer's key alone, before the serial number is looked at, with one answer for every key that is
//! not of its own authorities, whether the key exists or not.

use std::sync::Arc;

use foldhash::HashMap;
use pki::KeyIdentifier;
use runtime::status::{Failure, Kind};

use crate::asked::AskedSerials;
use crate::config::{CallerConfig, Config};
use crate::snapshot::Trusted;

/// One configured caller.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) identity: Arc<str>,
    /// What it has asked about.
    pub(crate) asked: Arc<AskedSerials>,
    /// By place of the authority.
    allowed: Vec<bool>,
}

/// The caller may not ask about this authority, or there is no such authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this caller may not ask about certificates of this issuer")]
pub(crate) struct AuthorityRefused;

impl Failure for AuthorityRefused {
    fn kind(&self) -> Kind {
        Kind::PermissionDenied
    }
}

impl Caller {
    /// The place of the authority that has this key. `Ok(None)`: no authority has it, told only to a caller from whom
    /// none is hidden.
    pub(crate) fn authority(
        &self,
        trusted: &Trusted,
        issuer_key_id: &KeyIdentifier,
    ) -> Result<Option<usize>, AuthorityRefused> {
        match trusted.place_of(issuer_key_id) {
            Some(place) if self.allows(place) => Ok(Some(place)),
            None if self.allowed.iter().all(|allowed| *allowed) => Ok(None),
            _ => Err(AuthorityRefused),
        }
    }

    /// Whether the caller may ask about the authority at this place.
    pub(crate) fn allows(&self, place: usize) -> bool {
        self.allowed.get(place).copied().unwrap_or(false)
    }
}

/// Every configured caller, and what each has asked about, by gRPC and OCSP together.
pub(crate) struct Callers {
    callers: HashMap<Arc<str>, Arc<Caller>>,
    asked: HashMap<Arc<str>, Arc<AskedSerials>>,
}

impl Callers {
    pub(crate) fn new(config: &Config, trusted: &Trusted) -> Self {
        let limits = config.limits_by_identity().into_iter();
        let asked: HashMap<Arc<str>, Arc<AskedSerials>> = limits
            .map(|(identity, limits)| (identity.into(), Arc::new(AskedSerials::new(limits))))
            .collect();
        let caller = |of: &CallerConfig| {
            let mut allowed = vec![false; trusted.authorities.len()];
            for name in &of.certification_authorities {
                if let Some(place) = trusted.place_of_name(name) {
                    allowed[place] = true;
                }
            }
            let (identity, asked) = asked.get_key_value(of.identity.as_str())?;
            let caller = Caller {
                identity: identity.clone(),
                asked: asked.clone(),
                allowed,
            };
            Some((identity.clone(), Arc::new(caller)))
        };
        Self {
            callers: config.caller.iter().filter_map(caller).collect(),
            asked,
        }
    }

    pub(crate) fn get(&self, identity: &str) -> Option<&Arc<Caller>> {
        self.callers.get(identity)
    }

    /// What somebody has asked about; `None`: nobody of this identity may ask anything.
    pub(crate) fn asked(&self, identity: &str) -> Option<&AskedSerials> {
        self.asked.get(identity).map(AsRef::as_ref)
    }
}
