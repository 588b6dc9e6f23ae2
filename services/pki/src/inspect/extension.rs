//! The values of extensions in words (RFC 5280 section 4.2).

use super::general_names::{distribution_points, general_name, general_names, subtrees};
use super::{ExtensionFacts, Fact};
use crate::GeneralNameError;
use crate::certificate::{AUTHORITY_KEY_IDENTIFIER, Extension, SUBJECT_KEY_IDENTIFIER};
use crate::der::{
    BIT_STRING, IA5_STRING, OCTET_STRING, Reader, SEQUENCE, check_strict, context,
    context_primitive, named_bits, whole_sequence,
};
use crate::general_name::{GeneralName, read_general_names};
use crate::profile::{
    AUTHORITY_INFORMATION_ACCESS, BASIC_CONSTRAINTS, CERTIFICATE_POLICIES, CRL_DISTRIBUTION_POINTS,
    EXTENDED_KEY_USAGE, ISSUER_ALTERNATIVE_NAME, KEY_USAGE, SUBJECT_ALTERNATIVE_NAME,
};

const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x1e];
const POLICY_MAPPINGS: &[u8] = &[0x55, 0x1d, 0x21];
const POLICY_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x24];
const FRESHEST_CRL: &[u8] = &[0x55, 0x1d, 0x2e];
const INHIBIT_ANY_POLICY: &[u8] = &[0x55, 0x1d, 0x36];
/// 1.3.6.1.5.5.7.1.11
const SUBJECT_INFORMATION_ACCESS: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 1, 11];

type Facts = Result<Vec<Fact>, GeneralNameError>;

