//! The card read on another device than the one whose browser began.

use super::InMemory;
use super::row::OtherDevice;
use crate::error::StoreError;
use crate::gateway_state::{OpenedByQr, QrOffer, SignIn, Stage};

impl InMemory {
    pub(crate) fn offer_qr(
        &self,
        interaction_id: &str,
        offer: &QrOffer<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        let mut tables = self.lock();
        let row = tables.in_stage(interaction_id, Stage::Waiting);
        let row = row.filter(|row| row.browser_hash == *offer.browser_hash && row.expires_at > now);
        let Some(row) = row else {
            return Ok(false);
        };
        row.other_device = Some(Box::new(OtherDevice {
            qr_random: Some(*offer.qr_random),
            qr_hash: Some(*offer.qr_hash),
            until: offer.until,
            ..OtherDevice::default()
        }));
        row.challenge_expires_at = 0;
        Ok(true)
    }

    pub(crate) fn open_by_qr(
        &self,
        interaction_id: &str,
        opened: &OpenedByQr<'_>,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        let mut tables = self.lock();
        let row = tables.in_stage(interaction_id, Stage::Waiting);
        let Some(row) = row.filter(|row| row.expires_at > now) else {
            return Ok(None);
        };
        let device = row
            .other_device
            .as_deref_mut()
            .filter(|device| device.qr_hash.as_ref() == Some(opened.qr_hash) && device.until > now);
        let Some(device) = device else {
            return Ok(None);
        };
        device.qr_hash = None;
        device.card_random = Some(*opened.card_random);
        device.card_hash = Some(*opened.card_hash);
        device.until = opened.until;
        Ok(Some(row.sign_in(interaction_id)))
    }
}
