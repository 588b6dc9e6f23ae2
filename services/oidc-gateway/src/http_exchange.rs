//! What every endpoint needs of HTTP: bodies within their limits, cookies, headers, JSON answers and redirects.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use futures_util::StreamExt as _;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

use crate::bearer::{BearerSecret, NoRandomness, random_octets};
use crate::limits;
use crate::observation::Outcome;
use crate::parameters::{self, Parameters};

/// Why a body could not be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyError {
    /// More than [`limits::BODY_BYTES`].
    TooLarge,
    /// Not there within [`limits::BODY_TIMEOUT`].
    TooSlow,
    /// Another media type, or no form.
    Unreadable,
}

impl BodyError {
    /// Every one, for the tests of the documented table.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 3] = [Self::TooLarge, Self::TooSlow, Self::Unreadable];

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unreadable => StatusCode::BAD_REQUEST,
        }
    }

    pub(crate) fn description(self) -> &'static str {
        match self {
            Self::TooLarge => "the body is larger than 64 KiB",
            Self::TooSlow => "the body did not arrive in time",
            Self::Unreadable => "the body is not of the form that this endpoint reads",
        }
    }
}

/// The whole body, if it is of this media type, small enough and in time.
pub(crate) async fn read_body(
    headers: &HeaderMap,
    body: Body,
    media_type: &str,
) -> Result<Vec<u8>, BodyError> {
    let sent = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let sent = sent
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    if !sent.eq_ignore_ascii_case(media_type) {
        return Err(BodyError::Unreadable);
    }
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok());
    let announced = announced
        .and_then(|length| length.parse::<u64>().ok())
        .unwrap_or(0);
    if announced > limits::BODY_BYTES as u64 {
        return Err(BodyError::TooLarge);
    }
    tokio::time::timeout(limits::BODY_TIMEOUT, collect(body))
        .await
        .unwrap_or(Err(BodyError::TooSlow))
}

async fn collect(body: Body) -> Result<Vec<u8>, BodyError> {
    let mut stream = body.into_data_stream();
    let mut collected = Vec::new();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| BodyError::Unreadable)?;
        if collected.len() + chunk.len() > limits::BODY_BYTES {
            return Err(BodyError::TooLarge);
        }
        collected.extend_from_slice(&chunk);
    }
    Ok(collected)
}

/// The parameters of a form body.
pub(crate) async fn read_form(headers: &HeaderMap, body: Body) -> Result<Parameters, BodyError> {
    let octets = read_body(headers, body, "application/x-www-form-urlencoded").await?;
    Parameters::parse(&octets).map_err(|_| BodyError::Unreadable)
}

/// The secret of the browser that began this interaction, if the request brings one.
pub(crate) fn browser_secret(headers: &HeaderMap, interaction_id: &str) -> Option<BearerSecret> {
    let name = cookie_name(interaction_id);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(sent, _)| *sent == name)
        .and_then(|(_, value)| BearerSecret::parse(value))
}

/// `__Host-` binds the cookie to this origin (RFC 6265bis section 4.1.3.2): no neighbour can plant one. One cookie an
/// interaction, so that two sign-ins in two tabs do not take each other's.
fn cookie_name(interaction_id: &str) -> String {
    format!("__Host-akashi-{interaction_id}")
}

/// Gives the browser its secret. Lax, because the way back from the reader app and from the client's page is a
/// navigation that begins on another site.
pub(crate) fn set_browser_secret(
    response: &mut Response,
    interaction_id: &str,
    secret: &BearerSecret,
    seconds: i64,
) {
    let cookie = format!(
        "{}={}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Lax",
        cookie_name(interaction_id),
        secret.reveal()
    );
    append_cookie(response, &cookie);
}

/// Makes the browser forget its secret.
pub(crate) fn forget_browser_secret(response: &mut Response, interaction_id: &str) {
    let name = cookie_name(interaction_id);
    append_cookie(
        response,
        &format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"),
    );
}

fn append_cookie(response: &mut Response, cookie: &str) {
    if let Ok(value) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// 303 (RFC 9700 section 4.12): the browser follows with GET, whatever it sent here, so nothing it posted travels on.
pub(crate) fn see_other(location: &str, outcome: &'static str) -> Response {
    let Ok(location) = HeaderValue::from_str(location) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let mut response = StatusCode::SEE_OTHER.into_response();
    response.headers_mut().insert(header::LOCATION, location);
    with_outcome(response, outcome)
}

/// The client's redirect URI with these parameters after its own.
pub(crate) fn with_parameters(redirect_uri: &str, answer: &[(&str, &str)]) -> String {
    let mut address = redirect_uri.to_owned();
    for (name, value) in answer {
        address.push(if address.contains('?') { '&' } else { '?' });
        address.push_str(name);
        address.push('=');
        address.push_str(&parameters::encode(value));
    }
    address
}

/// A JSON answer.
pub(crate) fn json_answer(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json")],
        body.to_string(),
    )
        .into_response()
}

