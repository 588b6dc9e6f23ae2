//! Object identifiers and distinguished names of the profile, as they are encoded on real cards.

use crate::der;

/// id-ce-keyUsage
pub const KEY_USAGE: &str = "2.5.29.15";
/// id-ce-extKeyUsage
pub const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
/// id-ce-subjectAltName
pub const SUBJECT_ALT_NAME: &str = "2.5.29.17";
/// id-ce-issuerAltName
pub const ISSUER_ALT_NAME: &str = "2.5.29.18";
/// id-ce-basicConstraints
pub const BASIC_CONSTRAINTS: &str = "2.5.29.19";
/// id-ce-cRLNumber
pub const CRL_NUMBER: &str = "2.5.29.20";
/// id-ce-cRLReasons
pub const REASON_CODE: &str = "2.5.29.21";
/// id-ce-deltaCRLIndicator
pub const DELTA_CRL_INDICATOR: &str = "2.5.29.27";
/// id-ce-issuingDistributionPoint
pub const ISSUING_DISTRIBUTION_POINT: &str = "2.5.29.28";
/// id-ce-certificateIssuer
pub const CERTIFICATE_ISSUER: &str = "2.5.29.29";
/// id-ce-cRLDistributionPoints
pub const CRL_DISTRIBUTION_POINTS: &str = "2.5.29.31";
/// id-ce-certificatePolicies
pub const CERTIFICATE_POLICIES: &str = "2.5.29.32";
/// id-ce-authorityKeyIdentifier
pub const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
/// id-ce-subjectKeyIdentifier
pub const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
/// id-pe-authorityInfoAccess
pub const AUTHORITY_INFO_ACCESS: &str = "1.3.6.1.5.5.7.1.1";
/// The arc of the personal data in a signing certificate; .1 to .6 follow.
pub const PERSONAL_DATA_ARC: &str = "1.2.392.200149.8.5.5";

const COUNTRY: &str = "2.5.4.6";
const ORGANIZATION: &str = "2.5.4.10";
const ORGANIZATIONAL_UNIT: &str = "2.5.4.11";
const LOCALITY: &str = "2.5.4.7";
const COMMON_NAME: &str = "2.5.4.3";

/// Which of the two certification authorities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaKind {
    /// 利用者証明用: signs a person in.
    UserAuthentication,
    /// 署名用: signs documents.
    DigitalSignature,
}

impl CaKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::UserAuthentication, Self::DigitalSignature];

    /// The authority's name in configuration and requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::UserAuthentication => "user-authentication",
            Self::DigitalSignature => "digital-signature",
        }
    }

    /// The authority with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// The name of the profile its leaves have.
    pub fn profile_name(self) -> &'static str {
        match self {
            Self::UserAuthentication => "jpki-user-authentication",
            Self::DigitalSignature => "jpki-signing",
        }
    }

    /// The policy its leaves carry.
    pub fn policy(self) -> &'static str {
        match self {
            Self::UserAuthentication => "1.2.392.200149.8.5.1.3.30",
            Self::DigitalSignature => "1.2.392.200149.8.5.1.1.20",
        }
    }

    fn organizational_unit(self) -> &'static str {
        match self {
            Self::UserAuthentication => "JPKI for user authentication",
            Self::DigitalSignature => "JPKI for digital signature",
        }
    }

    fn organizational_unit_ja(self) -> &'static str {
        match self {
            Self::UserAuthentication => "公的個人認証サービス利用者証明用",
            Self::DigitalSignature => "公的個人認証サービス署名用",
        }
    }

    /// The authority's distinguished name, the same for every generation of its key.
    pub fn distinguished_name(self) -> Vec<u8> {
        name([
            country(),
            utf8(ORGANIZATION, "JPKI"),
            utf8(ORGANIZATIONAL_UNIT, self.organizational_unit()),
            utf8(
                ORGANIZATIONAL_UNIT,
                "Japan Agency for Local Authority Information Systems",
            ),
        ])
    }

    /// The authority's name in Japanese: issuerAltName of a leaf, subjectAltName of the root.
    pub fn japanese_name(self) -> Vec<u8> {
        name([
            country(),
            utf8(ORGANIZATION, "公的個人認証サービス"),
            utf8(ORGANIZATIONAL_UNIT, self.organizational_unit_ja()),
            utf8(ORGANIZATIONAL_UNIT, "地方公共団体情報システム機構"),
        ])
    }

    /// The directory entry that a municipality's list is published in.
    pub fn distribution_point_name(self, municipality: &Municipality) -> Vec<u8> {
        self.distribution_point_name_of(municipality.prefecture, municipality.city)
    }

    /// The same of any city, as prefecture and city are called in a distinguished name.
    pub fn distribution_point_name_of(self, prefecture: &str, city: &str) -> Vec<u8> {
        name([
            country(),
            utf8(ORGANIZATION, "JPKI"),
            utf8(ORGANIZATIONAL_UNIT, self.organizational_unit()),
            utf8(ORGANIZATIONAL_UNIT, "CRL Distribution Points"),
            utf8(ORGANIZATIONAL_UNIT, prefecture),
            utf8(COMMON_NAME, &format!("{city} CRLDP")),
        ])
    }
}

