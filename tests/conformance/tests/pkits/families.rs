//! Which rules of the core a family of refusals may be: as few as the rows' titles leave.

use conformance::pkits::RuleFamily;

/// The names of the rules that refuse a row of this family.
pub(crate) fn rules(family: RuleFamily) -> &'static [&'static str] {
    match family {
        RuleFamily::Signature => &["issuer_signature"],
        RuleFamily::UnsupportedAlgorithm => &["signature_algorithm"],
        RuleFamily::NotYetValid => &["not_yet_valid"],
        RuleFamily::Expired => &["expired"],
        RuleFamily::NameChaining => &["issuer_name"],
        RuleFamily::Revoked => &["revoked"],
        RuleFamily::StatusUndetermined => &["revocation_undetermined"],
        RuleFamily::BasicConstraints => &["not_authority"],
        RuleFamily::PathLength => &["path_length"],
        // 4.5.8: the certificate that signs lists alone is no authority either.
        RuleFamily::CaKeyUsage => &["key_cert_sign", "not_authority"],
        RuleFamily::Policy => &["policy_missing", "policy_not_accepted"],
        RuleFamily::MappingOfAnyPolicy => &["policy_mapping_of_any_policy"],
        RuleFamily::NameConstraints => &["name_excluded", "name_not_permitted"],
        RuleFamily::UnknownCriticalExtension => &["unknown_critical_extension"],
    }
}
