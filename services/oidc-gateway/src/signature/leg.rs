//! The signature leg of the card: what its signing key gave back, checked for its form alone and encrypted at once.
//!
//! Whether the signature is by the certificate, whether the certificate is anybody's, and whether it is still good, is for
//! the recipient to find out. A signature by somebody else's card therefore passes here, and makes nobody anybody else.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::{Value, json};
use store::{SignIn, SignatureTransaction};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::ToSign;
use crate::bearer::sha256;
use crate::gateway::Gateway;
use crate::jwe::NotEncrypted;
use crate::limits;
use crate::recipients::Recipient;

/// The policies that user-authentication certificates name (1.2.392.200149.8.5.1.3.30, and .0.30 of the test hierarchy),
/// each an object identifier in DER.
const USER_AUTHENTICATION_POLICIES: [&[u8]; 2] = [
    b"\x06\x0b\x2a\x83\x08\x8c\x9b\x55\x08\x05\x01\x03\x1e",
    b"\x06\x0b\x2a\x83\x08\x8c\x9b\x55\x08\x05\x01\x00\x1e",
];

/// The leg as the reader app posts it.
#[derive(Deserialize, Zeroize, ZeroizeOnDrop)]
#[serde(deny_unknown_fields)]
pub(crate) struct PostedSigningLeg {
    certificate: String,
    signature: String,
}

/// The same, of the right form.
pub(crate) struct SigningLeg {
    certificate: Zeroizing<Vec<u8>>,
    signature: Zeroizing<Vec<u8>>,
}

/// A transaction whose sign-in waits for the card, and who receives the result.
pub(crate) struct PendingSignature {
    pub(crate) transaction_id: String,
    pub(crate) to_sign: ToSign,
    pub(crate) recipient: Arc<Recipient>,
}

/// A result as it is stored.
pub(crate) struct EncryptedSignature {
    pub(crate) compact: String,
    pub(crate) certificate_commitment: [u8; 32],
}

impl SigningLeg {
    /// Checks the form; an error is the rule. `authentication` is the certificate of the other leg.
    pub(crate) fn parse(
        posted: &PostedSigningLeg,
        authentication: &[u8],
    ) -> Result<Self, &'static str> {
        let decode = |text: &str, most: usize| {
            let octets = STANDARD.decode(text).ok().map(Zeroizing::new);
            octets.filter(|octets| (1..=most).contains(&octets.len()))
        };
        let certificate = decode(&posted.certificate, limits::CERTIFICATE_BYTES)
            .ok_or("signing.certificate is not base64 of 1 to 8192 octets")?;
        let signature = decode(&posted.signature, limits::SIGNATURE_BYTES)
            .ok_or("signing.signature is not base64 of 1 to 512 octets")?;
        if !is_one_sequence(&certificate) {
            return Err("signing.certificate is not one DER certificate");
        }
        // What can be told of the wrong key without verifying anything.
        if certificate.as_slice() == authentication || is_for_user_authentication(&certificate) {
            return Err(
                "signing.certificate is a user-authentication certificate: the signing key (署名用) is due",
            );
        }
        Ok(Self {
            certificate,
            signature,
        })
    }
}

/// Is this one DER SEQUENCE, its length in the shortest form, and nothing after it?
fn is_one_sequence(octets: &[u8]) -> bool {
    let [0x30, first, rest @ ..] = octets else {
        return false;
    };
    let (length, content) = match *first {
        short @ 0..=0x7F => (usize::from(short), rest.len()),
        0x81 => match rest {
            [length @ 0x80..=0xFF, content @ ..] => (usize::from(*length), content.len()),
            _ => return false,
        },
        0x82 => match rest {
            [high @ 1..=0xFF, low, content @ ..] => {
                (usize::from(*high) << 8 | usize::from(*low), content.len())
            }
            _ => return false,
        },
        _ => return false,
    };
    length == content
}

fn is_for_user_authentication(certificate: &[u8]) -> bool {
    USER_AUTHENTICATION_POLICIES.iter().any(|policy| {
        certificate
            .windows(policy.len())
            .any(|window| window == *policy)
    })
}

impl PendingSignature {
    /// `None` if the client may not ask for signatures any more.
    pub(crate) fn of(
        gateway: &Gateway,
        sign_in: &SignIn,
        transaction: SignatureTransaction,
    ) -> Option<Self> {
        let client = gateway.clients.by_id(&sign_in.client_id)?;
        Some(Self {
            transaction_id: transaction.transaction_id,
            to_sign: ToSign::from_octets(transaction.to_sign),
            recipient: Arc::clone(client.recipient()?),
        })
    }

    /// What the reader app is told: what to sign, and who receives the signature.
    pub(crate) fn described(&self) -> Value {
        let name = &self.recipient.name;
        let mut described = json!({ "recipient_name": { "ja": name.ja, "en": name.en } });
        described[self.to_sign.member()] = json!(STANDARD.encode(self.to_sign.octets()));
        described
    }

