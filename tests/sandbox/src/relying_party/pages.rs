//! The pages. The templates hold the layout, this file what varies; askama escapes everything.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};

use super::age::AgeAnswer;
use super::claims::{Meaning, birthdate_in_words, gender_in_words, moment_in_words};
use super::contract::SignedContract;
use super::premium::PremiumAnswer;
use super::refusal::{Refusal, Words};
use super::sessions::{CityAccount, Outcome};
use super::{Client, RelyingParty, Use, contract};

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
    document: &'static str,
    digest: String,
    facts: Option<Vec<Fact>>,
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
        Use::Contract => {
            let facts = match result {
                Some(Outcome::Contract(signed)) => Some(contract_facts(signed)),
                _ => None,
            };
            show(&ContractPage {
                client,
                purpose,
                document: contract::DOCUMENT,
                digest: contract::digest(),
                facts,
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
            Use::Contract => (
                words("Sign a contract", "契約書への電子署名"),
                words(
                    "The market has a contract signed with your card's signing key. It cannot read the signature: a \
                     platform operator receives and verifies it.",
                    "市場が、カードの署名用の鍵による契約書への電子署名を求めます。署名は市場には読めず、プラットフォーム事業者が受け取って検証します。",
                ),
                words(
                    "A signature and the signing certificate, encrypted to the operator; a pseudonym to the market",
                    "電子署名と署名用電子証明書（事業者あてに暗号化）、市場には仮名の識別子",
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

/// What each part of a signature's result is, and what it is worth.
fn contract_facts(contract: &SignedContract) -> Vec<Fact> {
    let fact = |id, label, value: String, english: &str, japanese: &str| Fact {
        id,
        label,
        value: Some(value),
        meaning: Some(Meaning::new(english, japanese)),
    };
    let mut facts = vec![
        fact(
            "sub",
            words("Identifier (sub)", "識別子"),
            contract.id_token.subject.clone(),
            "who signed in, by the user-authentication key; the signature identifies nobody here",
            "利用者証明用の鍵でサインインした人の識別子。電子署名は本人の特定に使われません",
        ),
        fact(
            "transaction",
            words("Transaction (sign_transaction_id)", "署名トランザクション"),
            contract.transaction_id.clone(),
            "opened with the document's digest, used in this sign-in and no other",
            "文書のハッシュ値で開始し、このサインインだけで使われたもの",
        ),
        fact(
            "jwe",
            words("Result (jwe)", "結果"),
            format!("{} characters", contract.encrypted),
            "signature and certificate, encrypted to the operator: the market cannot read them, and nobody has verified them yet",
            "電子署名と証明書を事業者あてに暗号化したもの。市場には読めず、まだ誰も検証していません",
        ),
        fact(
            "fetches-left",
            words("Fetches left (fetches_left)", "残り取得回数"),
            contract.fetches_left.to_string(),
            "then the gateway erases it",
            "取得し終えると消去されます",
        ),
    ];
    match &contract.operator {
        Err(why) => facts.push(fact(
            "operator",
            words("The operator", "事業者"),
            format!("refused: {why}"),
            "the contract is not signed by anybody",
            "署名は確認できませんでした",
        )),
        Ok(verified) => facts.extend([
            fact(
                "operator",
                words("The operator verified", "事業者による検証"),
                format!("{} octets", verified.signature_octets),
                "decrypted with its own key: the signature is over this document and by the certificate's key; whether the certificate is revoked is the authority's to say",
                "事業者の鍵で復号し、この文書への署名であることと証明書を確認しました。失効の有無は認証局への確認が必要です",
            ),
            fact(
                "signer-name",
                words("Signer", "署名者"),
                verified.name.clone(),
                "from the signing certificate, which the operator may hold and the market may not",
                "署名用電子証明書の記載。事業者だけが扱えます",
            ),
            fact(
                "signer-address",
                words("Signer's address", "署名者の住所"),
                verified.address.clone(),
                "from the signing certificate",
                "署名用電子証明書の記載",
            ),
        ]),
    }
    facts
}

const fn words(english: &'static str, japanese: &'static str) -> Words {
    Words { english, japanese }
}
