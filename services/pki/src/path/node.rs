//! The certificates among which paths are sought.

use std::collections::HashMap;
use std::ops::Index;

use crate::certificate::Certificate;
use crate::path::PathError;
use crate::path::extensions::PathExtensions;
use crate::{PublicKey, PublicKeyError, SignatureAlgorithm, SignatureAlgorithmError};

/// A certificate that may be on a path, read once.
pub(super) struct Node<'a> {
    /// The first certificate with the same subject and key.
    pub(super) entity: NodeId,
    /// The first certificate with the same key.
    pub(super) key: NodeId,
    pub(super) certificate: Certificate<'a>,
    /// What keeps it from being used shows only where it is used.
    pub(super) extensions: Result<PathExtensions<'a>, PathError>,
    pub(super) public_key: Result<PublicKey, PublicKeyError>,
    pub(super) signature_algorithm: Result<SignatureAlgorithm, SignatureAlgorithmError>,
}

impl<'a> Node<'a> {
    fn new(certificate: Certificate<'a>, entity: NodeId, key: NodeId) -> Self {
        Self {
            entity,
            key,
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

/// All certificates of one question.
pub(super) struct Nodes<'a> {
    all: Vec<Node<'a>>,
    /// By the canonical subject.
    named: HashMap<Vec<u8>, Vec<NodeId>>,
    keys: HashMap<&'a [u8], NodeId>,
}

impl<'a> Nodes<'a> {
    pub(super) fn new(target: Certificate<'a>) -> Self {
        let mut nodes = Self {
            all: Vec::new(),
            named: HashMap::new(),
            keys: HashMap::new(),
        };
        nodes.push(target);
        nodes
    }

    pub(super) fn push(&mut self, certificate: Certificate<'a>) {
        let id = self.all.len();
        let key = *self.keys.entry(certificate.spki).or_insert(id);
        let subject = certificate.canonical_subject.clone();
        let named = self.named.entry(subject).or_default();
        let same = named.iter().find(|other| self.all[**other].key == key);
        let entity = same.copied().unwrap_or(id);
        named.push(id);
        self.all.push(Node::new(certificate, entity, key));
    }

    /// Those with this subject, in their order.
    pub(super) fn named(&self, canonical_subject: &[u8]) -> &[NodeId] {
        self.named.get(canonical_subject).map_or(&[], Vec::as_slice)
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Node<'a>> {
        self.all.iter()
    }
}

impl<'a> Index<NodeId> for Nodes<'a> {
    type Output = Node<'a>;

    fn index(&self, id: NodeId) -> &Node<'a> {
        &self.all[id]
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
