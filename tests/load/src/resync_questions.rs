//! What is asked during a resync, and whether an answer can be: the list that it names, the generation, and the entry
//! must be of one and the same state of the store.

use std::sync::{Arc, Mutex, PoisonError};

use proto::revocation::v1::{
    GetRevocationStatusRequest, GetRevocationStatusResponse, Purpose, RevocationStatus,
};
use sandbox::mint::CaKind;
use sandbox::nation::Nation;

const KIND: CaKind = CaKind::UserAuthentication;
/// Lists that are asked about at most, spread over all.
const LISTS: u32 = 256;

/// A question about a certificate on one of the lists.
#[derive(Clone, Debug)]
pub struct Question {
    /// What is asked.
    pub request: GetRevocationStatusRequest,
    /// Which list, counted among those that are asked about.
    list: usize,
    /// When it was revoked by the first list; `None`: it is good.
    revoked_at: Option<i64>,
}

/// A revoked and a good certificate of each list that is asked about.
pub fn questions(nation: &Nation, partitions: u32) -> Arc<[Question]> {
    let numbers = nation.numbers(KIND);
    let key = nation.authority(KIND).newest().key.key_id();
    let of = |(list, partition): (usize, u32)| {
        let revoked = numbers.revoked_in(partition, 0);
        let serials = [
            (revoked.serial().to_vec(), Some(revoked.revoked_at)),
            (numbers.good(partition.into()), None),
        ];
        serials.map(|(serial_number, revoked_at)| Question {
            request: GetRevocationStatusRequest {
                issuer_key_id: key.clone(),
                serial_number,
                distribution_point: Nation::distribution_point(KIND, partition),
                purpose: Purpose::UserAuthentication.into(),
                case_reference: "load-benchmark".to_owned(),
                ..Default::default()
            },
            list,
            revoked_at,
        })
    };
    (0..).zip(asked(partitions)).flat_map(of).collect()
}

/// The municipalities whose lists are asked about.
fn asked(partitions: u32) -> impl Iterator<Item = u32> {
    let lists = partitions.min(LISTS);
    (0..lists).map(move |list| list * partitions / lists.max(1))
}

/// What the answers have said so far.
pub struct Answers(Mutex<Seen>);

struct Seen {
    /// The lists before the sync and those it brings: number and thisUpdate.
    before: (u64, i64),
    after: (u64, i64),
    newest_generation: u64,
    lists: Vec<Generations>,
}

/// The generations of the answers by one list.
#[derive(Clone, Copy, Default)]
struct Generations {
    last_of_old: u64,
    first_of_new: Option<u64>,
}

impl Answers {
    /// Nothing has been said, and nothing is synced.
    pub fn new(nation: &Nation, partitions: u32) -> Self {
        let now = (nation.number(), nation.this_update().secs());
        Self(Mutex::new(Seen {
            before: now,
            after: now,
            newest_generation: 0,
            lists: vec![Generations::default(); asked(partitions).count()],
        }))
    }

    /// From now on a sync may bring the lists that the nation has now.
    pub fn expect(&self, nation: &Nation) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.before = seen.after;
        seen.after = (nation.number(), nation.this_update().secs());
        seen.lists.fill(Generations::default());
    }

    /// The newest generation that an answer came from. No question that is asked after it may be answered from an older.
    pub fn newest_generation(&self) -> u64 {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.newest_generation
    }

    /// Whether every list has given an answer by the new one.
    pub fn all_new(&self) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.lists.iter().all(|list| list.first_of_new.is_some())
    }

    /// Checks an answer to a question that was asked when `newest` was the newest generation.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(
        &self,
        question: &Question,
        newest: u64,
        answer: &GetRevocationStatusResponse,
    ) -> Result<(), String> {
        let generation = answer.generation;
        if generation < newest {
            return Err(format!("generation {generation} after {newest}"));
        }
        let list = answer.list.as_ref().ok_or("it names no list")?;
        let number: u64 = list.crl_number.parse().map_err(|_| "no list number")?;
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let this_update = match number {
            // The first is asked about before anything is synced.
            number if number == seen.after.0 => seen.after.1,
            number if number == seen.before.0 => seen.before.1,
            other => return Err(format!("list {other}")),
        };
        if list.this_update != this_update {
            return Err(format!("list {number} has another list's thisUpdate"));
        }
        check_entry(question, number, answer)?;
        let is_new = number == seen.after.0;
        let generations = &mut seen.lists[question.list];
        if is_new {
            let first = generations.first_of_new.unwrap_or(generation);
            generations.first_of_new = Some(first.min(generation));
        } else {
            generations.last_of_old = generations.last_of_old.max(generation);
        }
        if generations
            .first_of_new
            .is_some_and(|first| first <= generations.last_of_old)
        {
            return Err(format!(
                "generation {generation} has both the old and the new list"
            ));
        }
        seen.newest_generation = seen.newest_generation.max(generation);
        Ok(())
    }
}