/// An error as OAuth 2.0 writes it (RFC 6749 section 5.2).
pub(crate) fn json_error(status: StatusCode, error: &'static str, description: &str) -> Response {
    let body = json!({ "error": error, "error_description": description });
    with_outcome(json_answer(status, &body), error)
}

pub(crate) fn with_outcome(mut response: Response, outcome: &'static str) -> Response {
    response.extensions_mut().insert(Outcome(outcome));
    response
}

/// A number for a person to quote and an operator to find in the log. It stands for nothing else.
pub(crate) fn reference_number() -> String {
    // Without the letters and digits that are easily taken for each other.
    const LETTERS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let octets: [u8; 8] = random_octets().unwrap_or_default();
    let letters = octets.map(|octet| char::from(LETTERS[usize::from(octet % 32)]));
    let (left, right) = letters.split_at(4);
    format!(
        "{}-{}",
        left.iter().collect::<String>(),
        right.iter().collect::<String>()
    )
}

/// A fresh identifier: 128 random bits as 22 characters.
pub(crate) fn random_identifier() -> Result<String, NoRandomness> {
    use base64::Engine as _;
    let octets: [u8; 16] = random_octets()?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(octets))
}

/// Might this be one of [`random_identifier`]? Whatever else stands in a path never reaches the database.
pub(crate) fn is_identifier(text: &str) -> bool {
    text.len() == 22
        && text
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
}

/// Nothing is loaded but our style sheet, nothing runs, nothing frames us, and forms go home. `form_targets` adds where a
/// form's answer may redirect to: browsers hold form-action against redirects too.
pub(crate) fn content_security_policy(form_targets: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'{form_targets}"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// The same for the one page that has a script: ours, from a file, which may ask us.
pub(crate) fn content_security_policy_with_script(form_targets: &str) -> HeaderValue {
    let policy = content_security_policy(form_targets);
    let policy = policy.to_str().unwrap_or_default();
    HeaderValue::from_str(&format!("{policy}; script-src 'self'; connect-src 'self'"))
        .unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Headers of every answer, unless the handler chose its own.
#[derive(Debug, Clone)]
pub(crate) struct Protection {
    headers: Arc<[(HeaderName, HeaderValue)]>,
}

impl Protection {
    /// For a gateway that browsers see at this origin.
    pub(crate) fn at(public_url: &str) -> Self {
        let mut headers = vec![
            (header::CONTENT_SECURITY_POLICY, content_security_policy("")),
            // For browsers that do not know frame-ancestors.
            (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
            // Codes, states and interaction identifiers stand in URLs: they must not travel as a referrer.
            (
                header::REFERRER_POLICY,
                HeaderValue::from_static("no-referrer"),
            ),
            (
                header::X_CONTENT_TYPE_OPTIONS,
                HeaderValue::from_static("nosniff"),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (
                HeaderName::from_static("permissions-policy"),
                HeaderValue::from_static("camera=(), geolocation=(), microphone=()"),
            ),
        ];
        // RFC 6797: for a year a browser that was here once refuses plain HTTP, so nobody on its network answers in our
        // place.
        if public_url.starts_with("https://") {
            let year = HeaderValue::from_static("max-age=31536000");
            headers.push((header::STRICT_TRANSPORT_SECURITY, year));
        }
        Self {
            headers: headers.into(),
        }
    }

    /// The answer with them.
    pub(crate) fn protect(&self, mut response: Response) -> Response {
        let headers = response.headers_mut();
        headers.reserve(self.headers.len());
        for (name, value) in self.headers.iter() {
            headers.entry(name).or_insert_with(|| value.clone());
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_added_after_the_client_s_own() {
        let answer = [("code", "a b"), ("state", "x&y=z")];
        assert_eq!(
            with_parameters("https://rp.example/cb", &answer),
            "https://rp.example/cb?code=a%20b&state=x%26y%3Dz"
        );
        assert_eq!(
            with_parameters("https://rp.example/cb?tenant=1", &answer[..1]),
            "https://rp.example/cb?tenant=1&code=a%20b"
        );
    }

    #[test]
    fn a_cookie_belongs_to_one_interaction() {
        let secret = BearerSecret::generate().unwrap();
        let mut headers = HeaderMap::new();
        let line = format!("other=1; __Host-akashi-abc={}; x=y", secret.reveal());
        headers.insert(header::COOKIE, HeaderValue::from_str(&line).unwrap());
        assert_eq!(
            browser_secret(&headers, "abc").unwrap().hash(),
            secret.hash()
        );
        assert!(browser_secret(&headers, "abd").is_none());
    }

    #[test]
    fn a_reference_number_is_short_and_legible() {
        let number = reference_number();
        assert_eq!(number.len(), 9);
        assert!(!number.contains(['0', 'O', '1', 'I']), "{number}");
    }
}