    /// Encrypts what the card gave back; afterwards nobody but the recipient can read it.
    pub(crate) fn encrypt(
        &self,
        gateway: &Gateway,
        client_id: &str,
        leg: &SigningLeg,
    ) -> Result<EncryptedSignature, NotEncrypted> {
        let certificate = Zeroizing::new(STANDARD.encode(&*leg.certificate));
        let signature = Zeroizing::new(STANDARD.encode(&*leg.signature));
        // With room for all of it: text that grows is copied, and the copies are not overwritten.
        let mut plain = Zeroizing::new(Vec::with_capacity(
            certificate.len() + signature.len() + limits::RESULT_BYTES_BESIDE,
        ));
        let head = json!({
            "iss": gateway.endpoints.issuer,
            "client_id": client_id,
            "sign_transaction_id": self.transaction_id,
            "iat": gateway.now(),
            self.to_sign.member(): STANDARD.encode(self.to_sign.octets()),
        })
        .to_string();
        plain.extend_from_slice(head.trim_end_matches('}').as_bytes());
        // Base64 needs no escaping in JSON.
        for (member, value) in [("signature", &signature), ("certificate", &certificate)] {
            plain.extend_from_slice(format!(",\"{member}\":\"").as_bytes());
            plain.extend_from_slice(value.as_bytes());
            plain.push(b'"');
        }
        plain.push(b'}');
        Ok(EncryptedSignature {
            compact: self.recipient.key.encrypt(plain)?,
            certificate_commitment: certificate_commitment(&self.transaction_id, &leg.certificate),
        })
    }
}

/// What is kept of a signing certificate: enough to recognise it in this transaction, and in no other.
pub(super) fn certificate_commitment(transaction_id: &str, certificate: &[u8]) -> [u8; 32] {
    sha256(&[
        b"akashi-signing-certificate-v1",
        transaction_id.as_bytes(),
        certificate,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use sandbox::mint::Jpki;

    fn posted(certificate: &[u8], signature: &[u8]) -> PostedSigningLeg {
        PostedSigningLeg {
            certificate: STANDARD.encode(certificate),
            signature: STANDARD.encode(signature),
        }
    }

    #[test]
    fn attack_56_a_user_authentication_certificate_is_not_taken_for_a_signing_one() {
        let jpki = Jpki::mint(sandbox::now()).unwrap();
        let (hanako, taro) = (jpki.card("good").unwrap(), jpki.card("revoked").unwrap());
        let authentication = &hanako.user_authentication.der;
        let parse = |der: &[u8]| SigningLeg::parse(&posted(der, &[7; 256]), authentication);
        assert!(parse(&hanako.digital_signature.der).is_ok());
        // Anybody's: who it is of is not looked at.
        assert!(parse(&taro.digital_signature.der).is_ok());
        for der in [authentication, &taro.user_authentication.der] {
            assert!(parse(der).err().unwrap().contains("user-authentication"));
        }
        let of_another_kind = b"\x30\x03\x02\x01\x07";
        let same = SigningLeg::parse(&posted(of_another_kind, &[7]), of_another_kind);
        assert!(same.is_err(), "one certificate for both legs");
        assert!(parse(of_another_kind).is_ok(), "nothing is verified");
    }

    #[test]
    fn the_outermost_length_tells_one_certificate() {
        let of = |head: &[u8], content: usize| [head, vec![0; content].as_slice()].concat();
        for right in [
            of(&[0x30, 0], 0),
            of(&[0x30, 0x7F], 127),
            of(&[0x30, 0x81, 0x80], 128),
            of(&[0x30, 0x82, 1, 0], 256),
        ] {
            assert!(is_one_sequence(&right), "{:x?}", &right[..2]);
        }
        for wrong in [
            Vec::new(),
            vec![0x30],
            of(&[0x31, 1], 1),
            of(&[0x30, 1], 2),
            of(&[0x30, 2], 1),
            of(&[0x30, 0x80], 2),
            of(&[0x30, 0x81, 1], 1),
            of(&[0x30, 0x82, 0, 0x80], 128),
            of(&[0x30, 0x83, 0, 1, 0], 256),
        ] {
            assert!(!is_one_sequence(&wrong), "{wrong:x?}");
        }
    }

    #[test]
    fn sizes_and_spellings_are_limited() {
        let certificate = b"\x30\x01\x00";
        let parse = |posted: &PostedSigningLeg| SigningLeg::parse(posted, b"other").is_ok();
        assert!(parse(&posted(certificate, &[7; 512])));
        assert!(!parse(&posted(certificate, &[7; 513])));
        assert!(!parse(&posted(certificate, &[])));
        assert!(!parse(&posted(&[], &[7])));
        let long = [vec![0x30, 0x82, 0x1F, 0xFD], vec![0; 0x1FFD]].concat();
        assert!(!parse(&posted(&long, &[7])), "8,193 octets");
        let mut spelled = posted(certificate, &[7]);
        spelled.signature.push('\n');
        assert!(!parse(&spelled));
    }

    #[test]
    fn a_commitment_is_of_one_transaction_and_one_certificate() {
        let one = certificate_commitment("a", b"x");
        assert_ne!(one, certificate_commitment("b", b"x"));
        assert_ne!(one, certificate_commitment("a", b"y"));
    }
}
