//! What a verified card leg says of the person, and how it is kept: only encrypted.
//!
//! The key is derived from a bearer secret that the gateway hands out and forgets: first the return token, then the
//! browser's secret, then the code, then the access token. At each step the one who presents the secret opens the
//! identity, and it is sealed anew under the next. The database alone opens nothing.

use aws_lc_rs::{aead, hkdf};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::bearer::{BearerSecret, NoRandomness, random_octets};
use crate::limits;
use crate::scope::{Claim, Scopes};

/// The pairwise subject, and those of the four information that were asked for and vouched for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Identity {
    /// Pairwise `sub` for the client's sector.
    pub(crate) subject: String,
    /// The vouched items; none unless a registered reader vouched.
    #[serde(default)]
    pub(crate) four_information: Option<FourInformation>,
}

/// Name, address, date of birth and gender in the card's own forms; `None` where it was not asked for.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub(crate) struct FourInformation {
    /// As printed on the card.
    pub(crate) name: Option<String>,
    /// As printed on the card, one line.
    pub(crate) address: Option<String>,
    /// `YYYYMMDD`.
    pub(crate) birthdate: Option<String>,
    /// `1` male, `2` female, `3` other, `9` not recorded.
    pub(crate) gender: Option<String>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Identity(..)")
    }
}

impl std::fmt::Debug for FourInformation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("FourInformation(..)")
    }
}

impl FourInformation {
    /// Only what these scopes ask for: the rest is forgotten before anything is stored.
    pub(crate) fn restricted_to(mut self, scopes: &Scopes) -> Self {
        for claim in Claim::ALL {
            if !scopes.asks_for(claim) {
                self.item_mut(claim).zeroize();
                *self.item_mut(claim) = None;
            }
        }
        self
    }

    /// One item.
    pub(crate) fn item(&self, claim: Claim) -> Option<&str> {
        match claim {
            Claim::Name => self.name.as_deref(),
            Claim::Address => self.address.as_deref(),
            Claim::Birthdate => self.birthdate.as_deref(),
            Claim::Gender => self.gender.as_deref(),
        }
    }

    fn item_mut(&mut self, claim: Claim) -> &mut Option<String> {
        match claim {
            Claim::Name => &mut self.name,
            Claim::Address => &mut self.address,
            Claim::Birthdate => &mut self.birthdate,
            Claim::Gender => &mut self.gender,
        }
    }
}

/// Which secret an identity is sealed under. Part of the key derivation: what is sealed for one step opens at no other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SealedUnder {
    /// The one-time token of the return URL.
    ReturnToken,
    /// The browser's cookie.
    Browser,
    /// The authorization code.
    Code,
    /// The access token.
    AccessToken,
}

impl SealedUnder {
    fn label(self) -> &'static [u8] {
        match self {
            Self::ReturnToken => b"akashi-identity-v1 return-token",
            Self::Browser => b"akashi-identity-v1 browser",
            Self::Code => b"akashi-identity-v1 code",
            Self::AccessToken => b"akashi-identity-v1 access-token",
        }
    }
}

/// An identity could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealError {
    /// No randomness for the nonce.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// Another secret, another interaction, or changed octets.
    #[error("the sealed identity does not open under this secret")]
    DoesNotOpen,
}

