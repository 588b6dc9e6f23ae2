//! A question about a past moment on its way through the service: who asks, what and whether it may be, as for every lookup
//! and on the serving thread; the history and the decision on the background runtime; the ledger before the answer.

use std::sync::Arc;

use arc_swap::Guard;
use pki::{KeyIdentifier, UnixTime};
use proto::revocation::v1::{GetRevocationStatusAsOfRequest, GetRevocationStatusAsOfResponse};

use super::history::HistoryError;
use super::{
    AsOf, InMemory, Past, Present, Question, Signers, Why, decide, request, revoked, wire,
};
use crate::access::Caller;
use crate::decide::{Reason, host_problem};
use crate::freshness;
use crate::lookups::{Asking, LookupError};
use crate::metrics::{Method, Outcome};
use crate::request::{Lookup, issuer_key_id};
use crate::service::Shared;
use crate::snapshot::Snapshot;

/// A question that may be answered.
struct Admitted {
    caller: Arc<Caller>,
    /// The place of the authority, if the key is one's.
    place: Option<usize>,
    issuer_key_id: KeyIdentifier,
    lookup: Lookup,
    question: Question,
    now: UnixTime,
}

impl Admitted {
    fn asking(&self) -> Asking<'_> {
        Asking {
            identity: &self.caller.identity,
            asked: &self.caller.asked,
            method: Method::AsOf,
            place: self.place,
            purpose: self.lookup.purpose,
            now: self.now,
        }
    }
}

impl Shared {
    /// Answers a question about a past moment, and counts how it ended.
    pub(crate) async fn look_up_as_of(
        self: &Arc<Self>,
        caller: &Arc<Caller>,
        message: GetRevocationStatusAsOfRequest,
    ) -> Result<GetRevocationStatusAsOfResponse, LookupError> {
        let answer = match self.admit_as_of(caller, message) {
            Ok(admitted) => {
                let shared = self.clone();
                // It ends in the ledger also if its caller has gone.
                let answering = async move { shared.answer_as_of(&admitted).await };
                let clients = &self.ocsp_clients;
                let answering = clients.lookups.spawn_on(answering, &clients.background);
                answering.await.unwrap_or(Err(LookupError::Interrupted))
            }
            Err(error) => Err(error),
        };
        self.counted(Method::AsOf, answer)
    }

    fn admit_as_of(
        &self,
        caller: &Arc<Caller>,
        message: GetRevocationStatusAsOfRequest,
    ) -> Result<Admitted, LookupError> {
        let now = self.clock.now();
        let issuer_key_id = issuer_key_id(&message.issuer_key_id)?;
        // Before the serial number is looked at: the refusal is the same for every other field.
        let place = self.authority(caller, Method::AsOf, &issuer_key_id, now)?;
        let (lookup, question) = request::question(message, now)?;
        let admitted = Admitted {
            caller: caller.clone(),
            place,
            issuer_key_id,
            lookup,
            question,
            now,
        };
        self.admit(
            &admitted.asking(),
            [admitted.lookup.serial_number.as_bytes()],
        )?;
        // A use of revocation data that nobody could account for must not begin.
        self.ledger.check_room()?;
        Ok(admitted)
    }

    async fn answer_as_of(
        &self,
        asked: &Admitted,
    ) -> Result<GetRevocationStatusAsOfResponse, LookupError> {
        // Before the history is read: what leaves the lists meanwhile is still on them.
        let (snapshot, feed_age) = self.served.at(asked.now);
        let snapshot = Guard::into_inner(snapshot);
        let answer = self.decide_as_of(asked, &snapshot, feed_age).await?;
        self.record(&asked.asking(), Outcome::as_of(&answer), 1)?;
        Ok(wire::response(
            answer,
            &self.trusted.name(asked.place),
            asked.question.at,
            snapshot.feed.generation,
            feed_age,
        ))
    }

    async fn decide_as_of(
        &self,
        asked: &Admitted,
        snapshot: &Snapshot,
        feed_age: Option<i64>,
    ) -> Result<AsOf, HistoryError> {
        let nobody = AsOf::Unknown(Why::Now(Reason::NoSuchAuthority), None);
        let Some(place) = asked.place else {
            return Ok(nobody);
        };
        let authority = &self.trusted.authorities[place];
        let Some(signers) = Signers::of(authority, &asked.issuer_key_id) else {
            return Ok(nobody);
        };
        let rules = &self.trusted.rules[place];
        let moment = freshness::moment(snapshot, feed_age, asked.now);
        let present = Present {
            problem: host_problem(&moment, rules),
            max_age: rules.max_age,
        };
        let lists = &snapshot.authorities[place];
        let in_memory = InMemory::new(lists, &asked.lookup.scope, signers);
        let serial = &asked.lookup.serial_number;
        let namings = in_memory.namings(serial);
        if let Some(revoked) = revoked(&asked.question, &namings) {
            // Nothing that is remembered could say otherwise.
            return Ok(revoked);
        }
        let reading = async {
            let scope = in_memory.past_scope(authority.name());
            let (lists, are_all) = self.history.lists(&scope).await?;
            let past = Past::new(lists, &in_memory);
            let departures = past.departures(asked.question.not_after);
            let searched = self.history.search(serial, &departures).await?;
            Ok((past, searched, are_all))
        };
        let read = self.history.in_turn(reading).await;
        let (past, searched, are_all) = read.inspect_err(|error| {
            tracing::error!(%error, "the history cannot be read");
        })?;
        let found = in_memory.found(
            namings,
            &past,
            &searched.hits,
            searched.is_complete && are_all,
            rules,
        );
        Ok(decide(&asked.question, found, &present))
    }
}
