//! The five uses of the demo, as data: which page, which scopes, which registration.

use super::{application, contract};

/// Why somebody signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// An account at the city's services, with the four information.
    City,
    /// A premium item that every person can have once; needs nothing but `sub`.
    Premium,
    /// Proof of being 20 or over; needs the birth date and keeps one bit of it.
    Age,
    /// A contract with the market that is signed with the card's signing key.
    Contract,
    /// An application to the city that is signed so, and whose signing certificate the city asks about.
    Application,
}

/// Which of the two registrations at the gateway a use belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registration {
    /// The city's services, a sector of their own.
    City,
    /// The shop and the bar, at another sector.
    Shop,
}

impl Use {
    /// All of them, in the order of the start page.
    pub const ALL: [Self; 5] = [
        Self::City,
        Self::Premium,
        Self::Age,
        Self::Contract,
        Self::Application,
    ];

    /// The page that explains the use and shows its result.
    pub const fn path(self) -> &'static str {
        match self {
            Self::City => "/city",
            Self::Premium => "/premium",
            Self::Age => "/age",
            Self::Contract => "/contract",
            Self::Application => "/application",
        }
    }

    /// Where its sign-in button leads.
    pub const fn sign_in_path(self) -> &'static str {
        match self {
            Self::City => "/city/sign-in",
            Self::Premium => "/premium/sign-in",
            Self::Age => "/age/sign-in",
            Self::Contract => "/contract/sign-in",
            Self::Application => "/application/sign-in",
        }
    }

    /// The element id of its sign-in button.
    pub const fn sign_in_id(self) -> &'static str {
        match self {
            Self::City => "sign-in-city",
            Self::Premium => "sign-in-premium",
            Self::Age => "sign-in-age",
            Self::Contract => "sign-in-contract",
            Self::Application => "sign-in-application",
        }
    }

    /// What it asks for: no more than it uses.
    pub const fn scopes(self) -> &'static str {
        match self {
            Self::City => "openid name address birthdate gender",
            Self::Premium => "openid",
            Self::Age => "openid birthdate",
            Self::Contract | Self::Application => "openid sign",
        }
    }

    /// What is signed, where something is.
    pub(super) const fn document(self) -> Option<&'static str> {
        match self {
            Self::City | Self::Premium | Self::Age => None,
            Self::Contract => Some(contract::DOCUMENT),
            Self::Application => Some(application::DOCUMENT),
        }
    }

    /// The registration it signs people in with.
    pub const fn registration(self) -> Registration {
        match self {
            Self::City | Self::Application => Registration::City,
            Self::Premium | Self::Age | Self::Contract => Registration::Shop,
        }
    }
}

impl Registration {
    /// Both, in the order of [`RelyingPartyConfig::clients`](super::RelyingPartyConfig::clients).
    pub const ALL: [Self; 2] = [Self::City, Self::Shop];

    /// The redirect URI to register, for a relying party at this origin.
    pub fn redirect_uri(self, public_url: &str) -> String {
        let origin = public_url.trim_end_matches('/');
        format!("{origin}{}", self.callback_path())
    }

    /// The scopes beyond `openid` to register.
    pub const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::City => &["name", "address", "birthdate", "gender"],
            Self::Shop => &["birthdate"],
        }
    }

    pub(super) const fn callback_path(self) -> &'static str {
        match self {
            Self::City => "/city/callback",
            Self::Shop => "/shop/callback",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_use_asks_only_for_scopes_its_registration_has() {
        for purpose in Use::ALL {
            for scope in purpose
                .scopes()
                .split(' ')
                // `sign` is registered by naming who receives the signatures.
                .filter(|&scope| !matches!(scope, "openid" | "sign"))
            {
                assert!(
                    purpose.registration().scopes().contains(&scope),
                    "{purpose:?} {scope}"
                );
            }
        }
    }

    #[test]
    fn a_redirect_uri_has_one_slash_after_the_origin() {
        let expected = "http://127.0.0.1:1/city/callback";
        assert_eq!(
            Registration::City.redirect_uri("http://127.0.0.1:1"),
            expected
        );
        assert_eq!(
            Registration::City.redirect_uri("http://127.0.0.1:1/"),
            expected
        );
    }
}
