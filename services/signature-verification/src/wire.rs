//! Between the contract's messages and this crate's own types; the only file that knows both.

use lookup::InvalidField::{Missing, TooLarge};
use lookup::{CaseReference, Certificate, Purpose, RevocationMethod, octets_within};
use pki::{HashAlgorithm, SignatureEncoding, UnixTime};
use proto::verification::v1 as verification_v1;
use store::HolderOrigin;

use crate::request::{
    InvalidField, MAX_MESSAGE_OCTETS, MAX_SIGNATURE_OCTETS, Signed, VerifyRequest, digest_octets,
};
use crate::verdict::{Outcome, Verdict};

impl TryFrom<verification_v1::VerifySignatureRequest> for VerifyRequest {
    type Error = InvalidField;

    fn try_from(request: verification_v1::VerifySignatureRequest) -> Result<Self, InvalidField> {
        let certificate = Certificate::parse(request.certificate)?;
        let signature = octets_within("signature", request.signature, MAX_SIGNATURE_OCTETS)?;
        let encoding = encoding(request.signature_encoding)?;
        let hash = hash(request.hash_algorithm)?;
        Ok(Self {
            certificate,
            signature,
            encoding,
            hash,
            signed: signed(request.signed, hash)?,
            purpose: Purpose::parse(request.purpose, Purpose::ALL)?,
            case_reference: CaseReference::parse(&request.case_reference)?,
            revocation_method: revocation_method(request.revocation_method)?,
        })
    }
}

/// Never guessed from the signature's value.
fn encoding(number: i32) -> Result<SignatureEncoding, InvalidField> {
    use verification_v1::SignatureEncoding as Wire;
    let field = "signature_encoding";
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Err(Missing { field }.into()),
        Ok(Wire::Pkcs1V15DigestInfo) => Ok(SignatureEncoding::Pkcs1V15DigestInfo),
        Ok(Wire::Pkcs1V15BareHash) => Ok(SignatureEncoding::Pkcs1V15BareHash),
        Ok(Wire::Pss) => Ok(SignatureEncoding::Pss),
        Ok(Wire::EcdsaDer) => Ok(SignatureEncoding::EcdsaDer),
        Err(_) => Err(InvalidField::UnknownValue { field, number }),
    }
}

fn hash(number: i32) -> Result<HashAlgorithm, InvalidField> {
    use verification_v1::HashAlgorithm as Wire;
    let field = "hash_algorithm";
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Err(Missing { field }.into()),
        Ok(Wire::Sha256) => Ok(HashAlgorithm::Sha256),
        Ok(Wire::Sha384) => Ok(HashAlgorithm::Sha384),
        Ok(Wire::Sha512) => Ok(HashAlgorithm::Sha512),
        Err(_) => Err(InvalidField::UnknownValue { field, number }),
    }
}

/// A method of a later version of the contract is refused: another one would not be what the caller relies on.
fn revocation_method(number: i32) -> Result<Option<RevocationMethod>, InvalidField> {
    use proto::revocation::v1::RevocationMethod as Wire;
    let field = "revocation_method";
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Ok(None),
        Ok(Wire::Crl) => Ok(Some(RevocationMethod::Crl)),
        Ok(Wire::Ocsp) => Ok(Some(RevocationMethod::Ocsp)),
        Ok(Wire::OcspThenCrl) => Ok(Some(RevocationMethod::OcspThenCrl)),
        Err(_) => Err(InvalidField::UnknownValue { field, number }),
    }
}

fn signed(
    signed: Option<verification_v1::verify_signature_request::Signed>,
    hash: HashAlgorithm,
) -> Result<Signed, InvalidField> {
    use verification_v1::verify_signature_request::Signed as Wire;
    match signed {
        None => Err(Missing {
            field: "signed (message or digest)",
        }
        .into()),
        Some(Wire::Message(message)) if message.len() > MAX_MESSAGE_OCTETS => Err(TooLarge {
            field: "message",
            octets: message.len(),
            most: MAX_MESSAGE_OCTETS,
        }
        .into()),
        Some(Wire::Message(message)) => Ok(Signed::Message(message)),
        Some(Wire::Digest(digest)) => {
            let (octets, expected) = (digest.len(), digest_octets(hash));
            if octets == expected {
                Ok(Signed::Digest(digest))
            } else {
                Err(InvalidField::DigestLength { octets, expected })
            }
        }
    }
}

impl From<Outcome> for verification_v1::VerificationResult {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Ok => Self::Ok,
            Outcome::CertificateExpired => Self::CertificateExpired,
            Outcome::CertificateNotYetValid => Self::CertificateNotYetValid,
            Outcome::SignatureMismatch => Self::SignatureMismatch,
            Outcome::CertificateRevoked => Self::CertificateRevoked,
            Outcome::RevocationUnknown => Self::RevocationUnknown,
            Outcome::UntrustedIssuer => Self::UntrustedIssuer,
            Outcome::UnsupportedCertificate => Self::UnsupportedCertificate,
            Outcome::MalformedCertificate => Self::MalformedCertificate,
            Outcome::CrossCheckDisagreement => Self::CrossCheckDisagreement,
        }
    }
}

/// The answer to the caller.
pub(crate) fn response(
    verdict: Verdict,
    now: UnixTime,
) -> verification_v1::VerifySignatureResponse {
    let (issuer_key_id, certification_authority) = verdict
        .issuer
        .map(|issuer| {
            (
                issuer.key_id.as_bytes().to_vec(),
                issuer.certification_authority,
            )
        })
        .unwrap_or_default();
    verification_v1::VerifySignatureResponse {
        result: verification_v1::VerificationResult::from(verdict.outcome).into(),
        failed_rule: verdict.failed_rule.to_owned(),
        explanation: verdict.explanation,
        issuer_key_id,
        certification_authority,
        revocation: verdict.revocation.map(Into::into),
        holder: verdict.success.map(|success| verification_v1::Holder {
            holder_id: success.holder.holder_id.to_vec(),
            origin: wire_origin(success.holder.origin).into(),
        }),
        verified_at: now.secs(),
        certificate_not_after: verdict
            .success
            .map_or(0, |success| success.not_after.secs()),
    }
}

const fn wire_origin(origin: HolderOrigin) -> verification_v1::HolderOrigin {
    match origin {
        HolderOrigin::Known => verification_v1::HolderOrigin::Known,
        HolderOrigin::Linked => verification_v1::HolderOrigin::Linked,
        HolderOrigin::New => verification_v1::HolderOrigin::New,
    }
}
