//! Authorization requests that clients pushed (RFC 9126).

use super::{GatewayState, NewPushedRequest, PushedRequest, SecretHash, of_keeper};
use crate::error::StoreError;

impl GatewayState {
    /// Stores a pushed request.
    pub async fn push_request(&self, new: &NewPushedRequest<'_>) -> Result<(), StoreError> {
        of_keeper!(self, push_request(new))
    }

    /// This client's pushed request, if a sign-in may begin with it: not over, and not answered.
    pub async fn pushed_request(
        &self,
        request_uri_hash: &SecretHash,
        client_id: &str,
        now: i64,
    ) -> Result<Option<PushedRequest>, StoreError> {
        of_keeper!(self, pushed_request(request_uri_hash, client_id, now))
    }

    /// Makes this sign-in the one that answers a pushed request: of any number of sign-ins that began with it, one. The
    /// same sign-in may ask again, should what follows have failed.
    pub async fn answer_pushed_request(
        &self,
        request_uri_hash: &[u8],
        interaction_id: &str,
    ) -> Result<bool, StoreError> {
        of_keeper!(
            self,
            answer_pushed_request(request_uri_hash, interaction_id)
        )
    }
}
