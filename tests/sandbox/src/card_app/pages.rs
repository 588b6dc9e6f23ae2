//! The pages, in Japanese and English side by side. The templates hold the layout, this file what
//! varies; askama escapes everything.

use askama::Template;
use axum::response::{Html, IntoResponse as _, Response};
use http::StatusCode;

use super::gateway::{Interaction, Opening};
use super::handlers::REFUSED_FORM;
use crate::card::{AUTHENTICATION_PIN, CARD_SURFACE_PIN, Card, PinError, PinKind, SIGNING_PIN};
use crate::mint::{CaKind, Jpki, card_in_words};

/// The same in two languages.
#[derive(Clone, Debug)]
pub(super) struct Words {
    ja: String,
    en: String,
}

/// Why the form comes back.
#[derive(Clone, Copy, Debug)]
pub(super) enum PinProblem {
    /// No card was chosen.
    NoCard,
    /// What is to be signed is no DigestInfo that a card signs.
    Unsignable,
    /// A PIN was refused.
    Pin(PinKind, PinError),
}

#[derive(Template)]
#[template(path = "card_app/ask.html")]
struct AskPage<'a> {
    interaction: &'a Interaction,
    opening: &'a Opening,
    client_host: String,
    items: Vec<Words>,
    cards: Vec<Choice<'a>>,
    problem: Option<Words>,
    wrong: Option<PinKind>,
    expires_at: String,
    authentication_pin: &'static str,
    card_surface_pin: &'static str,
    signing_pin: &'static str,
}

#[derive(Template)]
#[template(path = "card_app/notice.html")]
struct NoticePage {
    heading: Words,
    text: Words,
}

/// A card in the list.
struct Choice<'a> {
    id: &'a str,
    name: &'static str,
    latin_name: &'static str,
    state: Words,
    chosen: bool,
}

impl AskPage<'_> {
    fn is_wrong(&self, kind: PinKind) -> bool {
        self.wrong == Some(kind)
    }
}

pub(super) fn ask(
    interaction: &Interaction,
    opening: &Opening,
    jpki: &Jpki,
    chosen: Option<&str>,
    problem: Option<PinProblem>,
) -> Response {
    let chosen = chosen.unwrap_or("good");
    let page = AskPage {
        interaction,
        opening,
        client_host: interaction.client_host(),
        items: interaction
            .scopes
            .iter()
            .filter_map(|scope| item(scope))
            .collect(),
        cards: jpki
            .cards
            .iter()
            .map(|card| Choice::new(jpki, card, card.id == chosen))
            .collect(),
        problem: problem.map(in_words),
        wrong: match problem {
            Some(PinProblem::Pin(kind, _)) => Some(kind),
            _ => None,
        },
        expires_at: clock_in_japan(interaction.expires_at),
        authentication_pin: AUTHENTICATION_PIN,
        card_surface_pin: CARD_SURFACE_PIN,
        signing_pin: SIGNING_PIN,
    };
    let status = if problem.is_some() {
        REFUSED_FORM
    } else {
        StatusCode::OK
    };
    show(status, &page)
}

/// Nothing waits for a card.
pub(super) fn nothing_to_sign() -> Response {
    let page = NoticePage {
        heading: words(
            "読み取るものがありません",
            "There is nothing to read a card for",
        ),
        text: words(
            "時間が過ぎたか、すでに完了しています。元のサービスに戻り、もう一度サインインしてください。",
            "The time is over, or it was answered already. Go back to the service and sign in again.",
        ),
    };
    show(StatusCode::GONE, &page)
}

/// The card was read; the browser that began is on another device.
pub(super) fn go_on_there() -> Response {
    let page = NoticePage {
        heading: words("読み取りが終わりました", "The card has been read"),
        text: words(
            "QRコードを表示した画面に戻って、続けてください。このアプリは閉じてかまいません。",
            "Go back to the screen that showed the QR code and continue there. You can close this app.",
        ),
    };
    show(StatusCode::OK, &page)
}

