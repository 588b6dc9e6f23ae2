//! What people read, in both languages. One sentence says what happened, the next what to do.

use crate::language::Language::{self, English, Japanese};
use crate::scope::Claim;
use crate::verification::CardRefusal;

/// A heading, what happened, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) heading: &'static str,
    pub(crate) what: &'static str,
    pub(crate) advice: &'static str,
}

const fn notice(heading: &'static str, what: &'static str, advice: &'static str) -> Notice {
    Notice {
        heading,
        what,
        advice,
    }
}

/// The texts for reading the card on another device.
#[derive(Debug)]
pub(crate) struct OtherDevice {
    pub(crate) explanation: &'static str,
    pub(crate) offer: &'static str,
    pub(crate) over: &'static str,
    pub(crate) heading: &'static str,
    pub(crate) heading_opened: &'static str,
    pub(crate) drawing: &'static str,
    pub(crate) shown: &'static str,
    pub(crate) opened: &'static str,
    pub(crate) checking: &'static str,
    pub(crate) short_code: &'static str,
    pub(crate) compare: &'static str,
    pub(crate) warning: &'static str,
    pub(crate) without_script: &'static str,
    pub(crate) look_again: &'static str,
    pub(crate) new_code: &'static str,
}

static OTHER_DEVICE_IN_JAPANESE: OtherDevice = OtherDevice {
    explanation: "この端末でカードを読み取れない場合は、お手元のスマートフォンで読み取れます。",
    offer: "別のスマートフォンで読み取る",
    over: "QRコードの有効時間（2分）が過ぎました。もう一度表示するか、この端末で読み取ってください。",
    heading: "スマートフォンでQRコードを読み取る",
    heading_opened: "スマートフォンで続けてください",
    drawing: "読み取りアプリを開くQRコード",
    shown: "お手元のスマートフォンで、2分以内に読み取ってください。",
    opened: "スマートフォンで開かれました。スマートフォンで続けてください。",
    checking: "カードの情報を確認しています。しばらくお待ちください。",
    short_code: "確認番号",
    compare: "スマートフォンに、同じ確認番号と、上と同じサービス名が表示されることを確かめてから、暗証番号を入力してください。",
    warning: "このQRコードや画面の写真を、ほかの人に送らないでください。ほかの人から送られたQRコードを読み取らないでください。",
    without_script: "この画面は5秒ごとに更新されます。",
    look_again: "状況を確かめる",
    new_code: "新しいQRコードを表示する",
};

static OTHER_DEVICE_IN_ENGLISH: OtherDevice = OtherDevice {
    explanation: "If this device cannot read your card, you can use your phone.",
    offer: "Read the card with another phone",
    over: "The QR code was good for two minutes and is over. Show another one, or read the card on this device.",
    heading: "Scan the QR code with your phone",
    heading_opened: "Continue on your phone",
    drawing: "QR code that opens the reader app",
    shown: "Scan this with your own phone within two minutes.",
    opened: "Your phone has opened it. Please continue on the phone.",
    checking: "Your card is being checked. Please wait.",
    short_code: "Matching code",
    compare: "Enter your PIN on the phone only if it shows the same matching code, and the same service as above.",
    warning: "Do not send this QR code, or a picture of this screen, to anybody. Do not scan one that somebody sent you.",
    without_script: "This page loads itself again every five seconds.",
    look_again: "See whether it is done",
    new_code: "Show a new QR code",
};

/// The fixed texts of the pages.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) service: &'static str,
    pub(crate) sandbox: &'static str,
    pub(crate) asks_for: &'static str,
    pub(crate) asks_for_nothing: &'static str,
    pub(crate) steps: [&'static str; 2],
    pub(crate) open_reader: &'static str,
    pub(crate) pin_warning: &'static str,
    pub(crate) cancel: &'static str,
    pub(crate) consent_items: &'static str,
    pub(crate) consent_nothing: &'static str,
    pub(crate) not_provided: &'static str,
    pub(crate) identifier_note: &'static str,
    pub(crate) approve: &'static str,
    pub(crate) deny: &'static str,
    pub(crate) reference: &'static str,
}

static JAPANESE: Words = Words {
    service: "マイナンバーカード認証",
    sandbox: "サンドボックス：試験用です。本物のカードは使えません。",
    asks_for: "同意すると、このサービスに次の情報が渡されます。",
    asks_for_nothing: "このサービスに氏名などの情報は渡されません。いつも同じ人であることだけが伝わります。",
    steps: [
        "読み取りアプリを開き、表示されるサービス名が上と同じか確かめて、カードを読み取ります。",
        "この画面に戻り、内容を確かめて同意します。",
    ],
    open_reader: "読み取りアプリを開く",
    pin_warning: "暗証番号は読み取りアプリにだけ入力します。この画面で尋ねることはありません。",
    cancel: "やめて戻る",
    consent_items: "このサービスに次の情報を渡します。",
    consent_nothing: "このサービスに氏名などの情報は渡しません。",
    not_provided: "（提供なし）",
    identifier_note: "このサービスであなたを表す識別子を渡します。ほかの組織のサービスには別の識別子が渡され、互いに結び付けることはできません。",
    approve: "同意して進む",
    deny: "同意しない",
    reference: "お問い合わせ番号",
};

