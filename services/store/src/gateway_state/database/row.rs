//! Between rows of `sign_in` and [`SignIn`].

use sqlx::Row as _;
use sqlx::any::AnyRow;

use crate::error::{During as _, StoreError};
use crate::gateway_state::{SignIn, Stage};

/// The columns of a [`SignIn`]; statements are literals, so this is one too.
macro_rules! sign_in_columns {
    () => {
        "interaction_id, stage, client_id, redirect_uri, state, nonce, scope, code_challenge, language, browser_hash, \
         challenge_random, challenge_expires_at, return_token_hash, refusal, authenticated_at, sealed_identity, \
         expires_at, pushed_request_hash, dpop_jkt, revocation_method, link_hash, qr_random, qr_hash, card_random, \
         card_hash, other_device_until"
    };
}
pub(super) use sign_in_columns;

impl Stage {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Verifying => "verifying",
            Self::Verified => "verified",
            Self::Refused => "refused",
            Self::Consent => "consent",
            Self::RefusalShown => "refusal_shown",
            Self::Denied => "denied",
            Self::CodeIssued => "code_issued",
            Self::Redeemed => "redeemed",
            Self::Revoked => "revoked",
        }
    }

    fn by_word(word: &str) -> Option<Self> {
        const ALL: [Stage; 10] = [
            Stage::Waiting,
            Stage::Verifying,
            Stage::Verified,
            Stage::Refused,
            Stage::Consent,
            Stage::RefusalShown,
            Stage::Denied,
            Stage::CodeIssued,
            Stage::Redeemed,
            Stage::Revoked,
        ];
        ALL.into_iter().find(|stage| stage.word() == word)
    }
}

pub(super) fn sign_in(row: &AnyRow) -> Result<SignIn, StoreError> {
    let stage: String = row.try_get("stage").during(READING)?;
    Ok(SignIn {
        interaction_id: row.try_get("interaction_id").during(READING)?,
        stage: Stage::by_word(&stage).ok_or(StoreError::Inconsistent {
            what: "a sign-in is in no known stage",
        })?,
        client_id: row.try_get("client_id").during(READING)?,
        redirect_uri: row.try_get("redirect_uri").during(READING)?,
        state: row.try_get("state").during(READING)?,
        nonce: row.try_get("nonce").during(READING)?,
        scope: row.try_get("scope").during(READING)?,
        code_challenge: row.try_get("code_challenge").during(READING)?,
        language: row.try_get("language").during(READING)?,
        browser_hash: row.try_get("browser_hash").during(READING)?,
        pushed_request_hash: row.try_get("pushed_request_hash").during(READING)?,
        dpop_jkt: row.try_get("dpop_jkt").during(READING)?,
        revocation_method: row.try_get("revocation_method").during(READING)?,
        challenge_random: row.try_get("challenge_random").during(READING)?,
        challenge_expires_at: row.try_get("challenge_expires_at").during(READING)?,
        return_token_hash: row.try_get("return_token_hash").during(READING)?,
        refusal: row.try_get("refusal").during(READING)?,
        authenticated_at: row.try_get("authenticated_at").during(READING)?,
        sealed_identity: row.try_get("sealed_identity").during(READING)?,
        expires_at: row.try_get("expires_at").during(READING)?,
        link_hash: row.try_get("link_hash").during(READING)?,
        qr_random: row.try_get("qr_random").during(READING)?,
        qr_hash: row.try_get("qr_hash").during(READING)?,
        card_random: row.try_get("card_random").during(READING)?,
        card_hash: row.try_get("card_hash").during(READING)?,
        other_device_until: row.try_get("other_device_until").during(READING)?,
    })
}

const READING: &str = "a sign-in is being read";
