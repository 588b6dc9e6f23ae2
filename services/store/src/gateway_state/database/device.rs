//! The card read on another device than the one whose browser began: the QR code, and the device that opened it.

use super::InDatabase;
use super::row::{sign_in, sign_in_columns};
use crate::error::{During as _, StoreError};
use crate::gateway_state::{OpenedByQr, QrOffer, SignIn};

impl InDatabase {
    pub(crate) async fn offer_qr(
        &self,
        interaction_id: &str,
        offer: &QrOffer<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        self.step(
            sqlx::query(
                "UPDATE sign_in SET qr_random = $3, qr_hash = $4, other_device_until = $5, card_random = NULL, \
                 card_hash = NULL, challenge_expires_at = 0 \
                 WHERE interaction_id = $1 AND browser_hash = $2 AND stage = 'waiting' AND expires_at > $6",
            )
            .bind(interaction_id)
            .bind(offer.browser_hash.as_slice())
            .bind(offer.qr_random.as_slice())
            .bind(offer.qr_hash.as_slice())
            .bind(offer.until)
            .bind(now),
            "a QR code is being stored",
        )
        .await
    }

    pub(crate) async fn open_by_qr(
        &self,
        interaction_id: &str,
        opened: &OpenedByQr<'_>,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        let row = sqlx::query(concat!(
            "UPDATE sign_in SET qr_hash = NULL, card_random = $3, card_hash = $4, other_device_until = $5 \
             WHERE interaction_id = $1 AND qr_hash = $2 AND stage = 'waiting' AND other_device_until > $6 \
             AND expires_at > $6 RETURNING ",
            sign_in_columns!()
        ))
        .bind(interaction_id)
        .bind(opened.qr_hash.as_slice())
        .bind(opened.card_random.as_slice())
        .bind(opened.card_hash.as_slice())
        .bind(opened.until)
        .bind(now)
        .fetch_optional(self.database.writer())
        .await
        .during("a QR code is being opened")?;
        row.as_ref().map(sign_in).transpose()
    }
}
