//! `application/x-www-form-urlencoded`, read strictly: queries and form bodies alike.

use crate::limits;

/// Decoded parameters in the order they came.
pub(crate) struct Parameters(Vec<(String, String)>);

/// Why a query or form could not be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ParametersError {
    /// More than [`limits::PARAMETERS`].
    #[error("too many parameters")]
    TooMany,
    /// A percent sign without two hexadecimal digits, octets that are no UTF-8, or a NUL.
    #[error("a parameter is not percent-encoded UTF-8")]
    Encoding,
}

/// A parameter was sent more than once (RFC 6749 section 3.1 forbids it: the two readers of a request would each pick
/// their own).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("parameter {0} is sent more than once")]
pub(crate) struct Duplicate(pub(crate) &'static str);

impl Parameters {
    /// Decodes a query or a form body.
    pub(crate) fn parse(encoded: &[u8]) -> Result<Self, ParametersError> {
        let mut parameters = Vec::new();
        for pair in encoded
            .split(|&octet| octet == b'&')
            .filter(|pair| !pair.is_empty())
        {
            if parameters.len() == limits::PARAMETERS {
                return Err(ParametersError::TooMany);
            }
            let mut halves = pair.splitn(2, |&octet| octet == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            parameters.push((name, value));
        }
        Ok(Self(parameters))
    }

    /// The one value of a parameter. Sent without a value counts as not sent (RFC 6749 section 3.1).
    pub(crate) fn single(&self, name: &'static str) -> Result<Option<&str>, Duplicate> {
        let mut values = self
            .0
            .iter()
            .filter(|(sent, _)| sent == name)
            .map(|(_, value)| value);
        let first = values.next();
        if values.next().is_some() {
            return Err(Duplicate(name));
        }
        Ok(first.map(String::as_str).filter(|value| !value.is_empty()))
    }

    /// All parameters but these, encoded again.
    pub(crate) fn encoded_without(&self, dropped: &[&str]) -> String {
        let kept = self
            .0
            .iter()
            .filter(|(name, _)| !dropped.contains(&name.as_str()));
        let pairs: Vec<String> = kept
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        pairs.join("&")
    }

    /// Was the parameter sent at all, with or without a value?
    pub(crate) fn is_sent(&self, name: &str) -> bool {
        self.0.iter().any(|(sent, _)| sent == name)
    }
}

fn decode(encoded: &[u8]) -> Result<String, ParametersError> {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(&octet) = rest.next() {
        decoded.push(match octet {
            b'+' => b' ',
            b'%' => {
                let high = rest.next().and_then(|&digit| hexadecimal(digit));
                let low = rest.next().and_then(|&digit| hexadecimal(digit));
                match (high, low) {
                    (Some(high), Some(low)) => high << 4 | low,
                    _ => return Err(ParametersError::Encoding),
                }
            }
            other => other,
        });
    }
    // PostgreSQL cannot store a NUL; nobody honest sends one.
    if decoded.contains(&0) {
        return Err(ParametersError::Encoding);
    }
    String::from_utf8(decoded).map_err(|_| ParametersError::Encoding)
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

/// Percent-encodes a value for a query: everything but the unreserved characters of RFC 3986 section 2.3.
pub(crate) fn encode(value: &str) -> String {
    let mut encoded = String::with_capacity(value.len());
    for octet in value.bytes() {
        match octet {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(octet));
            }
            other => {
                const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
                encoded.push('%');
                encoded.push(char::from(DIGITS[usize::from(other >> 4)]));
                encoded.push(char::from(DIGITS[usize::from(other & 15)]));
            }
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Parameters {
        Parameters::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))
    }

    #[test]
    fn values_are_decoded() {
        let parameters = parse("state=a+b%3B%26&scope=openid;x&&nonce=%e6%98%8e");
        assert_eq!(parameters.single("state"), Ok(Some("a b;&")));
        assert_eq!(parameters.single("scope"), Ok(Some("openid;x")));
        assert_eq!(parameters.single("nonce"), Ok(Some("明")));
    }

    #[test]
    fn a_parameter_without_a_value_counts_as_not_sent() {
        let parameters = parse("state=&nonce&code=1");
        assert_eq!(parameters.single("state"), Ok(None));
        assert_eq!(parameters.single("nonce"), Ok(None));
        assert!(parameters.is_sent("state"));
        assert!(!parameters.is_sent("scope"));
    }

    #[test]
    fn what_is_encoded_again_reads_as_it_was() {
        let parameters = parse("state=a+b%26&client_assertion=x&nonce=%e6%98%8e&n%3dm=1&state=2");
        let again = parameters.encoded_without(&["client_assertion"]);
        assert_eq!(again, "state=a%20b%26&nonce=%E6%98%8E&n%3Dm=1&state=2");
        assert_eq!(parse(&again).encoded_without(&[]), again);
    }

    #[test]
    fn a_parameter_sent_twice_is_refused() {
        let parameters = parse("state=a&state=a&nonce=b");
        assert_eq!(parameters.single("state"), Err(Duplicate("state")));
        assert_eq!(parameters.single("nonce"), Ok(Some("b")));
    }

    #[test]
    fn broken_encodings_are_refused() {
        for text in ["a=%", "a=%4", "a=%zz", "a=%ff", "%00=a"] {
            assert_eq!(
                Parameters::parse(text.as_bytes()).err(),
                Some(ParametersError::Encoding)
            );
        }
    }

    #[test]
    fn the_number_of_parameters_is_limited() {
        let of = |count: usize| vec!["a=b"; count].join("&");
        assert!(Parameters::parse(of(limits::PARAMETERS).as_bytes()).is_ok());
        let error = Parameters::parse(of(limits::PARAMETERS + 1).as_bytes()).err();
        assert_eq!(error, Some(ParametersError::TooMany));
    }

    #[test]
    fn an_encoded_value_decodes_to_itself() {
        let value = "https://rp.example.jp/?a=b c&明";
        let query = format!("x={}", encode(value));
        assert_eq!(parse(&query).single("x"), Ok(Some(value)));
    }
}
