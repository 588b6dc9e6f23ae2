//! Extensions, which certificates and lists have in common (RFC 5280 section 4.2).

use std::fmt;

use crate::der::{OCTET_STRING, Reader, check_strict, context, context_primitive, whole_sequence};
use crate::limits::MAX_EXTENSIONS;
use crate::{DerError, KeyIdentifier, KeyIdentifierError};

/// `id-ce-authorityKeyIdentifier`, 2.5.29.35.
pub(crate) const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];

/// An object identifier found in a certificate or list, for a refusal.
#[derive(Clone, PartialEq, Eq)]
pub struct FoundIdentifier(Box<[u8]>);

impl FoundIdentifier {
    pub(crate) fn new(contents: &[u8]) -> Self {
        Self(contents.into())
    }
}

impl fmt::Display for FoundIdentifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::profile::write_dotted(formatter, &self.0)
    }
}

impl fmt::Debug for FoundIdentifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "FoundIdentifier({self})")
    }
}

/// Why extensions, or the value of one, are refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionError {
    /// The list of extensions is not DER, or one has more or fewer elements than an extension.
    #[error("the extensions are not DER: {0}")]
    Der(#[from] DerError),
    /// More extensions than any certificate or list.
    #[error("there are more than {MAX_EXTENSIONS} extensions")]
    TooMany,
    /// The same extension twice.
    #[error("extension {extension} occurs twice (RFC 5280 section 4.2)")]
    Duplicate {
        /// The extension.
        extension: FoundIdentifier,
    },
    /// The value of an extension is not what its definition says.
    #[error("the value of extension {extension} is malformed: {error}")]
    Value {
        /// The extension.
        extension: FoundIdentifier,
        /// What is wrong.
        error: DerError,
    },
    /// A key identifier of an impossible length.
    #[error(transparent)]
    KeyIdentifier(#[from] KeyIdentifierError),
    /// An authority key identifier with an issuer but no serial, or the reverse.
    #[error(
        "authorityKeyIdentifier has an issuer without a serial or the reverse (RFC 5280 section 4.2.1.1)"
    )]
    HalfAuthority,
    /// No authority key identifier, or one without a key identifier.
    #[error("the issuer's key is not named (RFC 5280 sections 4.2.1.1 and 5.2.1)")]
    NoAuthorityKeyIdentifier,
}

impl ExtensionError {
    /// The broken rule, in snake case.
    pub fn rule(&self) -> &'static str {
        match self {
            Self::Der(_) => "not_der",
            Self::TooMany => "too_many_extensions",
            Self::Duplicate { .. } => "duplicate_extension",
            Self::Value { .. } => "extension_value",
            Self::KeyIdentifier(_) => "key_identifier",
            Self::HalfAuthority => "half_authority",
            Self::NoAuthorityKeyIdentifier => "no_authority_key_identifier",
        }
    }
}

/// One extension.
#[derive(Clone, Copy)]
pub(crate) struct Extension<'a> {
    pub(crate) identifier: &'a [u8],
    pub(crate) critical: bool,
    pub(crate) value: &'a [u8],
}

impl Extension<'_> {
    /// An error about this extension's value.
    pub(crate) fn malformed(&self, error: DerError) -> ExtensionError {
        ExtensionError::Value {
            extension: FoundIdentifier::new(self.identifier),
            error,
        }
    }
}

/// `Extensions`, inside their explicit tag, of a certificate or a list.
pub(crate) fn read_extensions(tagged: &[u8]) -> Result<Vec<Extension<'_>>, ExtensionError> {
    let mut list = whole_sequence(tagged)?;
    let mut extensions = Vec::new();
    while !list.is_empty() {
        let mut fields = list.sequence()?;
        let extension = Extension {
            identifier: fields.object_identifier()?,
            critical: fields.default_false()?,
            value: fields.expect(OCTET_STRING)?.contents,
        };
        fields.finish()?;
        extensions.push(extension);
        if extensions.len() > MAX_EXTENSIONS {
            return Err(ExtensionError::TooMany);
        }
    }
    Ok(extensions)
}

/// RFC 5280 section 4.2: no extension twice.
pub(crate) fn check_duplicates(extensions: &[Extension<'_>]) -> Result<(), ExtensionError> {
    let twice = extensions.iter().enumerate().find(|(index, extension)| {
        extensions[..*index]
            .iter()
            .any(|before| before.identifier == extension.identifier)
    });
    match twice {
        Some((_, extension)) => Err(ExtensionError::Duplicate {
            extension: FoundIdentifier::new(extension.identifier),
        }),
        None => Ok(()),
    }
}

/// `AuthorityKeyIdentifier` (RFC 5280 section 4.2.1.1), of a certificate or a list.
pub(crate) fn authority_key_id(extension: &Extension<'_>) -> Result<KeyIdentifier, ExtensionError> {
    let parts = || {
        check_strict(extension.value)?;
        let mut reader = whole_sequence(extension.value)?;
        let key_id = reader.optional(context_primitive(0))?;
        let issuer = reader.optional(context(1))?.is_some();
        let serial = reader.optional(context_primitive(2))?.is_some();
        reader.finish()?;
        Ok((key_id, issuer, serial))
    };
    let (key_id, issuer, serial) = parts().map_err(|error| extension.malformed(error))?;
    if issuer != serial {
        return Err(ExtensionError::HalfAuthority);
    }
    let key_id = key_id.ok_or(ExtensionError::NoAuthorityKeyIdentifier)?;
    Ok(KeyIdentifier::new(key_id.contents)?)
}

/// `SubjectKeyIdentifier` (RFC 5280 section 4.2.1.2).
pub(crate) fn subject_key_id(extension: &Extension<'_>) -> Result<KeyIdentifier, ExtensionError> {
    let octets = || {
        let mut reader = Reader::new(extension.value);
        let element = reader.expect(OCTET_STRING)?;
        reader.finish().map(|()| element.contents)
    };
    let octets = octets().map_err(|error| extension.malformed(error))?;
    Ok(KeyIdentifier::new(octets)?)
}
