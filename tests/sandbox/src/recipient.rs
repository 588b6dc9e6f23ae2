//! Who receives signatures, a platform operator or an agency, and does with them what the gateway does not: decrypts, checks
//! that the signature is by the certificate over the document, and that the certificate is of a card of this JPKI.

use anyhow::{Context as _, Result, anyhow, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::{
    CertificationAuthority, CrlSigner, CrossCheck, FourInformation, HashAlgorithm, Profile,
    SignatureEncoding, Signed, TrustAnchor, Verifier, validate_leaf,
};
use serde::Deserialize;

use crate::jwe::RecipientKey;
use crate::mint::{CaKind, Jpki, sha256};

/// One recipient, with its private key and the authority it trusts.
#[derive(Clone, Debug)]
pub struct SignatureRecipient {
    key: RecipientKey,
    authority: CertificationAuthority,
}

/// What a recipient finds in a signature's result.
#[derive(Debug, Deserialize)]
struct Received {
    iss: String,
    client_id: String,
    sign_transaction_id: String,
    digest: String,
    signature: String,
    certificate: String,
}

/// A result that was decrypted and verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// What was found.
    pub signature: VerifiedSignature,
    /// The signing certificate, DER.
    pub certificate: Vec<u8>,
}

/// A signature that its recipient verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedSignature {
    /// Which gateway made the result.
    pub issuer: String,
    /// Which client had the document signed.
    pub client_id: String,
    /// In which transaction.
    pub transaction_id: String,
    /// 氏名, from the signing certificate.
    pub name: String,
    /// 住所, from the signing certificate.
    pub address: String,
    /// The certificate's end: seconds since 1970-01-01T00:00:00Z.
    pub valid_until: i64,
    /// Octets of the signature.
    pub signature_octets: usize,
}

impl SignatureRecipient {
    /// One with this key that trusts this JPKI's signing certificates.
    pub fn new(key: RecipientKey, jpki: &Jpki) -> Result<Self> {
        let kind = CaKind::DigitalSignature;
        let generations = &jpki.authority(kind).generations;
        let anchors = generations
            .iter()
            .map(|generation| TrustAnchor::from_der(&generation.certificate));
        let profile = Profile::by_name(kind.profile_name()).context("no such profile")?;
        let anchors = anchors.collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            key,
            authority: CertificationAuthority::new(
                kind.name(),
                profile,
                anchors,
                CrlSigner::NewestKey,
            )?,
        })
    }

    /// Decrypts the result of a transaction and verifies the signature over this document. Whether the certificate is
    /// revoked is asked of the authority, and not here.
    pub fn open(&self, compact: &str, transaction_id: &str, document: &[u8]) -> Result<Opened> {
        let (_, plain) = self.key.decrypt(compact)?;
        let received: Received = serde_json::from_slice(&plain)?;
        ensure!(
            received.sign_transaction_id == transaction_id,
            "the result is of another transaction"
        );
        self.verify(&received, document)
    }

    fn verify(&self, received: &Received, document: &[u8]) -> Result<Opened> {
        let digest = sha256(document);
        ensure!(
            STANDARD.decode(&received.digest)? == digest,
            "another document was signed"
        );
        let certificate = STANDARD.decode(&received.certificate)?;
        let signature = STANDARD.decode(&received.signature)?;
        let verifier = Verifier::new(CrossCheck::All);
        let leaf = validate_leaf(&certificate, &self.authority, &verifier)
            .map_err(|error| anyhow!("the certificate is not of this JPKI: {error}"))?;
        verifier.verify(
            leaf.public_key(),
            SignatureEncoding::Pkcs1V15DigestInfo,
            HashAlgorithm::Sha256,
            Signed::Digest(&digest),
            &signature,
        )?;
        let holder = FourInformation::from_certificate(&certificate)
            .map_err(|error| anyhow!("the certificate does not say whose it is: {error}"))?;
        let signature = VerifiedSignature {
            issuer: received.iss.clone(),
            client_id: received.client_id.clone(),
            transaction_id: received.sign_transaction_id.clone(),
            name: holder.name().to_owned(),
            address: holder.address().to_owned(),
            valid_until: leaf.not_after().secs(),
            signature_octets: signature.len(),
        };
        Ok(Opened {
            signature,
            certificate,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::mint::{EcKey, shared_for_tests};

    /// Encrypts as a gateway would, by other means: the recipient's code is what is tested here.
    fn received(document: &[u8], signature: &[u8], certificate: &[u8]) -> Received {
        serde_json::from_value(json!({
            "iss": "https://op.example", "client_id": "RP", "sign_transaction_id": "t",
            "digest": STANDARD.encode(sha256(document)),
            "signature": STANDARD.encode(signature),
            "certificate": STANDARD.encode(certificate),
        }))
        .unwrap()
    }

    #[test]
    fn a_signature_by_the_certificate_over_the_document_verifies_and_no_other() {
        let jpki = shared_for_tests();
        let key = RecipientKey::Ec(EcKey::generate().unwrap());
        let recipient = SignatureRecipient::new(key, jpki).unwrap();
        let mut card = jpki.card("good").unwrap().clone();
        let other = jpki.card("older-key").unwrap();
        let signature = card.sign_document(crate::card::SIGNING_PIN, b"x").unwrap();
        let der = &card.digital_signature.der;
        let opened = recipient
            .verify(&received(b"x", &signature, der), b"x")
            .unwrap();
        assert_eq!(opened.signature.name, card.person().name);
        assert_eq!(&opened.certificate, der);
        for (what, result) in [
            (
                "another document",
                recipient.verify(&received(b"x", &signature, der), b"y"),
            ),
            (
                "another digest",
                recipient.verify(&received(b"y", &signature, der), b"y"),
            ),
            (
                "another signature",
                recipient.verify(&received(b"x", &[7; 256], der), b"x"),
            ),
            (
                "another's certificate",
                recipient.verify(
                    &received(b"x", &signature, &other.digital_signature.der),
                    b"x",
                ),
            ),
            (
                "another kind of certificate",
                recipient.verify(
                    &received(b"x", &signature, &card.user_authentication.der),
                    b"x",
                ),
            ),
        ] {
            assert!(result.is_err(), "{what}");
        }
    }
}
