//! Values of the extensions that path validation reads.

use sandbox::der;
use sandbox::mint::{Extension, names};

/// id-ce-nameConstraints
pub const NAME_CONSTRAINTS: &str = "2.5.29.30";
/// id-ce-policyMappings
pub const POLICY_MAPPINGS: &str = "2.5.29.33";
/// id-ce-policyConstraints
pub const POLICY_CONSTRAINTS: &str = "2.5.29.36";
/// id-ce-inhibitAnyPolicy
pub const INHIBIT_ANY_POLICY: &str = "2.5.29.54";
/// id-ce-freshestCRL
pub const FRESHEST_CRL: &str = "2.5.29.46";
/// anyPolicy
pub const ANY_POLICY: &str = "2.5.29.32.0";
/// An arc for policies of the tests, of the documentation arc of RFC 5612.
pub const POLICY: &str = "1.3.6.1.4.1.32473.1";

/// The policy with this number.
pub fn policy(number: usize) -> String {
    format!("{POLICY}.{number}")
}

/// `C=JP, O=Conformance, CN=...`.
pub fn name(common_name: &str) -> Vec<u8> {
    let parts = [
        names::country(),
        names::utf8("2.5.4.10", "Conformance"),
        names::utf8("2.5.4.3", common_name),
    ];
    names::name(parts)
}

/// A Name of one common name in a string type of this tag.
pub fn name_in(tag: u8, octets: &[u8]) -> Vec<u8> {
    let value = der::element(tag, octets);
    let attribute = der::sequence([der::object_identifier("2.5.4.3"), value]);
    names::name([der::set_of_one(&attribute)])
}

/// A Name of an organisation and an e-mail address in a string type of this tag.
pub fn name_with_email(tag: u8, address: &str) -> Vec<u8> {
    let value = der::element(tag, address.as_bytes());
    let attribute = der::sequence([der::object_identifier("1.2.840.113549.1.9.1"), value]);
    names::name([
        names::utf8("2.5.4.10", "Conformance"),
        der::set_of_one(&attribute),
    ])
}

/// GeneralName: rfc822Name.
pub fn mail(address: &str) -> Vec<u8> {
    der::context_primitive(1, address.as_bytes())
}

/// GeneralName: dNSName.
pub fn dns(host: &str) -> Vec<u8> {
    der::context_primitive(2, host.as_bytes())
}

/// GeneralName: directoryName.
pub fn directory(name: &[u8]) -> Vec<u8> {
    names::directory_name(name)
}

/// GeneralName: uniformResourceIdentifier.
pub fn uri(text: &str) -> Vec<u8> {
    der::context_primitive(6, text.as_bytes())
}

/// GeneralName: iPAddress, in a constraint with its mask behind it.
pub fn ip(octets: &[u8]) -> Vec<u8> {
    der::context_primitive(7, octets)
}

/// GeneralName: registeredID, 1.2.3.
pub fn registered() -> Vec<u8> {
    der::context_primitive(8, &[0x2a, 3])
}

/// GeneralName: x400Address without contents.
pub fn x400() -> Vec<u8> {
    der::context_constructed(3, &der::sequence::<Vec<u8>>([]))
}

/// GeneralName: ediPartyName with a party's name.
pub fn edi(party: &str) -> Vec<u8> {
    let name = der::context_constructed(1, &der::utf8_string(party));
    der::context_constructed(5, &name)
}

/// GeneralName: otherName of this type.
pub fn other(type_id: &str, text: &str) -> Vec<u8> {
    let value = der::context_constructed(0, &der::utf8_string(text));
    der::context_constructed(0, &der::concat([der::object_identifier(type_id), value]))
}

/// subjectAltName.
pub fn alternative_names(general_names: &[Vec<u8>]) -> Extension {
    Extension::plain(names::SUBJECT_ALT_NAME, der::sequence(general_names))
}

/// basicConstraints of an authority.
pub fn basic_constraints(path_length: Option<u64>) -> Extension {
    let length = path_length.map(der::small_integer).unwrap_or_default();
    let value = der::sequence([der::boolean_true(), length]);
    Extension::critical(names::BASIC_CONSTRAINTS, value)
}

/// nameConstraints of these bases.
pub fn name_constraints(permitted: &[Vec<u8>], excluded: &[Vec<u8>]) -> Extension {
    let list = |number: u8, bases: &[Vec<u8>]| {
        if bases.is_empty() {
            return Vec::new();
        }
        let subtrees = bases.iter().map(|base| der::sequence([base]));
        der::context_constructed(number, &der::concat(subtrees))
    };
    let value = der::sequence([list(0, permitted), list(1, excluded)]);
    Extension::critical(NAME_CONSTRAINTS, value)
}

/// certificatePolicies without qualifiers.
pub fn policies<P: AsRef<str>>(policies: impl IntoIterator<Item = P>) -> Extension {
    let information = policies
        .into_iter()
        .map(|policy| der::sequence([der::object_identifier(policy.as_ref())]));
    Extension::critical(names::CERTIFICATE_POLICIES, der::sequence(information))
}

