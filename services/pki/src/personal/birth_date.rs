//! Birth dates: an era's digit, then the day in the Gregorian calendar.

use std::fmt;

use zeroize::Zeroize;

use super::FourInformationError;
use crate::time::exists;

/// A Japanese era, by the digits of JPKI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Era {
    /// 明治, digit 1.
    Meiji,
    /// 大正, digit 2.
    Taisho,
    /// 昭和, digit 3.
    Showa,
    /// 平成, digit 4.
    Heisei,
    /// 令和, digit 5.
    Reiwa,
}

/// A day as (year, month, day), which compares as days follow each other.
type Day = (u16, u8, u8);

impl Era {
    const fn of_digit(digit: u8) -> Option<Self> {
        match digit {
            1 => Some(Self::Meiji),
            2 => Some(Self::Taisho),
            3 => Some(Self::Showa),
            4 => Some(Self::Heisei),
            5 => Some(Self::Reiwa),
            _ => None,
        }
    }

    /// The first and the last day that a register may write in this era.
    ///
    /// The edicts of 1912 and 1926 changed the era on the day on which they were made: that day had
    /// begun in the old era and ended in the new one, births of both are registered, and both
    /// are accepted. Heisei and Reiwa began with the day after, so there each day has one era.
    const fn days(self) -> (Day, Day) {
        match self {
            Self::Meiji => ((1868, 1, 25), (1912, 7, 30)),
            Self::Taisho => ((1912, 7, 30), (1926, 12, 25)),
            Self::Showa => ((1926, 12, 25), (1989, 1, 7)),
            Self::Heisei => ((1989, 1, 8), (2019, 4, 30)),
            Self::Reiwa => ((2019, 5, 1), (9999, 12, 31)),
        }
    }
}

/// A whole birth date: a day that exists, in its era. Its `Debug` form is redacted.
#[derive(Clone, Copy, PartialEq, Eq, Zeroize)]
pub struct BirthDate {
    #[zeroize(skip)]
    era: Era,
    day: Day,
}

impl BirthDate {
    /// Reads `EYYYYMMDD`. The certificate may say that a part is unknown; whoever compares dates
    /// must not take such a one for a day, so each is refused by a rule of its own.
    pub(super) fn from_digits(digits: &str) -> Result<Self, FourInformationError> {
        let digits: &[u8; 9] = digits
            .as_bytes()
            .try_into()
            .map_err(|_| FourInformationError::BirthDateForm)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return Err(FourInformationError::BirthDateForm);
        }
        let number = |range: std::ops::Range<usize>| {
            digits[range]
                .iter()
                .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))
        };
        let two_digits = |at: usize| (digits[at] - b'0') * 10 + digits[at + 1] - b'0';
        let (year, month, day) = (number(1..5), two_digits(5), two_digits(7));
        if digits[0] == b'0' {
            return Err(FourInformationError::BirthDateEraUnknown);
        }
        let era = Era::of_digit(digits[0] - b'0').ok_or(FourInformationError::BirthDateEra)?;
        if year == 0 {
            return Err(FourInformationError::BirthDateYearUnknown);
        }
        if month == 0 || day == 0 {
            return Err(FourInformationError::BirthDatePartial);
        }
        if !exists(year.into(), month.into(), day.into()) {
            return Err(FourInformationError::BirthDateImpossible);
        }
        let (first, last) = era.days();
        let day = (year, month, day);
        if day < first || last < day {
            return Err(FourInformationError::BirthDateEraMismatch);
        }
        Ok(Self { era, day })
    }

    /// The era in which it is registered.
    pub const fn era(self) -> Era {
        self.era
    }

    /// The Gregorian year.
    pub const fn year(self) -> u16 {
        self.day.0
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> u8 {
        self.day.1
    }

    /// The day of the month, from 1.
    pub const fn day(self) -> u8 {
        self.day.2
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("BirthDate(redacted)")
    }
}
