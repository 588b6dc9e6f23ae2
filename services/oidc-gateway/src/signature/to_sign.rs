//! What a client may have signed: a SHA-256 digest, or a DigestInfo that it made itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

/// A DigestInfo (RFC 8017 section 9.2) before its digest, and how long that is: SHA-256, SHA-384 and SHA-512 with NULL
/// parameters, in DER. Nothing else is signed: a free choice of octets would make the card a signer of anything.
const DIGEST_INFOS: [(&[u8], usize); 3] = [
    (
        b"\x30\x31\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20",
        32,
    ),
    (
        b"\x30\x41\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30",
        48,
    ),
    (
        b"\x30\x51\x30\x0d\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40",
        64,
    ),
];

const SHA256_OCTETS: usize = 32;

/// The body that opens a transaction. Another member refuses: to ignore what a client says of the signature would be to
/// make another than it asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Posted {
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    digest_info: Option<String>,
}

/// What the card is to sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ToSign {
    /// SHA-256, which the reader app puts into a DigestInfo.
    Digest(Vec<u8>),
    /// A whole DigestInfo, DER.
    DigestInfo(Vec<u8>),
}

impl ToSign {
    /// Reads a request's body; an error is the rule.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, &'static str> {
        let posted: Posted = serde_json::from_slice(body)
            .map_err(|_| "the body is not a JSON object with digest or digest_info alone")?;
        match (posted.digest, posted.digest_info) {
            (Some(digest), None) => STANDARD
                .decode(digest)
                .ok()
                .filter(|digest| digest.len() == SHA256_OCTETS)
                .map(Self::Digest)
                .ok_or("digest is not base64 of a SHA-256 digest, 32 octets"),
            (None, Some(info)) => STANDARD
                .decode(info)
                .ok()
                .filter(|info| is_digest_info(info))
                .map(Self::DigestInfo)
                .ok_or(
                    "digest_info is not base64 of a DER DigestInfo with SHA-256, SHA-384 or SHA-512 and NULL parameters",
                ),
            (Some(_), Some(_)) => Err("digest and digest_info exclude each other"),
            (None, None) => Err("digest or digest_info is missing"),
        }
    }

    /// The same from its octets: their lengths tell the two apart.
    pub(crate) fn from_octets(octets: Vec<u8>) -> Self {
        if octets.len() == SHA256_OCTETS {
            Self::Digest(octets)
        } else {
            Self::DigestInfo(octets)
        }
    }

    /// The octets.
    pub(crate) fn octets(&self) -> &[u8] {
        match self {
            Self::Digest(octets) | Self::DigestInfo(octets) => octets,
        }
    }

    /// The member's name, in what the client posts, the reader app gets and the recipient decrypts.
    pub(crate) fn member(&self) -> &'static str {
        match self {
            Self::Digest(_) => "digest",
            Self::DigestInfo(_) => "digest_info",
        }
    }
}

fn is_digest_info(octets: &[u8]) -> bool {
    DIGEST_INFOS
        .iter()
        .any(|(prefix, digest)| octets.len() == prefix.len() + digest && octets.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn parse(body: &Value) -> Result<ToSign, &'static str> {
        ToSign::parse(body.to_string().as_bytes())
    }

    fn info(prefix: &str, digest: usize) -> Vec<u8> {
        [hex::decode(prefix).unwrap(), vec![7; digest]].concat()
    }

    #[test]
    fn attack_63_digest_of_another_length_or_spelling_is_refused() {
        let right = STANDARD.encode([7; 32]);
        assert_eq!(
            parse(&json!({ "digest": right })),
            Ok(ToSign::Digest(vec![7; 32]))
        );
        for wrong in [
            json!(STANDARD.encode([7; 31])),
            json!(STANDARD.encode([7; 33])),
            json!(STANDARD.encode([7; 20])),
            json!(STANDARD.encode([7; 48])),
            json!(STANDARD.encode([7; 64])),
            json!(hex::encode([7; 32])),
            json!(right.trim_end_matches('=')),
            json!(STANDARD.encode([0xFF; 32]).replace('/', "_")),
            json!(format!("{right}\n")),
            json!(""),
            json!(7),
            json!([right]),
        ] {
            assert!(parse(&json!({ "digest": wrong })).is_err(), "{wrong}");
        }
    }

    #[test]
    fn attack_63_digest_info_of_another_algorithm_or_form_is_refused() {
        let accepted = [
            info("3031300d060960864801650304020105000420", 32),
            info("3041300d060960864801650304020205000430", 48),
            info("3051300d060960864801650304020305000440", 64),
        ];
        for octets in &accepted {
            let body = json!({ "digest_info": STANDARD.encode(octets) });
            assert_eq!(parse(&body), Ok(ToSign::DigestInfo(octets.clone())));
            assert_eq!(
                ToSign::from_octets(octets.clone()),
                ToSign::DigestInfo(octets.clone())
            );
        }
        for (what, octets) in [
            ("SHA-1", info("3021300906052b0e03021a05000414", 20)),
            ("MD5", info("3020300c06082a864886f70d020505000410", 16)),
            (
                "SHA-224",
                info("302d300d06096086480165030402040500041c", 28),
            ),
            (
                "no parameters",
                info("302f300b0609608648016503040201" /* no NULL */, 34),
            ),
            (
                "a length in BER",
                info("308131300d060960864801650304020105000420", 32),
            ),
            ("more after it", {
                let mut octets = accepted[0].clone();
                octets.push(0);
                octets
            }),
            ("less of it", accepted[0][..50].to_vec()),
            (
                "another algorithm's length",
                info("3031300d060960864801650304020205000420", 32),
            ),
            ("the digest alone", vec![7; 32]),
            ("nothing", Vec::new()),
        ] {
            let body = json!({ "digest_info": STANDARD.encode(octets) });
            assert!(parse(&body).is_err(), "{what}");
        }
    }

    #[test]
    fn exactly_one_of_the_two_is_asked_for_and_nothing_beside() {
        let digest = STANDARD.encode([7; 32]);
        let info = STANDARD.encode(info("3031300d060960864801650304020105000420", 32));
        for body in [
            json!({}),
            json!([]),
            json!("x"),
            json!({ "digest": null }),
            json!({ "digest": digest, "digest_info": info }),
            json!({ "digest": digest, "hash_algorithm": "SHA-512" }),
        ] {
            assert!(parse(&body).is_err(), "{body}");
        }
        let twice = format!("{{\"digest\":\"{digest}\",\"digest\":\"{digest}\"}}");
        assert!(ToSign::parse(twice.as_bytes()).is_err());
        assert!(ToSign::parse(b"{\"digest\":\"\xFF\"}").is_err());
        let deep = [vec![b'['; 60_000], vec![b']'; 60_000]].concat();
        assert!(ToSign::parse(&deep).is_err());
    }
}
