//! Who could have issued a certificate: names and hints, no signatures yet (RFC 4158 section 3).

use crate::path::builder::Search;
use crate::path::node::{Issuer, Node, NodeId};
use crate::path::{PathError, Withheld};

/// In which order candidates are tried; earlier ones first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Hint {
    /// Its key is the one that the certificate names (RFC 4158 section 3.5.12).
    NamedKey,
    /// It has the issuer's name.
    Name,
    /// It has an anchor's name and key, so a path through it only helps where its own anchor does.
    AlsoAnchor,
}

impl Search<'_> {
    /// Who has the issuer's name: anchors before certificates, those with the named key before the
    /// others.
    pub(super) fn candidates(
        &self,
        current: NodeId,
        path: &[NodeId],
        only_anchor: Option<usize>,
    ) -> Vec<Issuer> {
        let node = &self.nodes[current];
        let name = node.certificate.canonical_issuer.as_slice();
        let hint = |key_id| {
            if node.names_issuer_key(key_id) {
                Hint::NamedKey
            } else {
                Hint::Name
            }
        };
        let mut ranked = Vec::new();
        for (index, anchor) in self.request.trust_anchors.iter().enumerate() {
            let is_asked = only_anchor.is_none_or(|only| only == index);
            if is_asked && anchor.canonical_subject() == name {
                ranked.push((hint(anchor.key_id()), Issuer::Anchor(index)));
            }
        }
        for id in self.nodes.named(name) {
            let candidate = &self.nodes[*id];
            let is_anchor = self.is_anchor(candidate, only_anchor);
            if self.is_on(path, *id) || (is_anchor && candidate.certificate.is_self_issued()) {
                continue;
            }
            let hint = if is_anchor {
                Hint::AlsoAnchor
            } else {
                hint(candidate.key_id())
            };
            ranked.push((hint, Issuer::Certificate(*id)));
        }
        // JPKI's generations share one name: there the named key is the only one (section 4.2.1.1).
        ranked.retain(|(hint, _)| *hint == Hint::NamedKey || !self.request.profile.is_card());
        // Stable: the anchors stay in front of each part.
        ranked.sort_by_key(|(hint, _)| *hint);
        ranked.into_iter().map(|(_, issuer)| issuer).collect()
    }

    /// Whether a certificate, or another one of the same name and key, is on the path already: the
    /// path without the loop is a path too (RFC 4158 section 5.2). Only the certificate at the end
    /// of the path, the first here, cannot be left out, so it is in the way of itself alone
    /// (RFC 5280 section 6.1: no certificate appears twice).
    fn is_on(&self, path: &[NodeId], id: NodeId) -> bool {
        let candidate = &self.nodes[id];
        let Some((target, above)) = path.split_first() else {
            return false;
        };
        self.nodes[*target].certificate.signed == candidate.certificate.signed
            || above
                .iter()
                .any(|on| self.nodes[*on].entity == candidate.entity)
    }

    /// Whether a certificate has an anchor's name and key.
    fn is_anchor(&self, candidate: &Node<'_>, only_anchor: Option<usize>) -> bool {
        let anchors = self.request.trust_anchors.iter().enumerate();
        anchors
            .filter(|(index, _)| only_anchor.is_none_or(|only| only == *index))
            .any(|(_, anchor)| {
                anchor.canonical_subject() == candidate.certificate.canonical_subject
                    && candidate.public_key.as_ref() == Ok(anchor.public_key())
            })
    }

    pub(super) fn no_issuer(&self, current: NodeId) -> PathError {
        let node = &self.nodes[current];
        let issuer = Withheld::new(node.certificate.issuer.into());
        let anchors = self.request.trust_anchors.iter();
        let anchor = anchors
            .filter(|anchor| anchor.canonical_subject() != node.certificate.canonical_issuer)
            .find(|anchor| node.names_issuer_key(anchor.key_id()))
            .map(|anchor| (anchor.key_id().cloned(), anchor.subject_der()));
        let named = anchor.or_else(|| {
            self.nodes
                .iter()
                .filter(|other| {
                    other.certificate.canonical_subject != node.certificate.canonical_issuer
                })
                .find(|other| node.names_issuer_key(other.key_id()))
                .map(|other| (other.key_id().cloned(), other.certificate.subject))
        });
        match named {
            Some((Some(key_id), subject)) => PathError::IssuerName {
                key_id,
                issuer,
                subject: Withheld::new(subject.into()),
            },
            _ => PathError::IssuerUnknown { issuer },
        }
    }

    /// One name for all issuers that have the same key, so that no signature is checked twice.
    pub(super) fn key_of(&self, issuer: Issuer) -> Issuer {
        match issuer {
            Issuer::Certificate(id) => Issuer::Certificate(self.nodes[id].key),
            anchor @ Issuer::Anchor(_) => anchor,
        }
    }
}
