//! Policies, usages, constraints and what is unknown.

use sandbox::der;
use sandbox::mint::{CaKind, Extension, names};

use crate::scene::{Scene, authentication, signing};
use crate::table::{Case, refused};

const KIND: CaKind = CaKind::UserAuthentication;
const CLIENT_AUTHENTICATION: &str = "1.3.6.1.5.5.7.3.2";
const SERVER_AUTHENTICATION: &str = "1.3.6.1.5.5.7.3.1";

/// certificatePolicies of these policies, without qualifiers.
fn policies(policies: &[&str]) -> Extension {
    let policies = policies.iter();
    let policies = policies.map(|policy| der::sequence([der::object_identifier(policy)]));
    Extension::critical(names::CERTIFICATE_POLICIES, der::sequence(policies))
}

/// The right policy with a qualifier of a kind.
fn qualified(kind: &str) -> Extension {
    let qualifier = der::sequence([der::object_identifier(kind), der::ia5_string("x")]);
    let policy = der::object_identifier(KIND.policy());
    let policy = der::sequence([policy, der::sequence([qualifier])]);
    Extension::critical(names::CERTIFICATE_POLICIES, der::sequence([policy]))
}

fn usage(bits: &[u8]) -> Extension {
    Extension::key_usage(bits)
}

fn purposes(purposes: &[&str]) -> Extension {
    Extension::extended_key_usage(purposes)
}

fn constraints(members: &[Vec<u8>]) -> Extension {
    Extension::critical(names::BASIC_CONSTRAINTS, der::sequence(members))
}

/// A policy with a qualifier that is known.
fn with_notice() -> Scene {
    let mut scene = authentication();
    scene.leaf_extension(qualified("1.3.6.1.5.5.7.2.2"));
    scene
}

/// basicConstraints that say "no authority".
fn with_constraints() -> Scene {
    let mut scene = authentication();
    scene.leaf_extension(constraints(&[]));
    scene
}

/// An unknown extension that is not critical.
fn with_unknown() -> Scene {
    let mut scene = authentication();
    scene.leaf_extension(Extension::plain("1.3.6.1.4.1.55555.1", der::null()));
    scene
}

/// 32 extensions.
fn with_32() -> Scene {
    let mut scene = authentication();
    let extensions = &mut scene.leaf.spec.extensions;
    for number in extensions.len()..32 {
        let oid = format!("1.3.6.1.4.1.55555.{number}");
        extensions.push(Extension::plain(&oid, der::null()));
    }
    scene
}

fn duplicate(scene: &mut Scene, oid: &str) {
    let extensions = &mut scene.leaf.spec.extensions;
    let first = extensions.iter().find(|extension| extension.oid == oid);
    let first = first.unwrap().clone();
    extensions.push(first);
}

