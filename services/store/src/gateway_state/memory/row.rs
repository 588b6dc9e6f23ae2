//! A sign-in as it lies in memory. There are as many as people who sign in at the same time: what never changes lies in one
//! piece, and what most of them do not have takes a pointer.

use std::sync::Arc;

use crate::gateway_state::{NewSignIn, SecretHash, SignIn, Stage};

/// A sign-in, and what leads to it.
pub(super) struct Row {
    pub(super) stage: Stage,
    pub(super) client_id: Arc<str>,
    request: Request,
    pub(super) browser_hash: SecretHash,
    pushed_request_hash: Option<Box<SecretHash>>,
    link_hash: SecretHash,
    pub(super) other_device: Option<Box<OtherDevice>>,
    pub(super) challenge_random: Box<[u8]>,
    pub(super) challenge_expires_at: i64,
    pub(super) return_token_hash: Option<Box<SecretHash>>,
    pub(super) refusal: Box<str>,
    pub(super) authenticated_at: i64,
    pub(super) sealed_identity: Box<[u8]>,
    pub(super) dpop_jkt: Box<str>,
    pub(super) code_hash: Option<Box<SecretHash>>,
    pub(super) access_token_hash: Option<Box<SecretHash>>,
    pub(super) expires_at: i64,
}

/// What the client asked for: its texts one behind the other, and where each ends.
struct Request {
    texts: Box<str>,
    ends: [u32; TEXTS],
}

const TEXTS: usize = 7;

/// A card read on another device.
#[derive(Default)]
pub(super) struct OtherDevice {
    pub(super) qr_random: Option<[u8; 32]>,
    pub(super) qr_hash: Option<SecretHash>,
    pub(super) card_random: Option<[u8; 32]>,
    pub(super) card_hash: Option<SecretHash>,
    pub(super) until: i64,
}

impl Request {
    fn of(texts: [&str; TEXTS]) -> Self {
        let mut ends = [0; TEXTS];
        let mut end = 0_u32;
        for (place, text) in ends.iter_mut().zip(texts) {
            // The gateway's limits keep every text far below this.
            end = end.saturating_add(u32::try_from(text.len()).unwrap_or(u32::MAX));
            *place = end;
        }
        Self {
            texts: texts.concat().into(),
            ends,
        }
    }

    fn text(&self, place: usize) -> &str {
        let begin = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        let range = begin as usize..self.ends[place] as usize;
        self.texts.get(range).unwrap_or_default()
    }

    fn redirect_uri(&self) -> &str {
        self.text(0)
    }

    fn code_challenge(&self) -> &str {
        self.text(4)
    }
}

impl Row {
    pub(super) fn new(new: &NewSignIn<'_>, client_id: Arc<str>) -> Self {
        Self {
            stage: Stage::Waiting,
            client_id,
            request: Request::of([
                new.redirect_uri,
                new.state,
                new.nonce,
                new.scope,
                new.code_challenge,
                new.language,
                new.revocation_method,
            ]),
            browser_hash: *new.browser_hash,
            pushed_request_hash: new.pushed_request_hash.map(|hash| Box::new(*hash)),
            link_hash: *new.link_hash,
            other_device: None,
            challenge_random: Box::default(),
            challenge_expires_at: 0,
            return_token_hash: None,
            refusal: Box::default(),
            authenticated_at: 0,
            sealed_identity: Box::default(),
            dpop_jkt: new.dpop_jkt.into(),
            code_hash: None,
            access_token_hash: None,
            expires_at: new.expires_at,
        }
    }

    /// Is this what the page's link carries, or the device that opened the QR code in time?
    pub(super) fn is_opener(&self, opener: &SecretHash, now: i64) -> bool {
        self.link_hash == *opener
            || self.other_device.as_deref().is_some_and(|device| {
                device.card_hash.as_ref() == Some(opener) && device.until > now
            })
    }

    /// Does the code belong to this request?
    pub(super) fn was_asked_with(&self, redirect_uri: &str, code_challenge: &str) -> bool {
        self.request.redirect_uri() == redirect_uri
            && self.request.code_challenge() == code_challenge
    }

    /// The sign-in of this name, as every keeper gives it.
    pub(super) fn sign_in(&self, interaction_id: &str) -> SignIn {
        let device = self.other_device.as_deref();
        let of_device = |octets: fn(&OtherDevice) -> Option<[u8; 32]>| {
            device.and_then(octets).map(|octets| octets.to_vec())
        };
        let text = |place| self.request.text(place).to_owned();
        SignIn {
            interaction_id: interaction_id.to_owned(),
            stage: self.stage,
            client_id: self.client_id.as_ref().to_owned(),
            redirect_uri: text(0),
            state: text(1),
            nonce: text(2),
            scope: text(3),
            code_challenge: text(4),
            language: text(5),
            revocation_method: text(6),
            browser_hash: self.browser_hash.to_vec(),
            pushed_request_hash: self.pushed_request_hash.as_deref().map(|it| it.to_vec()),
            dpop_jkt: self.dpop_jkt.clone().into_string(),
            link_hash: Some(self.link_hash.to_vec()),
            qr_random: of_device(|device| device.qr_random),
            qr_hash: of_device(|device| device.qr_hash),
            card_random: of_device(|device| device.card_random),
            card_hash: of_device(|device| device.card_hash),
            other_device_until: device.map_or(0, |device| device.until),
            challenge_random: self.challenge_random.to_vec(),
            challenge_expires_at: self.challenge_expires_at,
            return_token_hash: self.return_token_hash.as_deref().map(|it| it.to_vec()),
            refusal: self.refusal.clone().into_string(),
            authenticated_at: self.authenticated_at,
            sealed_identity: self.sealed_identity.to_vec(),
            expires_at: self.expires_at,
        }
    }
}
