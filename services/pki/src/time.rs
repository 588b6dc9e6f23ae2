//! The moment at which something is judged, given by the caller.

use std::fmt;

use crate::DerError;
use crate::der::{Element, GENERALIZED_TIME, UTC_TIME};

/// Seconds since 1970-01-01T00:00:00Z, without leap seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(i64);

impl UnixTime {
    /// The moment this many seconds after the epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs)
    }

    /// Seconds since the epoch.
    pub const fn secs(self) -> i64 {
        self.0
    }

    /// This moment moved by a number of seconds; stops at the ends of the range.
    #[must_use]
    pub const fn plus_secs(self, secs: i64) -> Self {
        Self(self.0.saturating_add(secs))
    }
}

/// RFC 3339 in UTC, because refusals are read by people.
impl fmt::Display for UnixTime {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (days, second) = (self.0.div_euclid(86_400), self.0.rem_euclid(86_400));
        let (year, month, day) = civil_from_days(days);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(
            formatter,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"
        )
    }
}

/// `YYYYMMDDHHMMSSZ`, as a GeneralizedTime is written (RFC 5280 section 4.1.2.5.2). A year that does not have four digits is
/// written as the nearest that has.
pub(crate) fn generalized(time: UnixTime) -> [u8; 15] {
    let (days, second) = (time.0.div_euclid(86_400), time.0.rem_euclid(86_400));
    let (year, month, day) = civil_from_days(days);
    let year = year.clamp(0, 9_999);
    let pairs = [
        year / 100,
        year % 100,
        month,
        day,
        second / 3600,
        second / 60 % 60,
        second % 60,
    ];
    let mut digits = [b'Z'; 15];
    for (place, pair) in digits.chunks_exact_mut(2).zip(pairs) {
        let digit = |number: i64| b'0' + u8::try_from(number % 10).unwrap_or(0);
        place.copy_from_slice(&[digit(pair / 10), digit(pair)]);
    }
    digits
}

/// Reads a `Time` (RFC 5280 section 4.1.2.5): UTCTime until 2049, GeneralizedTime from 2050 on.
pub(crate) fn from_element(element: &Element<'_>) -> Result<UnixTime, DerError> {
    let time = from_der(element.tag, element.contents)?;
    check_form(element.tag, time).map(|()| time)
}

/// Whether a time is written in the one form RFC 5280 section 4.1.2.5 has for its year.
pub(crate) fn check_form(tag: u8, time: UnixTime) -> Result<(), DerError> {
    // A UTCTime cannot say 2050, so only the other direction can be wrong.
    if tag == GENERALIZED_TIME && time < FROM_2050 {
        return Err(DerError::TimeForm);
    }
    Ok(())
}

const FROM_2050: UnixTime = UnixTime(days_from_civil(2050, 1, 1) * 86_400);

/// Reads the contents of a UTCTime or GeneralizedTime in the one form DER and RFC 5280 leave:
/// seconds present, no fraction, `Z`.
pub(crate) fn from_der(tag: u8, contents: &[u8]) -> Result<UnixTime, DerError> {
    let (year, rest) = match (tag, contents.len()) {
        (UTC_TIME, 13) => {
            // RFC 5280 section 4.1.2.5.1: 50 to 99 are of the twentieth century.
            let year = two_digits(contents, 0)?;
            (
                if year < 50 { 2000 + year } else { 1900 + year },
                &contents[2..],
            )
        }
        (GENERALIZED_TIME, 15) => (
            two_digits(contents, 0)? * 100 + two_digits(contents, 2)?,
            &contents[4..],
        ),
        _ => return Err(DerError::Time),
    };
    let (month, day) = (two_digits(rest, 0)?, two_digits(rest, 2)?);
    let (hour, minute, second) = (
        two_digits(rest, 4)?,
        two_digits(rest, 6)?,
        two_digits(rest, 8)?,
    );
    if !exists(year, month, day) || hour > 23 || minute > 59 || second > 59 || rest[10] != b'Z' {
        return Err(DerError::Time);
    }
    let days = days_from_civil(year, month, day);
    Ok(UnixTime(days * 86_400 + hour * 3600 + minute * 60 + second))
}

/// Reads the contents of a UTCTime as [`from_der`] does, four numbers at once: a list has millions of them.
#[expect(
    clippy::inline_always,
    reason = "called for each of millions of entries; a call takes a sixth of it"
)]
#[inline(always)]
pub(crate) fn utc_time(contents: &[u8; 13]) -> Option<UnixTime> {
    let [digits @ .., b'Z'] = contents else {
        return None;
    };
    // Year, month, day and hour; day, hour, minute and second.
    let (date, clock) = (digits.first_chunk()?, digits.last_chunk()?);
    let ((date, no_date), (clock, no_clock)) = (numbers(*date), numbers(*clock));
    let beyond = (date + DATE_HEADROOM) | (clock + CLOCK_HEADROOM);
    if (no_date | no_clock) & 0x8080_8080_8080_8080 | beyond & 0x8000_8000_8000_8000 != 0 {
        return None;
    }
    let lane = |lanes: u64, nth: u32| lanes >> (16 * nth) & 0xffff;
    let place = usize::try_from(lane(after_times(date, MONTHS_OF_YEAR), 1)).ok()?;
    let month = MONTHS.get(place)?;
    let day = lane(clock, 0);
    if day.wrapping_sub(1) >= u64::from(month.days) {
        return None;
    }
    let (hours, seconds) = (after_times(clock, 24), after_times(clock, 60));
    let seconds = lane(hours, 1) * 3600 + lane(seconds, 3);
    Some(UnixTime(month.day_before + seconds.cast_signed()))
}

