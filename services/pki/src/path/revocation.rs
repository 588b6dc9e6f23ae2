//! The status of the certificates of a path (RFC 5280 section 6.3.3).
//!
//! The RFC stops at the first lists that cover all reasons, so its answer hangs on the order of
//! lists. Here every list that is verified, current and in scope is asked, of each issuer, key and
//! scope the one in force: one that says "revoked" decides, and *good* needs all reasons covered.

use crate::ReasonFlags;
use crate::path::builder::Search;
use crate::path::crl_scope::{Reach, Subject};
use crate::path::crl_signer::Asked;
use crate::path::node::{Issuer, NodeId};
use crate::path::{CrlOutcome, CrlRefusal, PathError, RevocationEvidence};

/// What the lists say about each certificate of a path, up to the first that is not good.
pub(super) struct Statuses {
    pub(super) evidence: Vec<Vec<RevocationEvidence>>,
    /// The position of that one in the path, and why.
    pub(super) refusal: Option<(usize, PathError)>,
}

/// A list in scope whose signature was checked.
pub(super) struct InScope {
    pub(super) crl: usize,
    pub(super) signer: Issuer,
    /// The reasons for which it answers about the certificate.
    pub(super) reasons: ReasonFlags,
}

/// The lists in scope of one certificate.
#[derive(Default)]
struct Lists {
    complete: Vec<InScope>,
    deltas: Vec<InScope>,
}

