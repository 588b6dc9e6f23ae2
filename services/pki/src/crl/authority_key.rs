//! By which key a list says it was signed (RFC 5280 section 5.2.1).

use crate::certificate::{Extension, ExtensionError};
use crate::crl::CrlError;
use crate::der::{check_strict, context, context_primitive, whole_sequence};
use crate::distribution_point::general_names;
use crate::{CanonicalGeneralName, KeyIdentifier};

/// `AuthorityKeyIdentifier` of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CrlAuthorityKey {
    /// The identifier of the key.
    pub key_id: Option<KeyIdentifier>,
    /// The issuer's names and the serial of the certificate that holds the key.
    pub certificate: Option<AuthorityCertificate>,
}

/// A certificate, named by its issuer and its serial.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthorityCertificate {
    /// The issuer's names; never none.
    pub issuer: Vec<CanonicalGeneralName>,
    /// Contents of the serial's INTEGER, as they were written.
    pub serial: Box<[u8]>,
}

impl std::fmt::Debug for AuthorityCertificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("AuthorityCertificate(redacted)")
    }
}

impl CrlAuthorityKey {
    pub(super) fn read(extension: &Extension<'_>) -> Result<Self, CrlError> {
        let parts = || {
            check_strict(extension.value)?;
            let mut reader = whole_sequence(extension.value)?;
            let key_id = reader.optional(context_primitive(0))?;
            let issuer = reader.optional(context(1))?;
            let serial = reader.optional(context_primitive(2))?;
            reader.finish()?;
            Ok((key_id, issuer, serial))
        };
        let (key_id, issuer, serial) = parts().map_err(|error| extension.malformed(error))?;
        let certificate = match (issuer, serial) {
            (None, None) => None,
            (Some(issuer), Some(serial)) => {
                let issuer =
                    general_names(issuer.contents).map_err(CrlError::AuthorityKeyMalformed)?;
                if issuer.is_empty() {
                    return Err(ExtensionError::HalfAuthority.into());
                }
                let serial = serial.contents.into();
                Some(AuthorityCertificate { issuer, serial })
            }
            _ => return Err(ExtensionError::HalfAuthority.into()),
        };
        let key_id = match key_id {
            Some(element) => {
                Some(KeyIdentifier::new(element.contents).map_err(ExtensionError::from)?)
            }
            None => None,
        };
        Ok(Self {
            key_id,
            certificate,
        })
    }
}
