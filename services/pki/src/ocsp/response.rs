//! Reading an answer strictly (RFC 6960 section 4.2.1); nothing is proven here.

use crate::certificate::{
    Extension, ExtensionError, FoundIdentifier, check_duplicates, read_extensions,
};
use crate::der::{
    ENUMERATED, GENERALIZED_TIME, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, check_strict,
    context, context_primitive, whole_sequence,
};
use crate::limits::{
    MAX_OCSP_ANSWERS, MAX_OCSP_CERTIFICATES, MAX_OCSP_NONCE_BYTES, MAX_OCSP_RESPONSE_BYTES,
};
use crate::name::canonical_name;
use crate::ocsp::cert_id::{FoundCertId, key_hash};
use crate::ocsp::{NONCE, OcspError, OcspFailure, OcspStatus};
use crate::time::from_der;
use crate::{DerError, PublicKey, RevocationReason, UnixTime};

/// `id-pkix-ocsp-basic`, 1.3.6.1.5.5.7.48.1.1.
pub(super) const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];

/// `BasicOCSPResponse`.
pub(super) struct BasicResponse<'a> {
    /// `tbsResponseData`.
    pub(super) signed: &'a [u8],
    /// `AlgorithmIdentifier`.
    pub(super) signature_algorithm: &'a [u8],
    pub(super) signature: &'a [u8],
    pub(super) responder: ResponderId<'a>,
    pub(super) produced_at: UnixTime,
    pub(super) answers: Vec<Answer<'a>>,
    pub(super) nonce: Option<&'a [u8]>,
    /// Each in DER, not looked at.
    pub(super) certificates: Vec<&'a [u8]>,
}

/// Who says it answers.
pub(super) enum ResponderId<'a> {
    /// A name, canonical.
    Name(Vec<u8>),
    /// The SHA-1 hash of a key.
    KeyHash(&'a [u8]),
}

impl ResponderId<'_> {
    pub(super) fn is(&self, canonical_name: &[u8], key: &PublicKey) -> bool {
        match self {
            Self::Name(name) => name == canonical_name,
            Self::KeyHash(hash) => **hash == *key_hash(key),
        }
    }
}

/// `SingleResponse`.
pub(super) struct Answer<'a> {
    pub(super) cert_id: FoundCertId<'a>,
    pub(super) status: OcspStatus,
    pub(super) this_update: UnixTime,
    pub(super) next_update: Option<UnixTime>,
}

impl<'a> BasicResponse<'a> {
    /// Reads an `OCSPResponse`.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, OcspError> {
        if der.len() > MAX_OCSP_RESPONSE_BYTES {
            return Err(OcspError::TooLarge { octets: der.len() });
        }
        check_strict(der)?;
        let mut outer = whole_sequence(der)?;
        let status = enumerated(&mut outer)?;
        let bytes = outer.optional(context(0))?;
        outer.finish()?;
        match (failure(status)?, bytes) {
            (None, Some(bytes)) => Self::from_response_bytes(bytes.contents),
            (None, None) => Err(OcspError::ResponseBytesMissing),
            (Some(failure), None) => Err(OcspError::Unsuccessful { failure }),
            (Some(_), Some(_)) => Err(OcspError::ResponseBytesUnexpected),
        }
    }

    fn from_response_bytes(tagged: &'a [u8]) -> Result<Self, OcspError> {
        let mut bytes = whole_sequence(tagged)?;
        let response_type = bytes.expect(OBJECT_IDENTIFIER)?.contents;
        if response_type != BASIC {
            let found = FoundIdentifier::new(response_type);
            return Err(OcspError::ResponseType { found });
        }
        let basic = bytes.expect(OCTET_STRING)?.contents;
        bytes.finish()?;
        check_strict(basic)?;
        let mut basic = whole_sequence(basic)?;
        let signed = basic.expect(SEQUENCE)?;
        let signature_algorithm = basic.expect(SEQUENCE)?.raw;
        let signature = basic.octet_aligned_bits()?;
        let certificates = match basic.optional(context(0))? {
            Some(tagged) => certificates(tagged.contents)?,
            None => Vec::new(),
        };
        basic.finish()?;

        let mut data = Reader::new(signed.contents);
        // The default is version 1, so DER leaves it out (X.690 section 11.5).
        if data.optional(context(0))?.is_some() {
            return Err(OcspError::Version);
        }
        let responder = responder_id(&mut data)?;
        let produced_at = generalized_time(&mut data)?;
        let answers = answers(data.sequence()?)?;
        let nonce = match data.optional(context(1))? {
            Some(tagged) => read_nonce(tagged.contents)?,
            None => None,
        };
        data.finish()?;
        Ok(Self {
            signed: signed.raw,
            signature_algorithm,
            signature,
            responder,
            produced_at,
            answers,
            nonce,
            certificates,
        })
    }
}

