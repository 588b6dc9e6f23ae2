//! The values that a rule compared. Here they are shown: the files are the auditor's own.

use pki::{
    CertificateError, CrlRefusal, KeyUsage, LeafError, NameText, Oid, PathError, RevocationReason,
    UnixTime,
};

/// A value that was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(usize),
    Moment(UnixTime),
    List(Vec<String>),
}

/// Values by their names, in snake case.
pub(super) type Values = Vec<(&'static str, Value)>;

/// What was compared when a path was refused; empty where the rule's sentence says it all.
pub(super) fn compared(error: &PathError) -> Values {
    match error {
        PathError::Certificate(error) => of_certificate(error),
        PathError::Profile(error) => of_profile(error),
        PathError::IssuerUnknown { issuer } => vec![("issuer", name(issuer.reveal()))],
        PathError::IssuerName {
            key_id,
            issuer,
            subject,
        } => vec![
            ("issuer_sought", name(issuer.reveal())),
            ("subject_found", name(subject.reveal())),
            ("key_identifier", text(key_id)),
        ],
        PathError::NotYetValid { at, not_before } => vec![
            ("not_before", Value::Moment(*not_before.reveal())),
            ("at", Value::Moment(*at)),
        ],
        PathError::Expired { at, not_after } => vec![
            ("not_after", Value::Moment(*not_after.reveal())),
            ("at", Value::Moment(*at)),
        ],
        PathError::UnknownCriticalExtension { extension } => vec![("extension", text(extension))],
        PathError::ExtensionCriticality { extension } => vec![("extension", text(extension))],
        PathError::IssuerVersion { version } => vec![("version", text(version))],
        PathError::PathLength { allowed, follow } => vec![
            ("allowed", Value::Number(*allowed)),
            ("follow", Value::Number(*follow)),
        ],
        PathError::KeyCertSign { found } => vec![
            ("key_usage_needed", key_usage(KeyUsage::KEY_CERT_SIGN)),
            ("key_usage_found", key_usage(*found)),
        ],
        PathError::PolicyNotAccepted { found, accepted } => vec![
            ("policies_found", oids(found)),
            ("policies_accepted", oids(accepted)),
        ],
        PathError::PolicyQualifier { qualifier } => vec![("qualifier", text(qualifier))],
        PathError::Revoked { revoked_at, reason } => revocation(*revoked_at, *reason),
        _ => Vec::new(),
    }
}

/// What was compared when a list was not believed.
pub(super) fn compared_with_list(refusal: &CrlRefusal) -> Values {
    match refusal {
        CrlRefusal::NotYetCurrent { this_update, at } => vec![
            ("this_update", Value::Moment(*this_update)),
            ("at", Value::Moment(*at)),
        ],
        CrlRefusal::Expired { next_update, at } => vec![
            ("next_update", Value::Moment(*next_update)),
            ("at", Value::Moment(*at)),
        ],
        CrlRefusal::SignerKeyUsage { found } => vec![
            ("key_usage_needed", key_usage(KeyUsage::CRL_SIGN)),
            ("key_usage_found", key_usage(*found)),
        ],
        CrlRefusal::SignerPath(error) => compared(error),
        _ => Vec::new(),
    }
}

/// When and why a certificate was revoked.
pub(super) fn revocation(revoked_at: UnixTime, reason: RevocationReason) -> Values {
    vec![
        ("revoked_at", Value::Moment(revoked_at)),
        ("revocation_reason", text(reason_name(reason))),
    ]
}

fn of_certificate(error: &CertificateError) -> Values {
    match error {
        CertificateError::SignatureAlgorithm { found } => vec![("found", text(found))],
        _ => Vec::new(),
    }
}

fn of_profile(error: &LeafError) -> Values {
    match error {
        LeafError::Certificate(error) => of_certificate(error),
        LeafError::ExtensionMissing { extension }
        | LeafError::ExtensionForbidden { extension }
        | LeafError::ExtensionCriticality { extension, .. } => vec![("extension", text(extension))],
        LeafError::UnknownCriticalExtension { extension } => vec![("extension", text(extension))],
        LeafError::KeyUsage { expected, found } => vec![
            ("key_usage_needed", key_usage(*expected)),
            ("key_usage_found", key_usage(*found)),
        ],
        LeafError::ExtendedKeyUsage { expected } => {
            vec![("extended_key_usage_needed", text(expected))]
        }
        LeafError::PolicyCount { found } => vec![("policies_found", Value::Number(*found))],
        LeafError::Policy { expected, found } => vec![
            ("policy_found", text(found)),
            ("policy_needed", text(expected)),
        ],
        LeafError::PolicyQualifier { found } => vec![("qualifier", text(found))],
        _ => Vec::new(),
    }
}

fn text(value: &(impl ToString + ?Sized)) -> Value {
    Value::Text(value.to_string())
}

fn name(der: &[u8]) -> Value {
    Value::Text(name_text(der))
}

/// A name as people read it; nothing in it can speak to a terminal.
pub(super) fn name_text(der: &[u8]) -> String {
    match NameText::from_der(der) {
        Ok(name) if name.as_str().is_empty() => "(an empty name)".to_owned(),
        Ok(name) => name.to_string(),
        Err(error) => format!("(a name that cannot be shown: {error})"),
    }
}

pub(super) fn oid_texts(oids: &[Oid]) -> Vec<String> {
    oids.iter().map(Oid::to_string).collect()
}

fn oids(oids: &[Oid]) -> Value {
    Value::List(oid_texts(oids))
}

/// The names of the bits (RFC 5280 section 4.2.1.3), bit 0 first.
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

fn key_usage(usage: KeyUsage) -> Value {
    let set = KEY_USAGES.iter().enumerate();
    let set = set.filter(|(bit, _)| usage.contains(KeyUsage::from_bits(1 << bit)));
    Value::List(set.map(|(_, name)| (*name).to_owned()).collect())
}

/// The name of RFC 5280 section 5.3.1.
pub(super) const fn reason_name(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::Unspecified => "unspecified",
        RevocationReason::KeyCompromise => "keyCompromise",
        RevocationReason::CaCompromise => "cACompromise",
        RevocationReason::AffiliationChanged => "affiliationChanged",
        RevocationReason::Superseded => "superseded",
        RevocationReason::CessationOfOperation => "cessationOfOperation",
        RevocationReason::CertificateHold => "certificateHold",
        RevocationReason::RemoveFromCrl => "removeFromCRL",
        RevocationReason::PrivilegeWithdrawn => "privilegeWithdrawn",
        RevocationReason::AaCompromise => "aACompromise",
    }
}

