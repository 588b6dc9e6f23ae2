//! The pages. The templates hold the layout, this file what varies; askama escapes everything.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};

use super::age::AgeAnswer;
use super::application::Decision;
use super::facts::{self, Fact};
use super::premium::PremiumAnswer;
use super::refusal::{Refusal, Words, words};
use super::sessions::Outcome;
use super::signature::digest_in_hex;
use super::{Client, RelyingParty, Use};

#[derive(Template)]
#[template(path = "relying_party/home.html")]
struct HomePage<'a> {
    city: &'a Client,
    shop: &'a Client,
    cards: Vec<Purpose>,
    signed_in: bool,
}

#[derive(Template)]
#[template(path = "relying_party/city.html")]
struct CityPage<'a> {
    client: &'a Client,
    purpose: Purpose,
    facts: Option<Vec<Fact>>,
    refusal: Option<RefusalView<'a>>,
    signed_in: bool,
}

#[derive(Template)]
#[template(path = "relying_party/premium.html")]
struct PremiumPage<'a> {
    client: &'a Client,
    purpose: Purpose,
    result: Option<(&'a str, PremiumAnswer)>,
    refusal: Option<RefusalView<'a>>,
    signed_in: bool,
}

#[derive(Template)]
#[template(path = "relying_party/age.html")]
struct AgePage<'a> {
    client: &'a Client,
    purpose: Purpose,
    result: Option<AgeAnswer>,
    refusal: Option<RefusalView<'a>>,
    signed_in: bool,
}

#[derive(Template)]
#[template(path = "relying_party/contract.html")]
struct ContractPage<'a> {
    client: &'a Client,
    purpose: Purpose,
    document: Document,
    /// Whether the operator found a genuine signature, and what there is to say.
    result: Option<(bool, Vec<Fact>)>,
    refusal: Option<RefusalView<'a>>,
    signed_in: bool,
}

#[derive(Template)]
#[template(path = "relying_party/application.html")]
struct ApplicationPage<'a> {
    client: &'a Client,
    purpose: Purpose,
    document: Document,
    result: Option<(Decision, Vec<Fact>)>,
    refusal: Option<RefusalView<'a>>,
    signed_in: bool,
}

#[derive(Template)]
#[template(path = "relying_party/refused.html")]
struct RefusedPage<'a> {
    refusal: Option<RefusalView<'a>>,
    signed_in: bool,
}

#[derive(Template)]
#[template(path = "relying_party/not_found.html")]
struct NotFoundPage {
    signed_in: bool,
}

/// A use as the pages present it.
struct Purpose {
    of: Use,
    title: Words,
    summary: Words,
    shares: Words,
}

/// What is to be signed.
struct Document {
    text: &'static str,
    digest: String,
}

struct RefusalView<'a> {
    code: &'a str,
    description: &'a str,
    words: Words,
}

pub(super) fn home(site: &RelyingParty, signed_in: bool) -> Response {
    let cards = Use::ALL.into_iter().map(Purpose::new).collect();
    show(&HomePage {
        city: &site.city,
        shop: &site.shop,
        cards,
        signed_in,
    })
}

pub(super) fn use_page(
    site: &RelyingParty,
    of: Use,
    outcome: Option<&Result<Outcome, Refusal>>,
    signed_in: bool,
) -> Response {
    let client = site.client(of.registration());
    let purpose = Purpose::new(of);
    let (result, refusal) = match outcome {
        Some(Ok(result)) => (Some(result), None),
        Some(Err(refusal)) => (None, Some(RefusalView::new(refusal))),
        None => (None, None),
    };
    let document = Document::of(of);
    match of {
        Use::City => show(&CityPage {
            client,
            purpose,
            facts: result.and_then(account),
            refusal,
            signed_in,
        }),
        Use::Premium => show(&PremiumPage {
            client,
            purpose,
            result: result.and_then(premium),
            refusal,
            signed_in,
        }),
        Use::Age => show(&AgePage {
            client,
            purpose,
            result: result.and_then(age),
            refusal,
            signed_in,
        }),
        Use::Contract => show(&ContractPage {
            client,
            purpose,
            document,
            result: result.and_then(contract),
            refusal,
            signed_in,
        }),
        Use::Application => show(&ApplicationPage {
            client,
            purpose,
            document,
            result: result.and_then(application),
            refusal,
            signed_in,
        }),
    }
}

fn account(outcome: &Outcome) -> Option<Vec<Fact>> {
    match outcome {
        Outcome::City(account) => Some(facts::of_account(account)),
        _ => None,
    }
}

