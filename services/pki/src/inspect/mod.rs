//! Certificates and lists taken apart for people to read. Nothing here judges, and nothing that is
//! shown was proven: what a validator refuses must be shown all the more.
//!
//! So this reads every certificate whose frame is one, of any version, algorithm and key; the value of
//! an extension that is malformed says what is wrong with it, and one that is unknown its size.

mod certificate;
mod extension;
mod general_names;
mod key;
mod list;

pub use certificate::{CertificateFacts, ExtensionFacts};
pub use key::KeyFacts;
pub use list::ListFacts;

use crate::escape::append_hexadecimal;
use crate::profile::Dotted;
use crate::{EscapedText, NameText};

/// Something that was read, in words: safe to show, whoever wrote it.
#[derive(Clone, PartialEq, Eq)]
pub struct Fact {
    label: &'static str,
    value: String,
}

impl Fact {
    /// A value in our own words.
    fn plain(label: &'static str, value: impl Into<String>) -> Self {
        let value = value.into();
        Self { label, value }
    }

    /// Text of a stranger.
    fn text(label: &'static str, text: &str) -> Self {
        Self::plain(label, EscapedText::new(text).as_str())
    }

    fn name(label: &'static str, name: &NameText) -> Self {
        Self::plain(label, name.as_str())
    }

    fn identifier(label: &'static str, contents: &[u8]) -> Self {
        Self::plain(label, identifier_name(contents))
    }

    fn octets(label: &'static str, octets: &[u8]) -> Self {
        Self::plain(label, hexadecimal(octets))
    }

    /// What it is, as RFC 5280 names it.
    pub fn label(&self) -> &'static str {
        self.label
    }

    /// Its value, on one line and without anything that a terminal would obey.
    pub fn value(&self) -> &str {
        &self.value
    }
}

/// It may be personal.
impl std::fmt::Debug for Fact {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Fact({}, redacted)", self.label)
    }
}

fn hexadecimal(octets: &[u8]) -> String {
    let mut text = String::with_capacity(2 * octets.len());
    append_hexadecimal(&mut text, octets);
    text
}

fn dotted(contents: &[u8]) -> String {
    Dotted(contents).to_string()
}

/// The name of an object identifier that is not an extension's, where everybody knows it by one, and
/// its dotted form.
fn identifier_name(contents: &[u8]) -> String {
    const PKCS_1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1];
    const X9_62: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d];
    const PKIX: &[u8] = &[0x2b, 6, 1, 5, 5, 7];
    let known = if let Some(arcs) = contents.strip_prefix(PKCS_1) {
        match arcs {
            [1] => Some("rsaEncryption"),
            [4] => Some("md5WithRSAEncryption"),
            [5] => Some("sha1WithRSAEncryption"),
            [10] => Some("RSASSA-PSS"),
            [11] => Some("sha256WithRSAEncryption"),
            [12] => Some("sha384WithRSAEncryption"),
            [13] => Some("sha512WithRSAEncryption"),
            _ => None,
        }
    } else if let Some(arcs) = contents.strip_prefix(X9_62) {
        match arcs {
            [2, 1] => Some("id-ecPublicKey"),
            [3, 1, 7] => Some("P-256"),
            [4, 1] => Some("ecdsa-with-SHA1"),
            [4, 3, 2] => Some("ecdsa-with-SHA256"),
            [4, 3, 3] => Some("ecdsa-with-SHA384"),
            [4, 3, 4] => Some("ecdsa-with-SHA512"),
            _ => None,
        }
    } else if let Some(arcs) = contents.strip_prefix(PKIX) {
        match arcs {
            [2, 1] => Some("cps"),
            [2, 2] => Some("userNotice"),
            [3, 1] => Some("serverAuth"),
            [3, 2] => Some("clientAuth"),
            [3, 3] => Some("codeSigning"),
            [3, 4] => Some("emailProtection"),
            [3, 8] => Some("timeStamping"),
            [3, 9] => Some("OCSPSigning"),
            [48, 1] => Some("ocsp"),
            [48, 2] => Some("caIssuers"),
            _ => None,
        }
    } else {
        match contents {
            [0x2b, 0x65, 0x70] => Some("Ed25519"),
            [0x2b, 0x65, 0x71] => Some("Ed448"),
            [0x2b, 0x81, 4, 0, 34] => Some("P-384"),
            [0x2b, 0x81, 4, 0, 35] => Some("P-521"),
            [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1] => Some("id-dsa"),
            [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3] => Some("dsa-with-sha1"),
            [0x55, 0x1d, 0x20, 0] => Some("anyPolicy"),
            [0x55, 0x1d, 0x25, 0] => Some("anyExtendedKeyUsage"),
            _ => None,
        }
    };
    match known {
        Some(name) => format!("{name} ({})", dotted(contents)),
        None => dotted(contents),
    }
}

#[cfg(test)]
mod tests;
