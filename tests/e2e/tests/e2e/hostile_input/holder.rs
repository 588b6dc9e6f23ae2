//! One holder's card, and everything wrong that can be made of it.

use std::sync::Arc;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use e2e::system::System;
use pki::{
    CertificationAuthority, CrlSigner, CrossCheck, Profile, TrustAnchor, UnixTime, ValidatedLeaf,
    Verifier,
};
use sandbox::card::{Card, CardCertificate};
use sandbox::mint::{CaKind, LeafSubject, RsaKey, pem};

/// A card of the sandbox with one of its certificates.
#[derive(Clone)]
pub(crate) struct Holder {
    pub(crate) card: Card,
    pub(crate) kind: CaKind,
    pub(crate) leaf: Arc<ValidatedLeaf>,
}

impl Holder {
    pub(crate) fn of(system: &System, card: &str, kind: CaKind) -> Result<Self> {
        system.world.repository.read(|jpki| {
            let anchors = jpki.authority(kind).generations.iter();
            let anchors = anchors.map(|generation| TrustAnchor::from_der(&generation.certificate));
            let anchors = anchors.collect::<Result<Vec<_>, _>>()?;
            let profile = Profile::by_name(kind.profile_name()).context("a profile")?;
            let newest = CrlSigner::NewestKey;
            let authority = CertificationAuthority::new(kind.name(), profile, anchors, newest)?;
            let card = jpki.card(card)?.clone();
            let der = &card.certificate(kind).der;
            let leaf = pki::validate_leaf(der, &authority, &Verifier::new(CrossCheck::Off))?;
            Ok(Self {
                card,
                kind,
                leaf: Arc::new(leaf),
            })
        })
    }

    pub(crate) fn certificate(&self) -> &CardCertificate {
        self.card.certificate(self.kind)
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        self.certificate().der.clone()
    }

    /// The certificate of the other authority on the same card.
    pub(crate) fn other_authority_s(&self) -> Vec<u8> {
        let other = CaKind::ALL.into_iter().find(|kind| *kind != self.kind);
        self.card
            .certificate(other.unwrap_or(self.kind))
            .der
            .clone()
    }

    /// A certificate that names one of our authority's keys, signed by a key of nobody.
    pub(crate) fn forged(&self, system: &System, now: UnixTime) -> Result<Vec<u8>> {
        let nobody = RsaKey::generate()?;
        let subject = LeafSubject::issued_at(self.card.person(), self.card.municipality(), now);
        let certificate = self.certificate();
        Ok(system.world.repository.read(|jpki| {
            let authority = jpki.authority(self.kind);
            let spec = authority.leaf(
                certificate.generation,
                certificate.serial,
                &certificate.key,
                &subject,
            );
            spec.sign(&nobody)
        }))
    }

    /// The root under which it was issued.
    pub(crate) fn root(&self, system: &System) -> Vec<u8> {
        let ordinal = self.certificate().generation;
        system.world.repository.read(|jpki| {
            let authority = jpki.authority(self.kind);
            authority.generation(ordinal).certificate.clone()
        })
    }

    /// What no answer may repeat.
    pub(crate) fn private(&self) -> Vec<String> {
        let person = self.card.person();
        let serial = self.certificate().serial;
        let certificate = self.der();
        let mut private = vec![
            person.name.to_owned(),
            person.street.to_owned(),
            person.birthdate.to_owned(),
            serial.to_string(),
            format!("{serial:08x}"),
            STANDARD.encode(self.leaf.serial().as_bytes()),
        ];
        // Windows of what is unique to the certificate: its key.
        for at in [600, 700] {
            let window = &certificate[at..at + 18];
            private.push(STANDARD.encode(window));
            private.push(hex::encode(window));
            private.push(format!("{window:?}").trim_matches(['[', ']']).to_owned());
        }
        private
    }
}

/// Encodings of a certificate that are not DER, and octets that are no certificate, with names.
pub(super) fn no_certificates(der: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let nested: Vec<u8> = [0x30, 0x80].repeat(4_000);
    vec![
        ("one octet", vec![0x30]),
        ("its first half", der[..der.len() / 2].to_vec()),
        ("all but the last octet", der[..der.len() - 1].to_vec()),
        ("one octet after it", [der, &[0]].concat()),
        ("twice", [der, der].concat()),
        ("zeros", vec![0; 1_000]),
        ("8,192 octets of nothing", vec![0x30; 8_192]),
        ("a length of 4 GB", vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
        (
            "a length of 127 octets",
            [&[0x30, 0xff][..], &[0xff; 200]].concat(),
        ),
        ("4,000 sequences in each other", nested),
        ("PEM", pem("CERTIFICATE", der).into_bytes()),
        ("base64", STANDARD.encode(der).into_bytes()),
        ("hexadecimal", hex::encode(der).into_bytes()),
        ("text", "山田太郎".as_bytes().to_vec()),
    ]
}
