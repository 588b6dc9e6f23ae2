//! The invented holders, and what the profile derives from them.

use pki::UnixTime;
use time::{Date, OffsetDateTime, UtcOffset};

use super::extension::Extension;
use super::keys::sha256;
use super::names::Municipality;

/// An invented person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// A short name for commands and logs of the sandbox.
    pub id: &'static str,
    /// Family and given name, separated by U+3000 as on a card.
    pub name: &'static str,
    /// The name in Latin letters, for the pages of the sandbox.
    pub latin_name: &'static str,
    /// `YYYYMMDD`.
    pub birthdate: &'static str,
    /// 1 male, 2 female.
    pub gender: u8,
    /// The address below the municipality.
    pub street: &'static str,
}

/// The people of the sandbox.
pub static PEOPLE: [Person; 6] = [
    Person {
        id: "hanako",
        name: "海野　花子",
        latin_name: "Hanako Unno",
        birthdate: "19900412",
        gender: 2,
        street: "汐見１丁目２番３号",
    },
    Person {
        id: "taro",
        name: "山彦　太郎",
        latin_name: "Taro Yamabiko",
        birthdate: "19750903",
        gender: 1,
        street: "谷間４５番地",
    },
    Person {
        id: "umeko",
        name: "星空　梅子",
        latin_name: "Umeko Hoshizora",
        birthdate: "19681224",
        gender: 2,
        street: "大字天の川６７番地",
    },
    Person {
        id: "kiichi",
        name: "浜辺　喜一",
        latin_name: "Kiichi Hamabe",
        birthdate: "19550630",
        gender: 1,
        street: "灯台通８番９号",
    },
    Person {
        id: "midori",
        name: "森口　みどり",
        latin_name: "Midori Moriguchi",
        birthdate: "19830217",
        gender: 2,
        street: "木霊町１０番地",
    },
    Person {
        id: "sora",
        name: "青空　空",
        latin_name: "Sora Aozora",
        birthdate: "20100805",
        gender: 1,
        street: "風見２丁目１番",
    },
];

/// The person with this id.
pub fn person(id: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.id == id)
}

impl Person {
    /// The address as on a card: it begins with the prefecture.
    pub fn address(&self, municipality: &Municipality) -> String {
        format!("{}{}", municipality.japanese, self.street)
    }

    /// `EYYYYMMDD`: the era's digit, then the Gregorian date.
    fn birthdate_with_era(&self) -> String {
        // First days of Heisei and Reiwa; nobody here is older than Showa.
        let era = match self.birthdate {
            date if date >= "20190501" => 5,
            date if date >= "19890108" => 4,
            _ => 3,
        };
        format!("{era}{}", self.birthdate)
    }

    /// The six values of a signing certificate, in the order in which cards carry them.
    pub(crate) fn personal_data(&self, municipality: &Municipality) -> Extension {
        let address = self.address(municipality);
        // One digit a character: 1 would say that the character stands in for one outside of JIS.
        let no_substitutes = |text: &str| "0".repeat(text.chars().count());
        Extension::personal_data(&[
            (1, self.name),
            (4, &self.birthdate_with_era()),
            (3, &self.gender.to_string()),
            (5, &address),
            (2, &no_substitutes(self.name)),
            (6, &no_substitutes(&address)),
        ])
    }

    /// The last second of a certificate issued at a moment: the end, in Japan, of the holder's fifth
    /// birthday after it.
    pub fn certificate_expiry(&self, issued_at: UnixTime) -> UnixTime {
        let issued = in_japan(issued_at).date();
        let next = birthday_in(self.birthdate, issued.year());
        let fifth = issued.year() + if next > issued { 4 } else { 5 };
        let day = birthday_in(self.birthdate, fifth);
        // 23:59:59 in Japan is 14:59:59 UTC.
        let end = day
            .with_hms(14, 59, 59)
            .map_or(0, |end| end.assume_utc().unix_timestamp());
        UnixTime::from_secs(end)
    }

    /// Whole years of age on the day of a moment in Japan.
    pub fn age_at(&self, now: UnixTime) -> Option<i32> {
        age_at(self.birthdate, now)
    }
}