/// A municipality; these are invented.
#[derive(Debug, PartialEq, Eq)]
pub struct Municipality {
    /// Its name in addresses of the repository.
    pub slug: &'static str,
    /// Five digits; no real code begins with 99.
    pub code: &'static str,
    /// The prefecture as in a distinguished name.
    pub prefecture: &'static str,
    /// The city as in a distinguished name.
    pub city: &'static str,
    /// Prefecture and city as in an address.
    pub japanese: &'static str,
}

/// The municipalities of the sandbox.
pub static MUNICIPALITIES: [Municipality; 3] = [
    Municipality {
        slug: "umikaze",
        code: "99201",
        prefecture: "Hinode-ken",
        city: "Umikaze-shi",
        japanese: "日ノ出県海風市",
    },
    Municipality {
        slug: "yamabiko",
        code: "99202",
        prefecture: "Hinode-ken",
        city: "Yamabiko-shi",
        japanese: "日ノ出県山彦市",
    },
    Municipality {
        slug: "hoshizora",
        code: "99301",
        prefecture: "Tsukimi-ken",
        city: "Hoshizora-cho",
        japanese: "月見県星空町",
    },
];

/// The municipality with this slug.
pub fn municipality(slug: &str) -> Option<&'static Municipality> {
    MUNICIPALITIES
        .iter()
        .find(|municipality| municipality.slug == slug)
}

/// `C=JP, CN=...`: the subject of a user-authentication leaf.
pub fn user_authentication_subject(common_name: &str) -> Vec<u8> {
    name([country(), utf8(COMMON_NAME, common_name)])
}

/// `C=JP, L=prefecture, L=city, CN=...`: the subject of a signing leaf, with two L RDNs.
pub fn digital_signature_subject(municipality: &Municipality, common_name: &str) -> Vec<u8> {
    name([
        country(),
        utf8(LOCALITY, municipality.prefecture),
        utf8(LOCALITY, municipality.city),
        utf8(COMMON_NAME, common_name),
    ])
}

/// A Name of RDNs with one attribute each.
pub fn name(relative_names: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    der::sequence(relative_names)
}

/// One RDN whose value is a UTF8String.
pub fn utf8(attribute: &str, value: &str) -> Vec<u8> {
    der::set_of_one(&der::sequence([
        der::object_identifier(attribute),
        der::utf8_string(value),
    ]))
}

/// `C=JP`; the country alone is a PrintableString.
pub fn country() -> Vec<u8> {
    let value = der::printable_string("JP");
    der::set_of_one(&der::sequence([der::object_identifier(COUNTRY), value]))
}

/// GeneralNames of one directoryName, without their outer tag. The tag is explicit because Name is
/// a CHOICE (X.680 31.2.7).
pub fn directory_name(name: &[u8]) -> Vec<u8> {
    der::context_constructed(4, name)
}

/// DistributionPointName: fullName of one directoryName.
pub fn full_name(name: &[u8]) -> Vec<u8> {
    der::context_constructed(0, &directory_name(name))
}

/// DistributionPoint with a distributionPoint only: no reasons, no cRLIssuer.
pub fn distribution_point(name: &[u8]) -> Vec<u8> {
    der::sequence([der::context_constructed(0, &full_name(name))])
}
