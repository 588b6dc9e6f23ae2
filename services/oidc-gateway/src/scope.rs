//! The scopes that mean something here: `openid`, one for each of the four information, and `sign` for a signature.

use serde::Deserialize;

/// One of the four information; scope and claim have the same name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Claim {
    /// 氏名.
    Name,
    /// 住所.
    Address,
    /// 生年月日.
    Birthdate,
    /// 性別.
    Gender,
}

impl Claim {
    /// All four, in the order they are shown.
    pub(crate) const ALL: [Self; 4] = [Self::Name, Self::Address, Self::Birthdate, Self::Gender];

    /// The scope and the claim.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Address => "address",
            Self::Birthdate => "birthdate",
            Self::Gender => "gender",
        }
    }

    fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|claim| claim.name() == name)
    }
}

/// The scope that asks for a signature with the signing key.
pub(crate) const SIGN: &str = "sign";

/// The scopes of one request: `openid`, which of the four in the order asked, and whether a signature is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Scopes {
    claims: Vec<Claim>,
    sign: bool,
}

/// Why a `scope` value was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ScopeError {
    /// Characters or spacing outside RFC 6749 section 3.3.
    #[error(
        "scope is not a list of scope values separated by single spaces (RFC 6749 section 3.3)"
    )]
    Malformed,
    /// `openid` is missing.
    #[error("scope must contain openid (OpenID Connect Core section 3.1.2.1)")]
    NoOpenId,
}

impl Scopes {
    /// Reads a `scope` value; values without a meaning here are ignored (OpenID Connect Core section 3.1.2.1).
    pub(crate) fn parse(text: &str) -> Result<Self, ScopeError> {
        let (mut open_id, mut sign) = (false, false);
        let mut claims = Vec::new();
        for value in text.split(' ') {
            if value.is_empty() || !value.bytes().all(is_scope_character) {
                return Err(ScopeError::Malformed);
            }
            match (value, Claim::by_name(value)) {
                ("openid", _) => open_id = true,
                (SIGN, _) => sign = true,
                (_, Some(claim)) if !claims.contains(&claim) => claims.push(claim),
                _ => {}
            }
        }
        if open_id {
            Ok(Self { claims, sign })
        } else {
            Err(ScopeError::NoOpenId)
        }
    }

    /// Does the request ask for this item?
    pub(crate) fn asks_for(&self, claim: Claim) -> bool {
        self.claims.contains(&claim)
    }

    /// The items asked for.
    pub(crate) fn claims(&self) -> &[Claim] {
        &self.claims
    }

    /// Does the request ask for a signature?
    pub(crate) fn ask_for_a_signature(&self) -> bool {
        self.sign
    }

    /// The scope values, `openid` first and `sign` last.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        std::iter::once("openid")
            .chain(self.claims.iter().map(|claim| claim.name()))
            .chain(self.sign.then_some(SIGN))
            .collect()
    }

    /// The scope values joined by single spaces.
    pub(crate) fn joined(&self) -> String {
        self.names().join(" ")
    }
}

/// RFC 6749 section 3.3: `%x21 / %x23-5B / %x5D-7E`.
fn is_scope_character(octet: u8) -> bool {
    matches!(octet, 0x21 | 0x23..=0x5B | 0x5D..=0x7E)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_scopes_are_ignored_and_order_is_kept() {
        let scopes = Scopes::parse("gender email openid gender name").unwrap();
        assert_eq!(scopes.joined(), "openid gender name");
    }

    #[test]
    fn scope_without_openid_is_refused() {
        assert_eq!(Scopes::parse("name"), Err(ScopeError::NoOpenId));
        assert!(Scopes::parse("openid name").is_ok());
    }

    #[test]
    fn stray_spaces_and_quotes_are_refused() {
        for text in [
            "",
            " openid",
            "openid  name",
            "openid\tname",
            "openid \"name\"",
        ] {
            assert_eq!(Scopes::parse(text), Err(ScopeError::Malformed), "{text:?}");
        }
    }

    #[test]
    fn a_signature_is_asked_for_beside_a_sign_in_and_never_alone() {
        let scopes = Scopes::parse("sign openid name").unwrap();
        assert!(scopes.ask_for_a_signature());
        assert_eq!(scopes.joined(), "openid name sign");
        assert_eq!(Scopes::parse(&scopes.joined()), Ok(scopes));
        assert!(
            !Scopes::parse("openid name signs")
                .unwrap()
                .ask_for_a_signature()
        );
        assert_eq!(Scopes::parse("sign"), Err(ScopeError::NoOpenId));
    }
}
