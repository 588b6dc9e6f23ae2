//! Figures beside limits that were measured in turns with them, as a table.

use std::fmt::{self, Display, Formatter};

use crate::report::{Figure, LEAST_SHARE_OF_REFERENCE, verdict};

/// What a figure must reach.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    /// At least this share of the limit's rate: the ratio is limit / measured.
    AtLeast(f64),
    /// At most so many times the limit: the ratio is measured / limit.
    AtMost(f64),
    /// Told for comparison: the ratio is measured / limit.
    Untold,
}

/// One figure beside its limit.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Line {
    /// What was measured.
    pub name: String,
    /// What it is compared with.
    pub limit_name: String,
    /// What both figures are in.
    pub unit: &'static str,
    /// What was measured.
    pub measured: Figure,
    /// The limit.
    pub limit: Figure,
    /// The ratio that the goal is about.
    pub ratio: Figure,
    /// The goal.
    pub goal: Goal,
}

/// One of a limit's parts beside what it was when the goals were set: same CPU model, a quiet machine.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Reference {
    /// What it is.
    pub name: &'static str,
    /// What both are in.
    pub unit: &'static str,
    /// What it was then.
    pub reference: f64,
    /// What it is now.
    pub measured: Figure,
    /// The share of the reference that is reached.
    pub share: f64,
}

/// A run.
#[derive(Clone, Debug, serde::Serialize)]
pub struct RatioReport {
    /// What was run.
    pub title: String,
    /// How often.
    pub rounds: u32,
    /// Load average of the last minute before the run.
    pub load_before: String,
    /// The figures.
    pub lines: Vec<Line>,
    /// What the limits were and should have been.
    pub references: Vec<Reference>,
    /// What else there is to say.
    pub notes: Vec<String>,
}

impl Line {
    /// A line of what was measured and its limit in each round.
    pub fn new(
        name: impl Into<String>,
        limit_name: impl Into<String>,
        unit: &'static str,
        rounds: &[(f64, f64)],
        goal: Goal,
    ) -> Self {
        let ratio = |(measured, limit): &(f64, f64)| match goal {
            Goal::AtLeast(_) => limit / measured,
            Goal::AtMost(_) | Goal::Untold => measured / limit,
        };
        Self {
            name: name.into(),
            limit_name: limit_name.into(),
            unit,
            measured: Figure::of(rounds, |round| round.0),
            limit: Figure::of(rounds, |round| round.1),
            ratio: Figure::of(rounds, ratio),
            goal,
        }
    }

    /// Whether the goal is reached, if there is one.
    pub fn is_met(&self) -> Option<bool> {
        match self.goal {
            Goal::AtLeast(least) => Some(self.ratio.median >= least),
            Goal::AtMost(most) => Some(self.ratio.median <= most),
            Goal::Untold => None,
        }
    }
}

impl Reference {
    /// A rate: more is better.
    pub fn rate(name: &'static str, unit: &'static str, reference: f64, measured: Figure) -> Self {
        Self {
            name,
            unit,
            reference,
            share: measured.median / reference,
            measured,
        }
    }

    /// A time: less is better.
    pub fn time(name: &'static str, unit: &'static str, reference: f64, measured: Figure) -> Self {
        Self {
            name,
            unit,
            reference,
            share: reference / measured.median,
            measured,
        }
    }
}

impl RatioReport {
    /// Whether a limit was so slow that the figures say nothing.
    pub fn is_void(&self) -> bool {
        let reached = |it: &Reference| it.share >= LEAST_SHARE_OF_REFERENCE;
        self.lines.is_empty() || !self.references.iter().all(reached)
    }

    /// Whether every goal is reached.
    pub fn is_within_limits(&self) -> bool {
        self.lines.iter().all(|line| line.is_met() != Some(false))
    }
}

impl Display for Goal {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtLeast(least) => write!(out, "at least {least}"),
            Self::AtMost(most) => write!(out, "at most {most}"),
            Self::Untold => out.write_str("-"),
        }
    }
}

impl Display for RatioReport {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { title, rounds, .. } = self;
        writeln!(
            out,
            "{title}\n{rounds} rounds in turns, medians (least to greatest); load average {} before\n",
            self.load_before
        )?;
        writeln!(out, "| | measured | | limit | | ratio | goal | |")?;
        writeln!(out, "|---|---|---|---|---|---|---|---|")?;
        for line in &self.lines {
            let met = match line.is_met() {
                Some(true) => "met",
                Some(false) => "MISSED",
                None => "",
            };
            writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {} | {met} |",
                line.name,
                line.measured,
                line.unit,
                line.limit,
                line.limit_name,
                line.ratio,
                line.goal
            )?;
        }
        writeln!(
            out,
            "\nThe ratio is limit / measured where the goal is a least, and measured / limit where it is a most."
        )?;
        for it in &self.references {
            writeln!(
                out,
                "{}: {} {}, reference {}: {:.2} of it; at least {LEAST_SHARE_OF_REFERENCE} is needed.",
                it.name, it.measured, it.unit, it.reference, it.share
            )?;
        }
        for note in &self.notes {
            writeln!(out, "{note}")?;
        }
        let verdict = verdict(self.is_void(), self.is_within_limits());
        writeln!(out, "\n{verdict}.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(line: Line, rate: f64) -> RatioReport {
        let measured = Figure::of(&[rate; 5], |rate| *rate);
        RatioReport {
            title: "A run".to_owned(),
            rounds: 5,
            load_before: "0.1".to_owned(),
            lines: vec![line],
            references: vec![Reference::rate("SHA-256", "MB/s", 2_000.0, measured)],
            notes: Vec::new(),
        }
    }

    fn line(goal: Goal) -> Line {
        let rounds = [(4.0, 1.0), (2.0, 1.0), (10.0, 1.0)];
        Line::new("a sync", "a hash", "s", &rounds, goal)
    }

    #[test]
    fn a_goal_is_about_the_median_of_each_rounds_ratio() {
        assert_eq!(line(Goal::AtLeast(0.25)).is_met(), Some(true));
        assert_eq!(line(Goal::AtLeast(0.26)).is_met(), Some(false));
        assert_eq!(line(Goal::AtMost(4.0)).is_met(), Some(true));
        assert_eq!(line(Goal::AtMost(3.9)).is_met(), Some(false));
        assert_eq!(line(Goal::Untold).is_met(), None);
    }

    #[test]
    fn a_missed_goal_and_a_slow_limit_are_told() {
        let missed = report(line(Goal::AtMost(3.0)), 1_500.0);
        assert!(!missed.is_void() && !missed.is_within_limits());
        assert!(missed.to_string().contains("| MISSED |"), "{missed}");
        let void = report(line(Goal::AtMost(4.0)), 1_499.0);
        assert!(
            void.is_void() && void.to_string().contains("VOID"),
            "{void}"
        );
        let slow = Figure::of(&[17.0], |it| *it);
        assert!(Reference::time("RSA", "us", 12.0, slow).share < 0.75);
    }
}
