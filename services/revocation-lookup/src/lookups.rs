//! Lookups, one by one and many at once: who asks, what is asked, whether it may be, and what is decided. Nothing here
//! waits; lookups that a responder takes part in go on in `ocsp_client/lookup.rs`.

use std::sync::Arc;

use pki::{KeyIdentifier, SerialNumber, UnixTime};
use proto::revocation::v1::{
    BatchGetRevocationStatusRequest, BatchGetRevocationStatusResponse, GetRevocationStatusRequest,
    Purpose,
};
use runtime::status::{Failure, Kind};

use crate::access::{AuthorityRefused, Caller};
use crate::as_of::history::HistoryError;
use crate::asked::{AskedSerials, TooMany};
use crate::decide::{Decision, InScope, Reason, Scope};
use crate::freshness;
use crate::ledger::{Entry, LedgerFull};
use crate::method::needs_responder;
use crate::metrics::{Method, Outcome};
use crate::ocsp_client::Looked;
use crate::request::{self, Batch, InvalidField};
use crate::service::Shared;
use crate::snapshot::Snapshot;
use crate::wire;

/// Why a lookup has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookupError {
    #[error(transparent)]
    Invalid(#[from] InvalidField),
    #[error(transparent)]
    Refused(#[from] AuthorityRefused),
    #[error(transparent)]
    Stopped(#[from] TooMany),
    #[error(transparent)]
    Unrecorded(#[from] LedgerFull),
    #[error("what is remembered of the lists could not be read; ask again")]
    History(#[from] HistoryError),
    #[error("the lookup ended without an answer; ask again")]
    Interrupted,
}

impl LookupError {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Invalid(_) => Outcome::Invalid,
            Self::Refused(_) => Outcome::Denied,
            Self::Stopped(_) => Outcome::Stopped,
            Self::Unrecorded(_) | Self::History(_) | Self::Interrupted => Outcome::Unavailable,
        }
    }
}

impl Failure for LookupError {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(error) => error.kind(),
            Self::Refused(error) => error.kind(),
            Self::Stopped(error) => error.kind(),
            Self::Unrecorded(error) => error.kind(),
            Self::History(_) | Self::Interrupted => Kind::Unavailable,
        }
    }
}

/// Who asks about whose certificates, how, why and when.
pub(crate) struct Asking<'s> {
    pub(crate) identity: &'s Arc<str>,
    /// What the caller has asked about.
    pub(crate) asked: &'s AskedSerials,
    pub(crate) method: Method,
    /// The place of the authority, if the key is one's.
    pub(crate) place: Option<usize>,
    pub(crate) purpose: Purpose,
    pub(crate) now: UnixTime,
}

impl Shared {
    /// Answers a single lookup or has a responder asked, and counts how it ended.
    pub(crate) fn look_up(
        self: &Arc<Self>,
        caller: &Arc<Caller>,
        method: Method,
        message: &GetRevocationStatusRequest,
    ) -> Looked {
        let now = self.clock.now();
        self.try_look_up(caller, method, message, now)
            .unwrap_or_else(|error| Looked::Answered(self.counted(method, Err(error))))
    }

    /// Answers a batch, and counts how it ended.
    pub(crate) fn look_up_batch(
        &self,
        caller: &Caller,
        message: &BatchGetRevocationStatusRequest,
    ) -> Result<BatchGetRevocationStatusResponse, LookupError> {
        let now = self.clock.now();
        self.counted(Method::Batch, self.try_look_up_batch(caller, message, now))
    }

    /// Counts how a lookup failed; one that did not is counted when it is recorded.
    pub(crate) fn counted<T>(
        &self,
        method: Method,
        answer: Result<T, LookupError>,
    ) -> Result<T, LookupError> {
        answer.inspect_err(|error| self.metrics.count(method, error.outcome(), 1))
    }

    fn try_look_up(
        self: &Arc<Self>,
        caller: &Arc<Caller>,
        method: Method,
        message: &GetRevocationStatusRequest,
        now: UnixTime,
    ) -> Result<Looked, LookupError> {
        let issuer_key_id = request::issuer_key_id(&message.issuer_key_id)?;
        // Before the serial number is looked at: the refusal is the same for every other field.
        let place = self.authority(caller, method, &issuer_key_id, now)?;
        let lookup = request::lookup(message)?;
        let asking = Asking {
            identity: &caller.identity,
            asked: &caller.asked,
            method,
            place,
            purpose: lookup.purpose,
            now,
        };
        self.admit(&asking, [lookup.serial_number.as_bytes()])?;
        let (snapshot, feed_age) = self.served.at(now);
        let in_scope = self.in_scope(&asking, &issuer_key_id, &lookup.scope, &snapshot, feed_age);
        let decision = in_scope.decide(&lookup.serial_number);
        if needs_responder(lookup.method, &decision) {
            // A use of revocation data that nobody could account for must not begin.
            self.ledger.check_room()?;
            let caller = caller.clone();
            return Ok(self.ask_responder(caller, method, place, issuer_key_id, lookup));
        }
        self.record(&asking, Outcome::of(&decision), 1)?;
        let generation = snapshot.feed.generation;
        Ok(Looked::Answered(Ok(wire::response(
            &decision, generation, now,
        ))))
    }

