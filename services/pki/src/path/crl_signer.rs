//! Whose key signs a list (RFC 5280 section 6.3.3 f to h).

use crate::limits::MAX_CRL_ISSUER_DEPTH;
use crate::path::builder::{Goal, Search};
use crate::path::node::{Issuer, NodeId};
use crate::path::{CrlRefusal, PathError, PolicySettings};
use crate::{KeyUsage, SignatureAlgorithm, SignatureError, Signed};

/// For which certificate a list is asked.
#[derive(Clone, Copy)]
pub(super) struct Asked<'s> {
    pub(super) target: NodeId,
    /// Whose key signed that certificate.
    pub(super) issuer: Issuer,
    /// The anchor of its path, which must be that of the list's issuer too.
    pub(super) anchor: usize,
    pub(super) vouching: &'s [NodeId],
}

impl Search<'_> {
    /// The key that signed a list, shown to be its issuer's by a path from the same anchor. The
    /// outer error is the end of the whole question.
    pub(super) fn signer(
        &mut self,
        crl: usize,
        asked: Asked<'_>,
    ) -> Result<Result<Issuer, CrlRefusal>, PathError> {
        let mut refusal = CrlRefusal::SignerUnknown;
        for candidate in self.signer_candidates(crl, asked) {
            match self.try_signer(crl, candidate, asked)? {
                Ok(()) => return Ok(Ok(candidate)),
                // What came further says more: a key that fits the signature and lacks a path.
                Err(error) if weight(&error) > weight(&refusal) => refusal = error,
                Err(_) => {}
            }
        }
        Ok(Err(refusal))
    }

    /// Who has the name of the list's issuer: the certificate's own issuer, the anchor, then
    /// others; those with the named key before the others.
    fn signer_candidates(&self, crl: usize, asked: Asked<'_>) -> Vec<Issuer> {
        let Ok(list) = &self.crls[crl] else {
            return Vec::new();
        };
        let name = &*list.header.canonical_issuer;
        let mut candidates = Vec::new();
        if self.name_of(asked.issuer) == name {
            candidates.push(asked.issuer);
        }
        let anchor = Issuer::Anchor(asked.anchor);
        if anchor != asked.issuer && self.name_of(anchor) == name {
            candidates.push(anchor);
        }
        let others = self.nodes.named(name).iter().copied();
        candidates.extend(
            others
                .map(Issuer::Certificate)
                .filter(|other| *other != asked.issuer),
        );
        let named = list.header.authority_key.as_ref();
        let named = named.and_then(|key| key.key_id.as_ref());
        let is_named = |candidate: &Issuer| {
            let key_id = match candidate {
                Issuer::Anchor(index) => self.request.trust_anchors[*index].key_id(),
                Issuer::Certificate(id) => self.nodes[*id].key_id(),
            };
            named.is_some() && key_id == named
        };
        candidates.sort_by_key(|candidate| !is_named(candidate));
        // JPKI's generations share one name: there the named key is the only one (section 5.2.1).
        candidates.retain(|candidate| is_named(candidate) || !self.request.profile.is_card());
        candidates
    }

    fn name_of(&self, issuer: Issuer) -> &[u8] {
        match issuer {
            Issuer::Anchor(index) => self.request.trust_anchors[index].canonical_subject(),
            Issuer::Certificate(id) => &self.nodes[id].certificate.canonical_subject,
        }
    }

    fn try_signer(
        &mut self,
        crl: usize,
        candidate: Issuer,
        asked: Asked<'_>,
    ) -> Result<Result<(), CrlRefusal>, PathError> {
        if let Err(refusal) = self.check_crl_signature(crl, candidate)? {
            return Ok(Err(refusal));
        }
        if let Issuer::Certificate(id) = candidate
            && let Some(found) = self.lacks_crl_sign(id)
        {
            return Ok(Err(CrlRefusal::SignerKeyUsage { found }));
        }
        match candidate {
            // The path that is being judged leads to it.
            candidate if candidate == asked.issuer => Ok(Ok(())),
            Issuer::Anchor(_) => Ok(Ok(())),
            Issuer::Certificate(id) => match self.show_signer(id, asked)? {
                Ok(()) => Ok(Ok(())),
                Err(error) => Ok(Err(CrlRefusal::SignerPath(Box::new(error)))),
            },
        }
    }

    /// The key usage of a certificate that has one without cRLSign.
    fn lacks_crl_sign(&self, id: NodeId) -> Option<KeyUsage> {
        let extensions = self.nodes[id].extensions.as_ref().ok()?;
        extensions
            .key_usage
            .filter(|found| !found.contains(KeyUsage::CRL_SIGN))
    }

    /// Whether a path from the same anchor leads to the certificate of a list's issuer.
    fn show_signer(
        &mut self,
        id: NodeId,
        asked: Asked<'_>,
    ) -> Result<Result<(), PathError>, PathError> {
        // A list issuer's certificate is often covered by nothing but its own list. Longer circles
        // show nothing.
        if asked.target == id && asked.vouching.last() == Some(&id) {
            return Ok(Ok(()));
        }
        if asked.vouching.contains(&id) || asked.vouching.len() >= MAX_CRL_ISSUER_DEPTH {
            return Ok(Err(PathError::CrlIssuerCycle));
        }
        // Inside a chain of issuers the answer hangs on who asks; at its end it does not, and only
        // there is it remembered. Nor is it used inside: a chain would be shorter for what was asked
        // before, and the order of lists would decide how far it reaches.
        let is_end = asked.vouching.is_empty();
        if is_end && let Some(known) = self.crl_signers.get(&(id, asked.anchor)) {
            return Ok(known.clone());
        }
        let vouching: Vec<NodeId> = asked.vouching.iter().copied().chain([id]).collect();
        let goal = Goal {
            target: id,
            anchor: Some(asked.anchor),
            policies: &PolicySettings::default(),
            vouching: &vouching,
        };
        let shown = match self.find(goal)?.into_error() {
            None => Ok(()),
            Some(error) => Err(error),
        };
        if is_end {
            self.crl_signers.insert((id, asked.anchor), shown.clone());
        }
        Ok(shown)
    }

    fn check_crl_signature(
        &mut self,
        crl: usize,
        issuer: Issuer,
    ) -> Result<Result<(), CrlRefusal>, PathError> {
        let issuer = self.key_of(issuer);
        if let Some(known) = self.crl_signatures.get(&(crl, issuer)) {
            return Ok(known.clone());
        }
        self.budget.check_signature()?;
        let result = self.verify_crl(crl, issuer);
        self.crl_signatures.insert((crl, issuer), result.clone());
        Ok(result)
    }

    fn verify_crl(&self, crl: usize, issuer: Issuer) -> Result<(), CrlRefusal> {
        let list = self.crls[crl].as_ref().map_err(Clone::clone)?;
        let algorithm = SignatureAlgorithm::from_der(&list.header.signature_algorithm)?;
        let key = match issuer {
            Issuer::Anchor(index) => self.request.trust_anchors[index].public_key(),
            Issuer::Certificate(id) => self.nodes[id].public_key.as_ref().map_err(Clone::clone)?,
        };
        let signed = Signed::Message(list.signed);
        self.verifier
            .verify(
                key,
                algorithm.encoding,
                algorithm.hash,
                signed,
                list.signature,
            )
            .map_err(refusal)
    }
}

fn refusal(error: SignatureError) -> CrlRefusal {
    match error {
        SignatureError::CrossCheckDisagreement => CrlRefusal::CrossCheckDisagreement,
        SignatureError::Mismatch
        | SignatureError::KeyAlgorithm { .. }
        | SignatureError::DigestLength { .. } => CrlRefusal::Signature,
    }
}

/// How far a candidate came.
fn weight(refusal: &CrlRefusal) -> u8 {
    match refusal {
        CrlRefusal::SignerUnknown => 0,
        CrlRefusal::Signature => 1,
        CrlRefusal::SignerKeyUsage { .. } => 3,
        CrlRefusal::SignerPath(_) => 4,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::{CrlRefusal, refusal};
    use crate::SignatureError;

    #[test]
    fn a_disagreement_of_the_implementations_is_told_apart_from_a_wrong_signature() {
        let disagreement = refusal(SignatureError::CrossCheckDisagreement);
        assert_eq!(disagreement, CrlRefusal::CrossCheckDisagreement);
        assert_eq!(refusal(SignatureError::Mismatch), CrlRefusal::Signature);
    }
}
