//! Finding paths (RFC 4158): from the certificate asked about towards the anchors, depth first,
//! likely issuers first, each signature checked once.

use std::collections::HashMap;

use crate::certificate::{CardCertificate, Certificate};
use crate::crl::{Crl, signature_algorithm};
use crate::leaf::check_profile;
use crate::limits::{MAX_PATH_CERTIFICATE_BYTES, MAX_PATH_LENGTH};
use crate::path::extensions::PathExtensions;
use crate::path::list_reading::Listed;
use crate::path::node::{Issuer, NodeId, Nodes};
use crate::path::policy::PolicySettings;
use crate::path::report::verdict_of;
use crate::path::revocation::Statuses;
use crate::path::walk::walk;
use crate::path::{
    Budget, CrlRefusal, PathCertificate, PathError, PathReport, PathRequest, RevocationEvidence,
    RevocationMode, Verdict,
};
use crate::{
    CertificateError, CrlError, Oid, Profile, PublicKeyError, SignatureError, Signed, Verifier,
};

/// One question while it is answered.
pub(super) struct Search<'a> {
    pub(super) request: &'a PathRequest<'a>,
    pub(super) verifier: &'a Verifier,
    /// The certificate asked about, then the intermediates that could be read.
    pub(super) nodes: Nodes<'a>,
    /// The index in the request of each node but the first.
    sources: Vec<usize>,
    pub(super) crls: Vec<Result<Crl<'a>, CrlError>>,
    pub(super) budget: Budget,
    signatures: HashMap<(NodeId, Issuer), Result<(), PathError>>,
    pub(super) crl_signatures: HashMap<(usize, Issuer), Result<(), CrlRefusal>>,
    pub(super) crl_signers: HashMap<(NodeId, usize), Result<(), PathError>>,
    pub(super) crl_entries: HashMap<(usize, NodeId), Result<Option<Listed>, CrlError>>,
    unreadable: Vec<(usize, CertificateError)>,
}

/// For which certificate a path is sought, and to which anchors.
#[derive(Clone, Copy)]
pub(super) struct Goal<'s> {
    pub(super) target: NodeId,
    /// Only to this anchor; none for any.
    pub(super) anchor: Option<usize>,
    pub(super) policies: &'s PolicySettings,
    /// The certificates of list issuers that are being shown to be good further up.
    pub(super) vouching: &'s [NodeId],
}

/// A path that was walked, or the one that came furthest.
#[derive(Debug)]
pub(super) struct Outcome {
    /// Anchor's side first.
    path: Vec<NodeId>,
    anchor: Option<usize>,
    evidence: Vec<Vec<RevocationEvidence>>,
    policies: Vec<Oid>,
    refusal: Option<(usize, PathError)>,
    rank: Rank,
}

