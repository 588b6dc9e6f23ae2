//! The figures of the index, each beside its limit.

use std::fmt::{self, Display, Formatter};

use anyhow::Result;

use crate::index_figures::{Round, Subject};
use crate::index_serials::Kind;
use crate::report::{Figure, LEAST_SHARE_OF_REFERENCE, verdict};

/// Up to so many revoked serial numbers the first goal holds, beyond them the second.
const SMALL: u64 = 25_000_000;

/// What was measured of one kind of serial numbers.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Row {
    /// Which kind.
    pub kind: Kind,
    /// Octets of memory for a revoked serial number, all included.
    pub octets: f64,
    /// What it may be at most.
    pub most_octets: f64,
    /// Nanoseconds of one random line.
    pub line: Figure,
    /// Nanoseconds of one lookup in a batch.
    pub lookup: Figure,
    /// The share of the limit that a lookup reaches.
    pub ratio: Figure,
    /// Every round.
    pub rounds: Vec<Round>,
}

/// A run.
#[derive(Clone, Debug, serde::Serialize)]
pub struct IndexReport {
    /// Load average of the last minute before the run.
    pub load_before: String,
    /// Revoked serial numbers.
    pub revoked: u64,
    /// The share of the limit that a lookup must reach.
    pub least_ratio: f64,
    /// Nanoseconds of a random line when the goals were set.
    pub reference: f64,
    /// By kind.
    pub rows: Vec<Row>,
    /// The least share of the reference that the limit reached.
    pub limit_to_reference: f64,
    /// Whether the limit was so slow that the figures say nothing.
    pub void: bool,
}

/// Measures one kind.
///
/// # Errors
/// When it cannot be measured, or a lookup finds too much or too little.
pub fn measure(kind: Kind, revoked: u64, rounds: u32) -> Result<Row> {
    let subject = Subject::build(kind, revoked)?;
    subject.round()?;
    let rounds = (0..rounds)
        .map(|_| subject.round())
        .collect::<Result<Vec<_>>>()?;
    Ok(Row {
        kind,
        octets: subject.octets_a_serial(),
        most_octets: kind.most_octets(),
        line: Figure::of(&rounds, |round| round.line),
        lookup: Figure::of(&rounds, |round| round.lookup),
        ratio: Figure::of(&rounds, Round::ratio),
        rounds,
    })
}

impl IndexReport {
    /// The report of these rows.
    pub fn new(load_before: String, revoked: u64, rows: Vec<Row>) -> Self {
        let (least_ratio, reference) = if revoked <= SMALL {
            (0.30, 7.4)
        } else {
            (0.25, 8.4)
        };
        let share = |row: &Row| reference / row.line.median;
        let limit_to_reference = rows.iter().map(share).fold(f64::INFINITY, f64::min);
        Self {
            load_before,
            revoked,
            least_ratio,
            reference,
            void: rows.is_empty() || limit_to_reference < LEAST_SHARE_OF_REFERENCE,
            rows,
            limit_to_reference,
        }
    }

    /// Whether every kind is as fast and as small as it must be.
    pub fn is_within_limits(&self) -> bool {
        self.rows
            .iter()
            .all(|row| row.ratio.median >= self.least_ratio && row.octets <= row.most_octets)
    }
}

impl Display for IndexReport {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            revoked,
            load_before,
            least_ratio,
            reference,
            ..
        } = self;
        writeln!(
            out,
            "{revoked} revoked, batches of 1,000 with 5 % revoked, one thread, in turns, CPU time, median (least to \
             greatest); load average {load_before} before\n"
        )?;
        writeln!(
            out,
            "| serial numbers | octets each | at most | ns, random line | ns, lookup | line / lookup | at least |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|")?;
        for row in &self.rows {
            writeln!(
                out,
                "| {} | {:.2} | {} | {} | {} | {} | {least_ratio} |",
                row.kind.name(),
                row.octets,
                row.most_octets,
                row.line,
                row.lookup,
                row.ratio
            )?;
        }
        let verdict = verdict(self.void, self.is_within_limits());
        writeln!(
            out,
            "\nReference for a random line: {reference} ns; reached: {:.2} of it; at least {LEAST_SHARE_OF_REFERENCE} \
             is needed: {verdict}.",
            self.limit_to_reference
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(revoked: u64, lookup: f64, line: f64, octets: f64) -> IndexReport {
        let rounds = vec![Round { lookup, line }; 5];
        let row = Row {
            kind: Kind::Narrow,
            octets,
            most_octets: 14.0,
            line: Figure::of(&rounds, |round| round.line),
            lookup: Figure::of(&rounds, |round| round.lookup),
            ratio: Figure::of(&rounds, Round::ratio),
            rounds,
        };
        IndexReport::new("0.1".to_owned(), revoked, vec![row])
    }

    #[test]
    fn speed_and_memory_have_limits_and_speed_has_two() {
        assert!(report(10_000_000, 20.0, 6.0, 14.0).is_within_limits());
        assert!(!report(10_000_000, 20.0, 5.9, 14.0).is_within_limits());
        assert!(report(50_000_000, 20.0, 5.0, 14.0).is_within_limits());
        assert!(!report(50_000_000, 20.0, 4.9, 14.0).is_within_limits());
        let told = report(10_000_000, 20.0, 6.0, 14.1).to_string();
        assert!(told.contains("valid, and NOT within"), "{told}");
    }

    #[test]
    fn a_run_is_void_when_memory_is_slow() {
        assert!(!report(10_000_000, 20.0, 9.8, 14.0).void);
        assert!(report(10_000_000, 20.0, 9.9, 14.0).void);
        assert!(IndexReport::new(String::new(), 1, Vec::new()).void);
    }
}
