//! Everything that ends on a page of ours instead of going to the client.

use http::StatusCode;

use crate::authorization_request::PageRule;
use crate::language::Language::{self, English, Japanese};
use crate::words::Notice;

/// Why a page shows a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PageProblem {
    /// The authorization request does not establish who asks.
    Request(PageRule),
    /// The request cannot be read.
    Unreadable,
    /// No sign-in of this identifier is under way.
    NoSignIn,
    /// Another browser began this sign-in.
    OtherBrowser,
    /// The step was already taken, or is not due.
    AlreadyDone,
    /// The form did not come from our page.
    ForeignForm,
    /// The client does not let cards be read on another device.
    SameDeviceOnly,
    /// No page has this address.
    NotFound,
    /// The address does not answer this method.
    Method,
    /// The body is larger than allowed.
    TooLarge,
    /// The body did not arrive in time.
    TooSlow,
    /// One address began too many sign-ins.
    Crowded,
    /// The client has too much stored.
    Full,
    /// Something of ours does not answer.
    Unavailable,
}

impl PageProblem {
    /// Every problem; a test holds the list against the documented table.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 15] = [
        Self::Request(PageRule::Client),
        Self::Request(PageRule::RedirectUri),
        Self::Unreadable,
        Self::NoSignIn,
        Self::OtherBrowser,
        Self::AlreadyDone,
        Self::ForeignForm,
        Self::SameDeviceOnly,
        Self::NotFound,
        Self::Method,
        Self::TooLarge,
        Self::TooSlow,
        Self::Crowded,
        Self::Full,
        Self::Unavailable,
    ];

    /// The HTTP status.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Request(_) | Self::Unreadable | Self::NoSignIn | Self::AlreadyDone => {
                StatusCode::BAD_REQUEST
            }
            Self::OtherBrowser | Self::ForeignForm | Self::SameDeviceOnly => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Crowded => StatusCode::TOO_MANY_REQUESTS,
            Self::Full | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The rule's name in the log and the metrics.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::Request(rule) => rule.name(),
            Self::Unreadable => "unreadable",
            Self::NoSignIn => "no_sign_in",
            Self::OtherBrowser => "other_browser",
            Self::AlreadyDone => "already_done",
            Self::ForeignForm => "foreign_form",
            Self::SameDeviceOnly => "same_device_only",
            Self::NotFound => "not_found",
            Self::Method => "method",
            Self::TooLarge => "too_large",
            Self::TooSlow => "too_slow",
            Self::Crowded => "address_quota",
            Self::Full => "quota",
            Self::Unavailable => "unavailable",
        }
    }

    /// What the person reads.
    pub(crate) fn notice(self, language: Language) -> Notice {
        let (heading, what, advice) = match language {
            Japanese => self.in_japanese(),
            English => self.in_english(),
        };
        Notice {
            heading,
            what,
            advice,
        }
    }

    fn in_japanese(self) -> (&'static str, &'static str, &'static str) {
        const RESTART: &str = "ご利用のサービスに戻り、はじめからやり直してください。";
        const CONTACT: &str = "ご利用のサービスに、お問い合わせ番号を添えてお知らせください。";
        const HEADING: &str = "続けられません";
        match self {
            Self::Request(PageRule::Client) => {
                (HEADING, "登録されていないサービスからの要求です。", CONTACT)
            }
            Self::Request(PageRule::RedirectUri) => (
                HEADING,
                "サービスの戻り先が、登録されたものと一致しません。",
                CONTACT,
            ),
            Self::Request(PageRule::RequestUri) => (
                HEADING,
                "この要求は見つからないか、時間切れか、すでに使われました。",
                RESTART,
            ),
            Self::Unreadable => (HEADING, "要求を読み取れませんでした。", CONTACT),
            Self::NoSignIn => (
                HEADING,
                "このお手続きは見つからないか、時間切れになりました。",
                RESTART,
            ),
            Self::OtherBrowser => (
                HEADING,
                "このお手続きは、別のブラウザで始められました。",
                "はじめに開いたブラウザで続けてください。ご自身で始めていない場合は、この画面を閉じてください。",
            ),
            Self::AlreadyDone => (HEADING, "このお手続きは、すでに終わっています。", RESTART),
            Self::ForeignForm => (HEADING, "この画面以外から送られた要求です。", RESTART),
            Self::SameDeviceOnly => (
                HEADING,
                "このサービスでは、はじめにお使いの端末でだけカードを読み取れます。",
                "前の画面に戻り、この端末の読み取りアプリを開いてください。",
            ),
            Self::NotFound => (
                "見つかりません",
                "このアドレスにページはありません。",
                RESTART,
            ),
            Self::Method => (HEADING, "このアドレスでは、その操作はできません。", RESTART),
            Self::TooLarge => (HEADING, "送られた内容が大きすぎます。", CONTACT),
            Self::TooSlow => (HEADING, "内容が時間内に届きませんでした。", RESTART),
            Self::Crowded | Self::Full | Self::Unavailable => (
                "現在、利用できません",
                "混み合っているか、仕組みの一部が応答していません。",
                "しばらくしてから、もう一度お試しください。",
            ),
        }
    }

    fn in_english(self) -> (&'static str, &'static str, &'static str) {
        const RESTART: &str = "Please go back to the service you were using and start again.";
        const CONTACT: &str = "Please tell the service you were using, with the reference number.";
        const HEADING: &str = "This cannot continue";
        match self {
            Self::Request(PageRule::Client) => (
                HEADING,
                "The request comes from a service that is not registered.",
                CONTACT,
            ),
            Self::Request(PageRule::RedirectUri) => (
                HEADING,
                "The address to return to is not the one the service registered.",
                CONTACT,
            ),
            Self::Request(PageRule::RequestUri) => (
                HEADING,
                "This request is not known, took too long, or was already used.",
                RESTART,
            ),
            Self::Unreadable => (HEADING, "The request could not be read.", CONTACT),
            Self::NoSignIn => (
                HEADING,
                "This sign-in is not known, or it took too long.",
                RESTART,
            ),
            Self::OtherBrowser => (
                HEADING,
                "This sign-in was started in another browser.",
                "Please continue in the browser you started in. If you did not start it yourself, close this page.",
            ),
            Self::AlreadyDone => (HEADING, "This sign-in is already finished.", RESTART),
            Self::ForeignForm => (HEADING, "The request did not come from our page.", RESTART),
            Self::SameDeviceOnly => (
                HEADING,
                "For this service your card can only be read on the device you started on.",
                "Please go back and open the reader app on this device.",
            ),
            Self::NotFound => ("Not found", "There is no page at this address.", RESTART),
            Self::Method => (
                HEADING,
                "This address does not answer that request.",
                RESTART,
            ),
            Self::TooLarge => (HEADING, "What was sent is too large.", CONTACT),
            Self::TooSlow => (HEADING, "What was sent did not arrive in time.", RESTART),
            Self::Crowded | Self::Full | Self::Unavailable => (
                "Not available at the moment",
                "Too many people are signing in, or a part of the service does not answer.",
                "Please try again later.",
            ),
        }
    }
}
