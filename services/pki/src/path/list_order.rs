//! Which of several lists is in force, and which delta lists change it (RFC 5280 sections 5.2.3 and
//! 5.2.4).

use crate::path::builder::Search;
use crate::path::revocation::InScope;
use crate::path::{CrlRefusal, RevocationEvidence};

impl Search<'_> {
    /// The complete lists without those that a later one of the same issuer, key and scope
    /// replaces. Lists of which neither is clearly the later are all in force.
    pub(super) fn in_force(
        &self,
        lists: Vec<InScope>,
        evidence: &mut Vec<RevocationEvidence>,
    ) -> Vec<InScope> {
        let (kept, superseded): (Vec<&InScope>, Vec<&InScope>) = lists
            .iter()
            .partition(|list| !lists.iter().any(|other| self.supersedes(other, list)));
        for list in superseded {
            let by = kept.iter().find(|other| self.supersedes(other, list));
            if let Some(by) = by {
                let by = by.crl;
                evidence.extend(self.refused(list.crl, CrlRefusal::Superseded { by }));
            }
        }
        let kept: Vec<usize> = kept.iter().map(|list| list.crl).collect();
        let mut lists = lists;
        lists.retain(|list| kept.contains(&list.crl));
        lists
    }

    /// Whether a list replaces another: it has the same issuer, key and scope, and its number and
    /// its date both say that it is the later, or its date alone where neither has a number. A list
    /// whose number and date contradict each other, or of which one has a number, must not hide
    /// what the other revokes. This is transitive, so the order of the lists decides about nothing.
    pub(super) fn supersedes(&self, later: &InScope, earlier: &InScope) -> bool {
        if later.signer != earlier.signer || !self.is_same_scope(later.crl, earlier.crl) {
            return false;
        }
        let (Ok(later), Ok(earlier)) = (&self.crls[later.crl], &self.crls[earlier.crl]) else {
            return false;
        };
        let (later, earlier) = (&later.header, &earlier.header);
        match (&later.number, &earlier.number) {
            (Some(number), Some(other)) => {
                number > other && later.this_update >= earlier.this_update
            }
            (None, None) => later.this_update > earlier.this_update,
            _ => false,
        }
    }

    /// The delta lists in force over a complete list: of the same issuer, scope and key, based on
    /// the list or an earlier one, and later than it.
    pub(super) fn deltas_over(&self, list: &InScope, deltas: &[InScope]) -> Vec<usize> {
        let fitting: Vec<&InScope> = deltas
            .iter()
            .filter(|delta| self.is_over(delta, list))
            .collect();
        fitting
            .iter()
            .filter(|delta| !fitting.iter().any(|other| self.supersedes(other, delta)))
            .map(|delta| delta.crl)
            .collect()
    }

    /// RFC 5280 section 5.2.4, conditions (a) to (d), and section 6.3.3 (c).
    fn is_over(&self, delta: &InScope, list: &InScope) -> bool {
        let same = delta.signer == list.signer && self.is_same_scope(delta.crl, list.crl);
        let (Ok(delta), Ok(list)) = (&self.crls[delta.crl], &self.crls[list.crl]) else {
            return false;
        };
        let (delta, list) = (&delta.header, &list.header);
        let (Some(base), Some(own), Some(number)) =
            (&delta.base_number, &delta.number, &list.number)
        else {
            return false;
        };
        same && base <= number && own > number && delta.authority_key == list.authority_key
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
}
