//! The whole throw-away JPKI: two authorities, the cards, the registered reader; and its file.

use std::io;
use std::path::Path;

use pki::UnixTime;

use super::YEAR_SECS;
use super::authority::{Authority, Revocation, SerialLink};
use super::keys::{EcKey, KeyError, RsaKey};
use super::names::{CaKind, MUNICIPALITIES, Municipality, municipality};
use super::people::{LeafSubject, person};
use crate::card::{Card, CardCertificate};

/// Where it is kept below the data folder.
const FILE: &str = "jpki.json";
/// Serials that other people's certificates take between two of the sandbox's.
const OTHER_PEOPLE: u64 = 200;
/// One in so many of those is revoked, so that lists are not empty.
const OTHER_REVOKED_ONE_IN: u64 = 5;
/// keyCompromise
const KEY_COMPROMISE: u8 = 1;
/// affiliationChanged: a name or an address changed.
const AFFILIATION_CHANGED: u8 = 3;

/// Why the JPKI cannot be made, kept or changed.
#[derive(Debug, thiserror::Error)]
pub enum MintError {
    /// A key failed.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// The file is not one of ours.
    #[error("{path} is not a sandbox's JPKI: {source}")]
    Contents {
        /// Which file.
        path: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// There is no such card.
    #[error("there is no card {0:?}; there are {1}")]
    NoCard(String, String),
    /// It is revoked already; a revocation is never changed.
    #[error("the {1} certificate of {0:?} is revoked already")]
    AlreadyRevoked(String, &'static str),
}

/// A throw-away JPKI.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Jpki {
    authorities: Vec<Authority>,
    /// The cards, in the order in which pages show them.
    pub cards: Vec<Card>,
    /// The registered reader's key id.
    pub reader_key_id: String,
    /// The registered reader's key.
    pub reader_key: EcKey,
}

/// A card to be issued: chronological, because serials are.
struct Issue {
    card: &'static str,
    person: &'static str,
    municipality: &'static str,
    generation: u8,
    /// Days before the day of minting.
    days_ago: i64,
}

/// Days before the day of minting on which the two generations of keys began.
const GENERATIONS_DAYS_AGO: [i64; 2] = [6 * 365, 2 * 365];

const ISSUES: [Issue; 7] = [
    // Five birthdays have passed, so it is expired.
    issue("expired", "umeko", "hoshizora", 1, 2045),
    issue("renewed-old", "midori", "yamabiko", 1, 1280),
    issue("older-key", "kiichi", "umikaze", 1, 1100),
    issue("revoked", "taro", "yamabiko", 2, 550),
    issue("good", "hanako", "umikaze", 2, 365),
    issue("minor", "sora", "hoshizora", 2, 200),
    issue("renewed", "midori", "yamabiko", 2, 30),
];

/// The order in which people see the cards.
const SHOWN: [&str; 7] = [
    "good",
    "revoked",
    "expired",
    "older-key",
    "renewed-old",
    "renewed",
    "minor",
];

const fn issue(
    card: &'static str,
    person: &'static str,
    municipality: &'static str,
    generation: u8,
    days_ago: i64,
) -> Issue {
    Issue {
        card,
        person,
        municipality,
        generation,
        days_ago,
    }
}

impl Jpki {
    /// Mints everything: keys, roots, cards, what is revoked from the start, one renewal.
    pub fn mint(now: UnixTime) -> Result<Self, MintError> {
        let mut jpki = Self {
            authorities: CaKind::ALL.into_iter().map(Authority::new).collect(),
            cards: Vec::new(),
            reader_key_id: "sandbox-reader".to_owned(),
            reader_key: EcKey::generate()?,
        };
        for (ordinal, days_ago) in (1_u8..).zip(GENERATIONS_DAYS_AGO) {
            for authority in &mut jpki.authorities {
                authority.add_generation(days_before(now, days_ago))?;
            }
            for issue in ISSUES.iter().filter(|issue| issue.generation == ordinal) {
                jpki.issue_to_others(issue, now);
                jpki.issue_card(issue, now)?;
            }
        }
        jpki.link_renewal("renewed-old", "renewed")?;
        jpki.cards
            .sort_by_key(|card| SHOWN.iter().position(|shown| *shown == card.id));
        let revoked_at = days_before(now, 90);
        jpki.revoke(
            "revoked",
            CaKind::UserAuthentication,
            KEY_COMPROMISE,
            revoked_at,
        )?;
        jpki.revoke(
            "revoked",
            CaKind::DigitalSignature,
            AFFILIATION_CHANGED,
            revoked_at,
        )?;
        Ok(jpki)
    }

