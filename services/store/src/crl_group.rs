//! What is written of lists that come into force together: each table with one statement for all of them.

use sqlx::{Any, Transaction};

use crate::columns::to_bigint;
use crate::crl_apply::{Departures, Replacement};
use crate::error::{During as _, StoreError};
use crate::several::{parameters, rows, statement};
use crate::{crl_delta, crl_departures, crl_originals, crl_rows, limits};

/// A list that comes into force.
pub(crate) struct Entering<'a> {
    pub(crate) list: &'a Replacement<'a>,
    /// The generation that it comes into force with.
    pub(crate) generation: i64,
    /// The first of its numbers for segments beside those in force.
    pub(crate) stored: i64,
}

impl<'a> Entering<'a> {
    fn source(&self) -> &'a str {
        &self.list.facts.source
    }

    fn chunk_count(&self) -> usize {
        let octets = self.list.segment.octets().len();
        octets.div_ceil(limits::SEGMENT_CHUNK_OCTETS)
    }

    fn chunks(&self) -> impl Iterator<Item = Chunk<'a>> + use<'a> {
        let (source, generation) = (self.source(), self.generation);
        let contents = self.list.segment.octets();
        let contents = contents.chunks(limits::SEGMENT_CHUNK_OCTETS);
        (0..).zip(contents).map(move |(number, content)| Chunk {
            source,
            generation,
            number,
            content,
        })
    }
}

/// Writes lists whose conditions hold. `attempt`: when the attempts at them ended well, and the number of the newest.
pub(crate) async fn write(
    transaction: &mut Transaction<'static, Any>,
    lists: &[Entering<'_>],
    attempt: Option<(i64, i64)>,
) -> Result<(), StoreError> {
    remove_replaced(transaction, lists).await?;
    for it in lists {
        let seen = it.list.seen;
        if seen.delta != 0 && !it.list.keeps_delta {
            crl_delta::remove(transaction, it.source()).await?;
        }
        let keeps_held = matches!(it.list.departures, Departures::Unknown);
        if seen.held != 0 && !keeps_held {
            crl_departures::remove_held(transaction, it.source()).await?;
        }
    }
    // Another thread may hash them meanwhile.
    write_chunks(transaction, lists).await?;
    write_facts(transaction, lists).await?;
    crl_departures::record(transaction, lists).await?;
    crl_originals::record(transaction, lists).await?;
    mark_changed(transaction, lists, attempt).await
}

/// Removes the lists that others take the place of. The segment of a large one is left to
/// [`crl_upkeep`](crate::crl_upkeep).
async fn remove_replaced(
    transaction: &mut Transaction<'static, Any>,
    lists: &[Entering<'_>],
) -> Result<(), StoreError> {
    let had_one = lists.iter().filter(|it| it.list.seen.generation != 0);
    // The list before was about as large.
    let (large, small): (Vec<_>, Vec<_>) = had_one.partition(|it| it.chunk_count() > 1);
    let small: Vec<_> = small.into_iter().map(Entering::source).collect();
    crl_rows::remove_segments(transaction, &small).await?;
    let large: Vec<_> = large.into_iter().map(Entering::source).collect();
    crl_rows::remove_facts(transaction, &large).await
}

async fn write_facts(
    transaction: &mut Transaction<'static, Any>,
    lists: &[Entering<'_>],
) -> Result<(), StoreError> {
    let mut query = statement(format!(
        "INSERT INTO crl_segment
             (source, generation, certification_authority, signer_key_id, scope_key,
              issuing_distribution_point, crl_number, this_update, next_update, crl_sha256,
              entry_count, segment_sha256, octets, chunks)
         VALUES {}",
        rows(lists.len(), 14)
    ));
    for it in lists {
        let (facts, octets) = (it.list.facts, it.list.segment.octets());
        query = query
            .bind(facts.source.clone())
            .bind(it.generation)
            .bind(facts.certification_authority.clone())
            .bind(facts.signer_key_id.clone())
            .bind(facts.scope_key.clone())
            .bind(facts.issuing_distribution_point.clone())
            .bind(crl_rows::pad_number(&facts.crl_number)?)
            .bind(facts.this_update)
            .bind(facts.next_update)
            .bind(facts.crl_sha256.to_vec())
            .bind(facts.entry_count)
            .bind(it.list.segment.hashed().await.to_vec())
            .bind(to_bigint(octets.len() as u64)?)
            .bind(to_bigint(it.chunk_count() as u64)?);
    }
    query
        .execute(&mut **transaction)
        .await
        .during("a segment's facts are written")?;
    Ok(())
}

/// A piece of a list's segment, and its number among them.
struct Chunk<'a> {
    source: &'a str,
    generation: i64,
    number: i64,
    content: &'a [u8],
}

/// Writes the segments in chunks, as many small ones by one statement as a chunk may have octets.
async fn write_chunks(
    transaction: &mut Transaction<'static, Any>,
    lists: &[Entering<'_>],
) -> Result<(), StoreError> {
    let chunks: Vec<_> = lists.iter().flat_map(Entering::chunks).collect();
    let (mut together, mut octets) = (Vec::new(), 0);
    for chunk in chunks {
        if octets + chunk.content.len() > limits::SEGMENT_CHUNK_OCTETS {
            insert_chunks(transaction, &together).await?;
            together.clear();
            octets = 0;
        }
        octets += chunk.content.len();
        together.push(chunk);
    }
    insert_chunks(transaction, &together).await
}

async fn insert_chunks(
    transaction: &mut Transaction<'static, Any>,
    chunks: &[Chunk<'_>],
) -> Result<(), StoreError> {
    if chunks.is_empty() {
        return Ok(());
    }
    let mut query = statement(format!(
        "INSERT INTO crl_segment_chunk (source, generation, chunk, content) VALUES {}",
        rows(chunks.len(), 4)
    ));
    for chunk in chunks {
        query = query
            .bind(chunk.source.to_owned())
            .bind(chunk.generation)
            .bind(chunk.number)
            .bind(chunk.content);
    }
    query
        .execute(&mut **transaction)
        .await
        .during("a segment's chunk is written")?;
    Ok(())
}

/// Says that the lists of the sources are others from their generations on; and that the attempts at them ended well.
async fn mark_changed(
    transaction: &mut Transaction<'static, Any>,
    lists: &[Entering<'_>],
    attempt: Option<(i64, i64)>,
) -> Result<(), StoreError> {
    let attempted = match attempt {
        None => "",
        Some(_) => ", last_attempt_at = $1, last_success_at = $1, last_refusal = '', attempt = $2",
    };
    let first = if attempt.is_some() { 3 } else { 1 };
    let mut query = statement(format!(
        "UPDATE crl_source SET changed =
                (SELECT g.generation FROM crl_segment g WHERE g.source = crl_source.source){attempted}
         WHERE source IN ({})",
        parameters(first..first + lists.len())
    ));
    if let Some((at, number)) = attempt {
        query = query.bind(at).bind(number);
    }
    for it in lists {
        query = query.bind(it.source().to_owned());
    }
    query
        .execute(&mut **transaction)
        .await
        .during("sources are marked as changed")?;
    Ok(())
}