/// To each lane of 16 bits so many times the one before it is added.
#[inline]
const fn after_times(lanes: u64, times: u64) -> u64 {
    lanes.wrapping_mul(1 + (times << 16))
}

/// Four numbers of two decimal digits each, the first one in the lowest of four lanes of 16 bits, and a word in which a
/// highest bit of an octet is set if something is no digit.
#[inline]
fn numbers(digits: [u8; 8]) -> (u64, u64) {
    // Exactly `0` to `9` become 0 to 9, to which 0x76 may be added.
    let values = u64::from_le_bytes(digits) ^ 0x3030_3030_3030_3030;
    let beyond_nine = values.wrapping_add(0x7676_7676_7676_7676);
    let numbers = values.wrapping_mul(10).wrapping_add(values >> 8);
    (numbers & 0x00ff_00ff_00ff_00ff, values | beyond_nine)
}

/// What numbers in lanes of 16 bits are from being beyond the most that they may be: with it added, whatever is beyond has
/// the highest bit of its lane.
const fn headroom([first, second, third, fourth]: [u64; 4]) -> u64 {
    0x7fff_7fff_7fff_7fff - (first | second << 16 | third << 32 | fourth << 48)
}

const DATE_HEADROOM: u64 = headroom([99, 12, 31, 23]);
const CLOCK_HEADROOM: u64 = headroom([31, 23, 59, 59]);

/// A month of the calendar.
#[derive(Clone, Copy)]
struct Month {
    /// When the day before its first one begins, in seconds since the epoch: its days are counted from 1.
    day_before: i64,
    /// 0: there is no such month.
    days: u8,
}

/// Places that a year has among [`MONTHS`]: of a power of two the place of a month is a shift.
const MONTHS_OF_YEAR: u64 = 16;

/// The months of the years that UTCTime can say, by their last two digits (RFC 5280 section 4.1.2.5.1).
#[expect(
    clippy::cast_possible_wrap,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "years of two digits, months, and their days: known when this is compiled, where nothing else converts"
)]
static MONTHS: [Month; 100 * MONTHS_OF_YEAR as usize] = {
    let none = Month {
        day_before: 0,
        days: 0,
    };
    let mut months = [none; 100 * MONTHS_OF_YEAR as usize];
    let mut place = 0;
    while place < months.len() {
        let of_year = MONTHS_OF_YEAR as i64;
        let (digits, month) = (place as i64 / of_year, place as i64 % of_year);
        let year = if digits < 50 { 2000 } else { 1900 } + digits;
        let mut days = 31;
        while days > 0 && !exists(year, month, days) {
            days -= 1;
        }
        if days > 0 {
            months[place] = Month {
                day_before: (days_from_civil(year, month, 1) - 1) * 86_400,
                days: days as u8,
            };
        }
        place += 1;
    }
    months
};

/// Whether a day is in the calendar (Gregorian, before its introduction too).
pub(crate) const fn exists(year: i64, month: i64, day: i64) -> bool {
    let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap_year => 29,
        2 => 28,
        _ => 0,
    };
    1 <= day && day <= days
}

fn two_digits(digits: &[u8], at: usize) -> Result<i64, DerError> {
    match digits.get(at..at + 2) {
        Some([tens @ b'0'..=b'9', ones @ b'0'..=b'9']) => {
            Ok(i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
        }
        _ => Err(DerError::Time),
    }
}

/// Days since the epoch of a day in the proleptic Gregorian calendar. Years are counted from March,
/// so that the leap day is the last day of a year and every month's offset is linear.
pub(crate) const fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The inverse of [`days_from_civil`].
const fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let day_of_era = days - era * 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400;
    (if month <= 2 { year + 1 } else { year }, month, day)
}

#[cfg(test)]
mod tests {
    use super::{
        UnixTime, civil_from_days, days_from_civil, exists, from_der, from_element, generalized,
        utc_time,
    };
    use crate::DerError;
    use crate::der::{GENERALIZED_TIME, Reader, UTC_TIME};

    #[test]
    fn a_moment_is_written_as_rfc_3339() {
        assert_eq!(UnixTime::from_secs(0).to_string(), "1970-01-01T00:00:00Z");
        assert_eq!(
            UnixTime::from_secs(1_771_340_399).to_string(),
            "2026-02-17T14:59:59Z"
        );
        assert_eq!(UnixTime::from_secs(-1).to_string(), "1969-12-31T23:59:59Z");
    }

