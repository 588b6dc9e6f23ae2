//! The ledger of lookups: sums by caller, authority, method, purpose, outcome and minute. Counted in memory and written down
//! within ten seconds by the [`recorder`](crate::recorder); a record for each of 250,000 lookups a second would be more
//! than any database takes.

use std::sync::{Arc, Mutex, PoisonError};

use foldhash::HashMap;
use proto::revocation::v1::Purpose;
use runtime::status::{Failure, Kind};
use store::LedgerRow;

use crate::metrics::{Method, Outcome};

/// Sums that wait for a database that cannot be reached: a hundred a minute make this more than a day. Beyond it,
/// lookups are not answered, because the law wants every use of revocation data accounted for.
const WAITING_SUMS: usize = 200_000;

/// What is summed up.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Entry {
    pub(crate) minute: i64,
    pub(crate) caller: Arc<str>,
    /// Empty: no configured authority has the key.
    pub(crate) certification_authority: Arc<str>,
    pub(crate) method: Method,
    pub(crate) purpose: Purpose,
    pub(crate) outcome: Outcome,
}

/// Too much waits to be written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "lookups cannot be recorded at present, and without a record none is answered; ask again later"
)]
pub(crate) struct LedgerFull;

impl Failure for LedgerFull {
    fn kind(&self) -> Kind {
        Kind::Unavailable
    }
}

/// The sums that are not written down yet.
pub(crate) struct Ledger {
    sums: Mutex<HashMap<Entry, u64>>,
    limit: usize,
}

impl Ledger {
    pub(crate) fn new() -> Self {
        Self::with_limit(WAITING_SUMS)
    }

    fn with_limit(limit: usize) -> Self {
        Self {
            sums: Mutex::default(),
            limit,
        }
    }

    /// Counts lookups, before they are answered.
    pub(crate) fn add(&self, entry: Entry, lookups: u64) -> Result<(), LedgerFull> {
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        let full = sums.len() >= self.limit;
        match sums.get_mut(&entry) {
            Some(sum) => *sum += lookups,
            None if full => return Err(LedgerFull),
            None => {
                sums.insert(entry, lookups);
            }
        }
        Ok(())
    }

    /// Whether a lookup can be counted later, as far as can be told now.
    pub(crate) fn check_room(&self) -> Result<(), LedgerFull> {
        let sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        if sums.len() < self.limit {
            Ok(())
        } else {
            Err(LedgerFull)
        }
    }

    /// Takes every sum, to write it down.
    pub(crate) fn take(&self) -> HashMap<Entry, u64> {
        std::mem::take(&mut *self.sums.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts back what could not be written down.
    pub(crate) fn put_back(&self, taken: HashMap<Entry, u64>) {
        let mut sums = self.sums.lock().unwrap_or_else(PoisonError::into_inner);
        for (entry, sum) in taken {
            *sums.entry(entry).or_default() += sum;
        }
    }
}

/// The sums as rows of the store.
pub(crate) fn rows(sums: &HashMap<Entry, u64>) -> Vec<LedgerRow> {
    let row = |(entry, sum): (&Entry, &u64)| LedgerRow {
        minute: entry.minute,
        caller: entry.caller.to_string(),
        certification_authority: entry.certification_authority.to_string(),
        method: entry.method.path().to_owned(),
        purpose: entry.purpose.as_str_name().to_owned(),
        outcome: entry.outcome.name().to_owned(),
        count: *sum,
    };
    sums.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(minute: i64) -> Entry {
        Entry {
            minute,
            caller: "caller".into(),
            certification_authority: "user-authentication".into(),
            method: Method::Single,
            purpose: Purpose::UserAuthentication,
            outcome: Outcome::Good,
        }
    }

    #[test]
    fn equal_lookups_are_one_sum_and_nothing_is_taken_twice() {
        let ledger = Ledger::new();
        for minute in [7, 7, 8] {
            ledger.add(entry(minute), 1).unwrap();
        }
        let taken = ledger.take();
        assert_eq!((taken[&entry(7)], taken[&entry(8)]), (2, 1));
        assert!(ledger.take().is_empty());
        ledger.add(entry(7), 1).unwrap();
        ledger.put_back(taken);
        assert_eq!(ledger.take()[&entry(7)], 3);
    }

    #[test]
    fn a_lookup_that_cannot_be_counted_is_refused() {
        let ledger = Ledger::with_limit(1);
        assert_eq!(ledger.check_room(), Ok(()));
        ledger.add(entry(7), 1).unwrap();
        assert_eq!(ledger.add(entry(8), 1), Err(LedgerFull));
        assert_eq!(ledger.check_room(), Err(LedgerFull));
        ledger.add(entry(7), 1).unwrap();
    }
}
