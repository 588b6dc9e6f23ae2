//! Writing lines and records.
//!
//! Many records are never held twice: they are distributed into the finished segment, roughly in order, while the
//! pieces that they came in are dropped, and then put in order part by part, each part small enough for a cache. Those
//! of a single part, as nearly every municipality's, go to their places at once.

use std::ops::Range;

use super::read::{EXTRAS_AT, fingerprint};
use super::{
    ENDS_AT, FINGERPRINTS, FINGERPRINTS_AT, HASH_OCTETS, KEPT, MOST_ON_A_LINE, SERIALS_PER_LINE,
    SLOTS, put_extra_line,
};
use crate::build::BuildError;
use crate::format::{HASHED, Header, LINE, VALUE_OCTETS, length, put_u32, seal, u32_at, u64_at};
use crate::records::{Records, Value};
use crate::serial::{NARROW, hash, scaled};

/// Seeds to try before giving up; a line overflows by chance less than once in 10^20 builds.
const SEEDS: u32 = 16;

/// Lines that are put in order together: about 74,000 records, less than 2 MiB.
const PART: usize = 2_048;

/// How long a segment of so many serials is, but for its few extra lines.
pub(crate) fn octets<const RECORD: usize>(count: u32) -> u64 {
    LINE as u64 * (1 + u64::from(lines_for(count))) + RECORD as u64 * u64::from(count)
}

fn lines_for(count: u32) -> u32 {
    let lines = length(count).div_ceil(SERIALS_PER_LINE).max(1);
    u32::try_from(lines).unwrap_or(u32::MAX)
}

/// Serialises the records, of which there are `count`. Whether two of them have the same key is looked for unless they
/// are known to be distinct.
pub(crate) fn write<const WIDTH: usize, const RECORD: usize>(
    records: Records,
    count: u32,
    are_distinct: bool,
) -> Result<Vec<u8>, BuildError> {
    let lines = lines_for(count);
    let plan = Plan::new(lines, |seed, counts| {
        records.for_each(|key: [u8; WIDTH], _| counts.add(hash(&key, seed)));
    });
    let plan = plan.map_err(|error| repeated::<WIDTH>(&records).unwrap_or(error))?;
    let (lines_octets, extras_octets) = (length(lines) * LINE, plan.extras * LINE);
    let records_at = LINE + lines_octets + extras_octets;
    // Zeroed by the system when they are first written, not here.
    let mut segment = vec![0; records_at + length(count) * RECORD];
    let header = Header {
        kind: HASHED,
        width: WIDTH,
        count,
        lines,
        seed: plan.seed,
    };
    header.write(&mut segment);
    put_u32(
        &mut segment,
        EXTRAS_AT,
        u32::try_from(plan.extras).unwrap_or(u32::MAX),
    );
    let (front, all_records) = segment.split_at_mut(records_at);
    let (lines, extras) = front[LINE..].split_at_mut(lines_octets);
    let mut written: Written<'_, RECORD> = Written {
        lines: lines.as_chunks_mut().0,
        extras: extras.as_chunks_mut().0,
        records: all_records.as_chunks_mut().0,
        extras_used: 0,
        are_distinct,
    };
    duplicates(written.put_in_order::<WIDTH>(plan, records))?;
    seal(&mut segment);
    Ok(segment)
}

/// The refusal of serials that repeat: one that does so very often crowds its line under every seed. Takes memory for
/// every key, which only a list that cannot be used costs.
fn repeated<const WIDTH: usize>(records: &Records) -> Option<BuildError> {
    let mut keys = Vec::new();
    records.for_each(|key: [u8; WIDTH], _| keys.push(key));
    keys.sort_unstable();
    let pairs = keys.windows(2).filter(|pair| pair[0] == pair[1]);
    duplicates(pairs.count()).err()
}

/// Refuses so many entries whose serial another entry has, unless there are none.
fn duplicates(repeated: usize) -> Result<(), BuildError> {
    match u64::try_from(repeated).unwrap_or(u64::MAX) {
        0 => Ok(()),
        count => Err(BuildError::DuplicateSerials { count }),
    }
}

/// Which line has which records.
struct Plan {
    seed: u32,
    /// The number of each line's first record, and the number of all records.
    starts: Vec<u32>,
    /// The same of each slot where all lines are one part, and otherwise nothing.
    slots: Vec<u32>,
    extras: usize,
}

/// How many records each slot has, or each line where the lines are more than one part; shifted by one, so that summing
/// up leaves everyone's beginning in its place.
struct Counts {
    numbers: Vec<u32>,
    lines: usize,
    /// Each number is of two to the power of this slots.
    power: u32,
}

impl Counts {
    fn new(lines: usize) -> Self {
        let together = if lines <= PART { 1 } else { SLOTS };
        Self {
            numbers: vec![0; lines * SLOTS / together + 1],
            lines,
            power: together.ilog2(),
        }
    }

    #[inline]
    fn add(&mut self, hash: u64) {
        self.numbers[(slot(hash, self.lines) >> self.power) + 1] += 1;
    }