    #[test]
    fn a_generalized_time_has_the_digits_of_rfc_3339() {
        let first = days_from_civil(0, 1, 1) * 86_400;
        let last = days_from_civil(10_000, 1, 1) * 86_400 - 1;
        for at in (first..last)
            .step_by(86_400 * 97 + 12_345)
            .chain([0, -1, last])
        {
            let at = UnixTime::from_secs(at);
            let expected = at.to_string().replace(['-', ':', 'T'], "");
            assert_eq!(generalized(at), *expected.as_bytes());
        }
        let beyond = generalized(UnixTime::from_secs(last + 1));
        assert_eq!(beyond, *b"99990101000000Z");
    }

    #[test]
    fn days_and_civil_dates_are_inverses_over_four_centuries() {
        for days in -80_000..80_000 {
            let (year, month, day) = civil_from_days(days);
            assert_eq!(days_from_civil(year, month, day), days);
        }
        assert_eq!(
            days_from_civil(2000, 2, 29) + 1,
            days_from_civil(2000, 3, 1)
        );
        assert_eq!(
            days_from_civil(2100, 2, 28) + 1,
            days_from_civil(2100, 3, 1)
        );
    }

    #[test]
    fn both_forms_of_time_are_read() {
        let read = |tag, text: &[u8]| from_der(tag, text).map(|time| time.to_string());
        assert_eq!(
            read(UTC_TIME, b"300217145959Z").unwrap(),
            "2030-02-17T14:59:59Z"
        );
        assert_eq!(
            read(UTC_TIME, b"500101000000Z").unwrap(),
            "1950-01-01T00:00:00Z"
        );
        assert_eq!(
            read(GENERALIZED_TIME, b"20500228235959Z").unwrap(),
            "2050-02-28T23:59:59Z"
        );
    }

    #[test]
    fn exactly_the_days_that_come_back_are_in_the_calendar() {
        for year in [0, 1900, 1999, 2000, 2023, 2024, 2100, 9999] {
            for (month, day) in (0..=13).flat_map(|month| (0..=32).map(move |day| (month, day))) {
                let comes_back = (1..=12).contains(&month)
                    && civil_from_days(days_from_civil(year, month, day)) == (year, month, day);
                assert_eq!(exists(year, month, day), comes_back, "{year}-{month}-{day}");
            }
        }
    }

    #[test]
    fn a_time_of_another_form_or_no_calendar_is_refused() {
        let malformed: [(u8, &[u8]); 9] = [
            (UTC_TIME, b"3002171459Z"),
            (UTC_TIME, b"300217145959+"),
            (UTC_TIME, b"300217145959+0900"),
            (UTC_TIME, b"300229000000Z"),
            (UTC_TIME, b"301301000000Z"),
            (UTC_TIME, b"300217240000Z"),
            (UTC_TIME, b"300217145960Z"),
            (UTC_TIME, b"30021714595aZ"),
            (GENERALIZED_TIME, b"20500228235959.5Z"),
        ];
        for (tag, text) in malformed {
            assert_eq!(
                from_der(tag, text),
                Err(DerError::Time),
                "{}",
                text.escape_ascii()
            );
        }
    }

    #[test]
    fn four_numbers_at_once_are_what_one_after_the_other_is() {
        let same = |text: &[u8; 13]| {
            let expected = from_der(UTC_TIME, text);
            assert_eq!(utc_time(text), expected.ok(), "{}", text.escape_ascii());
        };
        for (year, month, day) in (0..100)
            .flat_map(|year| (0..=13).map(move |month| (year, month)))
            .flat_map(|(year, month)| (0..=32).map(move |day| (year, month, day)))
        {
            let text = format!("{year:02}{month:02}{day:02}235958Z");
            same(text.as_bytes().try_into().unwrap());
        }
        for (place, number) in [6, 8, 10]
            .map(|at| (0..100).map(move |it| (at, it)))
            .into_iter()
            .flatten()
        {
            let mut text = *b"240229000000Z";
            text[place..place + 2].copy_from_slice(format!("{number:02}").as_bytes());
            same(&text);
        }
        for (place, octet) in (0..13).flat_map(|at| (0..=u8::MAX).map(move |octet| (at, octet))) {
            for mut text in [*b"240229195959Z", *b"000101000000Z"] {
                text[place] = octet;
                same(&text);
            }
        }
    }

    #[test]
    fn generalized_time_begins_in_2050() {
        let read = |text: &[u8; 15]| {
            let der = [&[GENERALIZED_TIME, 15], text.as_slice()].concat();
            from_element(&Reader::new(&der).element().unwrap())
        };
        assert_eq!(read(b"20491231235959Z"), Err(DerError::TimeForm));
        assert!(read(b"20500101000000Z").is_ok());
    }
}
