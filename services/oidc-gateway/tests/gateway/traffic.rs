//! Everything that goes into a gateway and comes out of it, and what of that only some may know.

use std::sync::{Arc, Mutex};

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::header::{self, HeaderName};
use http::{HeaderMap, StatusCode};
use serde_json::Value;

use crate::world::World;

/// Parameters of queries and forms that are secret or personal.
const PARAMETERS: [&str; 10] = [
    "access_token",
    "client_assertion",
    "code",
    "code_verifier",
    "csrf",
    "id_token_hint",
    "login_hint",
    "pin",
    "request_uri",
    "token",
];

/// The same of JSON, at any depth.
const MEMBERS: [&str; 16] = [
    "access_token",
    "address",
    "assertion",
    "birthdate",
    "certificate",
    "device_secret",
    "digest",
    "formatted",
    "id_token",
    "jwe",
    "name",
    "pin",
    "request_uri",
    "return_url",
    "signature",
    "sub",
];

/// Shorter values are none that a test could look for.
const SHORTEST: usize = 8;

/// A request and its answer.
struct Exchange {
    target: String,
    sent: HeaderMap,
    sent_body: String,
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

/// All exchanges of a world, in order.
#[derive(Clone, Default)]
pub(crate) struct Traffic(Arc<Mutex<Vec<Exchange>>>);

/// Something that only some may know: what it is, and its octets.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Secret {
    pub(crate) kind: String,
    pub(crate) octets: Vec<u8>,
}

impl Traffic {
    /// Of this world, from now on.
    pub(crate) fn watch(world: &mut World) -> Self {
        let traffic = Self::default();
        let record = from_fn_with_state(traffic.clone(), record);
        world.router = world.router.clone().layer(record);
        traffic
    }

    /// All that was secret or personal, each once.
    pub(crate) fn secrets(&self) -> Vec<Secret> {
        let mut secrets = Vec::new();
        for exchange in self.0.lock().unwrap().iter() {
            for (kind, text) in exchange.values() {
                if text.len() >= SHORTEST {
                    secrets.extend(readings(&kind, &text));
                }
            }
        }
        secrets.sort();
        secrets.dedup();
        secrets
    }

    /// What everybody was told who was refused: the body of every error and of every page with a reference number.
    pub(crate) fn errors(&self) -> String {
        let exchanges = self.0.lock().unwrap();
        let refused = exchanges.iter().filter(|exchange| {
            exchange.status.is_client_error()
                || exchange.status.is_server_error()
                || exchange.body.contains("class=\"reference\"")
        });
        let told: Vec<String> = refused
            .map(|exchange| format!("{:?}\n{}", exchange.headers, exchange.body))
            .collect();
        told.join("\n")
    }

    /// Where everybody was sent.
    pub(crate) fn redirects(&self) -> String {
        let exchanges = self.0.lock().unwrap();
        let addresses = exchanges
            .iter()
            .flat_map(|exchange| texts(&exchange.headers, header::LOCATION));
        addresses.collect::<Vec<_>>().join("\n")
    }
}

async fn record(State(traffic): State<Traffic>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let sent_body = to_bytes(body, usize::MAX).await.unwrap();
    let (target, sent) = (parts.uri.to_string(), parts.headers.clone());
    let request = Request::from_parts(parts, Body::from(sent_body.clone()));
    let (parts, body) = next.run(request).await.into_parts();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    traffic.0.lock().unwrap().push(Exchange {
        target,
        sent,
        sent_body: String::from_utf8_lossy(&sent_body).into_owned(),
        status: parts.status,
        headers: parts.headers.clone(),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    Response::from_parts(parts, Body::from(body))
}

impl Exchange {
    /// Every value that is secret or personal by where it stands.
    fn values(&self) -> Vec<(String, String)> {
        let mut values = Vec::new();
        for line in texts(&self.sent, header::COOKIE) {
            for (_, value) in line.split("; ").filter_map(|pair| pair.split_once('=')) {
                values.push(("cookie".to_owned(), value.to_owned()));
            }
        }
        for line in texts(&self.sent, header::AUTHORIZATION) {
            if let Some((_, value)) = line.split_once(' ') {
                values.push(("authorization".to_owned(), value.to_owned()));
            }
        }
        for proof in texts(&self.sent, HeaderName::from_static("dpop")) {
            values.push(("proof".to_owned(), proof));
        }
        let mut encoded = vec![self.sent_body.clone()];
        let addresses = texts(&self.headers, header::LOCATION).chain([self.target.clone()]);
        encoded.extend(addresses.filter_map(|address| query(&address)));
        for encoded in encoded {
            for (name, value) in url::form_urlencoded::parse(encoded.as_bytes()) {
                if PARAMETERS.contains(&name.as_ref()) {
                    values.push((name.into_owned(), value.into_owned()));
                }
            }
        }
        for body in [&self.sent_body, &self.body] {
            if let Ok(json) = serde_json::from_str(body) {
                members(&json, &mut values);
            }
        }
        values
    }
}

fn texts(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = String> {
    let values = headers.get_all(name).iter();
    values.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn query(address: &str) -> Option<String> {
    address.split_once('?').map(|(_, query)| query.to_owned())
}

fn members(json: &Value, values: &mut Vec<(String, String)>) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| members(item, values)),
        Value::Object(object) => {
            for (name, value) in object {
                match value.as_str() {
                    Some(text) if MEMBERS.contains(&name.as_str()) => {
                        values.push((name.clone(), text.to_owned()));
                    }
                    _ => members(value, values),
                }
            }
        }
        _ => {}
    }
}

/// The text, and what it stands for: of a token its claims and its signature, of an address its token, of base64 and
/// hexadecimal the octets.
fn readings(kind: &str, text: &str) -> Vec<Secret> {
    let secret = |kind: String, octets: &[u8]| Secret {
        kind,
        octets: octets.to_vec(),
    };
    if let [header, claims, signature] = text.split('.').collect::<Vec<_>>()[..]
        && header.starts_with("ey")
    {
        let parts = [("claims", claims), ("signature", signature)];
        let named = parts.map(|(part, text)| secret(format!("{kind}'s {part}"), text.as_bytes()));
        return named.to_vec();
    }
    let text = match kind {
        "request_uri" => text.rsplit(':').next().unwrap_or_default(),
        "return_url" => text.rsplit("token=").next().unwrap_or_default(),
        _ => text,
    };
    let mut readings = vec![secret(kind.to_owned(), text.as_bytes())];
    let decoded = [
        hex::decode(text).ok(),
        STANDARD.decode(text).ok(),
        URL_SAFE_NO_PAD.decode(text).ok(),
    ];
    let octets = decoded
        .into_iter()
        .flatten()
        .find(|octets| octets.len() >= SHORTEST);
    readings.extend(octets.map(|octets| secret(kind.to_owned(), &octets)));
    readings
}
