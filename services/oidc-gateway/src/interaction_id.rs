//! The identifier of a sign-in in an address.

use std::convert::Infallible;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;

/// What stands in an address where the identifier of a sign-in belongs. Octets that cannot be decoded are nobody's, like
/// any other text that is none: the framework's own refusal would be no page of ours.
pub(crate) struct InteractionId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for InteractionId {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        Ok(Self(path.map(|Path(text)| text).unwrap_or_default()))
    }
}
