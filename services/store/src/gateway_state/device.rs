//! The card read on another device than the one whose browser began: the QR code, and the device that opened it.

use super::{GatewayState, SecretHash, SignIn, of_keeper};
use crate::error::StoreError;

/// A QR code that a browser shows.
#[derive(Debug, Clone, Copy)]
pub struct QrOffer<'a> {
    /// The browser that began.
    pub browser_hash: &'a SecretHash,
    /// What the code's secret is made of, with the browser's.
    pub qr_random: &'a [u8; 32],
    /// What the code carries.
    pub qr_hash: &'a SecretHash,
    /// When it is out of time.
    pub until: i64,
}

/// A device that opens a QR code.
#[derive(Debug, Clone, Copy)]
pub struct OpenedByQr<'a> {
    /// What the code carries.
    pub qr_hash: &'a SecretHash,
    /// What the device's secret is made of, with the code's.
    pub card_random: &'a [u8; 32],
    /// The device's secret from now on.
    pub card_hash: &'a SecretHash,
    /// When the device is out of time.
    pub until: i64,
}

impl GatewayState {
    /// Shows a QR code. One that was shown before, the device that opened it and the challenge it was given are over.
    pub async fn offer_qr(
        &self,
        interaction_id: &str,
        offer: &QrOffer<'_>,
        now: i64,
    ) -> Result<bool, StoreError> {
        of_keeper!(self, offer_qr(interaction_id, offer, now))
    }

    /// Opens a QR code: of any number of devices that scan it, one gets the sign-in.
    pub async fn open_by_qr(
        &self,
        interaction_id: &str,
        opened: &OpenedByQr<'_>,
        now: i64,
    ) -> Result<Option<SignIn>, StoreError> {
        of_keeper!(self, open_by_qr(interaction_id, opened, now))
    }
}
