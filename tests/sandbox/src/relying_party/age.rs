//! Whether somebody may buy alcohol in Japan: 20 or over, on the day it is in Japan. The birth date
//! goes in and one of three answers comes out; nothing else is kept.

use time::{Date, OffsetDateTime, UtcOffset};

use super::claims::parse_birthdate;

/// The age from which the law allows alcohol.
const AGE: i32 = 20;

/// All that the bar learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AgeAnswer {
    TwentyOrOver,
    UnderTwenty,
    /// The provider gave no birth date, or one that is no date. The bar must ask for a document.
    Unknown,
}

/// Answers for a birth date at a moment (seconds since 1970).
pub(super) fn answer(birthdate: Option<&str>, now: i64) -> AgeAnswer {
    match (birthdate.and_then(parse_birthdate), date_in_japan(now)) {
        (Some(born), Some(today)) if has_reached(born, today) => AgeAnswer::TwentyOrOver,
        (Some(_), Some(_)) => AgeAnswer::UnderTwenty,
        _ => AgeAnswer::Unknown,
    }
}

fn has_reached(born: Date, today: Date) -> bool {
    // Somebody born on 29 February is 20 from 29 February, or from 1 March where there is none: the
    // last day before the birthday ends at midnight either way.
    let (year, month, day) = born.to_calendar_date();
    (today.year(), u8::from(today.month()), today.day()) >= (year + AGE, u8::from(month), day)
}

fn date_in_japan(now: i64) -> Option<Date> {
    let nine_hours_ahead = UtcOffset::from_hms(9, 0, 0).ok()?;
    let now = OffsetDateTime::from_unix_timestamp(now).ok()?;
    Some(now.to_offset(nine_hours_ahead).date())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-23 14:59:59 UTC, one second before midnight in Japan.
    const EVENING: i64 = 1_795_445_999;

    #[test]
    fn twenty_begins_with_the_birthday_in_japan() {
        assert_eq!(answer(Some("20061123"), EVENING), AgeAnswer::TwentyOrOver);
        assert_eq!(answer(Some("20061124"), EVENING), AgeAnswer::UnderTwenty);
        assert_eq!(
            answer(Some("20061124"), EVENING + 1),
            AgeAnswer::TwentyOrOver
        );
    }

    #[test]
    fn a_leap_day_birthday_counts_from_the_first_of_march() {
        let reached = |year, month, day| {
            let today = Date::from_calendar_date(year, month, day).unwrap();
            has_reached(parse_birthdate("20080229").unwrap(), today)
        };
        assert!(!reached(2028, time::Month::February, 28));
        assert!(reached(2028, time::Month::February, 29));
        assert!(reached(2028, time::Month::March, 1));
    }

    #[test]
    fn no_date_is_no_answer() {
        assert_eq!(answer(None, EVENING), AgeAnswer::Unknown);
        assert_eq!(answer(Some("20060000"), EVENING), AgeAnswer::Unknown);
    }
}