    /// How many records each line has.
    fn of_lines(&self) -> impl Iterator<Item = usize> {
        let of_line = self.numbers[1..].chunks(SLOTS >> self.power);
        of_line.map(|numbers| length(numbers.iter().sum()))
    }
}

impl Plan {
    /// Finds a seed under which no line has too many. `hashes` adds the hash of every record under a seed.
    fn new(lines: u32, hashes: impl Fn(u32, &mut Counts)) -> Result<Self, BuildError> {
        for seed in 0..SEEDS {
            let mut counts = Counts::new(length(lines));
            hashes(seed, &mut counts);
            if counts.of_lines().any(|count| count > MOST_ON_A_LINE) {
                continue;
            }
            let extras = counts.of_lines().filter(|count| *count > FINGERPRINTS);
            let extras = extras.count();
            let mut begins = counts.numbers;
            sum_up(&mut begins);
            let (starts, slots) = if counts.power == 0 {
                (begins.iter().copied().step_by(SLOTS).collect(), begins)
            } else {
                (begins, Vec::new())
            };
            return Ok(Self {
                seed,
                starts,
                slots,
                extras,
            });
        }
        Err(BuildError::Crowded)
    }

    fn lines(&self) -> usize {
        self.starts.len() - 1
    }

    /// Writes every record somewhere into its part, and returns the fingerprints in the same order.
    fn distribute<const WIDTH: usize, const RECORD: usize>(
        &self,
        from: Records,
        to: &mut [[u8; RECORD]],
    ) -> Vec<u8> {
        let mut next: Vec<usize> = self
            .starts
            .iter()
            .step_by(PART)
            .map(|start| length(*start))
            .collect();
        let mut fingerprints = vec![0; to.len()];
        from.drain(|key: [u8; WIDTH], value: Value| {
            let hash = hash(&key, self.seed);
            let place = &mut next[slot(hash, self.lines()) / SLOTS / PART];
            (to[*place], fingerprints[*place]) = record(&key, hash, value);
            *place += 1;
        });
        fingerprints
    }
}

/// The record and the fingerprint of a key.
///
/// Made of whole words: octets that are stored a few at a time and read together right after are waited for, which took
/// longer than all else that is done for a record.
#[inline]
fn record<const WIDTH: usize, const RECORD: usize>(
    key: &[u8; WIDTH],
    hash: u64,
    [seconds @ .., reason]: Value,
) -> ([u8; RECORD], u8) {
    const { assert!(HASH_OCTETS == 7 && VALUE_OCTETS == 5) };
    const { assert!(RECORD == HASH_OCTETS + WIDTH - 8 + VALUE_OCTETS) };
    let value = u64::from(reason) << 32 | u64::from(u32::from_le_bytes(seconds));
    let (mut record, hash_octets) = ([0; RECORD], hash >> 8);
    if WIDTH == NARROW {
        record[..8].copy_from_slice(&(value << 56 | hash_octets).to_le_bytes());
        record[8..].copy_from_slice(&(value >> 8).to_le_bytes()[..4]);
    } else {
        let front = u64_at(key, 0);
        record[..8].copy_from_slice(&(front << 56 | hash_octets).to_le_bytes());
        record[8..16].copy_from_slice(&u64_at(key, 1).to_le_bytes());
        let rest = u64::from(u32_at(key, 8) >> 8);
        record[16..].copy_from_slice(&(value << 24 | rest).to_le_bytes());
    }
    (record, fingerprint(hash))
}

/// The slot of a hash, counted over all lines.
fn slot(hash: u64, lines: usize) -> usize {
    scaled(hash, lines as u64 * SLOTS as u64)
}

/// The parts of the segment.
struct Written<'a, const RECORD: usize> {
    lines: &'a mut [[u8; LINE]],
    extras: &'a mut [[u8; LINE]],
    records: &'a mut [[u8; RECORD]],
    extras_used: usize,
    are_distinct: bool,
}

