//! The file of serial links: which serial followed which when a certificate was renewed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::UnixTime;
use serde_json::json;

use super::authority::Authority;
use super::keys::RsaKey;

/// What is signed before the payload, so that this signature can be nothing else.
pub const LINKS_CONTEXT: &[u8] = b"akashi-serial-links-v1";

/// The payload of the links file in JSON.
pub fn links_payload(authority: &Authority, number: u64, issued_at: UnixTime) -> Vec<u8> {
    let links: Vec<_> = authority
        .links
        .iter()
        .map(|link| json!({ "old": serial_hex(link.old), "new": serial_hex(link.new) }))
        .collect();
    let payload = json!({
        "certification_authority": authority.kind.name(),
        "number": number,
        "issued_at": issued_at.secs(),
        "links": links,
    });
    payload.to_string().into_bytes()
}

/// The links file: payload and signature in base64.
pub fn sign_links(payload: &[u8], key: &RsaKey) -> Vec<u8> {
    let signature = key.sign(&[LINKS_CONTEXT, payload].concat());
    let file = json!({
        "payload": STANDARD.encode(payload),
        "signature": STANDARD.encode(signature),
    });
    file.to_string().into_bytes()
}

/// A serial as an unsigned minimal number of octets in hexadecimal.
pub fn serial_hex(serial: u64) -> String {
    hex::encode(serial_octets(serial))
}

/// A serial as an unsigned minimal number of octets.
pub fn serial_octets(serial: u64) -> Vec<u8> {
    let octets = serial.to_be_bytes();
    let start = octets.iter().position(|octet| *octet != 0).unwrap_or(7);
    octets[start..].to_vec()
}
