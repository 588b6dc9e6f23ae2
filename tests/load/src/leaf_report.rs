//! The figures of one certificate in one process, each beside its limit.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use anyhow::Result;

use crate::leaf::{Leaves, Step};
use crate::report::{Figure, LEAST_SHARE_OF_REFERENCE, REFERENCE_RSA, verdict};

/// CPU microseconds of one bare RSA-2048 check with a key that is read each time, measured when the goals were set.
pub const REFERENCE_RSA_UNPARSED: f64 = 14.0;
/// A certificate that nobody has seen may cost so many bare checks with an unparsed key.
pub const MOST_FOR_LEAF: f64 = 1.35;
/// A challenge with the certificate kept may cost so many bare checks.
pub const MOST_FOR_CHALLENGE: f64 = 1.1;

/// One round: the microseconds of CPU time of each step, in the order of [`Step::ALL`].
#[derive(Clone, Debug, serde::Serialize)]
pub struct Round(pub [f64; Step::ALL.len()]);

impl Round {
    fn of(&self, step: Step) -> f64 {
        let place = Step::ALL.iter().position(|it| *it == step);
        place.map_or(f64::NAN, |place| self.0[place])
    }
}

/// A run.
#[derive(Clone, Debug, serde::Serialize)]
pub struct LeafReport {
    /// Load average of the last minute before the run.
    pub load_before: String,
    /// A certificate that nobody has seen, in bare checks with an unparsed key.
    pub leaf_ratio: Figure,
    /// A challenge with the certificate kept, in bare checks with a parsed key.
    pub challenge_ratio: Figure,
    /// The least share of its reference that one of the two limits reached.
    pub limit_to_reference: f64,
    /// Whether the limits were so slow that the figures say nothing.
    pub void: bool,
    /// Every round.
    pub rounds: Vec<Round>,
}

/// Measures round after round, each step in its turn.
///
/// # Errors
/// When something that is right is refused.
pub fn measure(leaves: &Leaves, rounds: u32, stretch: Duration) -> Result<Vec<Round>> {
    let round = || -> Result<Round> {
        let mut figures = [0.0; Step::ALL.len()];
        for (figure, step) in figures.iter_mut().zip(Step::ALL) {
            *figure = leaves.measure(step, stretch)?.as_secs_f64() * 1e6;
        }
        Ok(Round(figures))
    };
    round()?;
    (0..rounds).map(|_| round()).collect()
}

impl LeafReport {
    /// The report of these rounds.
    pub fn new(load_before: String, rounds: Vec<Round>) -> Self {
        let ratio = |of: Step, to: Step| Figure::of(&rounds, |round| round.of(of) / round.of(to));
        let share = |limit: Step, reference: f64| {
            reference / Figure::of(&rounds, |round| round.of(limit)).median
        };
        let limit_to_reference = f64::min(
            share(Step::BareUnparsed, REFERENCE_RSA_UNPARSED),
            share(Step::BareParsed, REFERENCE_RSA),
        );
        Self {
            load_before,
            leaf_ratio: ratio(Step::Leaf, Step::BareUnparsed),
            challenge_ratio: ratio(Step::Challenge, Step::BareChallenge),
            limit_to_reference,
            void: limit_to_reference.is_nan() || limit_to_reference < LEAST_SHARE_OF_REFERENCE,
            rounds,
        }
    }

    /// Whether both ratios are within what is allowed.
    pub fn is_within_limits(&self) -> bool {
        self.leaf_ratio.median <= MOST_FOR_LEAF && self.challenge_ratio.median <= MOST_FOR_CHALLENGE
    }
}

impl Display for LeafReport {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "One thread, {} rounds in turns, CPU time, median (least to greatest); load average {} before\n",
            self.rounds.len(),
            self.load_before
        )?;
        writeln!(out, "| | us | limit | ratio | at most |")?;
        writeln!(out, "|---|---|---|---|---|")?;
        let time = |step| Figure::of(&self.rounds, |round| round.of(step));
        let mut row = |name: &str, step, compared: &str| {
            writeln!(out, "| {name} | {} | {compared} |", time(step))
        };
        let leaf = format!("bare, key unparsed | {} | {MOST_FOR_LEAF}", self.leaf_ratio);
        let challenge = format!(
            "bare, challenge | {} | {MOST_FOR_CHALLENGE}",
            self.challenge_ratio
        );
        let none = "| | ";
        row(
            "bare RSA-2048 check, key unparsed",
            Step::BareUnparsed,
            none,
        )?;
        row("bare RSA-2048 check, key parsed", Step::BareParsed, none)?;
        row(
            "a leaf: read, profile, signature, status",
            Step::Leaf,
            &leaf,
        )?;
        row("of it, reading", Step::Reading, none)?;
        row("of it, status from the index", Step::Status, none)?;
        row("bare check of a challenge", Step::BareChallenge, none)?;
        row("a challenge, leaf kept", Step::Challenge, &challenge)?;
        let verdict = verdict(self.void, self.is_within_limits());
        writeln!(
            out,
            "\nReference for the bare checks: {REFERENCE_RSA_UNPARSED:.1} us unparsed, {REFERENCE_RSA:.1} us parsed; \
             reached: {:.2} of it; at least {LEAST_SHARE_OF_REFERENCE} is needed: {verdict}.",
            self.limit_to_reference
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(leaf: f64, challenge: f64, bare: f64) -> LeafReport {
        // In the order of `Step::ALL`.
        let round = Round([bare, leaf * bare, 12.0, 2.0, 0.2, 12.0, challenge * 12.0]);
        LeafReport::new("0.1".to_owned(), vec![round; 5])
    }

    #[test]
    fn each_ratio_has_its_limit() {
        assert!(report(1.35, 1.1, 14.0).is_within_limits());
        assert!(!report(1.36, 1.1, 14.0).is_within_limits());
        assert!(!report(1.35, 1.11, 14.0).is_within_limits());
        let told = report(1.36, 1.0, 14.0).to_string();
        assert!(told.contains("valid, and NOT within"), "{told}");
    }

    #[test]
    fn a_run_is_void_when_a_limit_is_below_three_quarters_of_its_reference() {
        assert!(!report(1.2, 1.0, 18.6).void);
        let void = report(1.2, 1.0, 18.7);
        assert!(void.void && void.to_string().contains("VOID"));
        assert!(LeafReport::new(String::new(), Vec::new()).void);
    }
}
