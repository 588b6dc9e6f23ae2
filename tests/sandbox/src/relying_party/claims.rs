//! What userinfo says about a person, and what it means in words. Providers differ in form: the card
//! has codes and digits where OpenID Connect has words and dashes; both are read.

use serde::Deserialize;
use time::{Date, Month, OffsetDateTime, UtcOffset};

/// The answer of the userinfo endpoint (OpenID Connect Core section 5.3).
#[derive(Debug, Clone, Deserialize)]
pub(super) struct UserInfo {
    pub(super) sub: String,
    pub(super) name: Option<String>,
    pub(super) address: Option<Address>,
    pub(super) birthdate: Option<String>,
    pub(super) gender: Option<String>,
}

/// A line of text, or the object of Core section 5.1.1.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(super) enum Address {
    Line(String),
    Object { formatted: String },
}

impl Address {
    pub(super) fn into_line(self) -> String {
        match self {
            Self::Line(line) | Self::Object { formatted: line } => line,
        }
    }
}

/// Reads `YYYYMMDD` or `YYYY-MM-DD`; `None` if it is no date, which a card may have when the day of
/// birth was never known.
pub(super) fn parse_birthdate(text: &str) -> Option<Date> {
    let digits = match text.len() {
        8 => text.to_owned(),
        10 => {
            let parts: Vec<&str> = text.split('-').collect();
            let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
            if lengths != [4, 2, 2] {
                return None;
            }
            parts.concat()
        }
        _ => return None,
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let year = digits.get(..4)?.parse().ok()?;
    let month = Month::try_from(digits.get(4..6)?.parse::<u8>().ok()?).ok()?;
    Date::from_calendar_date(year, month, digits.get(6..)?.parse().ok()?).ok()
}

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) english: String,
    pub(super) japanese: String,
}

impl Meaning {
    pub(super) fn new(english: impl Into<String>, japanese: impl Into<String>) -> Self {
        Self {
            english: english.into(),
            japanese: japanese.into(),
        }
    }
}

/// What a birth date means.
pub(super) fn birthdate_in_words(text: &str) -> Meaning {
    let Some(date) = parse_birthdate(text) else {
        return Meaning::new("no full date", "日付として読めません");
    };
    let (year, month, day) = date.to_calendar_date();
    let number = u8::from(month);
    Meaning::new(
        format!("{day} {month} {year}"),
        format!("{year}年{number}月{day}日"),
    )
}

/// What a gender code or word means: the card's codes are 1, 2, 3 and 9.
pub(super) fn gender_in_words(text: &str) -> Meaning {
    match text {
        "1" | "male" => Meaning::new("male", "男性"),
        "2" | "female" => Meaning::new("female", "女性"),
        "3" | "other" => Meaning::new("other", "その他"),
        "9" => Meaning::new("not recorded", "記載なし"),
        _ => Meaning::new("unknown code", "不明なコード"),
    }
}

/// A moment (seconds since 1970) by the clocks of Japan.
pub(super) fn moment_in_words(seconds: i64) -> Meaning {
    let in_japan = UtcOffset::from_hms(9, 0, 0)
        .ok()
        .zip(OffsetDateTime::from_unix_timestamp(seconds).ok())
        .map(|(nine_hours_ahead, moment)| moment.to_offset(nine_hours_ahead));
    let Some(moment) = in_japan else {
        return Meaning::new("no moment", "日時として読めません");
    };
    let (year, month, day) = moment.to_calendar_date();
    let (hour, minute, second) = moment.to_hms();
    let clock = format!("{hour:02}:{minute:02}:{second:02}");
    let number = u8::from(month);
    Meaning::new(
        format!("{day} {month} {year}, {clock} in Japan"),
        format!("{year}年{number}月{day}日 {clock}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_a_birth_date_mean_the_same_day() {
        assert_eq!(parse_birthdate("19850315"), parse_birthdate("1985-03-15"));
        let meaning = Meaning::new("15 March 1985", "1985年3月15日");
        assert_eq!(birthdate_in_words("19850315"), meaning);
    }

    #[test]
    fn what_is_no_date_is_not_read_as_one() {
        for text in [
            "",
            "19850015",
            "19850230",
            "1985-3-015",
            "１９８５",
            "1985031é",
            "85-03-1985",
        ] {
            assert_eq!(parse_birthdate(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_told_by_the_clocks_of_japan() {
        let meaning = Meaning::new(
            "23 November 2026, 23:59:59 in Japan",
            "2026年11月23日 23:59:59",
        );
        assert_eq!(moment_in_words(1_795_445_999), meaning);
    }

    #[test]
    fn an_address_is_read_from_a_line_and_from_an_object() {
        for json in [
            r#"{"sub":"s","address":"x"}"#,
            r#"{"sub":"s","address":{"formatted":"x"}}"#,
        ] {
            let information: UserInfo = serde_json::from_str(json).unwrap();
            assert_eq!(information.address.unwrap().into_line(), "x");
        }
    }
}
