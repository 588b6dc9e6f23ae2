//! The certificates among which paths are sought.

use crate::certificate::Certificate;
use crate::path::PathError;
use crate::path::extensions::PathExtensions;
use crate::{PublicKey, PublicKeyError, SignatureAlgorithm, SignatureAlgorithmError};

/// A certificate that may be on a path, read once.
pub(super) struct Node<'a> {
    pub(super) certificate: Certificate<'a>,
    /// What keeps it from being used shows only where it is used.
    pub(super) extensions: Result<PathExtensions<'a>, PathError>,
    pub(super) public_key: Result<PublicKey, PublicKeyError>,
    pub(super) signature_algorithm: Result<SignatureAlgorithm, SignatureAlgorithmError>,
}

impl<'a> Node<'a> {
    pub(super) fn new(certificate: Certificate<'a>) -> Self {
        Self {
            extensions: PathExtensions::read(&certificate),
            public_key: PublicKey::from_spki_der(certificate.spki),
            signature_algorithm: SignatureAlgorithm::from_der(certificate.signature_algorithm),
            certificate,
        }
    }

    pub(super) fn extensions(&self) -> Result<&PathExtensions<'a>, PathError> {
        self.extensions.as_ref().map_err(Clone::clone)
    }

    /// Whether it names this key as its issuer's; without a name any key may be.
    pub(super) fn names_issuer_key(&self, key_id: Option<&crate::KeyIdentifier>) -> bool {
        let named = self
            .extensions
            .as_ref()
            .ok()
            .and_then(|extensions| extensions.authority_key_id.as_ref());
        named.is_some() && named == key_id
    }

    pub(super) fn key_id(&self) -> Option<&crate::KeyIdentifier> {
        self.extensions
            .as_ref()
            .ok()
            .and_then(|extensions| extensions.subject_key_id.as_ref())
    }
}

/// A certificate by its place: the one asked about is 0, intermediates follow from 1.
pub(super) type NodeId = usize;

/// Whose key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Issuer {
    /// The trust anchor with this index in the request.
    Anchor(usize),
    /// A certificate.
    Certificate(NodeId),
}