/// policyMappings: issuer's and subject's policies.
pub fn mappings<P: AsRef<str>>(pairs: impl IntoIterator<Item = (P, P)>) -> Extension {
    let pairs = pairs.into_iter().map(|(issuer, subject)| {
        der::sequence([
            der::object_identifier(issuer.as_ref()),
            der::object_identifier(subject.as_ref()),
        ])
    });
    Extension::critical(POLICY_MAPPINGS, der::sequence(pairs))
}

/// policyConstraints.
pub fn policy_constraints(explicit: Option<u64>, mapping: Option<u64>) -> Extension {
    let number = |tag: u8, number: Option<u64>| {
        number.map_or_else(Vec::new, |number| {
            der::context_primitive(tag, &der::small_integer(number)[2..])
        })
    };
    let value = der::sequence([number(0, explicit), number(1, mapping)]);
    Extension::critical(POLICY_CONSTRAINTS, value)
}

/// inhibitAnyPolicy.
pub fn inhibit_any_policy(skip: u64) -> Extension {
    Extension::critical(INHIBIT_ANY_POLICY, der::small_integer(skip))
}

/// DistributionPointName: fullName.
pub fn full_name(general_names: &[Vec<u8>]) -> Vec<u8> {
    der::context_constructed(0, &der::concat(general_names))
}

/// DistributionPointName: nameRelativeToCRLIssuer of one common name.
pub fn relative_name(common_name: &str) -> Vec<u8> {
    let relative = names::utf8("2.5.4.3", common_name);
    // The tag is implicit: the SET's contents.
    der::context_constructed(1, &relative[2..])
}

/// A `DistributionPoint`, not yet encoded.
#[derive(Clone, Debug, Default)]
pub struct Point {
    /// DistributionPointName.
    pub name: Option<Vec<u8>>,
    /// The bits of ReasonFlags.
    pub reasons: Option<Vec<u8>>,
    /// GeneralNames of cRLIssuer.
    pub crl_issuer: Option<Vec<Vec<u8>>>,
}

impl Point {
    /// A point of one URI.
    pub fn at(address: &str) -> Self {
        Self {
            name: Some(full_name(&[uri(address)])),
            ..Self::default()
        }
    }

    /// For these reasons only.
    #[must_use]
    pub fn for_reasons(mut self, bits: &[u8]) -> Self {
        self.reasons = Some(bits.to_vec());
        self
    }

    /// With lists of this issuer.
    #[must_use]
    pub fn of(mut self, crl_issuer: &[u8]) -> Self {
        self.crl_issuer = Some(vec![directory(crl_issuer)]);
        self
    }

    /// The SEQUENCE.
    pub fn to_der(&self) -> Vec<u8> {
        let name = self.name.as_ref();
        let reasons = self.reasons.as_ref();
        let issuer = self.crl_issuer.as_ref();
        der::sequence([
            name.map_or_else(Vec::new, |name| der::context_constructed(0, name)),
            reasons.map_or_else(Vec::new, |bits| {
                der::context_primitive(1, &der::named_bits(bits)[2..])
            }),
            issuer.map_or_else(Vec::new, |names| {
                der::context_constructed(2, &der::concat(names))
            }),
        ])
    }
}

/// cRLDistributionPoints.
pub fn distribution_points(points: &[Point]) -> Extension {
    let value = der::sequence(points.iter().map(Point::to_der));
    Extension::plain(names::CRL_DISTRIBUTION_POINTS, value)
}

/// An `IssuingDistributionPoint`, not yet encoded.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the fields of the standard, each of which a test may set"
)]
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// DistributionPointName.
    pub name: Option<Vec<u8>>,
    /// onlyContainsUserCerts.
    pub users: bool,
    /// onlyContainsCACerts.
    pub authorities: bool,
    /// The bits of onlySomeReasons.
    pub reasons: Option<Vec<u8>>,
    /// indirectCRL.
    pub indirect: bool,
    /// onlyContainsAttributeCerts.
    pub attributes: bool,
}

impl Scope {
    /// Of the point of one URI.
    pub fn at(address: &str) -> Self {
        Self {
            name: Some(full_name(&[uri(address)])),
            ..Self::default()
        }
    }

    /// Of these reasons only.
    pub fn of_reasons(bits: &[u8]) -> Self {
        Self {
            reasons: Some(bits.to_vec()),
            ..Self::default()
        }
    }

    /// Indirect.
    pub fn indirect() -> Self {
        Self {
            indirect: true,
            ..Self::default()
        }
    }

    /// The critical extension.
    pub fn extension(&self) -> Extension {
        let flag = |number: u8, set: bool| {
            if set {
                der::context_primitive(number, &[0xff])
            } else {
                Vec::new()
            }
        };
        let name = self.name.as_ref();
        let reasons = self.reasons.as_ref();
        let value = der::sequence([
            name.map_or_else(Vec::new, |name| der::context_constructed(0, name)),
            flag(1, self.users),
            flag(2, self.authorities),
            reasons.map_or_else(Vec::new, |bits| {
                der::context_primitive(3, &der::named_bits(bits)[2..])
            }),
            flag(4, self.indirect),
            flag(5, self.attributes),
        ]);
        Extension::critical(names::ISSUING_DISTRIBUTION_POINT, value)
    }
}

/// certificateIssuer of an entry, critical.
pub fn certificate_issuer(name: &[u8]) -> Extension {
    let value = der::sequence([directory(name)]);
    Extension::critical(names::CERTIFICATE_ISSUER, value)
}