static ENGLISH: Words = Words {
    service: "My Number card sign-in",
    sandbox: "Sandbox: for testing only. Real cards do not work here.",
    asks_for: "If you agree, this service will receive:",
    asks_for_nothing: "This service will not receive your name or other details, only that you are the same person each time.",
    steps: [
        "Open the reader app, check that it names the same service as above, and read your card.",
        "Come back to this page, check what is shared, and agree.",
    ],
    open_reader: "Open the reader app",
    pin_warning: "Enter a PIN in the reader app only. This page never asks for one.",
    cancel: "Cancel and go back",
    consent_items: "This service will receive:",
    consent_nothing: "This service will not receive your name or other details.",
    not_provided: "(not provided)",
    identifier_note: "This service will receive an identifier that stands for you here. Services of other organisations receive another one, and the two cannot be linked.",
    approve: "Agree and continue",
    deny: "Do not agree",
    reference: "Reference number",
};

impl Language {
    pub(crate) fn words(self) -> &'static Words {
        match self {
            Japanese => &JAPANESE,
            English => &ENGLISH,
        }
    }

    pub(crate) fn other_device(self) -> &'static OtherDevice {
        match self {
            Japanese => &OTHER_DEVICE_IN_JAPANESE,
            English => &OTHER_DEVICE_IN_ENGLISH,
        }
    }

    /// The first page's heading.
    pub(crate) fn sign_in_heading(self, signature: bool) -> &'static str {
        match (self, signature) {
            (Japanese, false) => "マイナンバーカードで本人確認",
            (Japanese, true) => "マイナンバーカードで本人確認と電子署名",
            (English, false) => "Sign in with your My Number card",
            (English, true) => "Sign in and sign with your My Number card",
        }
    }

    /// What to have at hand: each PIN that the reader app will ask for.
    pub(crate) fn at_hand(self, details: bool, signature: bool) -> &'static str {
        match (self, details, signature) {
            (Japanese, false, false) => "カードと、利用者証明用の暗証番号（数字4桁）を用意します。",
            (Japanese, true, false) => {
                "カードと、利用者証明用の暗証番号（数字4桁）、券面事項入力補助用の暗証番号（数字4桁）を用意します。"
            }
            (Japanese, false, true) => {
                "カードと、利用者証明用の暗証番号（数字4桁）、署名用の暗証番号（英数字6〜16文字）を用意します。"
            }
            (Japanese, true, true) => {
                "カードと、利用者証明用の暗証番号（数字4桁）、券面事項入力補助用の暗証番号（数字4桁）、署名用の暗証番号（英数字6〜16文字）を用意します。"
            }
            (English, false, false) => {
                "Have your card and your authentication PIN (4 digits) at hand."
            }
            (English, true, false) => {
                "Have your card, your authentication PIN (4 digits) and your card-surface PIN (4 digits) at hand."
            }
            (English, false, true) => {
                "Have your card, your authentication PIN (4 digits) and your signing PIN (6 to 16 letters and digits) at hand."
            }
            (English, true, true) => {
                "Have your card, your authentication PIN (4 digits), your card-surface PIN (4 digits) and your signing PIN \
                 (6 to 16 letters and digits) at hand."
            }
        }
    }

    /// The last page's heading: what is agreed to.
    pub(crate) fn consent_heading(self, details: bool, signature: bool) -> &'static str {
        match (self, details, signature) {
            (Japanese, false, false) => "サインインへの同意",
            (Japanese, true, false) => "情報を渡すことへの同意",
            (Japanese, false, true) => "電子署名を渡すことへの同意",
            (Japanese, true, true) => "情報と電子署名を渡すことへの同意",
            (English, false, false) => "Agree to sign in",
            (English, true, false) => "Agree to share your details",
            (English, false, true) => "Agree to hand over your signature",
            (English, true, true) => "Agree to share your details and your signature",
        }
    }

    pub(crate) fn back_to(self, client: &str) -> String {
        match self {
            Japanese => format!("「{client}」に戻る"),
            English => format!("Back to {client}"),
        }
    }

    pub(crate) fn claim(self, claim: Claim) -> &'static str {
        match (self, claim) {
            (Japanese, Claim::Name) => "氏名",
            (Japanese, Claim::Address) => "住所",
            (Japanese, Claim::Birthdate) => "生年月日",
            (Japanese, Claim::Gender) => "性別",
            (English, Claim::Name) => "Name",
            (English, Claim::Address) => "Address",
            (English, Claim::Birthdate) => "Date of birth",
            (English, Claim::Gender) => "Gender",
        }
    }

    pub(crate) fn gender(self, code: &str) -> &'static str {
        match (self, code) {
            (Japanese, "1") => "男",
            (Japanese, "2") => "女",
            (Japanese, "3") => "その他",
            (Japanese, _) => "記載なし",
            (English, "1") => "Male",
            (English, "2") => "Female",
            (English, "3") => "Other",
            (English, _) => "Not recorded",
        }
    }

    /// A date of birth (`YYYYMMDD`) as people write it.
    pub(crate) fn date(self, date: &str) -> String {
        let (Some(year), Some(month), Some(day)) = (date.get(..4), date.get(4..6), date.get(6..))
        else {
            return date.to_owned();
        };
        match self {
            Japanese => format!(
                "{year}年{}月{}日",
                month.trim_start_matches('0'),
                day.trim_start_matches('0')
            ),
            English => format!("{year}-{month}-{day}"),
        }
    }

    /// The card was read, and the browser has not come back from the reader app.
    pub(crate) fn in_reader_app(self) -> Notice {
        match self {
            Japanese => notice(
                "読み取りアプリで続けてください",
                "カードの読み取りを受け付けました。",
                "読み取りアプリのボタンから、このブラウザに戻ってください。",
            ),
            English => notice(
                "Please continue in the reader app",
                "Your card's answer has been received.",
                "Use the button in the reader app to come back to this browser.",
            ),
        }
    }

    pub(crate) fn refusal(self, refusal: CardRefusal) -> Notice {
        match self {
            Japanese => refusal_in_japanese(refusal),
            English => refusal_in_english(refusal),
        }
    }
}

