//! Why the reader app is not answered.

use axum::response::Response;
use http::StatusCode;

use crate::http_exchange::{BodyError, json_error};

/// Why the reader app is not answered.
#[derive(Debug, Clone, Copy)]
pub(super) enum CardProblem {
    Body(BodyError),
    /// The answer is not of the contract's form; the rule.
    Malformed(&'static str),
    /// No sign-in waits for this card any more, or not for who asks; why is not told.
    Gone,
    /// The secret is of one way of opening the app, and the app was opened in the other.
    Relayed,
    /// The client does not let cards be read on another device.
    SameDeviceOnly,
    Unavailable,
}

impl CardProblem {
    #[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
    pub(super) fn of_store(error: store::StoreError) -> Self {
        tracing::error!(%error, "the gateway's state cannot be used");
        Self::Unavailable
    }

    /// One of each; a test holds them against the documented table.
    #[cfg(test)]
    fn all() -> Vec<Self> {
        let mut all = vec![
            Self::Malformed("..."),
            Self::Gone,
            Self::Relayed,
            Self::SameDeviceOnly,
            Self::Unavailable,
        ];
        all.extend(BodyError::ALL.map(Self::Body));
        for problem in &all {
            // A new kind does not compile until it stands here, and above.
            match problem {
                Self::Body(_)
                | Self::Malformed(_)
                | Self::Gone
                | Self::Relayed
                | Self::SameDeviceOnly
                | Self::Unavailable => {}
            }
        }
        all
    }

    pub(super) fn answer(self) -> Response {
        match self {
            Self::Body(error) => json_error(error.status(), "invalid_request", error.description()),
            Self::Malformed(rule) => json_error(StatusCode::BAD_REQUEST, "invalid_request", rule),
            Self::Gone => {
                let rule = "no sign-in waits for this card: it ended, was answered, was opened by another device or \
                            never was, or this is not what opens it";
                json_error(StatusCode::GONE, "gone", rule)
            }
            Self::Relayed => {
                let rule = "the reader app was opened in another way than the page offered: a link was scanned, or a QR \
                            code was passed on as a link; begin on the device in your hands";
                json_error(StatusCode::FORBIDDEN, "relayed", rule)
            }
            Self::SameDeviceOnly => {
                let rule =
                    "this service lets a card be read only on the device whose browser began";
                json_error(StatusCode::FORBIDDEN, "same_device_only", rule)
            }
            Self::Unavailable => json_error(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "please try again later",
            ),
        }
    }
}

/// Every answer to the reader app that is an error.
#[cfg(test)]
pub(crate) fn error_answers() -> Vec<Response> {
    CardProblem::all()
        .into_iter()
        .map(CardProblem::answer)
        .collect()
}
