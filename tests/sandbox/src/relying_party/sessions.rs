//! What is remembered per browser: sign-ins on their way, and the last outcome of each page.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Use;
use super::age::AgeAnswer;
use super::application::SignedApplication;
use super::contract::SignedContract;
use super::id_token::IdToken;
use super::limits::{SESSION_SECONDS, SESSIONS, SIGN_IN_SECONDS, SIGN_INS_PER_SESSION};
use super::premium::PremiumAnswer;
use super::refusal::Refusal;
use super::sign_in::PendingSignIn;

/// All sessions, by the secret in the browser's cookie.
#[derive(Debug, Default)]
pub(super) struct Sessions {
    by_id: Mutex<HashMap<String, Session>>,
}

#[derive(Debug, Default)]
struct Session {
    last_used: i64,
    pending: Vec<PendingSignIn>,
    outcomes: BTreeMap<Use, Result<Outcome, Refusal>>,
}

/// What a page has to show after a sign-in, and nothing else of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    City(CityAccount),
    Premium {
        subject: String,
        answer: PremiumAnswer,
    },
    Age(AgeAnswer),
    Contract(Box<SignedContract>),
    Application(Box<SignedApplication>),
}

/// The account at the city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CityAccount {
    pub(super) id_token: IdToken,
    pub(super) name: Option<String>,
    pub(super) address: Option<String>,
    pub(super) birthdate: Option<String>,
    pub(super) gender: Option<String>,
}

impl Sessions {
    /// Remembers a sign-in that this browser begins, and returns the id of its session: the one in
    /// its cookie if it is one of ours, otherwise `fresh_id`. An id made up elsewhere is not taken on.
    pub(super) fn remember(
        &self,
        id: Option<&str>,
        fresh_id: String,
        pending: PendingSignIn,
        now: i64,
    ) -> String {
        let mut sessions = self.lock();
        let id = id.filter(|&id| {
            sessions
                .get(id)
                .is_some_and(|session| session.is_current(now))
        });
        let id = id.map_or(fresh_id, ToOwned::to_owned);
        make_room(&mut sessions, &id, now);
        let session = sessions.entry(id.clone()).or_default();
        session.last_used = now;
        if session.pending.len() >= SIGN_INS_PER_SESSION {
            session.pending.remove(0);
        }
        session.pending.push(pending);
        id
    }

    /// Takes the sign-in that an answer belongs to. It is gone afterwards: an answer counts once.
    pub(super) fn take(&self, id: &str, state: &str, now: i64) -> Option<PendingSignIn> {
        let mut sessions = self.lock();
        let session = sessions
            .get_mut(id)
            .filter(|session| session.is_current(now))?;
        let position = session
            .pending
            .iter()
            .position(|pending| pending.state == state)?;
        let pending = session.pending.remove(position);
        (now - pending.begun_at < SIGN_IN_SECONDS).then_some(pending)
    }

    /// Keeps the outcome of a sign-in under `new_id`. The old id stops working, so that one which
    /// was planted in this browser before the sign-in is worth nothing after it.
    pub(super) fn finish(
        &self,
        id: &str,
        new_id: String,
        purpose: Use,
        outcome: Result<Outcome, Refusal>,
        now: i64,
    ) {
        let mut sessions = self.lock();
        let mut session = sessions.remove(id).unwrap_or_default();
        session.last_used = now;
        session.outcomes.insert(purpose, outcome);
        sessions.insert(new_id, session);
    }

    /// What a page has to show.
    pub(super) fn outcome(
        &self,
        id: &str,
        purpose: Use,
        now: i64,
    ) -> Option<Result<Outcome, Refusal>> {
        let mut sessions = self.lock();
        let session = sessions
            .get_mut(id)
            .filter(|session| session.is_current(now))?;
        session.last_used = now;
        session.outcomes.get(&purpose).cloned()
    }

    /// Whether this browser is signed in anywhere on the site.
    pub(super) fn is_signed_in(&self, id: &str, now: i64) -> bool {
        self.lock().get(id).is_some_and(|session| {
            session.is_current(now) && session.outcomes.values().any(Result::is_ok)
        })
    }

    /// Forgets a browser.
    pub(super) fn forget(&self, id: &str) {
        self.lock().remove(id);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Session>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    fn is_current(&self, now: i64) -> bool {
        now - self.last_used < SESSION_SECONDS
    }
}

fn make_room(sessions: &mut HashMap<String, Session>, id: &str, now: i64) {
    if sessions.contains_key(id) || sessions.len() < SESSIONS {
        return;
    }
    sessions.retain(|_, session| session.is_current(now));
    if sessions.len() < SESSIONS {
        return;
    }
    let oldest = sessions.iter().min_by_key(|(_, session)| session.last_used);
    if let Some(oldest) = oldest.map(|(id, _)| id.clone()) {
        sessions.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begin(sessions: &Sessions, browser: &str, state: &str, now: i64) {
        let pending = PendingSignIn::example(state, now);
        sessions.remember(Some(browser), browser.to_owned(), pending, now);
    }

    #[test]
    fn a_sign_in_is_taken_once() {
        let sessions = Sessions::default();
        begin(&sessions, "browser", "state", 0);
        assert!(sessions.take("browser", "state", 1).is_some());
        assert!(sessions.take("browser", "state", 1).is_none());
    }

    #[test]
    fn a_sign_in_is_not_taken_by_another_browser_or_after_its_time() {
        let sessions = Sessions::default();
        begin(&sessions, "browser", "one", 0);
        begin(&sessions, "browser", "two", 0);
        assert!(sessions.take("other", "one", 1).is_none());
        assert!(
            sessions
                .take("browser", "one", SIGN_IN_SECONDS - 1)
                .is_some()
        );
        assert!(sessions.take("browser", "two", SIGN_IN_SECONDS).is_none());
    }

    #[test]
    fn a_session_id_that_was_made_up_elsewhere_is_replaced_and_ours_is_kept() {
        let sessions = Sessions::default();
        let pending = || PendingSignIn::example("state", 0);
        let first = sessions.remember(Some("planted"), "fresh".to_owned(), pending(), 0);
        assert_eq!(first, "fresh");
        let second = sessions.remember(Some("fresh"), "fresher".to_owned(), pending(), 0);
        assert_eq!(second, "fresh");
    }

    #[test]
    fn a_finished_sign_in_moves_to_a_new_session_id() {
        let sessions = Sessions::default();
        let outcome = Ok(Outcome::Age(AgeAnswer::TwentyOrOver));
        begin(&sessions, "old", "state", 0);
        sessions.finish("old", "new".to_owned(), Use::Age, outcome.clone(), 0);
        assert_eq!(sessions.outcome("new", Use::Age, 1), Some(outcome));
        assert_eq!(sessions.outcome("old", Use::Age, 1), None);
    }

    #[test]
    fn a_full_house_forgets_the_browser_that_waited_longest() {
        let sessions = Sessions::default();
        for browser in 0..SESSIONS {
            begin(
                &sessions,
                &browser.to_string(),
                "state",
                i64::from(browser != 7),
            );
        }
        begin(&sessions, "new", "state", 2);
        assert!(sessions.take("new", "state", 2).is_some());
        assert!(sessions.take("8", "state", 2).is_some());
        assert!(sessions.take("7", "state", 2).is_none());
    }
}