impl Search<'_> {
    /// Asks about each certificate of `path`, anchor's side first.
    pub(super) fn statuses(
        &mut self,
        path: &[NodeId],
        anchor: usize,
        vouching: &[NodeId],
    ) -> Result<Statuses, PathError> {
        let mut statuses = Statuses {
            evidence: Vec::new(),
            refusal: None,
        };
        let mut issuer = Issuer::Anchor(anchor);
        for (position, id) in path.iter().enumerate() {
            let asked = Asked {
                target: *id,
                issuer,
                anchor,
                vouching,
            };
            let (evidence, status) = self.status(asked)?;
            statuses.evidence.push(evidence);
            if let Err(error) = status {
                statuses.refusal = Some((position, error));
                break;
            }
            issuer = Issuer::Certificate(*id);
        }
        Ok(statuses)
    }

    #[allow(clippy::type_complexity, reason = "evidence besides the status")]
    fn status(
        &mut self,
        asked: Asked<'_>,
    ) -> Result<(Vec<RevocationEvidence>, Result<(), PathError>), PathError> {
        let mut evidence = Vec::new();
        let Lists { complete, deltas } = self.in_scope(asked, &mut evidence)?;
        let verified: Vec<usize> = complete.iter().map(|list| list.crl).collect();
        let in_force = self.in_force(complete, &mut evidence);
        let mut covered = ReasonFlags::NONE;
        for list in &in_force {
            let over = self.deltas_over(list, &deltas);
            // Nearly always none or one; what several say that contradict each other all counts.
            let without = over.is_empty().then_some(None);
            for delta in over.into_iter().map(Some).chain(without) {
                let found = self.ask(list.crl, delta, asked.target)?;
                if found.outcome == CrlOutcome::NotListed {
                    covered = covered.union(list.reasons);
                }
                evidence.push(found);
            }
        }
        for crl in verified {
            if let Some(found) = self.shown_once(crl, asked.target)? {
                evidence.retain(|other| other.crl != crl);
                evidence.push(found);
            }
        }
        self.tell_unused(&deltas, &in_force, &mut evidence);
        // The order of the lists given decides about nothing.
        evidence.sort_by_key(|found| (found.crl, found.delta));
        let status = match first_revocation(&evidence) {
            Some(error) => Err(error),
            None if covered == ReasonFlags::ALL => Ok(()),
            None => Err(undetermined(&evidence)),
        };
        Ok((evidence, status))
    }

    /// (b) to (d), (f) to (h): the lists that cover the certificate, verified. Lists of other
    /// issuers are passed over without a word.
    fn in_scope(
        &mut self,
        asked: Asked<'_>,
        evidence: &mut Vec<RevocationEvidence>,
    ) -> Result<Lists, PathError> {
        let certificate = &self.nodes[asked.target].certificate;
        let issuer = certificate.canonical_issuer.clone();
        let subject = Subject::new(issuer, self.extensions(asked.target)?);
        let mut lists = Lists::default();
        for crl in 0..self.crls.len() {
            self.budget.compare_list()?;
            let reasons = match self.reach(crl, &subject) {
                Reach::OtherIssuer => continue,
                Reach::Refused(refusal) => {
                    evidence.extend(self.refused(crl, refusal));
                    continue;
                }
                Reach::Covers(reasons) => reasons,
            };
            match self.signer(crl, asked)? {
                Ok(signer) => {
                    let list = InScope {
                        crl,
                        signer,
                        reasons,
                    };
                    if self.is_delta(crl) {
                        lists.deltas.push(list);
                    } else {
                        lists.complete.push(list);
                    }
                }
                Err(refusal) => evidence.extend(self.refused(crl, refusal)),
            }
        }
        Ok(lists)
    }

    /// What a list covers of a certificate, if it is not of the future.
    fn reach(&self, crl: usize, subject: &Subject) -> Reach {
        let Ok(list) = &self.crls[crl] else {
            return Reach::OtherIssuer;
        };
        let at = self.request.at;
        let this_update = list.header.this_update;
        let tolerance = self.request.profile.clock_tolerance_secs();
        match subject.reach_of(list) {
            Reach::Covers(_) if at < this_update.plus_secs(-tolerance) => {
                Reach::Refused(CrlRefusal::NotYetCurrent { this_update, at })
            }
            reach => reach,
        }
    }

    /// The verified delta lists that changed nothing, and why.
    fn tell_unused(
        &self,
        deltas: &[InScope],
        in_force: &[InScope],
        evidence: &mut Vec<RevocationEvidence>,
    ) {
        for delta in deltas {
            if evidence.iter().any(|found| found.delta == Some(delta.crl)) {
                continue;
            }
            let later = in_force
                .iter()
                .chain(deltas)
                .find(|later| self.supersedes(later, delta));
            let refusal = later.map_or(CrlRefusal::DeltaAlone, |later| CrlRefusal::Superseded {
                by: later.crl,
            });
            evidence.extend(self.refused(delta.crl, refusal));
        }
    }

    fn is_delta(&self, crl: usize) -> bool {
        self.crls[crl]
            .as_ref()
            .is_ok_and(|list| list.header.is_delta())
    }

    pub(super) fn refused(&self, crl: usize, refusal: CrlRefusal) -> Option<RevocationEvidence> {
        self.crls[crl].as_ref().ok()?;
        Some(self.evidence(crl, None, CrlOutcome::Refused(refusal)))
    }

    pub(super) fn evidence(
        &self,
        crl: usize,
        delta: Option<usize>,
        outcome: CrlOutcome,
    ) -> RevocationEvidence {
        let list = self.crls[crl].as_ref().ok();
        let delta_list = delta.and_then(|delta| self.crls[delta].as_ref().ok());
        RevocationEvidence {
            crl,
            number: list.and_then(|list| list.header.number.clone()),
            this_update: list.map_or(self.request.at, |list| list.header.this_update),
            next_update: list.and_then(|list| list.header.next_update),
            delta,
            delta_number: delta_list.and_then(|list| list.header.number.clone()),
            outcome,
        }
    }
}

/// The earliest revocation that a list shows.
fn first_revocation(evidence: &[RevocationEvidence]) -> Option<PathError> {
    let revocations = evidence.iter().filter_map(|found| match found.outcome {
        CrlOutcome::Revoked { revoked_at, reason } => Some((revoked_at, reason)),
        _ => None,
    });
    let (revoked_at, reason) = revocations.min_by_key(|(at, reason)| (*at, reason.code()))?;
    Some(PathError::Revoked { revoked_at, reason })
}

/// Why nothing is known: because issuers of lists vouch for each other, or because there is no list
/// that helps.
fn undetermined(evidence: &[RevocationEvidence]) -> PathError {
    let is_cycle = evidence.iter().any(|found| {
        matches!(&found.outcome, CrlOutcome::Refused(CrlRefusal::SignerPath(error))
            if **error == PathError::CrlIssuerCycle)
    });
    if is_cycle {
        PathError::CrlIssuerCycle
    } else {
        PathError::RevocationUndetermined
    }
}
