//! Lookups that a responder takes part in: the same way as every other from the question to the ledger, and nothing leaves
//! this computer before the caller, the purpose and the limits have been looked at.

use std::sync::Arc;

use pki::KeyIdentifier;
use proto::revocation::v1::GetRevocationStatusResponse;
use tokio::task::JoinHandle;

use crate::access::Caller;
use crate::lookups::{Asking, LookupError};
use crate::method::conclude;
use crate::metrics::{Method, Outcome};
use crate::request::Lookup;
use crate::service::Shared;
use crate::wire;

/// The answer to a lookup.
type Answer = Result<GetRevocationStatusResponse, LookupError>;

/// A lookup that is answered, or one that waits for a responder.
pub(crate) enum Looked {
    Answered(Answer),
    Asking(JoinHandle<Answer>),
}

impl Looked {
    /// The answer.
    pub(crate) async fn answer(self) -> Answer {
        match self {
            Self::Answered(answer) => answer,
            Self::Asking(task) => task.await.unwrap_or(Err(LookupError::Interrupted)),
        }
    }
}

impl Shared {
    /// Asks the responder, on the background runtime. The lookup then ends in the ledger, also if its caller has gone: the
    /// question has left.
    pub(crate) fn ask_responder(
        self: &Arc<Self>,
        caller: Arc<Caller>,
        method: Method,
        place: Option<usize>,
        issuer_key_id: KeyIdentifier,
        lookup: Lookup,
    ) -> Looked {
        let shared = self.clone();
        let asking = async move {
            let answer = shared
                .concluded(&caller, method, place, &issuer_key_id, &lookup)
                .await;
            shared.counted(method, answer)
        };
        let clients = &self.ocsp_clients;
        Looked::Asking(clients.lookups.spawn_on(asking, &clients.background))
    }

    async fn concluded(
        &self,
        caller: &Caller,
        method: Method,
        place: Option<usize>,
        issuer_key_id: &KeyIdentifier,
        lookup: &Lookup,
    ) -> Answer {
        let serial_number = &lookup.serial_number;
        let asked = self
            .ocsp_clients
            .ask(place, issuer_key_id, serial_number)
            .await;
        // The lists and the moment as they are now: one that came meanwhile may revoke the certificate.
        let now = self.clock.now();
        let asking = Asking {
            identity: &caller.identity,
            asked: &caller.asked,
            method,
            place,
            purpose: lookup.purpose,
            now,
        };
        let (snapshot, feed_age) = self.served.at(now);
        let in_scope = self.in_scope(&asking, issuer_key_id, &lookup.scope, &snapshot, feed_age);
        let by_lists = in_scope.decide(serial_number);
        let conclusion = conclude(lookup.method, by_lists, asked.as_ref().map_err(|p| *p));
        self.record(&asking, Outcome::of_conclusion(&conclusion), 1)?;
        let generation = snapshot.feed.generation;
        let name = self.trusted.name(place);
        Ok(wire::concluded(
            &conclusion,
            &name,
            issuer_key_id,
            generation,
            now,
        ))
    }
}
