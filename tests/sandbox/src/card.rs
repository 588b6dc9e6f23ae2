//! A card: keys that never leave it, and three PINs with their counters.

use crate::mint::{CaKind, Municipality, Person, RsaKey, municipality, person, sha256};

/// The user-authentication PIN of every sandbox card.
pub const AUTHENTICATION_PIN: &str = "1234";
/// The card-surface PIN of every sandbox card.
pub const CARD_SURFACE_PIN: &str = "5678";
/// The signing PIN of every sandbox card.
pub const SIGNING_PIN: &str = "AKASHI2026";

/// Which of the three PINs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinKind {
    /// Signs a person in: 4 digits, locks after 3 wrong ones.
    Authentication,
    /// Opens the four information: 4 digits, locks after 3 wrong ones.
    CardSurface,
    /// Signs documents: 6 to 16 letters and digits, locks after 5 wrong ones.
    Signing,
}

/// Why a card refuses a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PinError {
    /// It has the wrong length or other characters than it may; the card counts nothing.
    #[error("the PIN does not have the form of this PIN")]
    Form,
    /// It is wrong.
    #[error("the PIN is wrong; {tries_left} tries are left")]
    Wrong {
        /// How many are left; 0 is locked from now on.
        tries_left: u8,
    },
    /// Too many wrong ones before: even the right one is refused.
    #[error("the PIN is locked")]
    Locked,
}

/// A PIN and how often it may still be wrong.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Pin {
    value: String,
    tries_left: u8,
}

impl PinKind {
    /// How many wrong ones lock it.
    pub fn limit(self) -> u8 {
        match self {
            Self::Authentication | Self::CardSurface => 3,
            Self::Signing => 5,
        }
    }

    fn has_form(self, typed: &str) -> bool {
        match self {
            Self::Authentication | Self::CardSurface => {
                typed.len() == 4 && typed.bytes().all(|octet| octet.is_ascii_digit())
            }
            Self::Signing => {
                (6..=16).contains(&typed.len())
                    && typed.bytes().all(|octet| octet.is_ascii_alphanumeric())
            }
        }
    }
}

impl Pin {
    fn new(kind: PinKind, value: &str) -> Self {
        Self {
            value: value.to_owned(),
            tries_left: kind.limit(),
        }
    }

    fn verify(&mut self, kind: PinKind, typed: &str) -> Result<(), PinError> {
        if self.tries_left == 0 {
            return Err(PinError::Locked);
        }
        if !kind.has_form(typed) {
            return Err(PinError::Form);
        }
        // Terminals send the signing PIN in capitals.
        if typed.eq_ignore_ascii_case(&self.value) {
            self.tries_left = kind.limit();
            return Ok(());
        }
        self.tries_left -= 1;
        Err(PinError::Wrong {
            tries_left: self.tries_left,
        })
    }
}

/// One certificate on a card with its key.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct CardCertificate {
    /// Which generation of the authority's keys issued it.
    pub generation: u8,
    /// Its serial.
    pub serial: u64,
    /// The certificate in DER.
    #[serde(with = "crate::mint::base64_octets")]
    pub der: Vec<u8>,
    /// The key. Public because tests make twins of what a card would sign.
    pub key: RsaKey,
}

/// The four information of the card's surface.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct FourInformation {
    /// 氏名
    pub name: String,
    /// 住所
    pub address: String,
    /// 生年月日, `YYYYMMDD`
    pub birthdate: String,
    /// 性別: 1 male, 2 female, 3 other, 9 not recorded
    pub gender: String,
}

/// A card of the sandbox.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Card {
    /// What commands and tests call it, such as `good`.
    pub id: String,
    person: String,
    municipality: String,
    /// The user-authentication certificate.
    pub user_authentication: CardCertificate,
    /// The signing certificate.
    pub digital_signature: CardCertificate,
    authentication_pin: Pin,
    surface_pin: Pin,
    signing_pin: Pin,
}

impl Card {
    /// A new card with the sandbox's PINs.
    pub fn new(
        id: &str,
        holder: &Person,
        municipality: &Municipality,
        user_authentication: CardCertificate,
        digital_signature: CardCertificate,
    ) -> Self {
        Self {
            id: id.to_owned(),
            person: holder.id.to_owned(),
            municipality: municipality.slug.to_owned(),
            user_authentication,
            digital_signature,
            authentication_pin: Pin::new(PinKind::Authentication, AUTHENTICATION_PIN),
            surface_pin: Pin::new(PinKind::CardSurface, CARD_SURFACE_PIN),
            signing_pin: Pin::new(PinKind::Signing, SIGNING_PIN),
        }
    }

