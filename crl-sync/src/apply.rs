//! Putting a list in force: its index is built, and stored with its facts in one transaction.

use pki::{CrlFacts, CrlScope};
use store::{CrlWriter, SegmentFacts};

use crate::outcome::SyncError;
use crate::records::Records;
use crate::source::Source;
use crate::verify::aside;

/// The index of a list, serialised, and the facts it is stored with.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) facts: SegmentFacts,
    segment: Vec<u8>,
}

/// Builds what is stored for a list.
pub(crate) async fn prepare(
    source: &Source,
    facts: &CrlFacts,
    records: Records,
) -> Result<Prepared, SyncError> {
    let (name, authority) = (
        source.name.to_string(),
        source.certification_authority.to_string(),
    );
    let facts = facts.clone();
    aside(move || build(name, authority, &facts, records)).await?
}

/// Puts a prepared list in force, if the source is still at the generation it replaces (0 for none). Returns the new one.
pub(crate) async fn apply(
    writer: &CrlWriter,
    prepared: &Prepared,
    replaces: u64,
) -> Result<u64, store::ApplyError> {
    writer
        .apply(&prepared.facts, &prepared.segment, replaces)
        .await
}

fn build(
    source: String,
    certification_authority: String,
    facts: &CrlFacts,
    records: Records,
) -> Result<Prepared, SyncError> {
    let segment = records.build()?;
    let issuing_distribution_point = match &facts.scope {
        CrlScope::Full => Vec::new(),
        CrlScope::Partition(name) => name.der().to_vec(),
    };
    let facts = SegmentFacts {
        source,
        certification_authority,
        signer_key_id: facts.signer_key_id.as_bytes().to_vec(),
        scope_key: facts.scope.key(),
        issuing_distribution_point,
        crl_number: facts.number.as_bytes().to_vec(),
        this_update: facts.this_update.secs(),
        next_update: facts.next_update.secs(),
        crl_sha256: facts.sha256,
        entry_count: i64::try_from(facts.entry_count).unwrap_or(i64::MAX),
        segment_sha256: sha256(&segment),
    };
    Ok(Prepared { facts, segment })
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
    let mut octets = [0; 32];
    octets.copy_from_slice(digest.as_ref());
    octets
}
