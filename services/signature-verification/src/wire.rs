//! Between the contract's messages and this crate's own types; the only file that knows both.

use pki::{
    HashAlgorithm, KeyIdentifier, RevocationReason, SignatureEncoding, UnixTime, ValidatedLeaf,
};
use proto::revocation::v1 as revocation_v1;
use proto::verification::v1 as verification_v1;
use store::HolderOrigin;

use crate::request::{
    CaseReference, InvalidField, MAX_CERTIFICATE_OCTETS, MAX_MESSAGE_OCTETS, MAX_SIGNATURE_OCTETS,
    Purpose, Question, Signed, digest_octets, within,
};
use crate::revocation::{List, Revocation, Status, Unknown};
use crate::verdict::{Outcome, Verdict};

impl TryFrom<verification_v1::VerifySignatureRequest> for Question {
    type Error = InvalidField;

    fn try_from(request: verification_v1::VerifySignatureRequest) -> Result<Self, InvalidField> {
        let certificate = within("certificate", request.certificate, MAX_CERTIFICATE_OCTETS)?;
        let signature = within("signature", request.signature, MAX_SIGNATURE_OCTETS)?;
        let encoding = encoding(request.signature_encoding)?;
        let hash = hash(request.hash_algorithm)?;
        Ok(Self {
            certificate,
            signature,
            encoding,
            hash,
            signed: signed(request.signed, hash)?,
            purpose: purpose(request.purpose)?,
            case_reference: CaseReference::parse(request.case_reference)?,
        })
    }
}

/// Never guessed from the signature's value.
fn encoding(number: i32) -> Result<SignatureEncoding, InvalidField> {
    use verification_v1::SignatureEncoding as Wire;
    let field = "signature_encoding";
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Err(InvalidField::Missing { field }),
        Ok(Wire::Pkcs1V15DigestInfo) => Ok(SignatureEncoding::Pkcs1V15DigestInfo),
        Ok(Wire::Pkcs1V15BareHash) => Ok(SignatureEncoding::Pkcs1V15BareHash),
        Err(_) => Err(InvalidField::UnknownValue { field, number }),
    }
}

fn hash(number: i32) -> Result<HashAlgorithm, InvalidField> {
    use verification_v1::HashAlgorithm as Wire;
    let field = "hash_algorithm";
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Err(InvalidField::Missing { field }),
        Ok(Wire::Sha256) => Ok(HashAlgorithm::Sha256),
        Ok(Wire::Sha384) => Ok(HashAlgorithm::Sha384),
        Ok(Wire::Sha512) => Ok(HashAlgorithm::Sha512),
        Err(_) => Err(InvalidField::UnknownValue { field, number }),
    }
}

fn signed(
    signed: Option<verification_v1::verify_signature_request::Signed>,
    hash: HashAlgorithm,
) -> Result<Signed, InvalidField> {
    use verification_v1::verify_signature_request::Signed as Wire;
    match signed {
        None => Err(InvalidField::Missing {
            field: "signed (message or digest)",
        }),
        Some(Wire::Message(message)) if message.len() > MAX_MESSAGE_OCTETS => {
            Err(InvalidField::TooLong {
                field: "message",
                octets: message.len(),
                most: MAX_MESSAGE_OCTETS,
            })
        }
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

fn purpose(number: i32) -> Result<Purpose, InvalidField> {
    use revocation_v1::Purpose as Wire;
    let field = "purpose";
    match Wire::try_from(number) {
        Ok(Wire::Unspecified) => Err(InvalidField::Missing { field }),
        Ok(Wire::UserAuthentication) => Ok(Purpose::UserAuthentication),
        Ok(Wire::SignatureVerification) => Ok(Purpose::SignatureVerification),
        Ok(Wire::ValidityConfirmation) => Ok(Purpose::ValidityConfirmation),
        Err(_) => Err(InvalidField::UnknownValue { field, number }),
    }
}

/// The question to revocation-lookup.
pub(crate) fn lookup(
    leaf: &ValidatedLeaf,
    purpose: Purpose,
    case_reference: &CaseReference,
) -> revocation_v1::GetRevocationStatusRequest {
    use revocation_v1::Purpose as Wire;
    let purpose = match purpose {
        Purpose::UserAuthentication => Wire::UserAuthentication,
        Purpose::SignatureVerification => Wire::SignatureVerification,
        Purpose::ValidityConfirmation => Wire::ValidityConfirmation,
    };
    revocation_v1::GetRevocationStatusRequest {
        issuer_key_id: leaf.issuer_key_id().as_bytes().to_vec(),
        serial_number: leaf.serial().as_bytes().to_vec(),
        distribution_point: leaf
            .distribution_point()
            .map(|point| point.der().to_vec())
            .unwrap_or_default(),
        purpose: purpose.into(),
        case_reference: case_reference.as_str().to_owned(),
    }
}

/// revocation-lookup's answer, or what in it contradicts itself.
pub(crate) fn revocation(
    answer: revocation_v1::GetRevocationStatusResponse,
) -> Result<Revocation, &'static str> {
    use revocation_v1::RevocationStatus as Wire;
    let why = answer.unknown_reason();
    let status = match (answer.status(), &answer.revocation, unknown(why)) {
        (Wire::Good, None, None) => Status::Good,
        (Wire::Revoked, Some(revocation), None) => Status::Revoked {
            revoked_at: UnixTime::from_secs(revocation.revoked_at),
            reason: reason(revocation.reason()).ok_or("a revocation without a known reason")?,
        },
        (Wire::Unknown, None, Some(why)) => Status::Unknown(why),
        _ => return Err("its status, revocation and unknown_reason do not fit together"),
    };
    let list = answer.list.map(list).transpose()?;
    Ok(Revocation {
        status,
        list,
        generation: answer.generation,
    })
}

fn list(evidence: revocation_v1::ListEvidence) -> Result<List, &'static str> {
    Ok(List {
        certification_authority: evidence.certification_authority,
        signer_key_id: KeyIdentifier::new(&evidence.signer_key_id)
            .map_err(|_| "a list without a signer's key identifier")?,
        issuing_distribution_point: evidence.issuing_distribution_point,
        crl_number: evidence.crl_number,
        this_update: UnixTime::from_secs(evidence.this_update),
        next_update: UnixTime::from_secs(evidence.next_update),
        age_seconds: evidence.age_seconds,
    })
}

