//! The pages. The templates hold the layout, this file what varies; askama escapes everything.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};

use super::age::AgeAnswer;
use super::claims::{Meaning, birthdate_in_words, gender_in_words, moment_in_words};
use super::premium::PremiumAnswer;
use super::refusal::{Refusal, Words};
use super::sessions::{CityAccount, Outcome};
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

/// One thing the provider said, and what it means.
struct Fact {
    id: &'static str,
    label: Words,
    value: Option<String>,
    meaning: Option<Meaning>,
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
    match of {
        Use::City => {
            let facts = match result {
                Some(Outcome::City(account)) => Some(facts(account)),
                _ => None,
            };
            show(&CityPage {
                client,
                purpose,
                facts,
                refusal,
                signed_in,
            })
        }
        Use::Premium => {
            let result = match result {
                Some(Outcome::Premium { subject, answer }) => Some((subject.as_str(), *answer)),
                _ => None,
            };
            show(&PremiumPage {
                client,
                purpose,
                result,
                refusal,
                signed_in,
            })
        }
        Use::Age => {
            let result = match result {
                Some(Outcome::Age(answer)) => Some(*answer),
                _ => None,
            };
            show(&AgePage {
                client,
                purpose,
                result,
                refusal,
                signed_in,
            })
        }
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

impl<'a> RefusalView<'a> {
    fn new(refusal: &'a Refusal) -> Self {
        Self {
            code: refusal.code(),
            description: refusal.description(),
            words: refusal.words(),
        }
    }
}

fn facts(account: &CityAccount) -> Vec<Fact> {
    let id_token = &account.id_token;
    let fact = |id, label, value: Option<&str>, meaning| Fact {
        id,
        label,
        value: value.map(ToOwned::to_owned),
        meaning,
    };
    let birthdate = account.birthdate.as_deref();
    let gender = account.gender.as_deref();
    let methods = id_token.amr.join(" ");
    let auth_time = id_token.auth_time.map(|seconds| seconds.to_string());
    let strength = Meaning::new(
        "how strong the sign-in was; aal3 is the card itself and its PIN",
        "認証の強度（aal3はカードと暗証番号による認証）",
    );
    let pairwise = Meaning::new(
        "you, for this city only; other sectors see another value",
        "この市だけで使われる識別子（他のサービスでは別の値）",
    );
    vec![
        fact(
            "claim-name",
            words("Name", "氏名"),
            account.name.as_deref(),
            None,
        ),
        fact(
            "claim-address",
            words("Address", "住所"),
            account.address.as_deref(),
            None,
        ),
        fact(
            "claim-birthdate",
            words("Birth date", "生年月日"),
            birthdate,
            birthdate.map(birthdate_in_words),
        ),
        fact(
            "claim-gender",
            words("Gender", "性別"),
            gender,
            gender.map(gender_in_words),
        ),
        fact(
            "sub",
            words("Identifier (sub)", "識別子"),
            Some(&id_token.subject),
            Some(pairwise),
        ),
        fact(
            "acr",
            words("Level (acr)", "認証レベル"),
            id_token.acr.as_deref(),
            Some(strength),
        ),
        fact(
            "amr",
            words("Methods (amr)", "認証の手段"),
            Some(methods.as_str()).filter(|methods| !methods.is_empty()),
            None,
        ),
        fact(
            "auth-time",
            words("Time (auth_time)", "認証の日時"),
            auth_time.as_deref(),
            id_token.auth_time.map(moment_in_words),
        ),
    ]
}

const fn words(english: &'static str, japanese: &'static str) -> Words {
    Words { english, japanese }
}
