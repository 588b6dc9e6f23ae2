//! The status of the certificates of a path (RFC 5280 section 6.3.3).
//!
//! The RFC stops at the first lists that cover all reasons, so its answer hangs on the order of
//! lists. Here every list that is verified, current and in scope is asked, of each issuer, key and
//! scope the one in force: one that says "revoked" decides, and *good* needs all reasons covered.

use crate::crl::{Crl, CrlEntry};
use crate::limits::MAX_CRL_ENTRIES;
use crate::path::builder::Search;
use crate::path::crl_scope::{Point, Subject};
use crate::path::crl_signer::Asked;
use crate::path::node::{Issuer, NodeId};
use crate::path::{CrlOutcome, CrlRefusal, PathError, RevocationEvidence};
use crate::{CrlError, ReasonFlags, RevocationReason};

/// What the lists say about each certificate of a path, up to the first that is not good.
pub(super) struct Statuses {
    pub(super) evidence: Vec<Vec<RevocationEvidence>>,
    /// The position of that one in the path, and why.
    pub(super) refusal: Option<(usize, PathError)>,
}

/// A complete list in scope whose signature was checked.
struct InScope {
    crl: usize,
    signer: Issuer,
    reasons: ReasonFlags,
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
        let in_scope = self.in_scope(asked, &mut evidence)?;
        let deltas = self.deltas(asked, &mut evidence)?;
        let in_force = self.in_force(in_scope, &mut evidence);
        let mut covered = ReasonFlags::NONE;
        let mut revoked = None;
        for list in &in_force {
            let found = self.ask(list, &deltas, asked.target);
            match &found.outcome {
                CrlOutcome::NotListed => covered = covered.union(list.reasons),
                CrlOutcome::Revoked { revoked_at, reason } => {
                    let (revoked_at, reason) = (*revoked_at, *reason);
                    revoked.get_or_insert(PathError::Revoked { revoked_at, reason });
                }
                CrlOutcome::Refused(_) => {}
            }
            evidence.push(found);
        }
        // The order of the lists given decides about nothing.
        evidence.sort_by_key(|found| found.crl);
        let status = match revoked {
            Some(error) => Err(error),
            None if covered == ReasonFlags::ALL => Ok(()),
            None => Err(PathError::RevocationUndetermined),
        };
        Ok((evidence, status))
    }

    /// (b), (d), (f), (g): the complete lists that cover the certificate, verified. Lists of other
    /// issuers are passed over without a word.
    fn in_scope(
        &mut self,
        asked: Asked<'_>,
        evidence: &mut Vec<RevocationEvidence>,
    ) -> Result<Vec<InScope>, PathError> {
        let mut found = Vec::new();
        for crl in 0..self.crls.len() {
            let reasons = match self.covered_by(crl, asked.target, false)? {
                Ok(reasons) => reasons,
                Err(CrlRefusal::Issuer) => continue,
                Err(refusal) => {
                    evidence.extend(self.refused(crl, refusal));
                    continue;
                }
            };
            match self.signer(crl, asked)? {
                Ok(signer) => found.push(InScope {
                    crl,
                    signer,
                    reasons,
                }),
                Err(refusal) => evidence.extend(self.refused(crl, refusal)),
            }
        }
        Ok(found)
    }

    /// (c), (f), (h): the delta lists that could change a list in scope, verified.
    fn deltas(
        &mut self,
        asked: Asked<'_>,
        evidence: &mut Vec<RevocationEvidence>,
    ) -> Result<Vec<(usize, Issuer)>, PathError> {
        let mut found = Vec::new();
        for crl in 0..self.crls.len() {
            match self.covered_by(crl, asked.target, true)? {
                Ok(_) => match self.signer(crl, asked)? {
                    Ok(signer) => found.push((crl, signer)),
                    Err(refusal) => evidence.extend(self.refused(crl, refusal)),
                },
                Err(CrlRefusal::NotYetCurrent { this_update, at }) => {
                    let refusal = CrlRefusal::NotYetCurrent { this_update, at };
                    evidence.extend(self.refused(crl, refusal));
                }
                Err(_) => {}
            }
        }
        Ok(found)
    }

    /// The reasons that a list covers for a certificate at any of its distribution points, and at
    /// the one assumed behind them.
    fn covered_by(
        &mut self,
        crl: usize,
        target: NodeId,
        is_delta: bool,
    ) -> Result<Result<ReasonFlags, CrlRefusal>, PathError> {
        let extensions = self.extensions(target)?;
        let Ok(list) = &self.crls[crl] else {
            return Ok(Err(CrlRefusal::Issuer));
        };
        if list.header.is_delta() != is_delta {
            return Ok(Err(CrlRefusal::Issuer));
        }
        let subject = Subject {
            canonical_issuer: &self.nodes[target].certificate.canonical_issuer,
            is_authority: extensions.is_authority(),
        };
        let mut covered = ReasonFlags::NONE;
        let mut refusal = CrlRefusal::Issuer;
        let own = extensions.distribution_points.iter();
        let points = own
            .map(|point| Point::new(point, &subject))
            .chain([Point::assumed(&subject)]);
        for point in points {
            match point.reasons_of(list, &subject) {
                Ok(reasons) => covered = covered.union(reasons),
                Err(CrlRefusal::Issuer) => {}
                Err(error) if refusal == CrlRefusal::Issuer => refusal = error,
                Err(_) => {}
            }
        }
        if covered.is_empty() {
            return Ok(Err(refusal));
        }
        let at = self.request.at;
        let this_update = list.header.this_update;
        let tolerance = self.request.profile.clock_tolerance_secs();
        if at < this_update.plus_secs(-tolerance) {
            return Ok(Err(CrlRefusal::NotYetCurrent { this_update, at }));
        }
        Ok(Ok(covered))
    }

    /// Of the lists of one issuer, key and scope, the one with the highest number, or without
    /// numbers the latest.
    fn in_force(
        &self,
        lists: Vec<InScope>,
        evidence: &mut Vec<RevocationEvidence>,
    ) -> Vec<InScope> {
        let mut kept: Vec<InScope> = Vec::new();
        for list in lists {
            let twin = kept.iter_mut().find(|other| {
                other.signer == list.signer && self.is_same_scope(other.crl, list.crl)
            });
            let Some(twin) = twin else {
                kept.push(list);
                continue;
            };
            let (by, old) = if self.is_later(list.crl, twin.crl) {
                let old = std::mem::replace(twin, list);
                (twin.crl, old.crl)
            } else {
                (twin.crl, list.crl)
            };
            evidence.extend(self.refused(old, CrlRefusal::Superseded { by }));
        }
        kept
    }

    fn is_same_scope(&self, one: usize, other: usize) -> bool {
        match (&self.crls[one], &self.crls[other]) {
            (Ok(one), Ok(other)) => {
                let scope = match (&one.header.scope, &other.header.scope) {
                    (Some(one), Some(other)) => one.is_same(other),
                    (one, other) => one.is_none() && other.is_none(),
                };
                scope && one.header.canonical_issuer == other.header.canonical_issuer
            }
            _ => false,
        }
    }

    /// Ties go to the list with the greater bytes, so that the order given decides nothing.
    fn is_later(&self, one: usize, other: usize) -> bool {
        match (&self.crls[one], &self.crls[other]) {
            (Ok(one), Ok(other)) => {
                let key = |list: &Crl<'_>| (list.header.number.clone(), list.header.this_update);
                (key(one), one.signed) > (key(other), other.signed)
            }
            _ => false,
        }
    }

    /// Searches a list, with the delta in force over it, for a certificate: (i) to (k).
    fn ask(
        &self,
        list: &InScope,
        deltas: &[(usize, Issuer)],
        target: NodeId,
    ) -> RevocationEvidence {
        let delta = self.delta_over(list, deltas);
        let outcome = match self.search(list, delta, target) {
            Ok(None) => CrlOutcome::NotListed,
            Ok(Some(entry)) => CrlOutcome::Revoked {
                revoked_at: entry.revoked_at,
                reason: entry.reason,
            },
            Err(refusal) => CrlOutcome::Refused(refusal),
        };
        self.evidence(list.crl, delta, outcome)
    }

    /// The entry that is in force for a certificate. A delta's entry counts before the list's, and
    /// `removeFromCRL` means none.
    fn search(
        &self,
        list: &InScope,
        delta: Option<usize>,
        target: NodeId,
    ) -> Result<Option<CrlEntry<'_>>, CrlRefusal> {
        let complete = self.crls[list.crl].as_ref().map_err(Clone::clone)?;
        let mut is_current = self.check_current(complete);
        let mut entry = None;
        if let Some(delta) = delta {
            let delta = self.crls[delta].as_ref().map_err(Clone::clone)?;
            let changed = self.entry(delta, target)?;
            match self.check_current(delta) {
                // RFC 5280 section 6.3.3 (a) (1) (i): a current delta brings its list up to date.
                Ok(()) => {
                    is_current = Ok(());
                    match changed {
                        Some(found) if found.reason == RevocationReason::RemoveFromCrl => {
                            // The list itself is read all the same: it may be unusable.
                            self.entry(complete, target)?;
                            return Ok(None);
                        }
                        changed => entry = changed,
                    }
                }
                // One that is stale still shows what was revoked, and lifts nothing.
                Err(_) => {
                    entry = changed.filter(|found| found.reason != RevocationReason::RemoveFromCrl);
                }
            }
        }
        let listed = self.entry(complete, target)?;
        is_current?;
        Ok(entry.or(listed))
    }

    /// thisUpdate was looked at before.
    fn check_current(&self, list: &Crl<'_>) -> Result<(), CrlRefusal> {
        let at = self.request.at;
        match list.header.next_update {
            Some(next_update) if at < next_update => Ok(()),
            Some(next_update) => Err(CrlRefusal::Expired { next_update, at }),
            None => Err(CrlRefusal::NextUpdateMissing),
        }
    }

    /// The delta in force over a list: of the same issuer, scope and key, based on the list or an
    /// earlier one, and later than it (RFC 5280 section 5.2.4).
    fn delta_over(&self, list: &InScope, deltas: &[(usize, Issuer)]) -> Option<usize> {
        let complete = self.crls[list.crl].as_ref().ok()?;
        let number = complete.header.number.as_ref()?;
        let fits = |delta: &Crl<'_>| {
            let delta = &delta.header;
            delta
                .base_number
                .as_ref()
                .is_some_and(|base| base <= number)
                && delta.number.as_ref().is_some_and(|own| own > number)
                && delta.authority_key == complete.header.authority_key
        };
        deltas
            .iter()
            .filter(|(delta, signer)| {
                *signer == list.signer
                    && self.is_same_scope(*delta, list.crl)
                    && self.crls[*delta].as_ref().is_ok_and(fits)
            })
            .map(|(delta, _)| *delta)
            .reduce(|one, other| {
                if self.is_later(other, one) {
                    other
                } else {
                    one
                }
            })
    }

    /// The entry about a certificate. The whole list is read: an entry that cannot be processed
    /// makes it unusable (RFC 5280 section 5.3).
    fn entry<'l>(
        &self,
        list: &'l Crl<'_>,
        target: NodeId,
    ) -> Result<Option<CrlEntry<'l>>, CrlError> {
        let certificate = &self.nodes[target].certificate;
        let mut found = None;
        let profile = self.request.profile.crl_profile();
        for entry in list.entries_as(profile, MAX_CRL_ENTRIES) {
            let entry = entry?;
            let issuer = entry.issuer(&list.header.canonical_issuer);
            if entry.serial == certificate.serial && *issuer == *certificate.canonical_issuer {
                // Two entries contradict each other, or would have to be merged by a rule that
                // nobody wrote down.
                if found.replace(entry).is_some() {
                    return Err(CrlError::DuplicateSerials { count: 1 });
                }
            }
        }
        Ok(found)
    }

    fn refused(&self, crl: usize, refusal: CrlRefusal) -> Option<RevocationEvidence> {
        self.crls[crl].as_ref().ok()?;
        Some(self.evidence(crl, None, CrlOutcome::Refused(refusal)))
    }

    fn evidence(
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
