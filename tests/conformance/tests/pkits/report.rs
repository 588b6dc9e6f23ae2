//! What was decided about each row, told by section.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Formatter};

use conformance::pkits::Row;

/// What somebody decided about a row. Indeterminate counts as refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    Accepted,
    /// With the broken rule.
    Refused(String),
}

/// The decisions about all rows.
pub(crate) struct Report<'a> {
    /// Whose decisions.
    pub(crate) judge: &'static str,
    pub(crate) decided: Vec<(&'a Row, Decision)>,
}

impl<'a> Report<'a> {
    /// The rows whose path is not valid and was accepted: the dangerous ones. A DSA row that is accepted is one.
    pub(crate) fn invalid_accepted(&self) -> Vec<&'a str> {
        self.those(|row, decision| !row.is_to_be_accepted() && *decision == Decision::Accepted)
    }

    /// The rows whose path is valid and was refused.
    pub(crate) fn valid_refused(&self) -> Vec<&'a str> {
        self.those(|row, decision| row.is_to_be_accepted() && *decision != Decision::Accepted)
    }

    fn those(&self, is_one: impl Fn(&Row, &Decision) -> bool) -> Vec<&'a str> {
        let decided = self.decided.iter();
        decided
            .filter(|(row, decision)| is_one(row, decision))
            .map(|(row, _)| row.id.as_str())
            .collect()
    }
}

#[derive(Default)]
struct Section {
    rows: usize,
    accepted: usize,
    refused: usize,
    invalid_accepted: usize,
    valid_refused: usize,
}

impl Section {
    fn count(&mut self, row: &Row, decision: &Decision) {
        self.rows += 1;
        match (row.is_to_be_accepted(), decision) {
            (true, Decision::Accepted) => self.accepted += 1,
            (false, Decision::Refused(_)) => self.refused += 1,
            (false, Decision::Accepted) => self.invalid_accepted += 1,
            (true, Decision::Refused(_)) => self.valid_refused += 1,
        }
    }
}

impl Display for Section {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            rows,
            accepted,
            refused,
            invalid_accepted,
            valid_refused,
        } = self;
        write!(
            out,
            "{rows} | {accepted} | {refused} | {invalid_accepted} | {valid_refused} |"
        )
    }
}

impl Display for Report<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let mut sections: BTreeMap<u32, Section> = BTreeMap::new();
        let mut total = Section::default();
        for (row, decision) in &self.decided {
            let number = row.section.trim_start_matches("4.").parse().unwrap_or(0);
            sections.entry(number).or_default().count(row, decision);
            total.count(row, decision);
        }
        writeln!(out, "PKITS by {}\n", self.judge)?;
        writeln!(
            out,
            "| section | rows | rightly accepted | rightly refused | invalid accepted | valid refused |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|")?;
        for (number, section) in &sections {
            writeln!(out, "| 4.{number} | {section}")?;
        }
        writeln!(out, "| all | {total}\n")?;
        for (row, decision) in &self.decided {
            if let Decision::Refused(rule) = decision {
                writeln!(out, "{} {}: {rule}", row.id, row.title)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use conformance::pkits::row;

    use super::{Decision, Report};

    #[test]
    fn wrong_decisions_are_told_apart() {
        let refused = || Decision::Refused("revoked".to_owned());
        let [valid, invalid, dsa] = ["4.1.1", "4.4.3", "4.1.4"].map(row);
        let report = |valid_is, invalid_is, dsa_is| Report {
            judge: "nobody",
            decided: vec![(&valid, valid_is), (&invalid, invalid_is), (&dsa, dsa_is)],
        };
        let right = report(Decision::Accepted, refused(), refused());
        assert!(right.invalid_accepted().is_empty() && right.valid_refused().is_empty());
        assert!(right.to_string().contains("| all | 3 | 1 | 2 | 0 | 0 |"));
        assert!(
            right
                .to_string()
                .contains("4.4.3 Invalid Revoked EE Test3: revoked")
        );
        let wrong = report(refused(), Decision::Accepted, Decision::Accepted);
        assert_eq!(wrong.invalid_accepted(), ["4.4.3", "4.1.4"]);
        assert_eq!(wrong.valid_refused(), ["4.1.1"]);
    }
}