/// Whole years of age, on the day of a moment in Japan, of somebody born on `YYYYMMDD`; `None` for an
/// unknown or partial date.
pub fn age_at(birthdate: &str, now: UnixTime) -> Option<i32> {
    let (year, month, day) = parts(birthdate)?;
    let month = time::Month::try_from(month).ok()?;
    Date::from_calendar_date(year, month, day).ok()?;
    let today = in_japan(now).date();
    let years = today.year() - year;
    let before_birthday = (u8::from(today.month()), today.day()) < (u8::from(month), day);
    Some(if before_birthday { years - 1 } else { years })
}

fn birthday_in(birthdate: &str, year: i32) -> Date {
    let (_, month, day) = parts(birthdate).unwrap_or((year, 1, 1));
    let month = time::Month::try_from(month).unwrap_or(time::Month::January);
    // Somebody born on 29 February has the birthday on the 28th in other years.
    Date::from_calendar_date(year, month, day)
        .or_else(|_| Date::from_calendar_date(year, month, 28))
        .unwrap_or(Date::MIN)
}

fn parts(birthdate: &str) -> Option<(i32, u8, u8)> {
    if birthdate.len() != 8 || !birthdate.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = birthdate.split_at(4);
    let (month, day) = rest.split_at(2);
    Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?))
}

/// A moment on the clocks of Japan, which know no summer time.
pub(crate) fn in_japan(at: UnixTime) -> OffsetDateTime {
    let utc = OffsetDateTime::from_unix_timestamp(at.secs()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    utc.to_offset(UtcOffset::from_hms(9, 0, 0).unwrap_or(UtcOffset::UTC))
}

/// What a leaf is issued about.
#[derive(Clone, Debug)]
pub struct LeafSubject {
    /// Who.
    pub person: Person,
    /// Where the person is registered.
    pub municipality: &'static Municipality,
    /// The first second of the validity.
    pub not_before: UnixTime,
    /// The last.
    pub not_after: UnixTime,
}

impl LeafSubject {
    /// A leaf issued at a moment, valid until the end of the fifth birthday after it.
    pub fn issued_at(
        person: &Person,
        municipality: &'static Municipality,
        issued_at: UnixTime,
    ) -> Self {
        let not_after = person.certificate_expiry(issued_at);
        Self {
            person: person.clone(),
            municipality,
            not_before: issued_at,
            not_after,
        }
    }

    /// 23 characters: 14 that mean nothing, the municipality, `003A`. Another at every renewal.
    pub(crate) fn user_authentication_name(&self, serial: u64) -> String {
        let opaque = hex::encode_upper(sha256(&serial.to_be_bytes()));
        format!("{}{}003A", &opaque[..14], self.municipality.code)
    }

    /// 28 characters: when it was applied for, five digits, the municipality, `003A`.
    pub(crate) fn digital_signature_name(&self, serial: u64) -> String {
        let applied = in_japan(self.not_before.plus_secs(-3600));
        format!(
            "{:04}{:02}{:02}{:02}{:02}{:02}{:05}{}003A",
            applied.year(),
            u8::from(applied.month()),
            applied.day(),
            applied.hour(),
            applied.minute(),
            applied.second(),
            serial % 100_000,
            self.municipality.code,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> UnixTime {
        let format = &time::format_description::well_known::Rfc3339;
        UnixTime::from_secs(
            OffsetDateTime::parse(text, format)
                .unwrap()
                .unix_timestamp(),
        )
    }

    #[test]
    fn a_certificate_ends_with_the_fifth_birthday_after_its_issue() {
        let midori = person("midori").unwrap();
        // The dates of the genuine test card: born 17 February, issued 27 October.
        let expiry = midori.certificate_expiry(at("2025-10-27T01:35:42Z"));
        assert_eq!(expiry.to_string(), "2030-02-17T14:59:59Z");
        let expiry = midori.certificate_expiry(at("2025-02-17T03:00:00Z"));
        assert_eq!(expiry.to_string(), "2030-02-17T14:59:59Z");
    }

    #[test]
    fn age_is_counted_on_the_day_in_japan() {
        assert_eq!(age_at("20061123", at("2026-11-22T14:59:59Z")), Some(19));
        assert_eq!(age_at("20061123", at("2026-11-22T15:00:00Z")), Some(20));
    }

    #[test]
    fn an_unknown_or_partial_birthdate_has_no_age() {
        for birthdate in ["19800000", "00000000", "198002", "19801301", "1980021７"] {
            assert_eq!(
                age_at(birthdate, at("2026-11-22T15:00:00Z")),
                None,
                "{birthdate}"
            );
        }
    }
}