/// The contract's numbers are the RFC's plus one.
fn reason(wire: revocation_v1::RevocationReason) -> Option<RevocationReason> {
    let code = u8::try_from(i32::from(wire).checked_sub(1)?).ok()?;
    RevocationReason::from_code(code)
}

fn wire_reason(reason: RevocationReason) -> revocation_v1::RevocationReason {
    use revocation_v1::RevocationReason as Wire;
    Wire::try_from(i32::from(reason.code()) + 1).unwrap_or(Wire::NotStated)
}

fn unknown(wire: revocation_v1::UnknownReason) -> Option<Unknown> {
    use revocation_v1::UnknownReason as Wire;
    match wire {
        Wire::Unspecified => None,
        Wire::NoSuchAuthority => Some(Unknown::NoSuchAuthority),
        Wire::NoList => Some(Unknown::NoList),
        Wire::Stale => Some(Unknown::Stale),
        Wire::OutOfScope => Some(Unknown::OutOfScope),
        Wire::Clock => Some(Unknown::Clock),
        Wire::Feed => Some(Unknown::Feed),
        Wire::Unavailable => Some(Unknown::Unavailable),
    }
}

const fn wire_unknown(why: Unknown) -> revocation_v1::UnknownReason {
    use revocation_v1::UnknownReason as Wire;
    match why {
        Unknown::NoSuchAuthority => Wire::NoSuchAuthority,
        Unknown::NoList => Wire::NoList,
        Unknown::Stale => Wire::Stale,
        Unknown::OutOfScope => Wire::OutOfScope,
        Unknown::Clock => Wire::Clock,
        Unknown::Feed => Wire::Feed,
        Unknown::Unavailable => Wire::Unavailable,
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
        revocation: verdict.revocation.map(wire_revocation),
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

fn wire_revocation(revocation: Revocation) -> revocation_v1::GetRevocationStatusResponse {
    use revocation_v1::RevocationStatus as Wire;
    let mut wire = revocation_v1::GetRevocationStatusResponse {
        list: revocation.list.map(wire_list),
        generation: revocation.generation,
        ..Default::default()
    };
    match revocation.status {
        Status::Good => wire.set_status(Wire::Good),
        Status::Revoked { revoked_at, reason } => {
            wire.set_status(Wire::Revoked);
            wire.revocation = Some(revocation_v1::Revocation {
                revoked_at: revoked_at.secs(),
                reason: wire_reason(reason).into(),
            });
        }
        Status::Unknown(why) => {
            wire.set_status(Wire::Unknown);
            wire.set_unknown_reason(wire_unknown(why));
        }
    }
    wire
}

fn wire_list(list: List) -> revocation_v1::ListEvidence {
    revocation_v1::ListEvidence {
        certification_authority: list.certification_authority,
        signer_key_id: list.signer_key_id.as_bytes().to_vec(),
        issuing_distribution_point: list.issuing_distribution_point,
        crl_number: list.crl_number,
        this_update: list.this_update.secs(),
        next_update: list.next_update.secs(),
        age_seconds: list.age_seconds,
    }
}
