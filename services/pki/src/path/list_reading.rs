//! What a list, with a delta list over it, says about a certificate (RFC 5280 section 6.3.3 i to l).

use crate::limits::MAX_CRL_ENTRIES;
use crate::path::builder::Search;
use crate::path::node::NodeId;
use crate::path::{CrlOutcome, CrlRefusal, PathError, RevocationEvidence};
use crate::{CrlError, RevocationReason, UnixTime};

/// An entry about a certificate.
#[derive(Clone, Copy, Debug)]
pub(super) struct Listed {
    revoked_at: UnixTime,
    reason: RevocationReason,
}

impl Listed {
    fn is_removal(&self) -> bool {
        self.reason == RevocationReason::RemoveFromCrl
    }
}

impl Search<'_> {
    /// Searches a list, with a delta in force over it, for a certificate. The error is the end of
    /// the whole question.
    pub(super) fn ask(
        &mut self,
        crl: usize,
        delta: Option<usize>,
        target: NodeId,
    ) -> Result<RevocationEvidence, PathError> {
        let outcome = match self.search(crl, delta, target)? {
            Ok(None) => CrlOutcome::NotListed,
            Ok(Some(entry)) => CrlOutcome::Revoked {
                revoked_at: entry.revoked_at,
                reason: entry.reason,
            },
            Err(refusal) => CrlOutcome::Refused(refusal),
        };
        Ok(self.evidence(crl, delta, outcome))
    }

    /// The entry that is in force for a certificate. A delta's entry counts before the list's, and
    /// `removeFromCRL` means none.
    fn search(
        &mut self,
        crl: usize,
        delta: Option<usize>,
        target: NodeId,
    ) -> Result<Result<Option<Listed>, CrlRefusal>, PathError> {
        let listed = match self.entry(crl, target)? {
            Ok(listed) => listed,
            Err(error) => return Ok(Err(error.into())),
        };
        let Some(delta) = delta else {
            return Ok(self.check_current(crl).map(|()| listed));
        };
        let changed = match self.entry(delta, target)? {
            Ok(changed) => changed,
            Err(error) => return Ok(Err(error.into())),
        };
        Ok(match self.check_current(delta) {
            // RFC 5280 section 6.3.3 (a) (1) (i): a current delta brings its list up to date.
            Ok(()) if changed.is_some_and(|entry| entry.is_removal()) => Ok(None),
            Ok(()) => Ok(changed.or(listed)),
            // One that is stale still shows what was revoked, and lifts nothing.
            Err(_) => self
                .check_current(crl)
                .map(|()| changed.filter(|entry| !entry.is_removal()).or(listed)),
        })
    }

    /// The entry of a list of whatever age about a certificate, where revocations are final: what a
    /// list once showed stays true when the list is replaced or stale.
    pub(super) fn shown_once(
        &mut self,
        crl: usize,
        target: NodeId,
    ) -> Result<Option<RevocationEvidence>, PathError> {
        if !self.request.profile.is_revocation_final() {
            return Ok(None);
        }
        let Ok(Some(listed)) = self.entry(crl, target)? else {
            return Ok(None);
        };
        let outcome = CrlOutcome::Revoked {
            revoked_at: listed.revoked_at,
            reason: listed.reason,
        };
        Ok(Some(self.evidence(crl, None, outcome)))
    }

    /// thisUpdate was looked at before.
    fn check_current(&self, crl: usize) -> Result<(), CrlRefusal> {
        let at = self.request.at;
        let list = self.crls[crl].as_ref().map_err(Clone::clone)?;
        match list.header.next_update {
            Some(next_update) if at < next_update => Ok(()),
            Some(next_update) => Err(CrlRefusal::Expired { next_update, at }),
            None => Err(CrlRefusal::NextUpdateMissing),
        }
    }

    /// The entry about a certificate; each list is read once for each.
    fn entry(
        &mut self,
        crl: usize,
        target: NodeId,
    ) -> Result<Result<Option<Listed>, CrlError>, PathError> {
        if let Some(known) = self.crl_entries.get(&(crl, target)) {
            return Ok(known.clone());
        }
        self.budget.read_list()?;
        let found = self.read_entries(crl, target);
        self.crl_entries.insert((crl, target), found.clone());
        Ok(found)
    }

    /// The whole list is read: an entry that cannot be processed makes it unusable (RFC 5280
    /// section 5.3).
    fn read_entries(&self, crl: usize, target: NodeId) -> Result<Option<Listed>, CrlError> {
        let list = self.crls[crl].as_ref().map_err(Clone::clone)?;
        let certificate = &self.nodes[target].certificate;
        let mut found = None;
        let profile = self.request.profile.crl_profile();
        let mut serials = Vec::new();
        for entry in list.entries_as(profile, MAX_CRL_ENTRIES) {
            let entry = entry?;
            if self.request.profile.is_card() {
                serials.push(entry.serial);
            }
            let issuer = entry.issuer(&list.header.canonical_issuer);
            if entry.serial == certificate.serial && *issuer == *certificate.canonical_issuer {
                let listed = Listed {
                    revoked_at: entry.revoked_at,
                    reason: entry.reason,
                };
                // Two entries contradict each other, or would have to be merged by a rule that
                // nobody wrote down.
                if found.replace(listed).is_some() {
                    return Err(CrlError::DuplicateSerials { count: 1 });
                }
            }
        }
        // A list of JPKI's with a serial twice is built wrongly, whosever it is. Empty for others.
        serials.sort_unstable();
        match serials.windows(2).filter(|pair| pair[0] == pair[1]).count() {
            0 => Ok(found),
            count => Err(CrlError::DuplicateSerials {
                count: u64::try_from(count).unwrap_or(u64::MAX),
            }),
        }
    }
}
