//! The card's answer as the reader app posts it, and what is read of it: its form alone.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::problem::CardProblem;
use crate::limits;
use crate::readers::CardSurface;
use crate::signature::{PostedSigningLeg, SigningLeg};

/// The body that the reader app posts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostedAnswer {
    certificate: String,
    signature: String,
    #[serde(default)]
    four_information: Option<CardSurface>,
    #[serde(default)]
    reader: Option<PostedReader>,
    #[serde(default)]
    signing: Option<PostedSigningLeg>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostedReader {
    key_id: String,
    signature: String,
}

/// The same, decoded and within its limits.
pub(super) struct CardAnswer {
    pub(super) certificate: Vec<u8>,
    pub(super) signature: Vec<u8>,
    pub(super) vouched: Option<Vouched>,
    pub(super) signing: Option<SigningLeg>,
}

pub(super) struct Vouched {
    pub(super) surface: CardSurface,
    pub(super) key_id: String,
    pub(super) signature: Vec<u8>,
}

impl CardAnswer {
    /// Checks the form. Nothing is spent on an answer that is not of the contract's form.
    pub(super) fn parse(body: &[u8]) -> Result<Self, CardProblem> {
        let posted: PostedAnswer = serde_json::from_slice(body)
            .map_err(|_| CardProblem::Malformed("the body is not the JSON of a card's answer"))?;
        let certificate = octets(
            &posted.certificate,
            1..=limits::CERTIFICATE_BYTES,
            "certificate",
        )?;
        let signature = octets(&posted.signature, 1..=limits::SIGNATURE_BYTES, "signature")?;
        if let Some(surface) = &posted.four_information {
            check_surface(surface)?;
        }
        let vouched = match (posted.four_information, posted.reader) {
            (Some(surface), Some(reader)) => Some(Vouched {
                surface,
                signature: octets(&reader.signature, 64..=64, "reader.signature")?,
                key_id: reader.key_id,
            }),
            (None, Some(_)) => {
                return Err(CardProblem::Malformed("reader without four_information"));
            }
            (_, None) => None,
        };
        let signing = posted
            .signing
            .as_ref()
            .map(|leg| SigningLeg::parse(leg, &certificate))
            .transpose()
            .map_err(CardProblem::Malformed)?;
        Ok(Self {
            certificate,
            signature,
            vouched,
            signing,
        })
    }
}

fn octets(
    text: &str,
    size: std::ops::RangeInclusive<usize>,
    member: &'static str,
) -> Result<Vec<u8>, CardProblem> {
    let octets = STANDARD
        .decode(text)
        .ok()
        .filter(|octets| size.contains(&octets.len()));
    octets.ok_or(CardProblem::Malformed(match member {
        "certificate" => "certificate is not base64 of 1 to 8192 octets",
        "signature" => "signature is not base64 of 1 to 512 octets",
        _ => "reader.signature is not base64 of 64 octets",
    }))
}

fn check_surface(surface: &CardSurface) -> Result<(), CardProblem> {
    let is_text = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && !text.chars().any(char::is_control)
    };
    if !is_text(&surface.name, limits::NAME_BYTES) {
        return Err(CardProblem::Malformed(
            "four_information.name is empty, too long or no text",
        ));
    }
    if !is_text(&surface.address, limits::ADDRESS_BYTES) {
        let rule = "four_information.address is empty, too long or no text";
        return Err(CardProblem::Malformed(rule));
    }
    if surface.birthdate.len() != 8 || !surface.birthdate.bytes().all(|b| b.is_ascii_digit()) {
        return Err(CardProblem::Malformed(
            "four_information.birthdate is not YYYYMMDD",
        ));
    }
    if !matches!(surface.gender.as_str(), "1" | "2" | "3" | "9") {
        return Err(CardProblem::Malformed(
            "four_information.gender is not 1, 2, 3 or 9",
        ));
    }
    Ok(())
}