/// The app was opened in another way than the gateway's page offered.
pub(super) fn relayed() -> Response {
    let page = NoticePage {
        heading: words(
            "この方法では続けられません",
            "This cannot continue in this way",
        ),
        text: words(
            "このサービスは、はじめた端末でだけカードを読み取れます。ほかの人から送られたリンクやQRコードであれば、閉じてください。",
            "For this service your card can only be read on the device you started on. If somebody sent you the link or \
             the QR code, close this page.",
        ),
    };
    show(StatusCode::FORBIDDEN, &page)
}

/// The gateway does not help.
pub(super) fn gateway_unavailable() -> Response {
    let page = NoticePage {
        heading: words(
            "認証サーバーに接続できません",
            "The authentication server does not answer",
        ),
        text: words(
            "しばらくしてから、元のサービスでもう一度サインインしてください。",
            "Wait a little, then sign in again at the service.",
        ),
    };
    show(StatusCode::BAD_GATEWAY, &page)
}

fn show(status: StatusCode, page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, "no page could be made").into_response(),
    }
}

impl<'a> Choice<'a> {
    fn new(jpki: &Jpki, card: &'a Card, chosen: bool) -> Self {
        let person = card.person();
        let revoked = |kind| card.id != "revoked" && jpki.is_revoked(card, kind);
        let (ja, en) = match card_in_words(&card.id) {
            _ if revoked(CaKind::UserAuthentication) => ("その後失効したカード", "revoked since"),
            _ if revoked(CaKind::DigitalSignature) => (
                "その後、署名用電子証明書だけが失効したカード",
                "its signing certificate revoked since",
            ),
            in_words => in_words,
        };
        let state = words(ja, en);
        Self {
            id: &card.id,
            name: person.name,
            latin_name: person.latin_name,
            state,
            chosen,
        }
    }
}

/// What a scope means to a person; `openid` itself is the sign-in.
fn item(scope: &str) -> Option<Words> {
    Some(match scope {
        "name" => words("氏名", "Name"),
        "address" => words("住所", "Address"),
        "birthdate" => words("生年月日", "Date of birth"),
        "gender" => words("性別", "Gender"),
        _ => return None,
    })
}

fn in_words(problem: PinProblem) -> Words {
    let (kind, error) = match problem {
        PinProblem::NoCard => return words("カードを選んでください。", "Choose a card."),
        PinProblem::Unsignable => {
            return words(
                "署名を求められた内容が、カードで署名できる形式ではありません。",
                "What is to be signed is not of a form that a card signs.",
            );
        }
        PinProblem::Pin(kind, error) => (kind, error),
    };
    let (ja, en) = match kind {
        PinKind::Authentication => ("利用者証明用の暗証番号", "user-authentication PIN"),
        PinKind::CardSurface => ("券面事項入力補助用の暗証番号", "card-surface PIN"),
        PinKind::Signing => ("署名用の暗証番号", "signing PIN"),
    };
    match error {
        PinError::Form if kind == PinKind::Signing => words(
            format!("{ja}は英数字6〜16文字です。"),
            format!("The {en} is 6 to 16 letters and digits. Nothing was counted."),
        ),
        PinError::Form => words(
            format!("{ja}は4桁の数字です。"),
            format!("The {en} is four digits. Nothing was counted."),
        ),
        PinError::Wrong { tries_left: 0 } | PinError::Locked => words(
            format!(
                "{ja}がロックされました。市区町村の窓口で初期化が必要です（お試し環境では cargo demo unlock）。"
            ),
            format!(
                "The {en} is locked. The municipal office has to unlock it (in the sandbox: cargo demo unlock)."
            ),
        ),
        PinError::Wrong { tries_left: 1 } => words(
            format!("{ja}が違います。あと1回間違えるとロックされます。"),
            format!("The {en} is wrong. One try is left before it locks."),
        ),
        PinError::Wrong { tries_left } => words(
            format!("{ja}が違います。残り{tries_left}回です。"),
            format!("The {en} is wrong. {tries_left} tries are left."),
        ),
    }
}

fn words(ja: impl Into<String>, en: impl Into<String>) -> Words {
    Words {
        ja: ja.into(),
        en: en.into(),
    }
}

/// Hours, minutes and seconds on the clocks of Japan.
fn clock_in_japan(at: i64) -> String {
    let at = crate::mint::in_japan(pki::UnixTime::from_secs(at));
    format!("{:02}:{:02}:{:02}", at.hour(), at.minute(), at.second())
}