pub(crate) static CASES: &[Case] = &[
    refused(
        "policy: missing",
        "extension_missing",
        authentication,
        |scene| {
            scene.without_leaf_extension(names::CERTIFICATE_POLICIES);
        },
    ),
    refused("policy: another class", "policy", authentication, |scene| {
        scene.leaf_extension(policies(&["1.2.392.200149.8.5.1.3.31"]));
    }),
    refused(
        "policy: the other authority's",
        "policy",
        authentication,
        |scene| {
            scene.leaf_extension(policies(&[CaKind::DigitalSignature.policy()]));
        },
    ),
    refused("policy: anyPolicy", "policy", authentication, |scene| {
        scene.leaf_extension(policies(&["2.5.29.32.0"]));
    }),
    refused(
        "policy: another beside the right one",
        "policy_count",
        authentication,
        |scene| {
            scene.leaf_extension(policies(&[KIND.policy(), "1.2.392.200149.8.5.1.3.31"]));
        },
    ),
    refused(
        "policy: anyPolicy beside the right one",
        "policy_count",
        authentication,
        |scene| {
            scene.leaf_extension(policies(&[KIND.policy(), "2.5.29.32.0"]));
        },
    ),
    refused(
        "policy: none in the extension",
        "policy_count",
        authentication,
        |scene| {
            scene.leaf_extension(policies(&[]));
        },
    ),
    refused(
        "policy: not critical",
        "extension_criticality",
        authentication,
        |scene| {
            scene.leaf_criticality(names::CERTIFICATE_POLICIES, false);
        },
    ),
    refused(
        "policy: an unknown qualifier",
        "policy_qualifier",
        with_notice,
        |scene| {
            scene.leaf_extension(qualified("1.3.6.1.5.5.7.2.3"));
        },
    ),
    refused(
        "policy: octets behind it",
        "extension_value",
        authentication,
        |scene| {
            let mut right = policies(&[KIND.policy()]);
            right.value.extend(der::null());
            scene.leaf_extension(right);
        },
    ),
    refused(
        "keyUsage: missing",
        "extension_missing",
        authentication,
        |scene| {
            scene.without_leaf_extension(names::KEY_USAGE);
        },
    ),
    refused(
        "keyUsage: nonRepudiation besides",
        "key_usage",
        authentication,
        |scene| {
            scene.leaf_extension(usage(&[0, 1]));
        },
    ),
    refused(
        "keyUsage: keyCertSign besides",
        "key_usage",
        authentication,
        |scene| {
            scene.leaf_extension(usage(&[0, 5]));
        },
    ),
    refused("keyUsage: another", "key_usage", authentication, |scene| {
        scene.leaf_extension(usage(&[2]));
    }),
    refused(
        "keyUsage: nonRepudiation is missing for signing",
        "key_usage",
        signing,
        |scene| {
            scene.leaf_extension(usage(&[0]));
        },
    ),
    refused(
        "keyUsage: digitalSignature is missing for signing",
        "key_usage",
        signing,
        |scene| {
            scene.leaf_extension(usage(&[1]));
        },
    ),
    refused("keyUsage: no bit", "key_usage", authentication, |scene| {
        scene.leaf_extension(usage(&[]));
    }),
    refused(
        "keyUsage: not critical",
        "extension_criticality",
        authentication,
        |scene| {
            scene.leaf_criticality(names::KEY_USAGE, false);
        },
    ),
    refused(
        "extKeyUsage: missing",
        "extension_missing",
        authentication,
        |scene| {
            scene.without_leaf_extension(names::EXTENDED_KEY_USAGE);
        },
    ),
    refused(
        "extKeyUsage: another besides",
        "extended_key_usage",
        authentication,
        |scene| {
            scene.leaf_extension(purposes(&[CLIENT_AUTHENTICATION, SERVER_AUTHENTICATION]));
        },
    ),
    refused(
        "extKeyUsage: another",
        "extended_key_usage",
        authentication,
        |scene| {
            scene.leaf_extension(purposes(&[SERVER_AUTHENTICATION]));
        },
    ),
    refused(
        "extKeyUsage: any",
        "extended_key_usage",
        authentication,
        |scene| {
            scene.leaf_extension(purposes(&["2.5.29.37.0"]));
        },
    ),
    refused(
        "extKeyUsage: critical",
        "extension_criticality",
        authentication,
        |scene| {
            scene.leaf_criticality(names::EXTENDED_KEY_USAGE, true);
        },
    ),
    refused(
        "extKeyUsage: in a signing leaf",
        "extension_forbidden",
        signing,
        |scene| {
            scene.leaf_extension(purposes(&[CLIENT_AUTHENTICATION]));
        },
    ),
    refused(
        "basicConstraints: an authority",
        "authority",
        with_constraints,
        |scene| {
            scene.leaf_extension(constraints(&[der::boolean_true()]));
        },
    ),
    refused(
        "basicConstraints: an authority with a path length",
        "authority",
        with_constraints,
        |scene| {
            scene.leaf_extension(constraints(&[der::boolean_true(), der::small_integer(0)]));
        },
    ),
    refused(
        "basicConstraints: a path length without an authority",
        "path_length",
        with_constraints,
        |scene| {
            scene.leaf_extension(constraints(&[der::small_integer(0)]));
        },
    ),
    refused(
        "basicConstraints: the default is written",
        "extension_value",
        with_constraints,
        |scene| {
            scene.leaf_extension(constraints(&[der::element(0x01, &[0])]));
        },
    ),
    refused(
        "extension: unknown and critical",
        "unknown_critical_extension",
        with_unknown,
        |scene| {
            scene.leaf_criticality("1.3.6.1.4.1.55555.1", true);
        },
    ),
    refused(
        "extension: nameConstraints, critical",
        "unknown_critical_extension",
        authentication,
        |scene| {
            let name = names::directory_name(&KIND.distinguished_name());
            let subtrees = der::context_constructed(1, &der::sequence([name]));
            scene.leaf_extension(Extension::critical("2.5.29.30", der::sequence([subtrees])));
        },
    ),
    refused(
        "extension: subjectAltName is critical",
        "extension_criticality",
        signing,
        |scene| {
            scene.leaf_criticality(names::SUBJECT_ALT_NAME, true);
        },
    ),
    refused(
        "extension: issuerAltName is critical",
        "extension_criticality",
        authentication,
        |scene| {
            scene.leaf_criticality(names::ISSUER_ALT_NAME, true);
        },
    ),
    refused(
        "extension: authorityInfoAccess is critical",
        "extension_criticality",
        authentication,
        |scene| {
            scene.leaf_criticality(names::AUTHORITY_INFO_ACCESS, true);
        },
    ),
    refused(
        "extension: authorityKeyIdentifier is critical",
        "extension_criticality",
        authentication,
        |scene| {
            scene.leaf_criticality(names::AUTHORITY_KEY_IDENTIFIER, true);
        },
    ),
    refused(
        "extension: subjectKeyIdentifier is critical",
        "extension_criticality",
        authentication,
        |scene| {
            scene.leaf_criticality(names::SUBJECT_KEY_IDENTIFIER, true);
        },
    ),
    refused(
        "extension: keyUsage twice",
        "duplicate_extension",
        authentication,
        |scene| {
            duplicate(scene, names::KEY_USAGE);
        },
    ),
    refused(
        "extension: an unknown one twice",
        "duplicate_extension",
        with_unknown,
        |scene| {
            duplicate(scene, "1.3.6.1.4.1.55555.1");
        },
    ),
    refused(
        "extension: one more than are read",
        "too_many_extensions",
        with_32,
        |scene| {
            scene.leaf_extension(Extension::plain("1.3.6.1.4.1.55555.33", der::null()));
        },
    ),
];