/// `OCSPResponseStatus`; none is success.
fn failure(status: u8) -> Result<Option<OcspFailure>, OcspError> {
    match status {
        0 => Ok(None),
        1 => Ok(Some(OcspFailure::MalformedRequest)),
        2 => Ok(Some(OcspFailure::InternalError)),
        3 => Ok(Some(OcspFailure::TryLater)),
        5 => Ok(Some(OcspFailure::SigRequired)),
        6 => Ok(Some(OcspFailure::Unauthorized)),
        code => Err(OcspError::ResponseStatus { code }),
    }
}

fn certificates(tagged: &[u8]) -> Result<Vec<&[u8]>, OcspError> {
    let mut list = whole_sequence(tagged)?;
    let mut certificates = Vec::new();
    while !list.is_empty() {
        certificates.push(list.expect(SEQUENCE)?.raw);
        if certificates.len() > MAX_OCSP_CERTIFICATES {
            return Err(OcspError::TooManyCertificates);
        }
    }
    Ok(certificates)
}

/// `ResponderID`; a CHOICE, so both tags are explicit.
fn responder_id<'a>(data: &mut Reader<'a>) -> Result<ResponderId<'a>, OcspError> {
    if let Some(name) = data.optional(context(1))? {
        return Ok(ResponderId::Name(canonical_name(name.contents)?));
    }
    let mut tagged = Reader::new(data.expect(context(2))?.contents);
    let hash = tagged.expect(OCTET_STRING)?.contents;
    tagged.finish()?;
    Ok(ResponderId::KeyHash(hash))
}