/// Of two paths that fail, which says more: a revocation, then a status that was not found, then
/// the one that reached an anchor, then the one that came further.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    status: u8,
    is_anchored: bool,
    passed: usize,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        request: &'a PathRequest<'a>,
        verifier: &'a Verifier,
    ) -> Result<Self, PathError> {
        let target = if request.profile.is_card() {
            let card = CardCertificate::read(request.certificate)?;
            card.check_algorithms(request.profile)?;
            check_profile(&card.certificate, request.profile)?;
            card.certificate
        } else {
            Certificate::read(request.certificate, MAX_PATH_CERTIFICATE_BYTES)?
        };
        let mut nodes = Nodes::new(target);
        let (mut sources, mut unreadable) = (Vec::new(), Vec::new());
        for (index, der) in request.intermediates.iter().enumerate() {
            match Certificate::read(der, MAX_PATH_CERTIFICATE_BYTES) {
                Ok(certificate) => {
                    nodes.push(certificate);
                    sources.push(index);
                }
                Err(error) => unreadable.push((index, error)),
            }
        }
        let crls = match request.revocation {
            RevocationMode::Off => Vec::new(),
            RevocationMode::Require => {
                let read = |der: &&'a [u8]| read_crl(der, request.profile);
                request.crls.iter().map(read).collect()
            }
        };
        Ok(Self {
            request,
            verifier,
            nodes,
            sources,
            crls,
            budget: Budget::new(),
            signatures: HashMap::new(),
            crl_signatures: HashMap::new(),
            crl_signers: HashMap::new(),
            crl_entries: HashMap::new(),
            unreadable,
        })
    }

    pub(super) fn run(&mut self) -> Result<Outcome, PathError> {
        let request = self.request;
        let goal = Goal {
            target: 0,
            anchor: None,
            policies: &request.policies,
            vouching: &[],
        };
        self.find(goal)
    }

    /// The first path that keeps every rule, or the failure that says most. An error is the end of
    /// the whole question.
    pub(super) fn find(&mut self, goal: Goal<'_>) -> Result<Outcome, PathError> {
        let mut best = None;
        let mut path = vec![goal.target];
        match self.extend(goal, &mut path, &mut best)? {
            Some(found) => Ok(found),
            // Each dead end was recorded, and there is at least one.
            None => best.ok_or(PathError::NoTrustAnchor),
        }
    }

    /// `path` is leaf first.
    fn extend(
        &mut self,
        goal: Goal<'_>,
        path: &mut Vec<NodeId>,
        best: &mut Option<Outcome>,
    ) -> Result<Option<Outcome>, PathError> {
        self.budget.step(1)?;
        let Some(&current) = path.last() else {
            return Ok(None);
        };
        let candidates = self.candidates(current, path, goal.anchor);
        if candidates.is_empty() {
            let error = self.no_issuer(current);
            record(best, dead_end(path, error));
        }
        for issuer in candidates {
            match self.check_signature(current, issuer) {
                Ok(()) => {}
                Err(fatal @ PathError::BudgetExhausted { .. }) => return Err(fatal),
                Err(error) => {
                    record(best, dead_end(path, error));
                    continue;
                }
            }
            match issuer {
                Issuer::Anchor(anchor) => {
                    let outcome = self.judge(goal, path, anchor)?;
                    if outcome.refusal.is_none() {
                        return Ok(Some(outcome));
                    }
                    record(best, outcome);
                }
                Issuer::Certificate(_) if path.len() >= MAX_PATH_LENGTH => {
                    let limit = MAX_PATH_LENGTH;
                    record(best, dead_end(path, PathError::PathTooLong { limit }));
                }
                Issuer::Certificate(id) => {
                    path.push(id);
                    let found = self.extend(goal, path, best)?;
                    path.pop();
                    if found.is_some() {
                        return Ok(found);
                    }
                }
            }
        }
        Ok(None)
    }

    /// RFC 5280 section 6.1.3 (a) (1); each pair of a certificate and a key is checked once.
    fn check_signature(&mut self, id: NodeId, issuer: Issuer) -> Result<(), PathError> {
        let issuer = self.key_of(issuer);
        if let Some(known) = self.signatures.get(&(id, issuer)) {
            return known.clone();
        }
        self.budget.check_signature()?;
        let result = self.verify_certificate(id, issuer);
        self.signatures.insert((id, issuer), result.clone());
        result
    }

    fn verify_certificate(&self, id: NodeId, issuer: Issuer) -> Result<(), PathError> {
        let node = &self.nodes[id];
        let algorithm = node.signature_algorithm.clone()?;
        if node.certificate.signature_form.is_err() {
            return Err(PathError::IssuerSignature);
        }
        let key = match issuer {
            Issuer::Anchor(index) => self.request.trust_anchors[index].public_key(),
            Issuer::Certificate(id) => self.nodes[id].public_key.as_ref().map_err(Clone::clone)?,
        };
        let profile = self.request.profile;
        let found = key.algorithm();
        if profile.is_card() && !profile.allows_key(found) {
            return Err(PublicKeyError::NotInProfile { found }.into());
        }
        let certificate = &node.certificate;
        let signed = Signed::Message(certificate.signed);
        self.verifier
            .verify(
                key,
                algorithm.encoding,
                algorithm.hash,
                signed,
                certificate.signature,
            )
            .map_err(refusal)
    }

    /// Walks a path that reaches an anchor, then asks the lists about each of its certificates.
    /// `path` is leaf first.
    fn judge(
        &mut self,
        goal: Goal<'_>,
        path: &[NodeId],
        anchor: usize,
    ) -> Result<Outcome, PathError> {
        self.budget.step(path.len())?;
        let at = self.request.at;
        let path: Vec<NodeId> = path.iter().rev().copied().collect();
        let mut outcome = Outcome {
            evidence: Vec::new(),
            policies: Vec::new(),
            refusal: None,
            rank: Rank {
                status: 0,
                is_anchored: true,
                passed: 0,
            },
            path,
            anchor: Some(anchor),
        };
        match walk(
            &self.nodes,
            &outcome.path,
            goal.policies,
            at,
            &mut self.budget,
        ) {
            Ok(walked) => outcome.policies = walked.policies,
            Err(stumble) if matches!(stumble.error, PathError::BudgetExhausted { .. }) => {
                return Err(stumble.error);
            }
            Err(stumble) => {
                outcome.rank.passed = stumble.passed;
                outcome.refusal = Some((stumble.passed, stumble.error));
                return Ok(outcome);
            }
        }
        if self.request.revocation == RevocationMode::Require {
            let Statuses { evidence, refusal } =
                self.statuses(&outcome.path, anchor, goal.vouching)?;
            outcome.evidence = evidence;
            if let Some((position, error)) = refusal {
                let is_revoked = matches!(error, PathError::Revoked { .. });
                outcome.rank.status = if is_revoked { 2 } else { 1 };
                outcome.rank.passed = position;
                outcome.refusal = Some((position, error));
            }
        }
        Ok(outcome)
    }

    pub(super) fn report(&self, outcome: Result<Outcome, PathError>) -> PathReport {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => return PathReport::refused_unread(error),
        };
        let mut evidence = outcome.evidence.into_iter();
        let path = outcome.path.iter().map(|id| {
            let certificate = &self.nodes[*id].certificate;
            let intermediate = id.checked_sub(1).map(|index| self.sources[index]);
            PathCertificate::new(
                certificate,
                intermediate,
                evidence.next().unwrap_or_default(),
            )
        });
        let path = path.collect();
        let unreadable_crls = self.crls.iter().enumerate();
        let (refused_at, error) = outcome.refusal.unzip();
        PathReport {
            verdict: error.as_ref().map_or(Verdict::Valid, verdict_of),
            error,
            refused_at,
            trust_anchor: outcome.anchor,
            path,
            policies: outcome.policies,
            unreadable_intermediates: self.unreadable.clone(),
            unreadable_crls: unreadable_crls
                .filter_map(|(index, crl)| Some((index, crl.as_ref().err()?.clone())))
                .collect(),
        }
    }

    /// What path validation reads of a certificate.
    pub(super) fn extensions(&self, id: NodeId) -> Result<&PathExtensions<'a>, PathError> {
        self.nodes[id].extensions()
    }
}

