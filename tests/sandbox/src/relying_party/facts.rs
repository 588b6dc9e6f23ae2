//! What the provider and whoever received a signature said, one thing after the other, and what each of them means.

mod validity;

use super::application::{Examined, SignedApplication};
use super::claims::{Meaning, birthdate_in_words, gender_in_words, moment_in_words};
use super::contract::SignedContract;
use super::id_token::IdToken;
use super::refusal::{Words, words};
use super::sessions::CityAccount;
use super::signature::SignedDocument;
use crate::recipient::VerifiedSignature;

/// One thing that was said, and what it means.
pub(super) struct Fact {
    pub(super) id: &'static str,
    pub(super) label: Words,
    pub(super) value: Option<String>,
    pub(super) meaning: Meaning,
}

fn fact(id: &'static str, label: Words, value: impl Into<String>, meaning: Meaning) -> Fact {
    Fact {
        id,
        label,
        value: Some(value.into()),
        meaning,
    }
}

/// A claim that may not have been given.
fn claim(id: &'static str, label: Words, value: Option<&str>, meaning: Meaning) -> Fact {
    Fact {
        id,
        label,
        value: value.map(ToOwned::to_owned),
        meaning,
    }
}

/// What the city knows of whoever signed in.
pub(super) fn of_account(account: &CityAccount) -> Vec<Fact> {
    let mut facts = of_person(account);
    facts.extend(of_sign_in(&account.id_token));
    facts
}

fn of_person(account: &CityAccount) -> Vec<Fact> {
    let vouched_for = || {
        Meaning::new(
            "as it stands on the card; a registered reader app read it and vouches for it",
            "カードの記載を、登録された読み取りアプリが読み取り、保証したもの",
        )
    };
    let birthdate = account.birthdate.as_deref();
    let gender = account.gender.as_deref();
    vec![
        claim(
            "claim-name",
            words("Name (name)", "氏名"),
            account.name.as_deref(),
            vouched_for(),
        ),
        claim(
            "claim-address",
            words("Address (address)", "住所"),
            account.address.as_deref(),
            vouched_for(),
        ),
        claim(
            "claim-birthdate",
            words("Birth date (birthdate)", "生年月日"),
            birthdate,
            birthdate_in_words(birthdate.unwrap_or_default()),
        ),
        claim(
            "claim-gender",
            words("Gender (gender)", "性別"),
            gender,
            gender_in_words(gender.unwrap_or_default()),
        ),
    ]
}

fn of_sign_in(id_token: &IdToken) -> Vec<Fact> {
    let methods = id_token.amr.join(" ");
    let auth_time = id_token.auth_time.map(|seconds| seconds.to_string());
    vec![
        fact(
            "sub",
            words("Identifier (sub)", "識別子"),
            &id_token.subject,
            Meaning::new(
                "you, for this city only; other sectors see another value",
                "この市だけで使われる識別子（他のサービスでは別の値）",
            ),
        ),
        claim(
            "acr",
            words("Level (acr)", "認証レベル"),
            id_token.acr.as_deref(),
            Meaning::new(
                "how strong the sign-in was; aal3 is the card itself and its PIN",
                "認証の強度（aal3はカードと暗証番号による認証）",
            ),
        ),
        claim(
            "amr",
            words("Methods (amr)", "認証の手段"),
            Some(methods.as_str()).filter(|methods| !methods.is_empty()),
            Meaning::new(
                "what was shown: hwk is a key that cannot leave the card, pin is its PIN",
                "認証に使われたもの（hwkはカードから取り出せない鍵、pinは暗証番号）",
            ),
        ),
        claim(
            "auth-time",
            words("Time (auth_time)", "認証の日時"),
            auth_time.as_deref(),
            moment_in_words(id_token.auth_time.unwrap_or_default()),
        ),
    ]
}

/// What the market and its operator know of a contract.
pub(super) fn of_contract(contract: &SignedContract) -> Vec<Fact> {
    let mut facts = of_document(
        &contract.document,
        Meaning::new(
            "signature and certificate, encrypted to the platform operator: the market cannot read them, and nobody has \
             verified them yet",
            "電子署名と証明書をプラットフォーム事業者あてに暗号化したもの。市場には読めず、まだ誰も検証していません",
        ),
    );
    match &contract.operator {
        Err(why) => facts.push(fact(
            "operator",
            words("The platform operator", "プラットフォーム事業者"),
            format!("refused: {why}"),
            Meaning::new(
                "the contract is not signed by anybody",
                "電子署名は確認できませんでした",
            ),
        )),
        Ok(verified) => facts.extend(of_signature(
            "operator",
            words(
                "The platform operator found",
                "プラットフォーム事業者による検証",
            ),
            verified,
            "from the signing certificate, which the operator may hold and the market may not",
            "署名用電子証明書の記載。プラットフォーム事業者だけが扱えます",
        )),
    }
    facts
}

