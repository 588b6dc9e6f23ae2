//! What must not be found, and how it might be spelt.

use anyhow::Result;
use e2e::system::System;
use sandbox::card::{AUTHENTICATION_PIN, CARD_SURFACE_PIN, SIGNING_PIN};
use sandbox::mint::{CaKind, serial_octets};
use sandbox::spellings::spellings;

/// Where a value may stand, by what it is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Where {
    /// Nowhere.
    Nowhere,
    /// Revocation lists are about serial numbers.
    Lists,
    /// A holder's identifier is kept with the holder links.
    HolderLinks,
    /// A sign-in's own data, for as long as it lasts.
    Gateway,
}

/// A value that somebody must not find.
#[derive(Clone, Debug)]
pub(super) struct Canary {
    pub(super) name: String,
    octets: Vec<u8>,
    /// Only these spellings, for a value too short to be searched for by itself.
    only: Option<Vec<String>>,
    may_stand: Where,
}

impl Canary {
    pub(super) fn new(name: impl Into<String>, value: impl AsRef<[u8]>, may_stand: Where) -> Self {
        Self {
            name: name.into(),
            octets: value.as_ref().to_vec(),
            only: None,
            may_stand,
        }
    }

    /// Four digits stand in every log; a PIN would come quoted, or after a name.
    fn pin(name: &str, digits: &str) -> Self {
        let spellings = [
            format!("\"{digits}\""),
            format!("'{digits}'"),
            format!("pin={digits}"),
            format!("pin: {digits}"),
            format!("pin%22%3A%22{digits}"),
        ];
        Self {
            only: Some(spellings.into()),
            ..Self::new(name, digits, Where::Nowhere)
        }
    }

    pub(super) fn may_stand_in(&self, place: &str) -> bool {
        self.kept_in().iter().any(|kept| place.starts_with(kept))
    }

    pub(super) fn kept_in(&self) -> &'static [&'static str] {
        match self.may_stand {
            Where::Nowhere => &[],
            Where::Lists => &["crl.db"],
            Where::HolderLinks => &["holder-links.db"],
            Where::Gateway => &["gateway.db"],
        }
    }

    /// Whether it must be found where it may stand, so that the search is known to work there.
    pub(super) fn is_kept(&self) -> bool {
        matches!(self.may_stand, Where::HolderLinks | Where::Gateway)
    }

    /// The first spelling that is found.
    pub(super) fn found_in(&self, hay: &[u8]) -> Option<String> {
        self.spellings()
            .into_iter()
            .find(|(_, octets)| contains(hay, octets))
            .map(|(spelling, _)| spelling)
    }

    /// Every spelling with its name.
    pub(super) fn spellings(&self) -> Vec<(String, Vec<u8>)> {
        if let Some(only) = &self.only {
            return only
                .iter()
                .map(|text| (text.clone(), text.clone().into_bytes()))
                .collect();
        }
        spellings(&self.octets)
    }
}

fn contains(hay: &[u8], needle: &[u8]) -> bool {
    let Some((first, rest)) = needle.split_first() else {
        return false;
    };
    let mut from = 0;
    // A search by the first octet is fast enough for some megabytes, also unoptimised.
    while let Some(at) = hay[from..].iter().position(|octet| octet == first) {
        let after = from + at + 1;
        if hay[after..].starts_with(rest) {
            return true;
        }
        from = after;
    }
    false
}

/// The installation's own secrets.
pub(super) fn of_the_deployment(system: &System) -> Result<Vec<Canary>> {
    let folder = system.deployment.folder().join("secrets");
    let mut canaries = Vec::new();
    for name in ["holder-key", "pairwise", "id-token.pem"] {
        let text = std::fs::read_to_string(folder.join(name))?;
        let line = text.lines().find(|line| !line.starts_with("-----"));
        let secret = line
            .unwrap_or_default()
            .rsplit(':')
            .next()
            .unwrap_or_default();
        canaries.push(Canary::new(
            format!("the secret {name}"),
            secret,
            Where::Nowhere,
        ));
        if let Ok(octets) = hex::decode(secret) {
            let name = format!("the octets of the secret {name}");
            canaries.push(Canary::new(name, octets, Where::Nowhere));
        }
    }
    canaries.push(Canary::pin("the authentication PIN", AUTHENTICATION_PIN));
    canaries.push(Canary::pin("the card-surface PIN", CARD_SURFACE_PIN));
    canaries.push(Canary::new("the signing PIN", SIGNING_PIN, Where::Nowhere));
    Ok(canaries)
}

/// A card, its certificates and its holder.
pub(super) fn of_a_card(system: &System, card: &str) -> Result<Vec<Canary>> {
    system.world.repository.read(|jpki| {
        let held = jpki.card(card)?;
        let person = held.person();
        let birthdate = person.birthdate;
        let (year, month, day) = (&birthdate[..4], &birthdate[4..6], &birthdate[6..]);
        let mut canaries = Vec::new();
        let mut add = |name: &str, value: &str| {
            let name = format!("{card}'s {name}");
            canaries.push(Canary::new(name, value, Where::Nowhere));
        };
        add("name", person.name);
        for part in person
            .name
            .split('\u{3000}')
            .filter(|part| part.chars().count() > 1)
        {
            add("name in part", part);
        }
        add("name in Latin letters", person.latin_name);
        add("address", &person.address(held.municipality()));
        add("street", person.street);
        add("birth date", birthdate);
        add("birth date in ISO 8601", &format!("{year}-{month}-{day}"));
        add("birth date in Japanese", &format!("{year}年"));
        for kind in CaKind::ALL {
            canaries.extend(of_a_certificate(card, kind, held.certificate(kind)));
        }
        Ok(canaries)
    })
}

fn of_a_certificate(
    card: &str,
    kind: CaKind,
    certificate: &sandbox::card::CardCertificate,
) -> Vec<Canary> {
    let whose = format!("{card}'s {}", kind.name());
    let serial = certificate.serial;
    let mut canaries = vec![
        Canary::new(
            format!("{whose} serial"),
            serial_octets(serial),
            Where::Lists,
        ),
        Canary::new(
            format!("{whose} serial in decimal"),
            serial.to_string(),
            Where::Lists,
        ),
    ];
    // Parts of the public key and of the issuer's signature: no other certificate has them.
    let der = &certificate.der;
    let key = certificate.key.subject_public_key_info();
    for (part, octets) in [
        ("key", &key[60..84]),
        ("key's end", &key[200..224]),
        ("signature", &der[der.len() - 40..der.len() - 16]),
    ] {
        let name = format!("{whose} certificate's {part}");
        canaries.push(Canary::new(name, octets, Where::Nowhere));
    }
    canaries
}
