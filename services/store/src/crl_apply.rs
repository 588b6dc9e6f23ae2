//! Putting lists in force: the highest number rises, the list before it goes, and what left with it is kept, in one
//! transaction. Lists that are ready at the same time share one: each on its own condition.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{Any, Transaction};

use crate::columns::{Columns as _, from_bigint};
use crate::crl::{ApplyError, HighWater, Seen, SegmentFacts};
use crate::crl_feed::{Risen, rise};
use crate::crl_group::{self, Entering};
use crate::crl_originals::NewOriginal;
use crate::crl_rows::{LISTS_LOCK, pad_number};
use crate::crl_upkeep;
use crate::database::Database;
use crate::error::{During as _, StoreError};
use crate::hashed_segment::HashedSegment;
use crate::high_water::{self, Rise, raise_each};
use crate::limits;
use crate::several::{parameters, statement};

/// A list, and what changes with it.
#[derive(Debug, Clone)]
pub struct Replacement<'a> {
    /// What is known of the list.
    pub facts: &'a SegmentFacts,
    /// Its serialised segment. It need not be hashed yet: that is waited for when its octets are written.
    pub segment: HashedSegment,
    /// What the caller has seen in force.
    pub seen: Seen,
    /// Whether the delta in force is newer than this list, so that it stays.
    pub keeps_delta: bool,
    /// thisUpdate of the list that is replaced, if there is one.
    pub replaced_this_update: Option<i64>,
    /// What left with it.
    pub departures: Departures<'a>,
    /// The list as it was fetched, where that is to be kept.
    pub original: Option<NewOriginal>,
    /// Lists of this scope whose thisUpdate is not after this one need not be remembered any more, nor what left them.
    pub keep_history_after: i64,
}

impl<'a> Replacement<'a> {
    /// A list that nothing left, in place of the one with this generation; 0 for none.
    pub fn without_departures(
        facts: &'a SegmentFacts,
        segment: HashedSegment,
        replaces: u64,
    ) -> Self {
        Self {
            facts,
            segment,
            seen: Seen {
                generation: replaces,
                ..Seen::default()
            },
            keeps_delta: false,
            replaced_this_update: None,
            departures: Departures::None,
            original: None,
            keep_history_after: i64::MIN,
        }
    }
}

/// Which certificates of the list before are not on this one.
#[derive(Debug, Clone, Copy)]
pub enum Departures<'a> {
    /// None; and nothing is held.
    None,
    /// Nobody knows, because what is stored of the list before cannot be read. What is held stays held.
    Unknown,
    /// These.
    Known {
        /// Their segment, if there is one.
        departed: Option<NewSegment<'a>>,
        /// Whether they were too many to be believed, so that they are among those held.
        are_held: bool,
        /// What is held from now on, in place of what was.
        held: Option<NewHeld<'a>>,
    },
}

impl Departures<'_> {
    /// How many segments are stored for them.
    pub(crate) fn segments(&self) -> i64 {
        match self {
            Self::None | Self::Unknown => 0,
            Self::Known { departed, held, .. } => {
                i64::from(departed.is_some()) + i64::from(held.is_some())
            }
        }
    }
}

/// A segment to be stored beside those in force.
#[derive(Debug, Clone, Copy)]
pub struct NewSegment<'a> {
    /// Serialised.
    pub segment: &'a [u8],
    /// How many certificates it holds.
    pub entry_count: u64,
}

/// Certificates to be held.
#[derive(Debug, Clone, Copy)]
pub struct NewHeld<'a> {
    /// thisUpdate of the first list that some of them were missing from.
    pub since: i64,
    /// Their segment.
    pub segment: NewSegment<'a>,
}

/// What became of one list.
type Applied = Result<u64, ApplyError>;

/// Puts one list in force.
pub(crate) async fn replace(database: &Database, replacement: &Replacement<'_>) -> Applied {
    let mut applied = replace_each(database, &[replacement], None).await;
    let missing = StoreError::Inconsistent {
        what: "nobody knows what became of a list",
    };
    applied.pop().unwrap_or(Err(missing.into()))
}