/// What the city received with an application, found in it and was told about it.
pub(super) fn of_application(application: &SignedApplication) -> Vec<Fact> {
    // What decides comes first.
    let mut facts = Vec::new();
    match &application.office {
        Err(why) => facts.push(fact(
            "office",
            words("The office", "市役所"),
            format!("refused: {why}"),
            Meaning::new(
                "the application is not signed by anybody",
                "電子署名は確認できませんでした",
            ),
        )),
        Ok(Examined {
            signature,
            case_reference,
            validity,
        }) => {
            match validity {
                Ok(validity) => facts.extend(validity::told(validity)),
                Err(refusal) => facts.push(validity::not_told(refusal)),
            }
            facts.push(fact(
                "case-reference",
                words("Case (case_reference)", "事案番号"),
                case_reference,
                Meaning::new(
                    "the office's own reference for its question; it names nobody",
                    "照会に付けた市の整理番号（個人を特定しないもの）",
                ),
            ));
            facts.extend(of_signature(
                "office",
                words("The office found", "市役所による検証"),
                signature,
                "from the signing certificate",
                "署名用電子証明書の記載",
            ));
        }
    }
    facts.extend(of_document(
        &application.document,
        Meaning::new(
            "signature and certificate, encrypted to the city: only its key opens them",
            "電子署名と証明書を市あてに暗号化したもの。市の鍵でだけ復号できます",
        ),
    ));
    facts
}

/// What a site knows that need not be able to read the result.
fn of_document(document: &SignedDocument, encrypted: Meaning) -> Vec<Fact> {
    vec![
        fact(
            "sub",
            words("Identifier (sub)", "識別子"),
            &document.id_token.subject,
            Meaning::new(
                "who signed in, by the user-authentication key alone; the gateway takes nobody's identity from a signature",
                "利用者証明用の鍵でサインインした人の識別子。ゲートウェイは電子署名から本人を特定しません",
            ),
        ),
        fact(
            "transaction",
            words("Transaction (sign_transaction_id)", "署名トランザクション"),
            &document.transaction_id,
            Meaning::new(
                "opened with the document's digest, used in this sign-in and no other",
                "文書のハッシュ値で開始し、このサインインだけで使われたもの",
            ),
        ),
        fact(
            "jwe",
            words("Result (jwe)", "結果"),
            format!("{} characters", document.encrypted),
            encrypted,
        ),
        fact(
            "fetches-left",
            words("Fetches left (fetches_left)", "残り取得回数"),
            document.fetches_left.to_string(),
            Meaning::new("then the gateway erases it", "取得し終えると消去されます"),
        ),
    ]
}

/// What a recipient found in a result with its own key.
fn of_signature(
    id: &'static str,
    label: Words,
    verified: &VerifiedSignature,
    certificate: &'static str,
    in_japanese: &'static str,
) -> [Fact; 4] {
    let stands_in_it = || Meaning::new(certificate, in_japanese);
    [
        fact(
            id,
            label,
            format!("a genuine signature, {} octets", verified.signature_octets),
            Meaning::new(
                "decrypted with its own key: the signature is over this document and by the certificate's key; whether \
                 the certificate is revoked is the authority's to say",
                "自らの鍵で復号し、この文書への署名であることと証明書を確認しました。失効の有無は認証局への確認が必要です",
            ),
        ),
        fact(
            "signer-name",
            words("Signer", "署名者"),
            &verified.name,
            stands_in_it(),
        ),
        fact(
            "signer-address",
            words("Signer's address", "署名者の住所"),
            &verified.address,
            stands_in_it(),
        ),
        fact(
            "valid-until",
            words("The certificate ends", "証明書の有効期限"),
            moment_in_words(verified.valid_until).english,
            Meaning::new(
                "as the certificate states it, which says nothing of a revocation",
                "証明書に記載された期限。失効の有無とは別です",
            ),
        ),
    ]
}