    /// Whose card it is.
    ///
    /// # Panics
    /// If the card's file names somebody who is not in the sandbox.
    pub fn person(&self) -> &'static Person {
        person(&self.person).expect("a person of the sandbox")
    }

    /// Where the holder is registered.
    ///
    /// # Panics
    /// If the card's file names a municipality that is not in the sandbox.
    pub fn municipality(&self) -> &'static Municipality {
        municipality(&self.municipality).expect("a municipality of the sandbox")
    }

    /// One of its certificates.
    pub fn certificate(&self, kind: CaKind) -> &CardCertificate {
        match kind {
            CaKind::UserAuthentication => &self.user_authentication,
            CaKind::DigitalSignature => &self.digital_signature,
        }
    }

    fn pin_mut(&mut self, kind: PinKind) -> &mut Pin {
        match kind {
            PinKind::Authentication => &mut self.authentication_pin,
            PinKind::CardSurface => &mut self.surface_pin,
            PinKind::Signing => &mut self.signing_pin,
        }
    }

    /// How often a PIN may still be wrong.
    pub fn tries_left(&self, kind: PinKind) -> u8 {
        match kind {
            PinKind::Authentication => self.authentication_pin.tries_left,
            PinKind::CardSurface => self.surface_pin.tries_left,
            PinKind::Signing => self.signing_pin.tries_left,
        }
    }

    /// What a municipal office does for a person whose card is locked.
    pub fn unlock(&mut self) {
        for kind in [
            PinKind::Authentication,
            PinKind::CardSurface,
            PinKind::Signing,
        ] {
            self.pin_mut(kind).tries_left = kind.limit();
        }
    }

    /// Signs a challenge with the user-authentication key: PKCS#1 v1.5 over a DigestInfo of it.
    pub fn authenticate(&mut self, pin: &str, digest: &[u8; 32]) -> Result<Vec<u8>, PinError> {
        self.authentication_pin
            .verify(PinKind::Authentication, pin)?;
        Ok(self.user_authentication.key.sign_digest(digest))
    }

    /// Signs a document with the signing key.
    pub fn sign_document(&mut self, pin: &str, document: &[u8]) -> Result<Vec<u8>, PinError> {
        self.signing_pin.verify(PinKind::Signing, pin)?;
        Ok(self.digital_signature.key.sign_digest(&sha256(document)))
    }

    /// Signs what a client had digested: a whole DigestInfo. `None` for any that a card should not sign.
    pub fn sign_digest_info(
        &mut self,
        pin: &str,
        info: &[u8],
    ) -> Result<Option<Vec<u8>>, PinError> {
        self.signing_pin.verify(PinKind::Signing, pin)?;
        Ok(self.digital_signature.key.sign_digest_info(info))
    }

    /// The four information, as the card-surface input application gives them.
    pub fn four_information(&mut self, pin: &str) -> Result<FourInformation, PinError> {
        self.surface_pin.verify(PinKind::CardSurface, pin)?;
        let person = self.person();
        Ok(FourInformation {
            name: person.name.to_owned(),
            address: person.address(self.municipality()),
            birthdate: person.birthdate.to_owned(),
            gender: person.gender.to_string(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(kind: PinKind, right: &str, wrong: &str) {
        let mut pin = Pin::new(kind, right);
        for tries_left in (0..kind.limit()).rev() {
            assert_eq!(pin.verify(kind, wrong), Err(PinError::Wrong { tries_left }));
        }
        assert_eq!(pin.verify(kind, right), Err(PinError::Locked));
    }

    #[test]
    fn the_authentication_pin_locks_after_three_wrong_ones() {
        lock(PinKind::Authentication, "1234", "0000");
    }

    #[test]
    fn the_card_surface_pin_locks_after_three_wrong_ones() {
        lock(PinKind::CardSurface, "5678", "0000");
    }

    #[test]
    fn the_signing_pin_locks_after_five_wrong_ones() {
        lock(PinKind::Signing, "AKASHI2026", "AKASHI2025");
    }

    #[test]
    fn the_right_pin_gives_all_tries_back() {
        let mut pin = Pin::new(PinKind::Authentication, "1234");
        for _ in 0..2 {
            pin.verify(PinKind::Authentication, "0000").unwrap_err();
        }
        assert_eq!(pin.verify(PinKind::Authentication, "1234"), Ok(()));
        let wrong = pin.verify(PinKind::Authentication, "0000");
        assert_eq!(wrong, Err(PinError::Wrong { tries_left: 2 }));
    }

    #[test]
    fn a_pin_of_another_form_is_refused_and_not_counted() {
        let mut pin = Pin::new(PinKind::Authentication, "1234");
        for typed in ["", "123", "12345", "12a4", "１２３４"] {
            assert_eq!(
                pin.verify(PinKind::Authentication, typed),
                Err(PinError::Form)
            );
        }
        assert_eq!(pin.tries_left, 3);
        let mut pin = Pin::new(PinKind::Signing, "AKASHI2026");
        for typed in ["AKASH", "AKASHI2026AKASHI2", "AKASHI-2026"] {
            assert_eq!(pin.verify(PinKind::Signing, typed), Err(PinError::Form));
        }
        assert_eq!(pin.verify(PinKind::Signing, "akashi2026"), Ok(()));
    }
}
