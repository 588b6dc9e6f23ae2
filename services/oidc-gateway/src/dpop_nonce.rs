//! Nonces for DPoP proofs (RFC 9449 sections 8 and 9): a proof with one was made after it was handed out, so nobody can make
//! proofs in advance and have them carried away.
//!
//! A nonce is a moment and its HMAC. Nothing is stored, and every replica believes what any of them handed out, because the
//! key is derived from the pairwise secret, which they share.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::limits;
use crate::pairwise::PairwiseSecrets;

/// What the key is derived for. The first four octets of a pairwise subject's input are a length below 256, so no subject
/// is ever made of this text.
const KEY_LABEL: &[u8] = b"akashi-dpop-nonce-key-v1";

/// Octets of the moment: seconds since 1970-01-01T00:00:00Z, big-endian.
const MOMENT_BYTES: usize = 8;

/// Makes and recognises nonces.
pub(crate) struct DpopNonces(hmac::Key);

impl DpopNonces {
    /// With the key that every replica has.
    pub(crate) fn new(secrets: &PairwiseSecrets) -> Self {
        Self(secrets.derived_key(KEY_LABEL))
    }

    /// A nonce of this moment.
    pub(crate) fn issue(&self, now: i64) -> String {
        let moment = now.to_be_bytes();
        let tag = hmac::sign(&self.0, &moment);
        URL_SAFE_NO_PAD.encode([&moment, tag.as_ref()].concat())
    }

    /// Did a replica hand this out not long ago?
    pub(crate) fn is_good(&self, nonce: &str, now: i64) -> bool {
        let mut octets = [0; MOMENT_BYTES + 32];
        // A longer text does not fit and is refused before anything is computed.
        if nonce.len() > limits::PARAMETER_CHARACTERS
            || !matches!(URL_SAFE_NO_PAD.decode_slice(nonce, &mut octets), Ok(length) if length == octets.len())
        {
            return false;
        }
        let Some((moment, tag)) = octets.split_first_chunk::<MOMENT_BYTES>() else {
            return false;
        };
        if hmac::verify(&self.0, moment, tag).is_err() {
            return false;
        }
        let issued_at = i64::from_be_bytes(*moment);
        let latest = now + limits::NONCE_SKEW_SECONDS;
        (now - limits::NONCE_SECONDS..=latest).contains(&issued_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nonces(octet: u8) -> DpopNonces {
        let text = format!("1:{}", hex::encode([octet; 32]));
        DpopNonces::new(&PairwiseSecrets::parse(&text).unwrap())
    }

    #[test]
    fn a_nonce_is_good_for_a_while_at_every_replica_and_nowhere_else() {
        let now = 1_800_000_000;
        let nonce = nonces(1).issue(now);
        for moment in [now - 30, now, now + 120] {
            assert!(nonces(1).is_good(&nonce, moment), "{moment}");
        }
        for moment in [now - 31, now + 121] {
            assert!(!nonces(1).is_good(&nonce, moment), "{moment}");
        }
        assert!(!nonces(2).is_good(&nonce, now));
    }

    #[test]
    fn what_nobody_handed_out_is_no_nonce() {
        let now = 1_800_000_000;
        let nonce = nonces(1).issue(now);
        let later = nonces(1).issue(now + 1);
        let spliced = format!("{}{}", &later[..11], &nonce[11..]);
        for text in [
            "",
            "x",
            &nonce[1..],
            &format!("{nonce}A"),
            &format!("{nonce}="),
            &spliced,
            &"A".repeat(54),
            &"A".repeat(300),
        ] {
            assert!(!nonces(1).is_good(text, now), "{text}");
        }
        let extreme = [i64::MIN, i64::MAX].map(|moment| nonces(1).issue(moment));
        assert!(extreme.iter().all(|nonce| !nonces(1).is_good(nonce, now)));
    }
}