impl Outcome {
    /// The rule that failed, if one did.
    pub(super) fn into_error(self) -> Option<PathError> {
        self.refusal.map(|(_, error)| error)
    }
}

/// Reads a list by the rules of a profile, those about algorithms included.
fn read_crl<'a>(der: &'a [u8], profile: &Profile) -> Result<Crl<'a>, CrlError> {
    let crl = Crl::read_as(der, profile.crl_profile())?;
    if profile.is_card() {
        signature_algorithm(&crl.header, profile)?;
    }
    Ok(crl)
}

fn refusal(error: SignatureError) -> PathError {
    match error {
        SignatureError::CrossCheckDisagreement => PathError::CrossCheckDisagreement,
        SignatureError::Mismatch
        | SignatureError::KeyAlgorithm { .. }
        | SignatureError::DigestLength { .. } => PathError::IssuerSignature,
    }
}

/// A path, leaf first, that ends before an anchor: the refused certificate is the topmost.
fn dead_end(path: &[NodeId], error: PathError) -> Outcome {
    Outcome {
        path: path.iter().rev().copied().collect(),
        anchor: None,
        evidence: Vec::new(),
        policies: Vec::new(),
        refusal: Some((0, error)),
        rank: Rank {
            status: 0,
            is_anchored: false,
            passed: path.len(),
        },
    }
}

fn record(best: &mut Option<Outcome>, outcome: Outcome) {
    if best.as_ref().is_none_or(|best| outcome.rank > best.rank) {
        *best = Some(outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::{PathError, refusal};
    use crate::SignatureError;

    #[test]
    fn a_disagreement_of_the_implementations_is_told_apart_from_a_wrong_signature() {
        let disagreement = refusal(SignatureError::CrossCheckDisagreement);
        assert_eq!(disagreement, PathError::CrossCheckDisagreement);
        assert_eq!(
            refusal(SignatureError::Mismatch),
            PathError::IssuerSignature
        );
    }
}