#[cfg(test)]
mod tests {
    use pki::{KeyUsage, LeafError, PathError};

    use super::{Value, compared, key_usage};

    #[test]
    fn key_usages_are_named() {
        let names = |bits| match key_usage(KeyUsage::from_bits(bits)) {
            Value::List(names) => names.join(" "),
            other => panic!("{other:?}"),
        };
        assert_eq!(names(0), "");
        assert_eq!(names(0b1_0000_0001), "digitalSignature decipherOnly");
        assert_eq!(names(0b110_0000), "keyCertSign cRLSign");
    }

    #[test]
    fn both_sides_of_a_comparison_are_there() {
        let names = |error: &PathError| -> Vec<_> {
            compared(error).into_iter().map(|(name, _)| name).collect()
        };
        let (allowed, follow) = (0, 1);
        let error = PathError::PathLength { allowed, follow };
        assert_eq!(names(&error), ["allowed", "follow"]);
        let found = KeyUsage::CRL_SIGN;
        let both = ["key_usage_needed", "key_usage_found"];
        assert_eq!(names(&PathError::KeyCertSign { found }), both);
        let expected = KeyUsage::DIGITAL_SIGNATURE;
        let error = LeafError::KeyUsage { expected, found };
        assert_eq!(names(&error.into()), both);
        assert!(names(&PathError::IssuerSignature).is_empty());
    }
}