/// Whether the entry is that of the list which the answer names.
fn check_entry(
    question: &Question,
    number: u64,
    answer: &GetRevocationStatusResponse,
) -> Result<(), String> {
    let status = answer.status();
    let revoked_at = answer.revocation.map(|it| it.revoked_at);
    match (question.revoked_at, status) {
        (None, RevocationStatus::Good) => Ok(()),
        (Some(first), RevocationStatus::Revoked)
            if revoked_at == Some(first + Nation::seconds_later(number)) =>
        {
            Ok(())
        }
        (Some(_), RevocationStatus::Revoked) => Err(format!(
            "list {number} is named, and the entry is another list's"
        )),
        _ => Err(format!("{status:?} by list {number}")),
    }
}

#[cfg(test)]
mod tests {
    use proto::revocation::v1::{ListEvidence, Revocation};

    use super::*;

    fn answers() -> Answers {
        Answers(Mutex::new(Seen {
            before: (1_001, 100),
            after: (1_002, 200),
            newest_generation: 0,
            lists: vec![Generations::default(); 1],
        }))
    }

    fn question() -> Question {
        Question {
            request: GetRevocationStatusRequest::default(),
            list: 0,
            revoked_at: Some(50),
        }
    }

    fn answer(
        number: u64,
        this_update: i64,
        later: i64,
        generation: u64,
    ) -> GetRevocationStatusResponse {
        let mut answer = GetRevocationStatusResponse {
            list: Some(ListEvidence {
                crl_number: number.to_string(),
                this_update,
                ..Default::default()
            }),
            revocation: Some(Revocation {
                revoked_at: 50 + later,
                ..Default::default()
            }),
            generation,
            ..Default::default()
        };
        answer.set_status(RevocationStatus::Revoked);
        answer
    }

    fn problem(answers: &Answers, newest: u64, of: &GetRevocationStatusResponse) -> String {
        answers.check(&question(), newest, of).unwrap_err()
    }

    #[test]
    fn what_is_of_one_list_passes_and_what_mixes_two_does_not() {
        let answers = answers();
        answers
            .check(&question(), 0, &answer(1_001, 100, 0, 7))
            .unwrap();
        assert!(problem(&answers, 0, &answer(1_002, 100, 1, 8)).contains("thisUpdate"));
        assert!(problem(&answers, 0, &answer(1_002, 200, 0, 8)).contains("entry"));
        assert!(problem(&answers, 0, &answer(1_000, 100, 0, 8)).contains("list 1000"));
        assert!(problem(&answers, 0, &answer(1_002, 200, 1, 7)).contains("both"));
    }

    #[test]
    fn generations_do_not_go_back_and_lists_follow_them() {
        let answers = answers();
        let mut good = answer(1_002, 200, 1, 9);
        answers.check(&question(), 0, &good).unwrap();
        assert_eq!(answers.newest_generation(), 9);
        assert!(answers.all_new());
        let old = answer(1_001, 100, 0, 8);
        assert!(problem(&answers, 9, &old).contains("generation 8 after 9"));
        // Asked before the first answer came, it may still be the old list.
        answers.check(&question(), 0, &old).unwrap();
        let late = answer(1_001, 100, 0, 9);
        assert!(problem(&answers, 9, &late).contains("both"));
        good.set_status(RevocationStatus::Good);
        assert!(!problem(&answers, 9, &good).is_empty());
    }
}