impl<const RECORD: usize> Written<'_, RECORD> {
    /// Writes the records in the order of their slots, and the lines. Returns how many repeat the key of another.
    fn put_in_order<const WIDTH: usize>(&mut self, mut plan: Plan, from: Records) -> usize {
        let lines = plan.lines();
        if lines <= PART {
            let (seed, slots) = (plan.seed, std::mem::take(&mut plan.slots));
            return self.put_part(&plan, 0..lines, slots, |part| {
                from.for_each(|key: [u8; WIDTH], value| {
                    let hash = hash(&key, seed);
                    part.put(slot(hash, lines), record(&key, hash, value));
                });
            });
        }
        let fingerprints = plan.distribute::<WIDTH, RECORD>(from, self.records);
        let mut unordered: Vec<([u8; RECORD], u8)> = Vec::new();
        let mut repeated = 0;
        for begin in (0..lines).step_by(PART) {
            let end = (begin + PART).min(lines);
            let part = length(plan.starts[begin])..length(plan.starts[end]);
            let fingerprints = fingerprints[part.clone()].iter().copied();
            unordered.clear();
            unordered.extend(self.records[part].iter().copied().zip(fingerprints));
            let slot = |(record, fingerprint): &([u8; RECORD], u8)| {
                slot(u64_at(record, 0) << 8 | u64::from(*fingerprint), lines) - begin * SLOTS
            };
            let mut slots = vec![0; (end - begin) * SLOTS + 1];
            for record in &unordered {
                slots[slot(record) + 1] += 1;
            }
            sum_up(&mut slots);
            repeated += self.put_part(&plan, begin..end, slots, |part| {
                for record in &unordered {
                    part.put(slot(record), *record);
                }
            });
        }
        repeated
    }

    /// Does so with the lines of a part. `begins` says where each of its slots begins, and `put` puts every record of it.
    fn put_part(
        &mut self,
        plan: &Plan,
        lines: Range<usize>,
        begins: Vec<u32>,
        put: impl FnOnce(&mut Part<'_, RECORD>),
    ) -> usize {
        let (first, last) = (plan.starts[lines.start], plan.starts[lines.end]);
        let (first_record, last_record) = (length(first), length(last));
        let mut part = Part {
            begins: (!self.are_distinct).then(|| begins.clone()),
            ends: begins,
            records: &mut self.records[first_record..last_record],
            fingerprints: vec![0; last_record - first_record],
            repeated: 0,
        };
        put(&mut part);
        let Part {
            ends,
            fingerprints,
            repeated,
            ..
        } = part;
        for (line, of_line) in lines.zip(ends.chunks_exact(SLOTS)) {
            self.write_line(line, plan.starts[line], (first, of_line), &fingerprints);
        }
        repeated
    }

    /// Writes a line. The ends of its slots and the fingerprints are counted from the beginning of its part.
    fn write_line(
        &mut self,
        number: usize,
        start: u32,
        (part, ends): (u32, &[u32]),
        part_fingerprints: &[u8],
    ) {
        let line = &mut self.lines[number];
        put_u32(line, 0, start);
        let before = start - part;
        for (octet, end) in line[ENDS_AT..].iter_mut().zip(ends) {
            *octet = u8::try_from(end - before).unwrap_or(u8::MAX);
        }
        let last = ends.last().copied().unwrap_or(before);
        let fingerprints = &part_fingerprints[length(before)..length(last)];
        if fingerprints.len() <= FINGERPRINTS {
            line[FINGERPRINTS_AT..][..fingerprints.len()].copy_from_slice(fingerprints);
        } else {
            let (kept, spilt) = fingerprints.split_at(KEPT);
            line[FINGERPRINTS_AT..][..KEPT].copy_from_slice(kept);
            put_extra_line(line, self.extras_used);
            self.extras[self.extras_used][..spilt.len()].copy_from_slice(spilt);
            self.extras_used += 1;
        }
    }
}

/// Records on their way to the places of their slots, all counted from the beginning of a part.
struct Part<'a, const RECORD: usize> {
    /// Where each slot begins; none if it is known that no two records have the same key.
    begins: Option<Vec<u32>>,
    /// Where the next record of each slot goes: in the end, where the slot ends.
    ends: Vec<u32>,
    records: &'a mut [[u8; RECORD]],
    fingerprints: Vec<u8>,
    /// How many have the key of another.
    repeated: usize,
}

impl<const RECORD: usize> Part<'_, RECORD> {
    #[inline]
    fn put(&mut self, slot: usize, (record, fingerprint): ([u8; RECORD], u8)) {
        let free = length(self.ends[slot]);
        if let Some(begins) = &self.begins {
            let key = ..RECORD - VALUE_OCTETS;
            let before = length(begins[slot])..free;
            let mut others = self.fingerprints[before.clone()]
                .iter()
                .zip(&self.records[before]);
            self.repeated += usize::from(others.any(|(other_fingerprint, other)| {
                *other_fingerprint == fingerprint && other[key] == record[key]
            }));
        }
        self.records[free] = record;
        self.fingerprints[free] = fingerprint;
        self.ends[slot] += 1;
    }
}

/// Lets every number be the sum of those up to it.
fn sum_up(numbers: &mut [u32]) {
    let mut sum = 0;
    for number in numbers {
        sum += *number;
        *number = sum;
    }
}

#[cfg(test)]
mod tests {
    use super::{BuildError, MOST_ON_A_LINE, Plan};

    #[test]
    fn serials_that_crowd_together_under_every_seed_are_refused() {
        let plan = |count: usize| Plan::new(4, |_, counts| (0..count).for_each(|_| counts.add(7)));
        assert!(plan(MOST_ON_A_LINE).is_ok_and(|plan| plan.extras == 1));
        assert!(matches!(plan(MOST_ON_A_LINE + 1), Err(BuildError::Crowded)));
    }

    #[test]
    fn another_seed_is_taken_where_the_first_crowds_serials() {
        let plan = Plan::new(4, |seed, counts| {
            (0..=MOST_ON_A_LINE)
                .for_each(|nth| counts.add(if seed == 2 { (nth as u64) << 60 } else { 7 }));
        });
        assert!(plan.is_ok_and(|plan| plan.seed == 2));
    }
}
