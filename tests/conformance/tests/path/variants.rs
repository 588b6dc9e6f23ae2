//! Every rule there is: the matches below have no arm for the rest, so a new rule does not compile until it is named
//! here, and does not pass until a case produces it.

use std::collections::BTreeSet;

use pki::{CrlRefusal, DistributionPointError, PathError, Work};

use crate::case::Outcome;

/// A function that names a variant, with what is inside where that has rules of its own, and the list of all names.
macro_rules! names {
    ($function:ident, $all:ident, $type:ident: { $($variant:ident $({ $($field:tt)* })? $(($($inner:tt)*))?,)* } nested { $($nested:ident,)* }) => {
        pub(crate) fn $function(error: &$type) -> String {
            match error {
                $($type::$variant $({ $($field)* })? $(($($inner)*))? => stringify!($variant).to_owned(),)*
                $($type::$nested(inner) => format!("{}/{}", stringify!($nested), inner.rule()),)*
            }
        }
        pub(crate) const $all: &[&str] = &[$(stringify!($variant),)*];
    };
}

names! {
    variant, PATH_ERRORS, PathError: {
        NameConstraints { .. },
        NoTrustAnchor,
        IntermediateForbidden { .. },
        TooManyCertificates { .. },
        TooManyCrls { .. },
        PathTooLong { .. },
        BudgetExhausted { .. },
        IssuerUnknown { .. },
        IssuerName { .. },
        IssuerSignature,
        CrossCheckDisagreement,
        NotYetValid { .. },
        Expired { .. },
        UnknownCriticalExtension { .. },
        ExtensionCriticality { .. },
        IssuerVersion { .. },
        NotAuthority,
        PathLength { .. },
        KeyCertSign { .. },
        NameConstraintsEmpty,
        NameConstraintDistance,
        NameConstraintMalformed { .. },
        TooManySubtrees { .. },
        NameMalformed { .. },
        NameExcluded { .. },
        NameNotPermitted { .. },
        NameFormNotUnderstood { .. },
        TooManyPolicies { .. },
        TooManyPolicyMappings { .. },
        DuplicatePolicy,
        PolicyQualifier { .. },
        PolicyMappingOfAnyPolicy,
        PolicyMissing,
        PolicyNotAccepted { .. },
        Revoked { .. },
        RevocationUndetermined,
        CrlIssuerCycle,
        DistributionPoint(..),
    } nested {
        Certificate,
        Profile,
        Extension,
        GeneralName,
        SignatureAlgorithm,
        PublicKey,
    }
}

names! {
    crl_variant, CRL_REFUSALS, CrlRefusal: {
        NotIndirect,
        DistributionPoint,
        UserCertificatesOnly,
        AuthorityCertificatesOnly,
        AttributeCertificatesOnly,
        NoReasons,
        NotYetCurrent { .. },
        Expired { .. },
        NextUpdateMissing,
        Superseded { .. },
        DeltaAlone,
        SignerUnknown,
        SignerKeyUsage { .. },
        Signature,
        CrossCheckDisagreement,
    } nested {
        Unusable,
        SignerPath,
        SignatureAlgorithm,
        PublicKey,
    }
}

names! {
    distribution_point, DISTRIBUTION_POINT_ERRORS, DistributionPointError: {
        Der(..),
        Name(..),
        Empty,
        EmptyFullName,
        EmptyCrlIssuer,
        NoReasons,
        NoPoints,
        TooManyPoints,
        TooManyNames,
    } nested {}
}

/// The name of a rule; the budget's says what was exhausted.
pub(crate) fn path_error(error: &PathError) -> String {
    match error {
        PathError::BudgetExhausted { work, .. } => format!("BudgetExhausted/{}", work_name(*work)),
        PathError::ExtensionCriticality { extension } => {
            format!("ExtensionCriticality/{extension}")
        }
        PathError::DistributionPoint(error) => {
            format!("DistributionPoint/{}", distribution_point(error))
        }
        error => variant(error),
    }
}

pub(crate) fn crl_refusal(refusal: &CrlRefusal) -> String {
    match refusal {
        CrlRefusal::SignerPath(error) => format!("SignerPath/{}", path_error(error)),
        refusal => crl_variant(refusal),
    }
}

fn work_name(work: Work) -> &'static str {
    match work {
        Work::ListComparisons => "lists compared",
        Work::ListReadings => "lists read",
        Work::NameComparisons => "names",
        Work::PathSteps => "steps",
        Work::PolicyNodes => "policies",
        Work::SignatureChecks => "signatures",
    }
}

/// What the rules of other modules are called where a path is refused for them.
const NESTED: &[&str] = &[
    "Certificate/certificate_too_large",
    "Certificate/certificate_structure",
    "Certificate/certificate_version",
    "Certificate/duplicate_extension",
    "Certificate/empty_issuer",
    "Certificate/empty_validity",
    "Certificate/name",
    "Certificate/not_der",
    "Certificate/signature_algorithms_differ",
    "Certificate/too_many_extensions",
    "Profile/key_usage",
    "Extension/extension_value",
    "Extension/half_authority",
    "Extension/key_identifier",
    "GeneralName/general_name_not_ia5",
    "GeneralName/no_general_name",
    "GeneralName/not_der",
    "GeneralName/too_many_general_names",
    "GeneralName/unknown_general_name",
    "SignatureAlgorithm/not_der",
    "SignatureAlgorithm/signature_algorithm",
    "SignatureAlgorithm/signature_parameters",
    "PublicKey/even_modulus",
    "PublicKey/exponent",
    "PublicKey/key_algorithm",
    "PublicKey/key_parameters",
    "PublicKey/modulus_size",
    "PublicKey/not_der",
    "PublicKey/point_form",
    "PublicKey/point_not_on_curve",
    "PublicKey/unnamed_curve",
    "PublicKey/unsupported_curve",
];

/// No question from outside leads to these: the two implementations would have to disagree. Unit tests of the core
/// show that a disagreement becomes this refusal.
const NOT_FROM_OUTSIDE: &[&str] = &["CrossCheckDisagreement"];

#[test]
fn every_rule_is_produced_by_a_case() {
    let cases = crate::all_cases();
    let produced = |is_list: bool| -> BTreeSet<&str> {
        let names = cases.iter().filter_map(|case| match case.outcome {
            Outcome::Refused(rule) if !is_list => Some(rule),
            Outcome::Unusable(rule) if is_list => Some(rule),
            _ => None,
        });
        names.collect()
    };
    let (paths, lists) = (produced(false), produced(true));
    let missing = |all: &[&'static str], produced: &BTreeSet<&str>| -> Vec<&str> {
        let is_produced = |name: &str| {
            produced
                .iter()
                .any(|rule| *rule == name || rule.split_once('/').is_some_and(|it| it.0 == name))
        };
        let names = all.iter().copied();
        names
            .filter(|name| !is_produced(name) && !NOT_FROM_OUTSIDE.contains(name))
            .collect()
    };
    assert_eq!(missing(PATH_ERRORS, &paths), Vec::<&str>::new());
    assert_eq!(missing(CRL_REFUSALS, &lists), Vec::<&str>::new());
    assert_eq!(missing(NESTED, &paths), Vec::<&str>::new());
    for name in DISTRIBUTION_POINT_ERRORS {
        let name = format!("DistributionPoint/{name}");
        assert!(paths.contains(name.as_str()), "{name}");
    }
    for name in NOT_FROM_OUTSIDE {
        assert!(!paths.contains(name) && !lists.contains(name), "{name}");
    }
}