/// Puts lists in force, in as few transactions as may be: what came of each, in their order. One that is refused takes no
/// other with it; what the database refuses, it refuses for all lists of a transaction.
pub(crate) async fn replace_each(
    database: &Database,
    replacements: &[&Replacement<'_>],
    attempted_at: Option<i64>,
) -> Vec<Applied> {
    let mut applied = BTreeMap::new();
    let mut waiting = Vec::with_capacity(replacements.len());
    for (place, replacement) in replacements.iter().enumerate() {
        match check_facts(replacement.facts, &replacement.segment) {
            Ok(()) => waiting.push((place, *replacement)),
            Err(error) => {
                applied.insert(place, Err(error.into()));
            }
        }
    }
    while !waiting.is_empty() {
        let (together, later) = first_together(waiting);
        waiting = later;
        let lists: Vec<_> = together.iter().map(|(_, list)| *list).collect();
        let places: Vec<_> = together.iter().map(|(place, _)| *place).collect();
        match replace_together(database, &lists, attempted_at).await {
            Ok(outcomes) => applied.extend(places.into_iter().zip(outcomes)),
            Err(error) => {
                let failed = |place| (place, Err(error.clone().into()));
                applied.extend(places.into_iter().map(failed));
            }
        }
    }
    applied.into_values().collect()
}

/// Lists with their places.
type Placed<'a> = Vec<(usize, &'a Replacement<'a>)>;

/// The lists that one transaction can take: no two of one source, nor of one signer and scope, whose numbers have to
/// follow one another. A list whose original is kept goes alone, because only on its way is seen whether its file can be
/// read.
fn first_together(lists: Placed<'_>) -> (Placed<'_>, Placed<'_>) {
    let mut sources = BTreeSet::new();
    let mut keys = BTreeSet::new();
    let (mut together, mut later) = (Vec::new(), Vec::new());
    let mut is_full = false;
    for (place, list) in lists {
        let facts = list.facts;
        let is_free = !is_full
            && !sources.contains(&*facts.source)
            && !keys.contains(&(&*facts.signer_key_id, &*facts.scope_key))
            && (list.original.is_none() || together.is_empty());
        if is_free {
            sources.insert(&*facts.source);
            keys.insert((&*facts.signer_key_id, &*facts.scope_key));
            is_full = list.original.is_some() || sources.len() == limits::LISTS_TOGETHER;
            together.push((place, list));
        } else {
            later.push((place, list));
        }
    }
    (together, later)
}

async fn replace_together(
    database: &Database,
    lists: &[&Replacement<'_>],
    attempted_at: Option<i64>,
) -> Result<Vec<Applied>, StoreError> {
    let mut transaction = database.begin_exclusive(LISTS_LOCK).await?;
    let allowed = allow(&mut transaction, lists).await?;
    let accepted = lists.iter().zip(&allowed);
    let accepted: Vec<_> = accepted
        .filter_map(|(list, allowed)| allowed.is_ok().then_some(*list))
        .collect();
    if accepted.is_empty() {
        // Nothing was changed, and what may have been is rolled back.
        return Ok(allowed.into_iter().map(|it| it.map(|()| 0)).collect());
    }
    let octets = accepted
        .iter()
        .map(|list| list.segment.octets().len())
        .sum();
    let mut generations = enter(&mut transaction, &accepted, attempted_at)
        .await?
        .into_iter();
    let during = "lists are committed";
    transaction.commit().await.during(during)?;
    crl_upkeep::committed(database, octets);
    let missing = StoreError::Inconsistent {
        what: "a list that came into force has no generation",
    };
    let mut outcomes = Vec::with_capacity(lists.len());
    for allowed in allowed {
        outcomes.push(match allowed {
            Ok(()) => Ok(generations.next().ok_or_else(|| missing.clone())?),
            Err(error) => Err(error),
        });
    }
    Ok(outcomes)
}

/// Which of the lists may come into force: what is in force is what was seen, and their numbers have risen.
async fn allow(
    transaction: &mut Transaction<'static, Any>,
    lists: &[&Replacement<'_>],
) -> Result<Vec<Result<(), ApplyError>>, StoreError> {
    let expected: Vec<_> = lists
        .iter()
        .map(|list| {
            let facts = list.facts;
            let authority = &*facts.certification_authority;
            (&*facts.source, authority, list.seen)
        })
        .collect();
    let seen = expect_seen(transaction, &expected).await?;
    let mut allowed: Vec<_> = lists
        .iter()
        .zip(seen)
        .map(|(list, seen)| match seen? {
            Some(scope) if scope != list.facts.scope_key => {
                Err(ApplyError::Store(StoreError::Invalid {
                    what: "the list's scope is not the one that its source is registered for",
                }))
            }
            _ => Ok(()),
        })
        .collect();
    let numbers: Vec<_> = lists.iter().map(|list| highest(list.facts)).collect();
    let rises: Vec<_> = lists
        .iter()
        .zip(&numbers)
        .zip(&allowed)
        .filter(|(_, allowed)| allowed.is_ok())
        .map(|((list, number), _)| Rise {
            key: (&*list.facts.signer_key_id, &*list.facts.scope_key),
            number,
        })
        .collect();
    let raised = raise_each(transaction, &high_water::LISTS, &rises).await?;
    let still_allowed = allowed.iter_mut().filter(|allowed| allowed.is_ok());
    for (allowed, raised) in still_allowed.zip(raised) {
        *allowed = raised;
    }
    Ok(allowed)
}

fn highest(facts: &SegmentFacts) -> HighWater {
    HighWater {
        crl_number: facts.crl_number.clone(),
        this_update: facts.this_update,
        crl_sha256: facts.crl_sha256,
    }
}

/// Writes lists that may come into force, and returns their generations.
async fn enter(
    transaction: &mut Transaction<'static, Any>,
    lists: &[&Replacement<'_>],
    attempted_at: Option<i64>,
) -> Result<Vec<u64>, StoreError> {
    let count = i64::try_from(lists.len()).unwrap_or(i64::MAX);
    let by = Risen {
        generations: count,
        attempts: attempted_at.map_or(0, |_| count),
        stored: lists.iter().map(|list| list.departures.segments()).sum(),
    };
    let counted = rise(transaction, by).await?;
    let first_generation = counted.generation - count + 1;
    let mut next_stored = counted.stored - by.stored + 1;
    let entering: Vec<_> = (first_generation..)
        .zip(lists)
        .map(|(generation, &list)| {
            let stored = next_stored;
            next_stored += list.departures.segments();
            Entering {
                list,
                generation,
                stored,
            }
        })
        .collect();
    let attempt = attempted_at.map(|at| (at, counted.attempts));
    crl_group::write(transaction, &entering, attempt).await?;
    entering
        .iter()
        .map(|it| from_bigint(it.generation))
        .collect()
}

fn check_facts(facts: &SegmentFacts, segment: &HashedSegment) -> Result<(), StoreError> {
    pad_number(&facts.crl_number)?;
    let what = if facts.signer_key_id.is_empty()
        || facts.signer_key_id.len() > limits::KEY_IDENTIFIER_OCTETS
    {
        "a signer's key identifier is not 1 to 64 octets"
    } else if facts.next_update <= facts.this_update {
        "nextUpdate is not after thisUpdate"
    } else if facts.scope_key.is_empty() != facts.issuing_distribution_point.is_empty() {
        "a scope without a distribution point, or the reverse"
    } else if segment.octets().len() as u64 > limits::SEGMENT_OCTETS {
        "a segment is longer than a reader takes"
    } else {
        return Ok(());
    };
    Err(StoreError::Invalid { what })
}

/// What each of these sources has in force must be what the caller has seen of it, and the source must be registered for
/// the authority. Returns for each the scope that it is registered for.
pub(crate) async fn expect_seen(
    transaction: &mut Transaction<'static, Any>,
    expected: &[(&str, &str, Seen)],
) -> Result<Vec<Result<Option<Vec<u8>>, ApplyError>>, StoreError> {
    let mut query = statement(format!(
        "SELECT s.source AS source, s.certification_authority AS certification_authority,
                s.expected_scope_key AS expected_scope_key,
                COALESCE(g.generation, 0) AS generation, COALESCE(h.stored, 0) AS held,
                COALESCE(d.stored, 0) AS delta
         FROM crl_source s LEFT JOIN crl_segment g ON g.source = s.source
         LEFT JOIN crl_held h ON h.source = s.source
         LEFT JOIN crl_delta d ON d.source = s.source
         WHERE s.source IN ({})",
        parameters(1..expected.len() + 1)
    ));
    for (source, ..) in expected {
        query = query.bind((*source).to_owned());
    }
    let rows = query.fetch_all(&mut **transaction).await;
    let mut found = BTreeMap::new();
    for row in rows.during("the generation is read")? {
        let seen = Seen {
            generation: row.count("generation")?,
            held: row.count("held")?,
            delta: row.count("delta")?,
        };
        let scope = row.octets_or_null("expected_scope_key")?;
        let key = (row.text("source")?, row.text("certification_authority")?);
        found.insert(key, (seen, scope));
    }
    let expected = expected.iter().map(|(source, authority, seen)| {
        let key = ((*source).to_owned(), (*authority).to_owned());
        let (found, scope) = found.get(&key).ok_or(ApplyError::NotRegistered)?;
        if found != seen {
            return Err(ApplyError::GenerationMoved {
                expected: seen.generation,
                found: found.generation,
            });
        }
        Ok(scope.clone())
    });
    Ok(expected.collect())
}