/// An extension's name, and how its value is read.
type Known = (&'static str, fn(&[u8]) -> Facts);

/// Whether the extension says that the certificate is an authority's.
pub(super) fn is_authority(extension: &Extension<'_>) -> bool {
    let authority = || whole_sequence(extension.value)?.default_false();
    extension.identifier == BASIC_CONSTRAINTS && authority().is_ok_and(|authority| authority)
}

/// Whether an extension leads to the holder.
pub(super) fn is_personal_on_leaf(identifier: &[u8]) -> bool {
    matches!(
        identifier,
        SUBJECT_ALTERNATIVE_NAME | CRL_DISTRIBUTION_POINTS | FRESHEST_CRL
    )
}

pub(super) fn facts(extension: &Extension<'_>) -> ExtensionFacts {
    let value = extension.value;
    let decoded = known(extension.identifier).map(|(name, decode)| {
        let strict = check_strict(value).map_err(GeneralNameError::from);
        (name, strict.and_then(|()| decode(value)))
    });
    ExtensionFacts::new(
        extension.identifier,
        extension.critical,
        value.len(),
        decoded,
    )
}

fn known(identifier: &[u8]) -> Option<Known> {
    Some(match identifier {
        KEY_USAGE => ("keyUsage", key_usage),
        EXTENDED_KEY_USAGE => ("extKeyUsage", extended_key_usage),
        BASIC_CONSTRAINTS => ("basicConstraints", basic_constraints),
        NAME_CONSTRAINTS => ("nameConstraints", name_constraints),
        CERTIFICATE_POLICIES => ("certificatePolicies", certificate_policies),
        POLICY_MAPPINGS => ("policyMappings", policy_mappings),
        POLICY_CONSTRAINTS => ("policyConstraints", policy_constraints),
        INHIBIT_ANY_POLICY => ("inhibitAnyPolicy", inhibit_any_policy),
        SUBJECT_ALTERNATIVE_NAME => ("subjectAltName", alternative_name),
        ISSUER_ALTERNATIVE_NAME => ("issuerAltName", alternative_name),
        CRL_DISTRIBUTION_POINTS => ("cRLDistributionPoints", points),
        FRESHEST_CRL => ("freshestCRL", points),
        AUTHORITY_KEY_IDENTIFIER => ("authorityKeyIdentifier", authority_key_identifier),
        SUBJECT_KEY_IDENTIFIER => ("subjectKeyIdentifier", subject_key_identifier),
        AUTHORITY_INFORMATION_ACCESS => ("authorityInfoAccess", information_access),
        SUBJECT_INFORMATION_ACCESS => ("subjectInfoAccess", information_access),
        _ => return None,
    })
}

/// The bits of RFC 5280 section 4.2.1.3, bit 0 first.
const KEY_USAGES: [&str; 9] = [
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
    "encipherOnly",
    "decipherOnly",
];

fn key_usage(value: &[u8]) -> Facts {
    let mut reader = Reader::new(value);
    let bits = named_bits(reader.expect(BIT_STRING)?.contents)?;
    reader.finish()?;
    let usage = |bit: usize| {
        let unknown = "a bit without a meaning";
        Fact::plain("usage", KEY_USAGES.get(bit).copied().unwrap_or(unknown))
    };
    Ok((0..16)
        .filter(|bit| bits >> bit & 1 == 1)
        .map(usage)
        .collect())
}

fn extended_key_usage(value: &[u8]) -> Facts {
    let mut list = whole_sequence(value)?;
    let mut facts = Vec::new();
    while !list.is_empty() {
        facts.push(Fact::identifier("purpose", list.object_identifier()?));
    }
    Ok(facts)
}

fn basic_constraints(value: &[u8]) -> Facts {
    let mut fields = whole_sequence(value)?;
    let authority = if fields.default_false()? { "yes" } else { "no" };
    let mut facts = vec![Fact::plain("authority", authority)];
    if !fields.is_empty() {
        facts.push(Fact::plain("path length", number(fields.integer()?)));
    }
    fields.finish()?;
    Ok(facts)
}

/// A number that is small unless somebody plays.
fn number(contents: &[u8]) -> String {
    if contents.len() > 8 || contents.first().is_some_and(|first| first & 0x80 != 0) {
        return format!("an integer of octets {}", super::hexadecimal(contents));
    }
    let number = contents
        .iter()
        .fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
    number.to_string()
}

fn name_constraints(value: &[u8]) -> Facts {
    let mut fields = whole_sequence(value)?;
    let mut facts = Vec::new();
    for (tag, label) in [(0, "permitted"), (1, "excluded")] {
        if let Some(list) = fields.optional(context(tag))? {
            facts.extend(subtrees(label, Reader::new(list.contents))?);
        }
    }
    fields.finish()?;
    Ok(facts)
}

fn certificate_policies(value: &[u8]) -> Facts {
    let mut list = whole_sequence(value)?;
    let mut facts = Vec::new();
    while !list.is_empty() {
        let mut policy = list.sequence()?;
        facts.push(Fact::identifier("policy", policy.object_identifier()?));
        let qualifiers = policy.optional(SEQUENCE)?;
        policy.finish()?;
        let mut qualifiers = Reader::new(qualifiers.map_or(&[], |element| element.contents));
        while !qualifiers.is_empty() {
            facts.push(policy_qualifier(qualifiers.sequence()?)?);
        }
    }
    Ok(facts)
}

/// A CPS pointer is shown; other qualifiers by their kind and size.
fn policy_qualifier(mut fields: Reader<'_>) -> Result<Fact, GeneralNameError> {
    let identifier = fields.object_identifier()?;
    let qualifier = fields.element()?;
    fields.finish()?;
    let kind = super::identifier_name(identifier);
    match std::str::from_utf8(qualifier.contents) {
        Ok(uri) if qualifier.tag == IA5_STRING => Ok(Fact::text("cps", uri)),
        _ => Ok(Fact::plain(
            "qualifier",
            format!("{kind}, {} octets", qualifier.raw.len()),
        )),
    }
}

fn policy_mappings(value: &[u8]) -> Facts {
    let mut list = whole_sequence(value)?;
    let mut facts = Vec::new();
    while !list.is_empty() {
        let mut pair = list.sequence()?;
        let (issuer, subject) = (pair.object_identifier()?, pair.object_identifier()?);
        pair.finish()?;
        let name = super::identifier_name;
        facts.push(Fact::plain(
            "mapping",
            format!("{} to {}", name(issuer), name(subject)),
        ));
    }
    Ok(facts)
}

fn policy_constraints(value: &[u8]) -> Facts {
    let mut fields = whole_sequence(value)?;
    let mut facts = Vec::new();
    for (tag, label) in [(0, "requireExplicitPolicy"), (1, "inhibitPolicyMapping")] {
        if let Some(skip) = fields.optional(context_primitive(tag))? {
            facts.push(Fact::plain(label, number(skip.contents)));
        }
    }
    fields.finish()?;
    Ok(facts)
}

fn inhibit_any_policy(value: &[u8]) -> Facts {
    let mut reader = Reader::new(value);
    let skip = number(reader.integer()?);
    reader.finish()?;
    Ok(vec![Fact::plain("skip certificates", skip)])
}

fn alternative_name(value: &[u8]) -> Facts {
    read_general_names(value)?
        .iter()
        .map(general_name)
        .collect()
}

fn points(value: &[u8]) -> Facts {
    distribution_points(whole_sequence(value)?)
}

fn authority_key_identifier(value: &[u8]) -> Facts {
    let mut fields = whole_sequence(value)?;
    let mut facts = Vec::new();
    if let Some(key_id) = fields.optional(context_primitive(0))? {
        facts.push(Fact::octets("key identifier", key_id.contents));
    }
    if let Some(issuer) = fields.optional(context(1))? {
        facts.extend(general_names(Reader::new(issuer.contents))?);
    }
    if let Some(serial) = fields.optional(context_primitive(2))? {
        facts.push(Fact::octets("serial of its certificate", serial.contents));
    }
    fields.finish()?;
    Ok(facts)
}

fn subject_key_identifier(value: &[u8]) -> Facts {
    let mut reader = Reader::new(value);
    let key_id = reader.expect(OCTET_STRING)?.contents;
    reader.finish()?;
    Ok(vec![Fact::octets("key identifier", key_id)])
}

fn information_access(value: &[u8]) -> Facts {
    let mut list = whole_sequence(value)?;
    let mut facts = Vec::new();
    while !list.is_empty() {
        let mut description = list.sequence()?;
        let method = super::identifier_name(description.object_identifier()?);
        let location = general_name(&GeneralName::read(&description.element()?)?)?;
        description.finish()?;
        let place = format!("{method} at {}: {}", location.label(), location.value());
        facts.push(Fact::plain("access", place));
    }
    Ok(facts)
}
