//! A moment on the command line or in a manifest: RFC 3339.

use pki::UnixTime;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Why text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::commands) enum MomentError {
    #[error(
        "a moment is written as in RFC 3339, with its offset: 2026-11-23T09:00:00+09:00 or 2026-11-23T00:00:00Z"
    )]
    Form,
    /// Certificates and lists cannot say a leap second, and so nothing in them is at one.
    #[error(
        "a leap second (second 60) cannot be compared with the times in certificates; use second 59"
    )]
    LeapSecond,
}

/// Reads a moment. A fraction of a second is cut off.
pub(in crate::commands) fn parse(text: &str) -> Result<UnixTime, MomentError> {
    // 0123-56-89T12:45:78
    if text.get(16..19) == Some(":60") {
        return Err(MomentError::LeapSecond);
    }
    let moment = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| MomentError::Form)?;
    Ok(UnixTime::from_secs(moment.unix_timestamp()))
}

#[cfg(test)]
mod tests {
    use super::{MomentError, parse};

    #[test]
    fn moments_with_offsets_and_fractions_are_read() {
        let read = |text| parse(text).unwrap().to_string();
        assert_eq!(read("2026-11-23T00:00:00Z"), "2026-11-23T00:00:00Z");
        assert_eq!(read("2026-11-23T09:00:00+09:00"), "2026-11-23T00:00:00Z");
        assert_eq!(read("2026-11-22T18:30:00-05:30"), "2026-11-23T00:00:00Z");
        assert_eq!(
            read("2026-11-23T00:00:00.999999999Z"),
            "2026-11-23T00:00:00Z"
        );
        // Cut off, not rounded towards the epoch.
        assert_eq!(read("1969-12-31T23:59:58.5Z"), "1969-12-31T23:59:58Z");
        assert_eq!(read("2026-11-23t00:00:00z"), "2026-11-23T00:00:00Z");
        assert_eq!(read("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00Z");
        assert_eq!(read("9999-12-31T23:59:59Z"), "9999-12-31T23:59:59Z");
    }

    #[test]
    fn a_leap_second_is_refused_by_name() {
        assert_eq!(parse("2016-12-31T23:59:60Z"), Err(MomentError::LeapSecond));
        assert_eq!(
            parse("2016-12-31T23:59:60.5+00:00"),
            Err(MomentError::LeapSecond)
        );
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "now",
            "2026-11-23",
            "2026-11-23T00:00:00",
            "2026-11-23T00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T00:60:00Z",
            "2026-11-23T00:00:61Z",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-23T00:00:00+24:00",
            "2026-11-23T00:00:00Z ",
            " 2026-11-23T00:00:00Z",
            "+2026-11-23T00:00:00Z",
            "\u{ff12}026-11-23T00:00:00Z",
        ] {
            assert_eq!(parse(text), Err(MomentError::Form), "{text}");
        }
    }
}