    /// One certificate's way from an OCSP question to the ledger, over the lists; what is told of the decision, which
    /// was read from this generation, is the responder's matter.
    pub(crate) fn decided<T>(
        &self,
        asking: &Asking<'_>,
        issuer_key_id: &KeyIdentifier,
        scope: &Scope,
        serial_number: &SerialNumber,
        tell: impl FnOnce(&Decision<'_>, u64) -> T,
    ) -> Result<T, LookupError> {
        self.admit(asking, [serial_number.as_bytes()])?;
        let (snapshot, feed_age) = self.served.at(asking.now);
        let in_scope = self.in_scope(asking, issuer_key_id, scope, &snapshot, feed_age);
        let decision = in_scope.decide(serial_number);
        self.record(asking, Outcome::of(&decision), 1)?;
        Ok(tell(&decision, snapshot.feed.generation))
    }

    fn try_look_up_batch(
        &self,
        caller: &Caller,
        message: &BatchGetRevocationStatusRequest,
        now: UnixTime,
    ) -> Result<BatchGetRevocationStatusResponse, LookupError> {
        let issuer_key_id = request::issuer_key_id(&message.issuer_key_id)?;
        let place = self.authority(caller, Method::Batch, &issuer_key_id, now)?;
        let Batch {
            serials,
            scope,
            purpose,
        } = request::batch(message)?;
        let asking = Asking {
            identity: &caller.identity,
            asked: &caller.asked,
            method: Method::Batch,
            place,
            purpose,
            now,
        };
        let (snapshot, feed_age) = self.served.at(now);
        let in_scope = self.in_scope(&asking, &issuer_key_id, &scope, &snapshot, feed_age);
        request::check_searches(serials.len(), in_scope.list_count())?;
        self.admit(&asking, serials.iter())?;
        let (revoked, others) = (in_scope.revoked(serials), in_scope.others());
        let count = |certificates: usize| u64::try_from(certificates).unwrap_or(u64::MAX);
        if let Some((_, hit, list)) = revoked.first() {
            let decision = Decision::Revoked(*hit, list);
            self.record(&asking, Outcome::of(&decision), count(revoked.len()))?;
        }
        let other_count = serials.len() - revoked.len();
        if other_count > 0 {
            self.record(&asking, Outcome::of(&others), count(other_count))?;
        }
        let generation = snapshot.feed.generation;
        Ok(wire::batch_response(
            serials.len(),
            &revoked,
            &others,
            generation,
            now,
        ))
    }

    /// The place of the authority whose certificates the caller asks about. A refusal is recorded.
    pub(crate) fn authority(
        &self,
        caller: &Caller,
        method: Method,
        issuer_key_id: &KeyIdentifier,
        now: UnixTime,
    ) -> Result<Option<usize>, AuthorityRefused> {
        caller
            .authority(&self.trusted, issuer_key_id)
            .inspect_err(|_| {
                let reason = "certification_authority_not_allowed";
                self.refusals
                    .note(&caller.identity, method.path(), reason, now);
            })
    }

    /// Counts serial numbers against the caller's limits. The first refusal of a kind is recorded, every one is counted.
    pub(crate) fn admit<'r>(
        &self,
        asking: &Asking<'_>,
        serials: impl IntoIterator<Item = &'r [u8]>,
    ) -> Result<(), TooMany> {
        // Of no authority, there is nothing to collect.
        let Some(place) = asking.place else {
            return Ok(());
        };
        let asked = asking.asked.ask(place, serials, asking.now);
        asked.map_err(|refused| {
            let (identity, rule) = (&**asking.identity, refused.why.rule());
            self.metrics.count_stopped(identity, refused.why);
            if refused.first {
                self.refusals
                    .note(identity, asking.method.path(), rule, asking.now);
            }
            refused.why
        })
    }

    pub(crate) fn in_scope<'a>(
        &self,
        asking: &Asking<'_>,
        issuer_key_id: &KeyIdentifier,
        scope: &Scope,
        snapshot: &'a Snapshot,
        feed_age: Option<i64>,
    ) -> InScope<'a> {
        let Some(place) = asking.place else {
            return InScope::nothing(Reason::NoSuchAuthority);
        };
        InScope::new(
            issuer_key_id,
            scope,
            &self.trusted.authorities[place],
            &snapshot.authorities[place],
            &freshness::moment(snapshot, feed_age, asking.now),
            &self.trusted.rules[place],
        )
    }

    /// Writes answers into the ledger, before they are given.
    pub(crate) fn record(
        &self,
        asking: &Asking<'_>,
        outcome: Outcome,
        lookups: u64,
    ) -> Result<(), LedgerFull> {
        let entry = Entry {
            minute: asking.now.secs().div_euclid(60),
            caller: asking.identity.clone(),
            certification_authority: self.trusted.name(asking.place),
            method: asking.method,
            purpose: asking.purpose,
            outcome,
        };
        self.ledger.add(entry, lookups)?;
        self.metrics.count(asking.method, outcome, lookups);
        Ok(())
    }
}
