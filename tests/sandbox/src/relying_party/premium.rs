//! One premium item per person. The person is the pairwise `sub`: the same card, and its renewal,
//! always gives the same one here, so a second account or a second browser does not help; and no
//! name, address or birth date is needed to say no.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::limits::PREMIUM_ITEMS;

/// Who has which item.
#[derive(Debug, Default)]
pub(super) struct PremiumItems {
    given: Mutex<HashMap<String, usize>>,
}

/// What came of asking for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PremiumAnswer {
    Given { number: usize },
    AlreadyGiven { number: usize },
    SoldOut,
}

impl PremiumItems {
    /// Hands out an item, once per `subject`.
    pub(super) fn ask(&self, subject: &str) -> PremiumAnswer {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&number) = given.get(subject) {
            return PremiumAnswer::AlreadyGiven { number };
        }
        if given.len() >= PREMIUM_ITEMS {
            return PremiumAnswer::SoldOut;
        }
        let number = given.len() + 1;
        given.insert(subject.to_owned(), number);
        PremiumAnswer::Given { number }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_person_gets_one_item_and_another_person_the_next() {
        let items = PremiumItems::default();
        assert_eq!(items.ask("a"), PremiumAnswer::Given { number: 1 });
        assert_eq!(items.ask("a"), PremiumAnswer::AlreadyGiven { number: 1 });
        assert_eq!(items.ask("b"), PremiumAnswer::Given { number: 2 });
    }

    #[test]
    fn there_are_no_more_items_than_there_are() {
        let items = PremiumItems::default();
        for person in 0..PREMIUM_ITEMS {
            assert!(matches!(
                items.ask(&person.to_string()),
                PremiumAnswer::Given { .. }
            ));
        }
        assert_eq!(items.ask("late"), PremiumAnswer::SoldOut);
        assert_eq!(items.ask("0"), PremiumAnswer::AlreadyGiven { number: 1 });
    }
}