impl Identity {
    /// Encrypts with AES-256-GCM under a key of this secret (HKDF-SHA-256, RFC 5869), bound to the interaction.
    pub(crate) fn seal(
        &self,
        secret: &BearerSecret,
        under: SealedUnder,
        interaction_id: &str,
    ) -> Result<Vec<u8>, SealError> {
        let key = sealing_key(secret, under)?;
        let nonce: [u8; aead::NONCE_LEN] = random_octets()?;
        // With room for all of it: text that grows is copied, and the copies are not overwritten.
        let mut sealed = Zeroizing::new(Vec::with_capacity(limits::IDENTITY_BYTES));
        serde_json::to_writer(&mut *sealed, self).map_err(|_| SealError::DoesNotOpen)?;
        key.seal_in_place_append_tag(
            aead::Nonce::assume_unique_for_key(nonce),
            aead::Aad::from(interaction_id.as_bytes()),
            &mut *sealed,
        )
        .map_err(|_| SealError::DoesNotOpen)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what [`Identity::seal`] made with the same secret, step and interaction.
    pub(crate) fn open(
        sealed: &[u8],
        secret: &BearerSecret,
        under: SealedUnder,
        interaction_id: &str,
    ) -> Result<Self, SealError> {
        let (nonce, ciphertext) = sealed
            .split_first_chunk::<{ aead::NONCE_LEN }>()
            .ok_or(SealError::DoesNotOpen)?;
        let key = sealing_key(secret, under)?;
        let mut buffer = Zeroizing::new(ciphertext.to_vec());
        let plain = key
            .open_in_place(
                aead::Nonce::assume_unique_for_key(*nonce),
                aead::Aad::from(interaction_id.as_bytes()),
                &mut buffer,
            )
            .map_err(|_| SealError::DoesNotOpen)?;
        serde_json::from_slice(plain).map_err(|_| SealError::DoesNotOpen)
    }
}

fn sealing_key(secret: &BearerSecret, under: SealedUnder) -> Result<aead::LessSafeKey, SealError> {
    let pseudorandom = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret.octets());
    let label = [under.label()];
    let key = pseudorandom
        .expand(&label, &aead::AES_256_GCM)
        .map_err(|_| SealError::DoesNotOpen)?;
    Ok(aead::LessSafeKey::new(aead::UnboundKey::from(key)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity() -> Identity {
        Identity {
            subject: "pairwise".to_owned(),
            four_information: Some(FourInformation {
                name: Some("CANARY".to_owned()),
                address: Some("A street".to_owned()),
                birthdate: Some("19850315".to_owned()),
                gender: Some("2".to_owned()),
            }),
        }
    }

    #[test]
    fn an_identity_opens_under_its_secret_step_and_interaction_only() {
        let secret = BearerSecret::generate().unwrap();
        let other = BearerSecret::generate().unwrap();
        let sealed = identity()
            .seal(&secret, SealedUnder::Code, "interaction")
            .unwrap();
        let open = |secret: &BearerSecret, under, interaction: &str| {
            Identity::open(&sealed, secret, under, interaction)
        };
        assert_eq!(
            open(&secret, SealedUnder::Code, "interaction"),
            Ok(identity())
        );
        assert!(open(&other, SealedUnder::Code, "interaction").is_err());
        assert!(open(&secret, SealedUnder::AccessToken, "interaction").is_err());
        assert!(open(&secret, SealedUnder::Code, "another").is_err());
    }

    #[test]
    fn a_changed_octet_does_not_open() {
        let secret = BearerSecret::generate().unwrap();
        let mut sealed = identity()
            .seal(&secret, SealedUnder::Code, "interaction")
            .unwrap();
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        assert!(Identity::open(&sealed, &secret, SealedUnder::Code, "interaction").is_err());
        assert!(Identity::open(&[], &secret, SealedUnder::Code, "interaction").is_err());
    }

    #[test]
    fn a_sealed_identity_does_not_show_what_is_in_it() {
        let secret = BearerSecret::generate().unwrap();
        let sealed = identity()
            .seal(&secret, SealedUnder::Code, "interaction")
            .unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"CANARY"));
        assert_eq!(format!("{:?}", identity()), "Identity(..)");
    }

    /// That dropping overwrites is the promise of a trait, to which the compiler holds these types; memory that was let go of
    /// cannot be looked at. Not in our hands: what the person or the client was sent stood in the buffers of HTTP and TLS.
    #[test]
    fn attack_70_types_that_hold_a_person_s_data_or_a_secret_overwrite_it_when_they_are_dropped() {
        fn is_overwritten<T: ZeroizeOnDrop>() {}
        is_overwritten::<Identity>();
        is_overwritten::<FourInformation>();
        is_overwritten::<crate::readers::CardSurface>();
        is_overwritten::<BearerSecret>();
        is_overwritten::<crate::signature::PostedSigningLeg>();
        let mut overwritten = identity();
        overwritten.zeroize();
        assert!(overwritten.subject.is_empty() && overwritten.four_information.is_none());
    }

    #[test]
    fn attack_70_an_identity_is_written_without_a_copy_being_left_behind() {
        let longest = |octets: usize| Some("\"".repeat(octets));
        let identity = Identity {
            subject: "s".repeat(43),
            four_information: Some(FourInformation {
                name: longest(limits::NAME_BYTES),
                address: longest(limits::ADDRESS_BYTES),
                birthdate: Some("19850315".to_owned()),
                gender: Some("2".to_owned()),
            }),
        };
        let secret = BearerSecret::generate().unwrap();
        let sealed = identity.seal(&secret, SealedUnder::Code, "interaction");
        // Nonce, text and tag: the text had room from the beginning.
        assert!(sealed.unwrap().len() - aead::NONCE_LEN <= limits::IDENTITY_BYTES);
    }

    #[test]
    fn what_was_not_asked_for_is_forgotten() {
        let scopes = Scopes::parse("openid birthdate").unwrap();
        let kept = identity()
            .four_information
            .clone()
            .unwrap()
            .restricted_to(&scopes);
        assert_eq!(kept.item(Claim::Birthdate), Some("19850315"));
        assert_eq!(kept.item(Claim::Name), None);
        assert_eq!(kept.item(Claim::Address), None);
        assert_eq!(kept.item(Claim::Gender), None);
    }
}