fn premium(outcome: &Outcome) -> Option<(&str, PremiumAnswer)> {
    match outcome {
        Outcome::Premium { subject, answer } => Some((subject.as_str(), *answer)),
        _ => None,
    }
}

fn age(outcome: &Outcome) -> Option<AgeAnswer> {
    match outcome {
        Outcome::Age(answer) => Some(*answer),
        _ => None,
    }
}

fn contract(outcome: &Outcome) -> Option<(bool, Vec<Fact>)> {
    match outcome {
        Outcome::Contract(signed) => Some((signed.operator.is_ok(), facts::of_contract(signed))),
        _ => None,
    }
}

fn application(outcome: &Outcome) -> Option<(Decision, Vec<Fact>)> {
    match outcome {
        Outcome::Application(signed) => Some((signed.decision(), facts::of_application(signed))),
        _ => None,
    }
}

pub(super) fn refused(refusal: &Refusal, signed_in: bool, status: StatusCode) -> Response {
    let page = RefusedPage {
        refusal: Some(RefusalView::new(refusal)),
        signed_in,
    };
    (status, show(&page)).into_response()
}

pub(super) fn not_found(signed_in: bool) -> Response {
    (StatusCode::NOT_FOUND, show(&NotFoundPage { signed_in })).into_response()
}

fn show(page: &impl Template) -> Response {
    match page.render() {
        Ok(html) => Html(html).into_response(),
        Err(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "the page could not be made",
        )
            .into_response(),
    }
}

impl Purpose {
    const fn new(of: Use) -> Self {
        let (title, summary, shares) = match of {
            Use::City => (
                words("Harbour City e-services", "みなと市 電子申請"),
                words(
                    "Sign in to your account at the city. The forms fill themselves in.",
                    "市のアカウントにサインインします。申請書には自動で記入されます。",
                ),
                words(
                    "Name, address, birth date, gender",
                    "氏名・住所・生年月日・性別",
                ),
            ),
            Use::Premium => (
                words(
                    "Limited premium, one per person",
                    "限定プレミアム商品 お一人様1点",
                ),
                words(
                    "One item for every person. Resellers with ten accounts still get one.",
                    "お一人様1点限り。複数のアカウントを使っても1点だけです。",
                ),
                words("Nothing about you but a pseudonym", "仮名の識別子のみ"),
            ),
            Use::Contract => (
                words("Sign a contract", "契約書への電子署名"),
                words(
                    "The market has a contract signed with your card's signing key. It cannot read the signature: a \
                     platform operator receives and verifies it.",
                    "市場が、カードの署名用の鍵による契約書への電子署名を求めます。署名は市場には読めず、プラットフォーム事業者が受け取って検証します。",
                ),
                words(
                    "A signature and the signing certificate, encrypted to the platform operator; a pseudonym to the \
                     market",
                    "電子署名と署名用電子証明書（プラットフォーム事業者あてに暗号化）、市場には仮名の識別子",
                ),
            ),
            Use::Application => (
                words(
                    "Apply to the city with a signature",
                    "電子署名による市への申請",
                ),
                words(
                    "You sign an application with your card's signing key. The city, an administrative agency, verifies \
                     the signature itself and asks whether your signing certificate is valid.",
                    "カードの署名用の鍵で申請書に電子署名します。行政機関である市は、電子署名を自ら検証し、署名用電子証明書の有効性を確認します。",
                ),
                words(
                    "A signature and the signing certificate with your name, address, birth date and gender, encrypted to \
                     the city; an identifier",
                    "電子署名と署名用電子証明書（氏名・住所・生年月日・性別を含み、市あてに暗号化）、識別子",
                ),
            ),
            Use::Age => (
                words("Age check at the bar", "酒類販売の年齢確認"),
                words(
                    "Are you 20 or over? The bar learns yes or no, and nothing else is kept.",
                    "20歳以上かどうかを確認します。結果以外は保存しません。",
                ),
                words(
                    "Birth date, dropped after the check",
                    "生年月日（確認後に破棄）",
                ),
            ),
        };
        Self {
            of,
            title,
            summary,
            shares,
        }
    }
}

impl Document {
    fn of(purpose: Use) -> Self {
        let text = purpose.document().unwrap_or_default();
        Self {
            text,
            digest: digest_in_hex(text),
        }
    }
}

impl<'a> RefusalView<'a> {
    fn new(refusal: &'a Refusal) -> Self {
        Self {
            code: refusal.code(),
            description: refusal.description(),
            words: refusal.words(),
        }
    }
}
