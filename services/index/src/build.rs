//! Writing a segment.

use crate::format::{
    CHECKSUM_AT, HASH_DIRECTORY, HEADER_OCTETS, MAGIC, MAX_BUCKET, NARROW, OFFSET_OCTETS,
    RECORDS_PER_BUCKET, VALUE_OCTETS, VERSION, WIDE, bucket, checksum, key, minimal,
};

/// Seeds to try before giving up; each fails less than once in a million builds.
const SEEDS: u32 = 16;

/// One revoked serial to put into a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Unsigned big-endian octets, 1 to 20 of them without leading zeros.
    pub serial: &'a [u8],
    /// Seconds since the epoch.
    pub revoked_at: i64,
    /// The number of the reason in RFC 5280 section 5.3.1.
    pub reason: u8,
}

/// Why entries cannot be put into a segment. Entries are named by their position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BuildError {
    /// More entries than the directory can count.
    #[error("{count} entries are more than a segment holds")]
    TooManyEntries {
        /// How many were given.
        count: usize,
    },
    /// A serial that is zero, empty or longer than 20 octets.
    #[error("the serial of entry {position} is zero or has more than 20 octets")]
    Serial {
        /// The entry's position, from 0.
        position: usize,
    },
    /// A revocation before 1970 or after 2106.
    #[error("the revocation time of entry {position} is before 1970 or after 2106")]
    RevokedAt {
        /// The entry's position, from 0.
        position: usize,
    },
    /// One serial twice: which entry counts?
    #[error("a serial occurs twice")]
    DuplicateSerial,
    /// No seed spreads the serials well enough.
    #[error("the serials crowd together under every seed")]
    Crowded,
}

/// Serialises entries, in any order, into a segment.
pub fn build(entries: &[Entry<'_>]) -> Result<Vec<u8>, BuildError> {
    let longest = entries
        .iter()
        .filter_map(|entry| minimal(entry.serial))
        .map(<[u8]>::len)
        .max();
    if longest.unwrap_or(0) <= NARROW {
        build_width::<NARROW>(entries)
    } else {
        build_width::<WIDE>(entries)
    }
}

fn build_width<const WIDTH: usize>(entries: &[Entry<'_>]) -> Result<Vec<u8>, BuildError> {
    let too_many = BuildError::TooManyEntries {
        count: entries.len(),
    };
    let count = u32::try_from(entries.len()).map_err(|_| too_many)?;
    let buckets =
        u32::try_from(entries.len().div_ceil(RECORDS_PER_BUCKET).max(1)).map_err(|_| too_many)?;
    let keys = keys::<WIDTH>(entries)?;
    let (seed, offsets) = directory(&keys, buckets)?;

    let record_octets = WIDTH + VALUE_OCTETS;
    let records_at = HEADER_OCTETS + offsets.len() * OFFSET_OCTETS;
    let mut segment = Vec::with_capacity(records_at + entries.len() * record_octets);
    segment.extend(MAGIC);
    segment.extend(VERSION.to_le_bytes());
    segment.extend([HASH_DIRECTORY, u8::try_from(WIDTH).unwrap_or(u8::MAX)]);
    segment.extend(count.to_le_bytes());
    segment.extend(buckets.to_le_bytes());
    segment.extend(seed.to_le_bytes());
    segment.extend([0; HEADER_OCTETS - CHECKSUM_AT]);
    for offset in &offsets {
        segment.extend(offset.to_le_bytes());
    }
    segment.resize(records_at + entries.len() * record_octets, 0);
    place(
        &mut segment[records_at..],
        entries,
        &keys,
        (seed, buckets),
        offsets,
    )?;
    let sum = checksum(&segment);
    segment[CHECKSUM_AT..HEADER_OCTETS].copy_from_slice(&sum.to_le_bytes());
    Ok(segment)
}

fn keys<const WIDTH: usize>(entries: &[Entry<'_>]) -> Result<Vec<[u8; WIDTH]>, BuildError> {
    let keys = entries.iter().enumerate();
    keys.map(|(position, entry)| key(entry.serial).ok_or(BuildError::Serial { position }))
        .collect()
}

/// A seed under which no bucket is crowded, and where the buckets begin and end.
fn directory<const WIDTH: usize>(
    keys: &[[u8; WIDTH]],
    buckets: u32,
) -> Result<(u32, Vec<u32>), BuildError> {
    let slots = usize::try_from(buckets).map_err(|_| BuildError::Crowded)?;
    for seed in 0..SEEDS {
        // Shifted by one, so that summing up leaves every bucket's beginning in its place.
        let mut offsets = vec![0_u32; slots + 1];
        for key in keys {
            offsets[bucket(key, seed, buckets) + 1] += 1;
        }
        let fullest = offsets.iter().copied().max().unwrap_or(0);
        if usize::try_from(fullest).is_ok_and(|fullest| fullest <= MAX_BUCKET) {
            for slot in 1..offsets.len() {
                offsets[slot] += offsets[slot - 1];
            }
            return Ok((seed, offsets));
        }
    }
    Err(BuildError::Crowded)
}

/// Writes every record into the next free place of its bucket.
fn place<const WIDTH: usize>(
    records: &mut [u8],
    entries: &[Entry<'_>],
    keys: &[[u8; WIDTH]],
    (seed, buckets): (u32, u32),
    offsets: Vec<u32>,
) -> Result<(), BuildError> {
    let octets = WIDTH + VALUE_OCTETS;
    let begins = offsets.clone();
    let mut next = offsets;
    for (position, (entry, key)) in entries.iter().zip(keys).enumerate() {
        let revoked_at =
            u32::try_from(entry.revoked_at).map_err(|_| BuildError::RevokedAt { position })?;
        let slot = bucket(key, seed, buckets);
        let at = |place: u32| usize::try_from(place).unwrap_or(usize::MAX) * octets;
        let (begin, free) = (at(begins[slot]), at(next[slot]));
        if records[begin..free]
            .chunks_exact(octets)
            .any(|record| record.starts_with(key))
        {
            return Err(BuildError::DuplicateSerial);
        }
        let record = &mut records[free..free + octets];
        record[..WIDTH].copy_from_slice(key);
        record[WIDTH..WIDTH + 4].copy_from_slice(&revoked_at.to_le_bytes());
        record[WIDTH + 4] = entry.reason;
        next[slot] += 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{BuildError, MAX_BUCKET, directory};

    #[test]
    fn serials_that_crowd_together_under_every_seed_are_refused() {
        assert!(directory(&[[7; 8]; MAX_BUCKET], 6).is_ok());
        assert_eq!(
            directory(&[[7; 8]; MAX_BUCKET + 1], 6).unwrap_err(),
            BuildError::Crowded
        );
    }
}
