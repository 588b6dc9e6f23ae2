//! The claims a client gets, in the forms its registration asks for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use crate::authentication_context::{LEVEL, RevocationMethod};
use crate::bearer::sha256;
use crate::clients::{AddressForm, BirthdateForm, ClaimForms, GenderForm};
use crate::identity::Identity;
use crate::scope::{Claim, Scopes};

/// The claims of an ID token. None of the four information: they are handed out at userinfo alone, and an ID token
/// travels further than its audience.
pub(crate) struct IdTokenClaims<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) issued_at: i64,
    pub(crate) expires_at: i64,
    pub(crate) authenticated_at: i64,
    /// Empty if the client sent none.
    pub(crate) nonce: &'a str,
    /// How the client asked for the certificate to be checked, which then was done.
    pub(crate) revocation_method: Option<RevocationMethod>,
    pub(crate) access_token: &'a str,
}

impl IdTokenClaims<'_> {
    /// As JSON.
    pub(crate) fn to_json(&self) -> Value {
        // RFC 8176: proof of possession of a hardware-secured key, and a PIN; then, of our own, how the certificate was
        // checked, where the client asked for one way.
        let mut methods = vec!["hwk", "pin"];
        methods.extend(self.revocation_method.map(RevocationMethod::name));
        let mut claims = json!({
            "iss": self.issuer,
            "sub": self.subject,
            "aud": self.client_id,
            "exp": self.expires_at,
            "iat": self.issued_at,
            "auth_time": self.authenticated_at,
            "at_hash": access_token_hash(self.access_token),
            "acr": LEVEL,
            "amr": methods,
        });
        if !self.nonce.is_empty() {
            claims["nonce"] = json!(self.nonce);
        }
        claims
    }
}

/// OpenID Connect Core section 3.1.3.6: the left half of SHA-256, the hash of ES256.
fn access_token_hash(access_token: &str) -> String {
    URL_SAFE_NO_PAD.encode(&sha256(&[access_token.as_bytes()])[..16])
}

/// The answer of userinfo: `sub`, and of the four information what was asked for, vouched for and consented to.
pub(crate) fn userinfo(identity: &Identity, scopes: &Scopes, forms: ClaimForms) -> Value {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!(identity.subject));
    for claim in scopes.claims() {
        let item = identity
            .four_information
            .as_ref()
            .and_then(|four| four.item(*claim));
        let value = item.and_then(|item| formed(*claim, item, forms));
        if let Some(value) = value {
            claims.insert(claim.name().to_owned(), value);
        }
    }
    Value::Object(claims)
}

fn formed(claim: Claim, item: &str, forms: ClaimForms) -> Option<Value> {
    match claim {
        Claim::Name => Some(json!(item)),
        Claim::Address => Some(match forms.address {
            AddressForm::String => json!(item),
            AddressForm::Object => json!({ "formatted": item }),
        }),
        Claim::Birthdate => Some(match forms.birthdate {
            BirthdateForm::Card => json!(item),
            BirthdateForm::Iso => json!(iso_date(item)),
        }),
        Claim::Gender => match (forms.gender, item) {
            (GenderForm::Card, code) => Some(json!(code)),
            (GenderForm::Word, "1") => Some(json!("male")),
            (GenderForm::Word, "2") => Some(json!("female")),
            (GenderForm::Word, "3") => Some(json!("other")),
            (GenderForm::Word, _) => None,
        },
    }
}

/// `YYYYMMDD` as `YYYY-MM-DD`.
fn iso_date(date: &str) -> String {
    match (date.get(..4), date.get(4..6), date.get(6..)) {
        (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
        _ => date.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::FourInformation;

    fn identity() -> Identity {
        Identity {
            subject: "s".to_owned(),
            four_information: Some(FourInformation {
                name: Some("明石 花子".to_owned()),
                address: Some("兵庫県明石市".to_owned()),
                birthdate: Some("19850315".to_owned()),
                gender: Some("2".to_owned()),
            }),
        }
    }

    fn claims(scope: &str, forms: ClaimForms) -> Value {
        userinfo(&identity(), &Scopes::parse(scope).unwrap(), forms)
    }

    #[test]
    fn claims_follow_the_scopes_and_the_client_s_forms() {
        let card = ClaimForms::default();
        let core = ClaimForms {
            address: AddressForm::Object,
            birthdate: BirthdateForm::Iso,
            gender: GenderForm::Word,
        };
        assert_eq!(claims("openid", card), json!({ "sub": "s" }));
        assert_eq!(
            claims("openid address birthdate gender", card),
            json!({ "sub": "s", "address": "兵庫県明石市", "birthdate": "19850315", "gender": "2" })
        );
        assert_eq!(
            claims("openid name address birthdate gender", core),
            json!({
                "sub": "s", "name": "明石 花子", "address": { "formatted": "兵庫県明石市" },
                "birthdate": "1985-03-15", "gender": "female"
            })
        );
    }

    #[test]
    fn a_gender_that_is_not_recorded_is_absent_where_words_are_asked_for() {
        let forms = ClaimForms {
            gender: GenderForm::Word,
            ..ClaimForms::default()
        };
        assert_eq!(formed(Claim::Gender, "9", forms), None);
        assert_eq!(formed(Claim::Gender, "3", forms), Some(json!("other")));
        assert_eq!(
            formed(Claim::Gender, "9", ClaimForms::default()),
            Some(json!("9"))
        );
    }

    #[test]
    fn at_hash_is_the_one_of_the_standard() {
        // OpenID Connect Core appendix A.3 (its ID token is RS256; the hash is SHA-256 for both).
        assert_eq!(
            access_token_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y"),
            "77QmUPtjPfzWtF2AnpK9RQ"
        );
    }
}
