//! Extensions of certificates and lists, and the values the profile gives them.

use super::names::{self, CaKind, Municipality};
use crate::der;

/// One extension; nothing checks that its value fits its identifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its object identifier in dotted decimal.
    pub oid: String,
    /// Whether it says `critical`.
    pub critical: bool,
    /// DER inside the OCTET STRING.
    pub value: Vec<u8>,
}

impl Extension {
    /// A critical extension.
    pub fn critical(oid: &str, value: Vec<u8>) -> Self {
        Self {
            oid: oid.to_owned(),
            critical: true,
            value,
        }
    }

    /// A non-critical extension.
    pub fn plain(oid: &str, value: Vec<u8>) -> Self {
        Self {
            oid: oid.to_owned(),
            critical: false,
            value,
        }
    }

    /// The Extension SEQUENCE.
    pub fn to_der(&self) -> Vec<u8> {
        let critical = if self.critical {
            der::boolean_true()
        } else {
            Vec::new()
        };
        der::sequence([
            der::object_identifier(&self.oid),
            critical,
            der::octet_string(&self.value),
        ])
    }

    /// Key usage with these bits (RFC 5280 section 4.2.1.3), critical.
    pub fn key_usage(bits: &[u8]) -> Self {
        Self::critical(names::KEY_USAGE, der::named_bits(bits))
    }

    /// One policy with the CPS qualifier, critical.
    pub fn certificate_policies(policy: &str) -> Self {
        let qualifier = der::sequence([
            der::object_identifier("1.3.6.1.5.5.7.2.1"),
            der::ia5_string("http://www.jpki.go.jp/cps.html"),
        ]);
        let information =
            der::sequence([der::object_identifier(policy), der::sequence([qualifier])]);
        Self::critical(names::CERTIFICATE_POLICIES, der::sequence([information]))
    }

    /// clientAuth.
    pub fn client_authentication() -> Self {
        let client_auth = der::object_identifier("1.3.6.1.5.5.7.3.2");
        Self::plain(names::EXTENDED_KEY_USAGE, der::sequence([client_auth]))
    }

    /// issuerAltName: the authority's Japanese name.
    pub fn issuer_alt_name(kind: CaKind) -> Self {
        let directory_name = names::directory_name(&kind.japanese_name());
        Self::plain(names::ISSUER_ALT_NAME, der::sequence([directory_name]))
    }

    /// cRLDistributionPoints with one point: the municipality's directory entry.
    pub fn crl_distribution_point(kind: CaKind, municipality: &Municipality) -> Self {
        Self::crl_distribution_point_named(&kind.distribution_point_name(municipality))
    }

    /// cRLDistributionPoints with one point: any directory entry.
    pub fn crl_distribution_point_named(name: &[u8]) -> Self {
        let point = names::distribution_point(name);
        Self::plain(names::CRL_DISTRIBUTION_POINTS, der::sequence([point]))
    }

    /// The OCSP responder of the user-authentication authority.
    pub fn ocsp_access() -> Self {
        let description = der::sequence([
            der::object_identifier("1.3.6.1.5.5.7.48.1"),
            der::context_primitive(6, b"http://ocspauthnorm.jpki.go.jp"),
        ]);
        Self::plain(names::AUTHORITY_INFO_ACCESS, der::sequence([description]))
    }

    /// AKI as on a leaf: key identifier, the issuer's own issuer and its serial.
    pub fn authority_key_identifier(key_id: &[u8], issuer: &[u8], serial: &[u8]) -> Self {
        // The serial's tag is implicit: the INTEGER's contents, sign octet included.
        let integer = der::unsigned_integer(serial);
        let value = der::sequence([
            der::context_primitive(0, key_id),
            der::context_constructed(1, &names::directory_name(issuer)),
            der::context_primitive(2, &integer[2..]),
        ]);
        Self::plain(names::AUTHORITY_KEY_IDENTIFIER, value)
    }

    /// AKI as on a list: the key identifier alone.
    pub fn signer_key_identifier(key_id: &[u8]) -> Self {
        let value = der::sequence([der::context_primitive(0, key_id)]);
        Self::plain(names::AUTHORITY_KEY_IDENTIFIER, value)
    }

    /// SKI.
    pub fn subject_key_identifier(key_id: &[u8]) -> Self {
        Self::plain(names::SUBJECT_KEY_IDENTIFIER, der::octet_string(key_id))
    }

    /// CA:TRUE without a path length, critical.
    pub fn basic_constraints_ca() -> Self {
        Self::critical(
            names::BASIC_CONSTRAINTS,
            der::sequence([der::boolean_true()]),
        )
    }

    /// subjectAltName of otherNames: (last arc below the personal data arc, UTF-8 text), in this order.
    pub fn personal_data(values: &[(u8, &str)]) -> Self {
        let other_names = values.iter().map(|(arc, text)| {
            let identifier = format!("{}.{arc}", names::PERSONAL_DATA_ARC);
            let value = der::context_constructed(0, &der::utf8_string(text));
            let contents = der::concat([der::object_identifier(&identifier), value]);
            der::context_constructed(0, &contents)
        });
        Self::plain(names::SUBJECT_ALT_NAME, der::sequence(other_names))
    }

    /// CRL number.
    pub fn crl_number(number: u64) -> Self {
        Self::plain(names::CRL_NUMBER, der::small_integer(number))
    }

    /// A critical IDP that names one municipality's directory entry.
    pub fn issuing_distribution_point(name: &[u8]) -> Self {
        let point = der::context_constructed(0, &names::full_name(name));
        Self::critical(names::ISSUING_DISTRIBUTION_POINT, der::sequence([point]))
    }

    /// The reason of an entry (RFC 5280 section 5.3.1).
    pub fn reason(code: u8) -> Self {
        Self::plain(names::REASON_CODE, der::enumerated(code))
    }

    /// A critical extension nobody knows: a verifier must refuse what carries it.
    pub fn unknown_critical() -> Self {
        Self::critical("1.3.6.1.4.1.55555.1", der::null())
    }
}

/// Extensions in the order they are written, with what tests do to them.
pub trait Extensions: Sized {
    /// The list that the other methods change.
    fn extensions_mut(&mut self) -> &mut Vec<Extension>;

    /// Replaces the extension with this identifier where it stands, or appends it.
    #[must_use]
    fn with_extension(mut self, extension: Extension) -> Self {
        let extensions = self.extensions_mut();
        match extensions
            .iter_mut()
            .find(|known| known.oid == extension.oid)
        {
            Some(known) => *known = extension,
            None => extensions.push(extension),
        }
        self
    }

    /// Appends an extension even if its identifier is there already.
    #[must_use]
    fn with_duplicate(mut self, extension: Extension) -> Self {
        self.extensions_mut().push(extension);
        self
    }

    /// Leaves an extension out.
    #[must_use]
    fn without_extension(mut self, oid: &str) -> Self {
        self.extensions_mut()
            .retain(|extension| extension.oid != oid);
        self
    }

    /// Changes whether an extension is critical.
    #[must_use]
    fn with_criticality(mut self, oid: &str, critical: bool) -> Self {
        for extension in self
            .extensions_mut()
            .iter_mut()
            .filter(|known| known.oid == oid)
        {
            extension.critical = critical;
        }
        self
    }
}

/// The Extensions SEQUENCE.
pub(crate) fn extensions_der(extensions: &[Extension]) -> Vec<u8> {
    der::sequence(extensions.iter().map(Extension::to_der))
}
