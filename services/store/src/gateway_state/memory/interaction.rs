//! From the authorization request to the person's decision.

use super::InMemory;
use super::row::Row;
use super::tables::Tables;
use crate::error::StoreError;
use crate::gateway_state::{
    Acceptance, BrowserReturn, Consent, NewSignIn, SecretHash, SignIn, Stage,
};

/// The stages in which a person may still say no.
const UNDECIDED: [Stage; 6] = [
    Stage::Waiting,
    Stage::Verifying,
    Stage::Verified,
    Stage::Refused,
    Stage::Consent,
    Stage::RefusalShown,
];

impl Tables {
    /// The sign-in, if it is in this stage.
    pub(super) fn in_stage(&mut self, interaction_id: &str, stage: Stage) -> Option<&mut Row> {
        let row = self.sign_ins.get_mut(interaction_id)?.as_mut();
        (row.stage == stage).then_some(row)
    }

    /// The sign-in that waits for the card, if it is in time and this opens it.
    fn opened(&mut self, interaction_id: &str, opener: &SecretHash, now: i64) -> Option<&mut Row> {
        self.in_stage(interaction_id, Stage::Waiting)
            .filter(|row| row.expires_at > now && row.is_opener(opener, now))
    }

    /// Records a card's answer that is good, if the sign-in waits for the verdict.
    pub(super) fn accept(&mut self, interaction_id: &str, acceptance: &Acceptance<'_>) -> bool {
        let Some(row) = self.in_stage(interaction_id, Stage::Verifying) else {
            return false;
        };
        row.stage = Stage::Verified;
        row.return_token_hash = Some(Box::new(*acceptance.return_token_hash));
        row.authenticated_at = acceptance.authenticated_at;
        row.sealed_identity = acceptance.sealed_identity.into();
        true
    }
}

impl InMemory {
    pub(crate) fn begin_sign_in(&self, new: &NewSignIn<'_>) -> Result<(), StoreError> {
        self.lock().begin(new)
    }

    pub(crate) fn sign_in(
        &self,
        interaction_id: &str,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        let tables = self.lock();
        let row = tables.sign_ins.get(interaction_id);
        let row = row.filter(|row| row.expires_at > now);
        Ok(row.map(|row| row.sign_in(interaction_id)))
    }

    pub(crate) fn issue_challenge(
        &self,
        interaction_id: &str,
        opener: &SecretHash,
        random: &[u8; 32],
        challenge_expires_at: i64,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        let mut tables = self.lock();
        let Some(row) = tables.opened(interaction_id, opener, now) else {
            return Ok(None);
        };
        if row.challenge_expires_at <= now {
            row.challenge_random = Box::from(random.as_slice());
            row.challenge_expires_at = challenge_expires_at;
        }
        Ok(Some(row.sign_in(interaction_id)))
    }

    pub(crate) fn consume_challenge(
        &self,
        interaction_id: &str,
        opener: &SecretHash,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        let mut tables = self.lock();
        let row = tables.opened(interaction_id, opener, now);
        let Some(row) = row.filter(|row| row.challenge_expires_at > now) else {
            return Ok(None);
        };
        row.stage = Stage::Verifying;
        Ok(Some(row.sign_in(interaction_id)))
    }

    pub(crate) fn record_acceptance(
        &self,
        interaction_id: &str,
        acceptance: &Acceptance<'_>,
    ) -> Result<bool, StoreError> {
        Ok(self.lock().accept(interaction_id, acceptance))
    }

    pub(crate) fn record_refusal(
        &self,
        interaction_id: &str,
        return_token_hash: &SecretHash,
        refusal: &str,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let Some(row) = tables.in_stage(interaction_id, Stage::Verifying) else {
            return Ok(false);
        };
        row.stage = Stage::Refused;
        row.return_token_hash = Some(Box::new(*return_token_hash));
        row.refusal = refusal.into();
        Ok(true)
    }

    pub(crate) fn return_to_browser(
        &self,
        interaction_id: &str,
        back: &BrowserReturn<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let Some(row) = tables.sign_ins.get_mut(interaction_id) else {
            return Ok(false);
        };
        let next = match row.stage {
            Stage::Verified => Stage::Consent,
            Stage::Refused => Stage::RefusalShown,
            _ => return Ok(false),
        };
        let fits = row.return_token_hash.as_deref() == Some(back.return_token_hash)
            && row.browser_hash == *back.browser_hash
            && row.expires_at > now;
        if fits {
            row.stage = next;
            row.return_token_hash = None;
            row.browser_hash = *back.next_browser_hash;
            row.sealed_identity = back.sealed_identity.into();
        }
        Ok(fits)
    }

    pub(crate) fn record_consent(
        &self,
        interaction_id: &str,
        consent: &Consent<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        if tables.codes.contains_key(consent.code_hash) {
            return Err(StoreError::Invalid {
                what: "there is a code of this hash",
            });
        }
        let row = tables.in_stage(interaction_id, Stage::Consent);
        let row =
            row.filter(|row| row.browser_hash == *consent.browser_hash && row.expires_at > now);
        let Some(row) = row else {
            return Ok(false);
        };
        row.stage = Stage::CodeIssued;
        row.code_hash = Some(Box::new(*consent.code_hash));
        row.sealed_identity = consent.sealed_identity.into();
        row.expires_at = consent.code_expires_at;
        row.challenge_random = Box::default();
        let name = tables.name(interaction_id);
        tables.codes.insert(*consent.code_hash, name);
        Ok(true)
    }

    pub(crate) fn record_denial(
        &self,
        interaction_id: &str,
        browser_hash: &SecretHash,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let row = tables.sign_ins.get_mut(interaction_id).filter(|row| {
            row.browser_hash == *browser_hash
                && row.expires_at > now
                && UNDECIDED.contains(&row.stage)
        });
        let Some(row) = row else {
            return Ok(false);
        };
        row.stage = Stage::Denied;
        row.sealed_identity = Box::default();
        row.return_token_hash = None;
        Ok(true)
    }
}