fn answers(mut list: Reader<'_>) -> Result<Vec<Answer<'_>>, OcspError> {
    let mut answers = Vec::new();
    while !list.is_empty() {
        answers.push(answer(list.sequence()?)?);
        if answers.len() > MAX_OCSP_ANSWERS {
            return Err(OcspError::TooManyAnswers);
        }
    }
    Ok(answers)
}

fn answer(mut fields: Reader<'_>) -> Result<Answer<'_>, OcspError> {
    let cert_id = FoundCertId::read(&mut fields)?;
    let status = cert_status(&mut fields)?;
    let this_update = generalized_time(&mut fields)?;
    let next_update = match fields.optional(context(0))? {
        Some(tagged) => Some(only_generalized_time(tagged.contents)?),
        None => None,
    };
    let extensions = match fields.optional(context(1))? {
        Some(tagged) => read_extensions(tagged.contents)?,
        None => Vec::new(),
    };
    fields.finish()?;
    check_duplicates(&extensions)?;
    if let Some(unknown) = extensions.iter().find(|extension| extension.critical) {
        let extension = FoundIdentifier::new(unknown.identifier);
        return Err(OcspError::UnknownCriticalAnswerExtension { extension });
    }
    if let Some(next_update) = next_update.filter(|next_update| *next_update <= this_update) {
        return Err(OcspError::UpdateOrder {
            this_update,
            next_update,
        });
    }
    Ok(Answer {
        cert_id,
        status,
        this_update,
        next_update,
    })
}

/// `CertStatus`.
fn cert_status(fields: &mut Reader<'_>) -> Result<OcspStatus, OcspError> {
    let empty = |contents: &[u8], status| match contents {
        [] => Ok(status),
        _ => Err(DerError::Null.into()),
    };
    if let Some(good) = fields.optional(context_primitive(0))? {
        return empty(good.contents, OcspStatus::Good);
    }
    if let Some(unknown) = fields.optional(context_primitive(2))? {
        return empty(unknown.contents, OcspStatus::Unknown);
    }
    let mut revoked = Reader::new(fields.expect(context(1))?.contents);
    let revoked_at = generalized_time(&mut revoked)?;
    let reason = match revoked.optional(context(0))? {
        Some(tagged) => reason(tagged.contents)?,
        None => RevocationReason::Unspecified,
    };
    revoked.finish()?;
    Ok(OcspStatus::Revoked { revoked_at, reason })
}

fn reason(tagged: &[u8]) -> Result<RevocationReason, OcspError> {
    let mut tagged = Reader::new(tagged);
    let code = enumerated(&mut tagged)?;
    tagged.finish()?;
    match RevocationReason::from_code(code) {
        // RFC 5280 section 5.3.1: only in delta lists; nobody knows whether that is revoked.
        Some(RevocationReason::RemoveFromCrl) | None => Err(OcspError::Reason { code }),
        Some(reason) => Ok(reason),
    }
}

/// `responseExtensions`; only the nonce is kept.
fn read_nonce(tagged: &[u8]) -> Result<Option<&[u8]>, OcspError> {
    let extensions = read_extensions(tagged)?;
    check_duplicates(&extensions)?;
    let mut found = None;
    for extension in &extensions {
        if extension.identifier == NONCE {
            found = Some(nonce(extension)?);
        } else if extension.critical {
            let extension = FoundIdentifier::new(extension.identifier);
            return Err(OcspError::UnknownCriticalExtension { extension });
        }
    }
    Ok(found)
}

fn nonce<'a>(extension: &Extension<'a>) -> Result<&'a [u8], OcspError> {
    let contents = nonce_octets(extension)?;
    check_nonce_length(contents).map_err(|octets| OcspError::NonceLength { octets })?;
    Ok(contents)
}

/// The octets inside the extension, which wraps an OCTET STRING of its own.
pub(super) fn nonce_octets<'a>(extension: &Extension<'a>) -> Result<&'a [u8], ExtensionError> {
    let contents = || {
        let mut value = Reader::new(extension.value);
        let contents = value.expect(OCTET_STRING)?.contents;
        value.finish().map(|()| contents)
    };
    contents().map_err(|error| extension.malformed(error))
}

/// `Nonce ::= OCTET STRING (SIZE (1..128))` (RFC 9654 section 2.1); gives the length that is wrong.
pub(super) fn check_nonce_length(nonce: &[u8]) -> Result<(), usize> {
    let octets = nonce.len();
    if (1..=MAX_OCSP_NONCE_BYTES).contains(&octets) {
        Ok(())
    } else {
        Err(octets)
    }
}

/// An ENUMERATED whose numbers are all below 128.
fn enumerated(reader: &mut Reader<'_>) -> Result<u8, DerError> {
    match reader.expect(ENUMERATED)?.contents {
        [code @ 0..0x80] => Ok(*code),
        _ => Err(DerError::Integer),
    }
}

/// All times are GeneralizedTime, before 2050 too (RFC 6960 section 4.2.2.1).
fn generalized_time(reader: &mut Reader<'_>) -> Result<UnixTime, DerError> {
    from_der(GENERALIZED_TIME, reader.expect(GENERALIZED_TIME)?.contents)
}

fn only_generalized_time(tagged: &[u8]) -> Result<UnixTime, DerError> {
    let mut reader = Reader::new(tagged);
    let time = generalized_time(&mut reader)?;
    reader.finish().map(|()| time)
}