    /// The JPKI kept in a folder; minted and kept there if there is none.
    pub fn load_or_mint(folder: &Path, now: UnixTime) -> Result<Self, MintError> {
        let path = folder.join(FILE);
        let file_error = |source| MintError::File {
            path: path.display().to_string(),
            source,
        };
        match std::fs::read(&path) {
            Ok(octets) => serde_json::from_slice(&octets).map_err(|source| MintError::Contents {
                path: path.display().to_string(),
                source,
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let jpki = Self::mint(now)?;
                jpki.save(folder)?;
                Ok(jpki)
            }
            Err(error) => Err(file_error(error)),
        }
    }

    /// Keeps it in a folder: written beside and renamed, so that a kill leaves the old or the new.
    pub fn save(&self, folder: &Path) -> Result<(), MintError> {
        let path = folder.join(FILE);
        let file_error = |source| MintError::File {
            path: path.display().to_string(),
            source,
        };
        let octets = serde_json::to_vec(self).map_err(|source| MintError::Contents {
            path: path.display().to_string(),
            source,
        })?;
        crate::files::write_private(&path, &octets).map_err(file_error)
    }

    /// An authority.
    pub fn authority(&self, kind: CaKind) -> &Authority {
        let index = usize::from(kind != CaKind::UserAuthentication);
        &self.authorities[index]
    }

    /// An authority, to be changed.
    pub fn authority_mut(&mut self, kind: CaKind) -> &mut Authority {
        let index = usize::from(kind != CaKind::UserAuthentication);
        &mut self.authorities[index]
    }

    /// A card by its id.
    pub fn card(&self, id: &str) -> Result<&Card, MintError> {
        self.cards
            .iter()
            .find(|card| card.id == id)
            .ok_or_else(|| self.no_card(id))
    }

    /// A card by its id, to type PINs into.
    pub fn card_mut(&mut self, id: &str) -> Result<&mut Card, MintError> {
        match self.cards.iter().position(|card| card.id == id) {
            Some(index) => Ok(&mut self.cards[index]),
            None => Err(self.no_card(id)),
        }
    }

    fn no_card(&self, id: &str) -> MintError {
        let known: Vec<_> = self.cards.iter().map(|card| card.id.as_str()).collect();
        MintError::NoCard(id.to_owned(), known.join(", "))
    }

    /// Revokes one certificate of a card; the next published lists say so.
    pub fn revoke(
        &mut self,
        id: &str,
        kind: CaKind,
        reason: u8,
        revoked_at: UnixTime,
    ) -> Result<(), MintError> {
        let card = self.card(id)?;
        let CardCertificate {
            serial, generation, ..
        } = *card.certificate(kind);
        let municipality = card.municipality().slug.to_owned();
        let authority = self.authority_mut(kind);
        if authority
            .revocations
            .iter()
            .any(|revocation| revocation.serial == serial)
        {
            return Err(MintError::AlreadyRevoked(id.to_owned(), kind.name()));
        }
        let revoked_at = revoked_at.secs();
        authority.revocations.push(Revocation {
            serial,
            generation,
            municipality,
            revoked_at,
            reason,
        });
        Ok(())
    }

    /// Whether a certificate of a card is revoked.
    pub fn is_revoked(&self, card: &Card, kind: CaKind) -> bool {
        let serial = card.certificate(kind).serial;
        self.authority(kind)
            .revocations
            .iter()
            .any(|revocation| revocation.serial == serial)
    }

    fn link_renewal(&mut self, old: &str, new: &str) -> Result<(), MintError> {
        for kind in CaKind::ALL {
            let old = self.card(old)?.certificate(kind).serial;
            let new = self.card(new)?.certificate(kind).serial;
            self.authority_mut(kind).links.push(SerialLink { old, new });
        }
        Ok(())
    }

    fn issue_card(&mut self, issue: &Issue, now: UnixTime) -> Result<(), MintError> {
        let holder = person(issue.person).expect("ISSUES names people of PEOPLE");
        let municipality = municipality(issue.municipality).expect("ISSUES names municipalities");
        let subject =
            LeafSubject::issued_at(holder, municipality, days_before(now, issue.days_ago));
        let [user_authentication, digital_signature] =
            CaKind::ALL.map(|kind| self.issue_certificate(kind, issue.generation, &subject));
        self.cards.push(Card::new(
            issue.card,
            holder,
            municipality,
            user_authentication?,
            digital_signature?,
        ));
        Ok(())
    }

    fn issue_certificate(
        &mut self,
        kind: CaKind,
        generation: u8,
        subject: &LeafSubject,
    ) -> Result<CardCertificate, MintError> {
        let key = RsaKey::generate()?;
        let authority = self.authority_mut(kind);
        let serial = authority.draw_serial();
        let leaf = authority.leaf(generation, serial, &key, subject);
        let der = leaf.sign(&authority.generation(generation).key);
        Ok(CardCertificate {
            generation,
            serial,
            der,
            key,
        })
    }

    /// Lets serials pass that belong to nobody in the sandbox, some of them revoked.
    fn issue_to_others(&mut self, issue: &Issue, now: UnixTime) {
        // affiliationChanged, superseded, cessationOfOperation, keyCompromise, certificateHold.
        let reasons = [3, 4, 5, 1, 6].into_iter().cycle();
        let municipalities = MUNICIPALITIES.iter().cycle();
        let revoked_at = days_before(now, issue.days_ago.min(300)).secs();
        for authority in &mut self.authorities {
            let mut labels = municipalities.clone().zip(reasons.clone());
            for _ in 0..OTHER_PEOPLE {
                let serial = authority.draw_serial();
                if serial % OTHER_REVOKED_ONE_IN != 0 {
                    continue;
                }
                let Some((Municipality { slug, .. }, reason)) = labels.next() else {
                    return;
                };
                authority.revocations.push(Revocation {
                    serial,
                    generation: issue.generation,
                    municipality: (*slug).to_owned(),
                    revoked_at,
                    reason,
                });
            }
        }
    }
}

/// What a card of the sandbox is, in Japanese and English.
pub fn card_in_words(id: &str) -> (&'static str, &'static str) {
    match id {
        "good" => ("有効なカード", "a valid card"),
        "revoked" => ("失効したカード", "a revoked card"),
        "expired" => ("有効期限切れのカード", "an expired card"),
        "older-key" => ("旧世代の認証局鍵で発行", "issued with the CA's older key"),
        "renewed-old" => ("更新前のカード", "before renewal"),
        "renewed" => ("更新後のカード（同じ人）", "after renewal, the same person"),
        "minor" => ("未成年者のカード", "somebody under 20"),
        _ => ("カード", "a card"),
    }
}

fn days_before(now: UnixTime, days: i64) -> UnixTime {
    now.plus_secs(-days * 86_400)
}

/// Roots begin before the first card and end after the last one.
const _: () = assert!(GENERATIONS_DAYS_AGO[0] * 86_400 < 10 * YEAR_SECS);

#[cfg(test)]
mod tests;