fn refusal_in_japanese(refusal: CardRefusal) -> Notice {
    const REFUSED: &str = "本人確認ができませんでした";
    const LATER: &str = "現在、確認できません";
    match refusal {
        CardRefusal::Revoked => notice(
            REFUSED,
            "このカードの利用者証明用電子証明書は失効しているため、使えません。",
            "カードの紛失の届出、一時停止、更新、返納などで失効します。お住まいの市区町村の窓口にご相談ください。",
        ),
        CardRefusal::Expired => notice(
            REFUSED,
            "このカードの利用者証明用電子証明書は有効期限が切れています。",
            "お住まいの市区町村の窓口で電子証明書を更新してください。",
        ),
        CardRefusal::NotYetValid => notice(
            REFUSED,
            "このカードの利用者証明用電子証明書は、まだ有効期間が始まっていません。",
            "発行されたばかりの場合は、しばらくしてからもう一度お試しください。",
        ),
        CardRefusal::RevocationUnknown => notice(
            LATER,
            "電子証明書が失効していないかを、現在確認できません。カードに問題があるわけではありません。",
            "しばらくしてから、もう一度お試しください。",
        ),
        CardRefusal::VerificationUnavailable => notice(
            LATER,
            "確認のための仕組みが、現在応答していません。カードに問題があるわけではありません。",
            "しばらくしてから、もう一度お試しください。",
        ),
        CardRefusal::SignatureMismatch | CardRefusal::ReaderMismatch => notice(
            REFUSED,
            "読み取った内容が、このお手続きと一致しませんでした。",
            "はじめからやり直してください。心当たりのない画面から読み取りを求められた場合は、中止してください。",
        ),
        CardRefusal::UnsupportedCertificate
        | CardRefusal::UntrustedIssuer
        | CardRefusal::MalformedCertificate => notice(
            REFUSED,
            "読み取ったものは、マイナンバーカードの利用者証明用電子証明書ではありません。",
            "マイナンバーカードを、利用者証明用の暗証番号（数字4桁）で読み取ってください。",
        ),
    }
}

fn refusal_in_english(refusal: CardRefusal) -> Notice {
    const REFUSED: &str = "You could not be signed in";
    const LATER: &str = "We cannot confirm your card at the moment";
    match refusal {
        CardRefusal::Revoked => notice(
            REFUSED,
            "The authentication certificate on this card has been revoked and cannot be used.",
            "This happens, for example, when a card was reported lost, suspended, renewed or returned. Please ask at the \
             office of your municipality.",
        ),
        CardRefusal::Expired => notice(
            REFUSED,
            "The authentication certificate on this card has expired.",
            "Please renew it at the office of your municipality.",
        ),
        CardRefusal::NotYetValid => notice(
            REFUSED,
            "The authentication certificate on this card is not valid yet.",
            "If it was issued just now, please try again later.",
        ),
        CardRefusal::RevocationUnknown => notice(
            LATER,
            "Whether the certificate on your card has been revoked cannot be confirmed at the moment. Nothing is wrong \
             with your card.",
            "Please try again later.",
        ),
        CardRefusal::VerificationUnavailable => notice(
            LATER,
            "The service that confirms cards does not answer at the moment. Nothing is wrong with your card.",
            "Please try again later.",
        ),
        CardRefusal::SignatureMismatch | CardRefusal::ReaderMismatch => notice(
            REFUSED,
            "What was read does not match this sign-in.",
            "Please start again. If a page you do not know asked you to read your card, stop.",
        ),
        CardRefusal::UnsupportedCertificate
        | CardRefusal::UntrustedIssuer
        | CardRefusal::MalformedCertificate => notice(
            REFUSED,
            "What was read is not the authentication certificate of a My Number card.",
            "Please read your My Number card with its authentication PIN (4 digits).",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_of_birth_is_written_as_people_write_it() {
        assert_eq!(Japanese.date("19850305"), "1985年3月5日");
        assert_eq!(English.date("19850305"), "1985-03-05");
    }
}
