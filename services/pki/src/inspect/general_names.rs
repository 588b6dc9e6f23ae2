//! General names and distribution points in words.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Fact, dotted, hexadecimal};
use crate::der::{Reader, SEQUENCE, UTF8_STRING, context, context_primitive};
use crate::general_name::{GeneralName, read_general_name_list};
use crate::{EscapedText, GeneralNameError, NameText, ReasonFlags};

/// One general name; its form is the label.
pub(super) fn general_name(name: &GeneralName<'_>) -> Result<Fact, GeneralNameError> {
    Ok(match name {
        GeneralName::OtherName { type_id, value } => {
            let (type_id, value) = (dotted(type_id), any_value(value));
            Fact::plain("otherName", format!("{type_id} = {value}"))
        }
        GeneralName::Rfc822(address) => Fact::text("rfc822Name", address),
        GeneralName::Dns(name) => Fact::text("dNSName", name),
        GeneralName::X400(raw) => Fact::plain("x400Address", sized(raw)),
        GeneralName::Directory(der) => Fact::name("directoryName", &NameText::from_der(der)?),
        GeneralName::EdiParty(raw) => Fact::plain("ediPartyName", sized(raw)),
        GeneralName::Uri(uri) => Fact::text("uniformResourceIdentifier", uri),
        GeneralName::Ip(octets) => Fact::plain("iPAddress", address(octets)),
        GeneralName::RegisteredId(contents) => Fact::plain("registeredID", dotted(contents)),
    })
}

/// The contents of `GeneralNames`.
pub(super) fn general_names(list: Reader<'_>) -> Result<Vec<Fact>, GeneralNameError> {
    read_general_name_list(list)?
        .iter()
        .map(general_name)
        .collect()
}

fn sized(octets: &[u8]) -> String {
    format!("{} octets", octets.len())
}

/// A value of any type: text if it is, otherwise its size.
fn any_value(der: &[u8]) -> String {
    match Reader::new(der).element() {
        Ok(element) if element.tag == UTF8_STRING => {
            let text = String::from_utf8_lossy(element.contents);
            EscapedText::new(&text).as_str().to_owned()
        }
        _ => sized(der),
    }
}

/// An address, or in a constraint (RFC 5280 section 4.2.1.10) an address and a mask.
fn address(octets: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(octets) {
        return Ipv4Addr::from(four).to_string();
    }
    if let Ok(sixteen) = <[u8; 16]>::try_from(octets) {
        return Ipv6Addr::from(sixteen).to_string();
    }
    match octets.len() {
        8 | 32 => {
            let (network, mask) = octets.split_at(octets.len() / 2);
            format!("{}/{}", address(network), address(mask))
        }
        _ => hexadecimal(octets),
    }
}

/// `CRLDistributionPoints` (RFC 5280 section 4.2.1.13), given as its contents.
pub(super) fn distribution_points(mut list: Reader<'_>) -> Result<Vec<Fact>, GeneralNameError> {
    let mut facts = Vec::new();
    while !list.is_empty() {
        let mut point = list.sequence()?;
        if let Some(name) = point.optional(context(0))? {
            facts.extend(distribution_point_name(name.contents)?);
        }
        if let Some(reasons) = point.optional(context_primitive(1))? {
            let reasons = ReasonFlags::from_bits(reasons.contents)?;
            facts.push(Fact::plain("reasons", reason_names(reasons)));
        }
        if let Some(issuer) = point.optional(context(2))? {
            for name in read_general_name_list(Reader::new(issuer.contents))? {
                let name = general_name(&name)?;
                facts.push(Fact::plain(
                    "cRLIssuer",
                    format!("{}: {}", name.label(), name.value()),
                ));
            }
        }
        point.finish()?;
    }
    Ok(facts)
}

/// `DistributionPointName`, given with the tag of its choice.
pub(super) fn distribution_point_name(der: &[u8]) -> Result<Vec<Fact>, GeneralNameError> {
    let mut choice = Reader::new(der);
    let facts = if let Some(full_name) = choice.optional(context(0))? {
        general_names(Reader::new(full_name.contents))?
    } else {
        let relative = choice.expect(context(1))?;
        let name = NameText::from_relative_name(relative.contents)?;
        vec![Fact::name("nameRelativeToCRLIssuer", &name)]
    };
    choice.finish()?;
    Ok(facts)
}

/// Reasons by their names in RFC 5280.
pub(super) fn reason_names(reasons: ReasonFlags) -> String {
    let names: Vec<_> = reasons.iter().map(super::list::reason_name).collect();
    names.join(", ")
}

/// `GeneralSubtrees` (RFC 5280 section 4.2.1.10), given as its contents.
pub(super) fn subtrees(
    label: &'static str,
    mut list: Reader<'_>,
) -> Result<Vec<Fact>, GeneralNameError> {
    let mut facts = Vec::new();
    while !list.is_empty() {
        let mut subtree = Reader::new(list.expect(SEQUENCE)?.contents);
        let base = general_name(&GeneralName::read(&subtree.element()?)?)?;
        // Minimum and maximum must not be used; where they are, it is said.
        let limits = if subtree.is_empty() {
            ""
        } else {
            " (with minimum or maximum)"
        };
        facts.push(Fact::plain(
            label,
            format!("{}: {}{limits}", base.label(), base.value()),
        ));
    }
    Ok(facts)
}
