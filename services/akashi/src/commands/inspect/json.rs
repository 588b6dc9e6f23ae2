//! A report as JSON: what has a name of its own is an object's member; what has not is an array of
//! `{"label", "value"}`; what is personal and not shown is null; moments are in UTC.

use serde_json::{Map, Value, json};

use super::report::{Content, Item, Report};

/// The report as one JSON object on one line.
pub(super) fn object(report: &Report) -> String {
    members(&report.0).to_string()
}

fn members(items: &[Item]) -> Value {
    let member = |item: &Item| (item.label.clone(), value(&item.content));
    Value::Object(items.iter().map(member).collect::<Map<_, _>>())
}

fn value(content: &Content) -> Value {
    match content {
        Content::Text(text) => json!(text),
        Content::Number(number) => json!(number),
        Content::Flag(flag) => json!(flag),
        Content::Time(time) => json!(time.to_string()),
        Content::Personal | Content::PersonalDay(_) => Value::Null,
        Content::Group(items) => members(items),
        Content::Facts(facts) => {
            let fact = |(label, value): &(String, String)| json!({"label": label, "value": value});
            facts.iter().map(fact).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::object;
    use crate::commands::inspect::report::{Content, Item, Report};

    #[test]
    fn a_report_is_one_object() {
        let facts = vec![
            ("a".to_owned(), "1".to_owned()),
            ("a".to_owned(), "2".to_owned()),
        ];
        let report = Report(vec![
            Item::personal("serial", "07", false),
            Item::new("group", Content::Group(vec![Item::number("version", 3_u8)])),
            Item::new("facts", Content::Facts(facts)),
        ]);
        assert_eq!(
            object(&report),
            r#"{"facts":[{"label":"a","value":"1"},{"label":"a","value":"2"}],"group":{"version":3},"serial":null}"#
        );
    }
}
