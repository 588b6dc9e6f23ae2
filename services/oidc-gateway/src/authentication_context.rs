//! What a client may ask of the authentication itself: `acr_values`, the essential `acr` of the `claims` parameter, and
//! `max_age`.
//!
//! `acr_values` is a list in the manner of the national service, `aal3 crl`: a level, and how the certificate is checked for
//! revocation. Values without a meaning here are ignored, because the parameter is a wish (OpenID Connect Core section
//! 3.1.2.1). A way of checking is more than a wish: a client that names one relies on it, so one that is not offered is
//! an error and not another way.

use serde::Deserialize;
use serde_json::Value;

use crate::limits;

/// The one level: a card in hand and its PIN, the highest of the Digital Agency's guideline DS-511.
pub(crate) const LEVEL: &str = "aal3";

/// How a certificate is checked for revocation, by a client's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RevocationMethod {
    /// The authority's lists.
    Crl,
    /// The authority's OCSP responder.
    Ocsp,
}

impl RevocationMethod {
    const ALL: [Self; 2] = [Self::Crl, Self::Ocsp];

    /// The word in `acr_values`, in `amr` and in the store.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Crl => "crl",
            Self::Ocsp => "ocsp",
        }
    }

    /// The method of a word.
    pub(crate) fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.name() == name)
    }
}

/// Why a request's demands on the authentication are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DemandError {
    /// What is demanded cannot be had here.
    Unmet(&'static str),
    /// It cannot be read.
    Malformed(&'static str),
}

/// The way of checking that `acr_values` asks for: of those it names, the first that is offered.
pub(crate) fn method_asked_for(
    acr_values: Option<&str>,
    offered: &[RevocationMethod],
) -> Result<Option<RevocationMethod>, DemandError> {
    let words = acr_values.unwrap_or_default().split(' ');
    let mut asked = words.filter_map(RevocationMethod::by_name).peekable();
    if asked.peek().is_none() {
        return Ok(None);
    }
    asked
        .find(|method| offered.contains(method))
        .map(Some)
        .ok_or(DemandError::Unmet(
            "acr_values names a way of checking for revocation that is not offered",
        ))
}

/// Holds the `claims` parameter to what can be met: an essential `acr` is a demand (OpenID Connect Core section 5.5.1.1),
/// everything else in it a wish.
pub(crate) fn check_claims_parameter(claims: Option<&str>) -> Result<(), DemandError> {
    let Some(text) = claims else {
        return Ok(());
    };
    let malformed = DemandError::Malformed("claims must be a JSON object of at most 4 KiB");
    if text.len() > limits::CLAIMS_BYTES {
        return Err(malformed);
    }
    let claims: Value = serde_json::from_str(text).map_err(|_| malformed)?;
    if !claims.is_object() {
        return Err(malformed);
    }
    for place in ["id_token", "userinfo"] {
        let acr = &claims[place]["acr"];
        if acr["essential"] != Value::Bool(true) {
            continue;
        }
        let one = acr.get("value").into_iter();
        let several = acr.get("values").and_then(Value::as_array);
        let mut wanted = one.chain(several.into_iter().flatten()).peekable();
        if wanted.peek().is_some() && !wanted.any(|value| value == LEVEL) {
            return Err(DemandError::Unmet("the essential acr is not aal3"));
        }
    }
    Ok(())
}

/// `max_age`: any number of seconds is met, as the card is read at every sign-in.
pub(crate) fn check_max_age(max_age: Option<&str>) -> Result<(), DemandError> {
    let is_number = |text: &str| text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
    match max_age {
        Some(text) if !is_number(text) => Err(DemandError::Malformed(
            "max_age must be a number of seconds",
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::RevocationMethod::{Crl, Ocsp};
    use super::*;

    #[test]
    fn a_way_of_checking_is_honoured_or_refused_and_never_exchanged() {
        let both = [Crl, Ocsp];
        assert_eq!(method_asked_for(None, &both), Ok(None));
        assert_eq!(method_asked_for(Some("aal3"), &both), Ok(None));
        assert_eq!(method_asked_for(Some("urn:x 0 aal2"), &[]), Ok(None));
        assert_eq!(method_asked_for(Some("aal3 crl"), &both), Ok(Some(Crl)));
        assert_eq!(method_asked_for(Some("ocsp aal3"), &both), Ok(Some(Ocsp)));
        assert_eq!(method_asked_for(Some("ocsp crl"), &[Crl]), Ok(Some(Crl)));
        assert!(method_asked_for(Some("aal3 ocsp"), &[Crl]).is_err());
        assert!(method_asked_for(Some("aal3 crl"), &[]).is_err());
        // Words are compared as they are.
        assert_eq!(method_asked_for(Some("aal3 OCSP"), &[Crl]), Ok(None));
    }

    #[test]
    fn only_an_essential_acr_is_a_demand() {
        for met in [
            "{}",
            r#"{"id_token":null}"#,
            r#"{"id_token":{"acr":null},"userinfo":{"name":{"essential":true}}}"#,
            r#"{"id_token":{"acr":{"values":["aal1"]}}}"#,
            r#"{"id_token":{"acr":{"essential":true}}}"#,
            r#"{"id_token":{"acr":{"essential":true,"values":["aal1","aal3"]}}}"#,
            r#"{"id_token":{"acr":{"essential":true,"value":"aal3"}}}"#,
        ] {
            assert_eq!(check_claims_parameter(Some(met)), Ok(()), "{met}");
        }
        for unmet in [
            r#"{"id_token":{"acr":{"essential":true,"values":["aal1"]}}}"#,
            r#"{"id_token":{"acr":{"essential":true,"value":"aal4"}}}"#,
            r#"{"userinfo":{"acr":{"essential":true,"value":1}}}"#,
        ] {
            let refused = check_claims_parameter(Some(unmet));
            assert!(matches!(refused, Err(DemandError::Unmet(_))), "{unmet}");
        }
        let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
        let long = format!("{{\"x\":\"{}\"}}", "y".repeat(5_000));
        for malformed in ["", "[]", "1", "{", "{\"id_token\":}", &deep, &long] {
            let refused = check_claims_parameter(Some(malformed));
            assert!(
                matches!(refused, Err(DemandError::Malformed(_))),
                "{malformed:.40}"
            );
        }
    }

    #[test]
    fn max_age_is_a_number() {
        for number in ["0", "1", "10000", "9999999999"] {
            assert_eq!(check_max_age(Some(number)), Ok(()));
        }
        for other in ["-1", "1.5", "x", "12345678901"] {
            assert!(check_max_age(Some(other)).is_err(), "{other}");
        }
    }
}
