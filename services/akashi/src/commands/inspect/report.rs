//! What is shown, before it is words or JSON.

use pki::UnixTime;
use pki::inspect::Fact;

/// One thing that is shown.
#[derive(Debug)]
pub(super) struct Item {
    /// Its name: a word in JSON, with spaces for its underscores in words.
    pub(super) label: String,
    pub(super) content: Content,
}

/// What is shown of it. Every text was made fit for a terminal, or is our own.
#[derive(Debug)]
pub(super) enum Content {
    Text(String),
    Number(u64),
    Flag(bool),
    Time(UnixTime),
    /// It is there, and leads to the holder.
    Personal,
    /// The year of a day that leads to the holder.
    PersonalDay(String),
    /// Things of which each has its own name.
    Group(Vec<Item>),
    /// Things of which some may have the same name.
    Facts(Vec<(String, String)>),
}

impl Item {
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers give what they have, a text, a number or a reference to either"
    )]
    pub(super) fn text(label: &str, text: impl ToString) -> Self {
        Self::new(label, Content::Text(text.to_string()))
    }

    /// Text that leads to the holder, if it is to be shown.
    pub(super) fn personal(label: &str, text: impl ToString, shown: bool) -> Self {
        if shown {
            Self::text(label, text)
        } else {
            Self::new(label, Content::Personal)
        }
    }

    pub(super) fn number(label: &str, number: impl Into<u64>) -> Self {
        Self::new(label, Content::Number(number.into()))
    }

    pub(super) fn flag(label: &str, flag: bool) -> Self {
        Self::new(label, Content::Flag(flag))
    }

    pub(super) fn time(label: &str, time: UnixTime) -> Self {
        Self::new(label, Content::Time(time))
    }

    pub(super) fn facts(label: &str, facts: &[Fact]) -> Self {
        let facts = facts
            .iter()
            .map(|fact| (fact.label().to_owned(), fact.value().to_owned()));
        Self::new(label, Content::Facts(facts.collect()))
    }

    pub(super) fn new(label: &str, content: Content) -> Self {
        let label = label.to_owned();
        Self { label, content }
    }
}

/// A moment, in UTC and in Japan.
fn in_utc_and_japan(time: UnixTime) -> String {
    let in_japan = time.plus_secs(9 * 3_600).to_string();
    let in_japan = in_japan.trim_end_matches('Z');
    format!("{time} ({in_japan}+09:00)")
}

/// Everything that is shown of a file.
#[derive(Debug)]
pub(super) struct Report(pub(super) Vec<Item>);

/// Instead of what leads to the holder.
const PERSONAL: &str = "(personal: shown with --personal)";

impl Report {
    /// Lines for people, without a line break at the end.
    pub(super) fn words(&self) -> String {
        let mut lines = Vec::new();
        append(&mut lines, 0, &self.0);
        lines.join("\n")
    }
}

fn append(lines: &mut Vec<String>, depth: usize, items: &[Item]) {
    let indent = "  ".repeat(depth);
    for item in items {
        let label = item.label.replace('_', " ");
        match &item.content {
            Content::Group(items) => {
                lines.push(format!("{indent}{label}:"));
                append(lines, depth + 1, items);
            }
            Content::Facts(facts) => {
                lines.push(format!("{indent}{label}:"));
                let fact =
                    |(label, value): &(String, String)| format!("{indent}  {label}: {value}");
                lines.extend(facts.iter().map(fact));
            }
            single => lines.push(format!("{indent}{label}: {}", one_line(single))),
        }
    }
}

fn one_line(content: &Content) -> String {
    match content {
        Content::Text(text) => text.clone(),
        Content::Number(number) => number.to_string(),
        Content::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        Content::Time(time) => in_utc_and_japan(*time),
        Content::PersonalDay(year) => format!("in {year} (day personal: shown with --personal)"),
        Content::Personal | Content::Group(_) | Content::Facts(_) => PERSONAL.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Content, Item, Report, in_utc_and_japan};
    use pki::UnixTime;

    #[test]
    fn a_moment_is_shown_in_utc_and_in_japan() {
        // The end, in Japan, of a day.
        let end = UnixTime::from_secs(1_897_570_799);
        assert_eq!(
            in_utc_and_japan(end),
            "2030-02-17T14:59:59Z (2030-02-17T23:59:59+09:00)"
        );
    }

    #[test]
    fn groups_are_indented_and_what_is_personal_is_not_shown() {
        let facts = vec![("usage".to_owned(), "cRLSign".to_owned())];
        let group = vec![
            Item::personal("serial", "07", false),
            Item::personal("serial", "07", true),
            Item::new("facts", Content::Facts(facts)),
        ];
        let report = Report(vec![
            Item::text("this_update", "now"),
            Item::new("group", Content::Group(group)),
        ]);
        let lines = [
            "this update: now",
            "group:",
            "  serial: (personal: shown with --personal)",
            "  serial: 07",
            "  facts:",
            "    usage: cRLSign",
        ];
        assert_eq!(report.words(), lines.join("\n"));
    }
}
