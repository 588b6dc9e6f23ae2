//! Who may answer, and whether it did (RFC 6960 section 4.2.2.2).

use crate::certificate::{
    CardCertificate, Certificate, Extension, ExtensionError, FoundIdentifier,
};
use crate::der::{BIT_STRING, NULL, Reader, check_strict, named_bits, whole_sequence};
use crate::ocsp::response::BasicResponse;
use crate::ocsp::{CertId, DelegateRevocation, OcspError, OcspExpectation, OcspResponder};
use crate::profile::{BASIC_CONSTRAINTS, CERTIFICATE_POLICIES, EXTENDED_KEY_USAGE, KEY_USAGE};
use crate::{
    KeyUsage, PublicKey, SignatureAlgorithm, SignatureAlgorithmError, SignatureError, Signed,
    UnixTime, Verifier,
};

/// `id-kp-OCSPSigning`, 1.3.6.1.5.5.7.3.9.
const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
/// `id-pkix-ocsp-nocheck`, 1.3.6.1.5.5.7.48.1.5.
const NO_CHECK: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 5];

/// A signature, how it was made, and over what.
struct Signature<'a> {
    algorithm: SignatureAlgorithm,
    signed: &'a [u8],
    value: &'a [u8],
}

impl Signature<'_> {
    /// Whether the key made it; `mismatch` says what it means if not.
    fn check(
        &self,
        key: &PublicKey,
        verifier: &Verifier,
        mismatch: OcspError,
    ) -> Result<(), OcspError> {
        let SignatureAlgorithm { encoding, hash } = self.algorithm;
        let signed = Signed::Message(self.signed);
        verifier
            .verify(key, encoding, hash, signed, self.value)
            .map_err(|error| refusal(error, mismatch))
    }
}

/// A disagreement of the implementations is an alarm, whatever a mismatch would have meant.
fn refusal(error: SignatureError, mismatch: OcspError) -> OcspError {
    match error {
        SignatureError::CrossCheckDisagreement => OcspError::CrossCheckDisagreement,
        SignatureError::Mismatch
        | SignatureError::KeyAlgorithm { .. }
        | SignatureError::DigestLength { .. } => mismatch,
    }
}

/// Finds who signed: the issuer itself, or somebody whom the issuer's key authorized directly.
pub(super) fn find(
    response: &BasicResponse<'_>,
    cert_id: &CertId,
    expectation: &OcspExpectation<'_>,
    verifier: &Verifier,
) -> Result<OcspResponder, OcspError> {
    let signature = Signature {
        algorithm: signature_algorithm(response.signature_algorithm)?,
        signed: response.signed,
        value: response.signature,
    };
    let (mut refusal, mut unreadable) = (None, None);
    let issuer_key = cert_id.issuer_key();
    if response
        .responder
        .is(cert_id.canonical_issuer(), issuer_key)
    {
        match signature.check(issuer_key, verifier, OcspError::Signature) {
            Ok(()) => return Ok(OcspResponder::Issuer),
            // A delegate may have the issuer's name.
            Err(OcspError::Signature) => refusal = Some(OcspError::Signature),
            Err(error) => return Err(error),
        }
    }
    for der in &response.certificates {
        let delegate = match CardCertificate::read(der) {
            Ok(delegate) => delegate,
            // Whatever certificates come along, only the responder's has to be one we read.
            Err(error) => {
                unreadable.get_or_insert(OcspError::ResponderCertificate(error));
                continue;
            }
        };
        let key = &delegate.public_key;
        let subject = &delegate.certificate.canonical_subject;
        if !response.responder.is(subject, key) {
            continue;
        }
        let issuer = IssuingKey {
            canonical_name: cert_id.canonical_issuer(),
            key: issuer_key,
        };
        let no_check = check_delegate(&delegate, &issuer, expectation.now, verifier)
            .and_then(|no_check| check_undetermined(no_check, expectation));
        let signed_by_delegate = no_check.and_then(|no_check| {
            signature.check(key, verifier, OcspError::Signature)?;
            Ok(OcspResponder::Delegate { no_check })
        });
        match signed_by_delegate {
            Ok(delegate) => return Ok(delegate),
            Err(error @ OcspError::CrossCheckDisagreement) => return Err(error),
            Err(error) => {
                refusal.get_or_insert(error);
            }
        }
    }
    Err(refusal
        .or(unreadable)
        .unwrap_or(OcspError::UnknownResponder))
}

/// How a response is signed; SHA-1 is not among the ways.
fn signature_algorithm(der: &[u8]) -> Result<SignatureAlgorithm, OcspError> {
    SignatureAlgorithm::from_der(der).map_err(|error| match error {
        SignatureAlgorithmError::Der(error) => OcspError::Der(error),
        SignatureAlgorithmError::Unsupported { found } => OcspError::SignatureAlgorithm { found },
        SignatureAlgorithmError::Parameters => OcspError::SignatureParameters,
    })
}

/// Whoever may authorize a delegate.
pub(super) struct IssuingKey<'a> {
    pub(super) canonical_name: &'a [u8],
    pub(super) key: &'a PublicKey,
}

/// A delegate that may be revoked itself is not enough where nobody says that it is not.
fn check_undetermined(
    no_check: bool,
    expectation: &OcspExpectation<'_>,
) -> Result<bool, OcspError> {
    if !no_check && expectation.delegate_revocation == DelegateRevocation::NoCheckRequired {
        return Err(OcspError::ResponderRevocationUndetermined);
    }
    Ok(no_check)
}

/// Whether the issuer authorized this certificate's key to answer, now; gives whether it also said
/// that the certificate's own revocation need not be asked about. The cheap rules come first.
pub(super) fn check_delegate(
    delegate: &CardCertificate<'_>,
    issuer: &IssuingKey<'_>,
    now: UnixTime,
    verifier: &Verifier,
) -> Result<bool, OcspError> {
    let certificate = &delegate.certificate;
    if certificate.canonical_issuer != issuer.canonical_name {
        return Err(OcspError::ResponderIssuer);
    }
    let no_check = check_extensions(certificate)?;
    let (not_before, not_after) = (certificate.not_before, certificate.not_after);
    if now < not_before {
        return Err(OcspError::ResponderNotYetValid { not_before, now });
    }
    if now > not_after {
        return Err(OcspError::ResponderExpired { not_after, now });
    }
    let signature = Signature {
        algorithm: delegate.signature_algorithm,
        signed: certificate.signed,
        value: certificate.signature,
    };
    signature.check(issuer.key, verifier, OcspError::ResponderIssuerSignature)?;
    Ok(no_check)
}

fn check_extensions(certificate: &Certificate<'_>) -> Result<bool, OcspError> {
    let (mut ocsp_signing, mut no_check) = (false, false);
    for extension in &certificate.extensions {
        match extension.identifier {
            KEY_USAGE => check_key_usage(extension)?,
            EXTENDED_KEY_USAGE => ocsp_signing = names_ocsp_signing(extension)?,
            NO_CHECK => {
                check_null(extension)?;
                no_check = true;
            }
            // What else it may do, and under which policy, has no say in what it may answer.
            BASIC_CONSTRAINTS | CERTIFICATE_POLICIES => {}
            unknown if extension.critical => {
                let extension = FoundIdentifier::new(unknown);
                return Err(OcspError::ResponderUnknownCriticalExtension { extension });
            }
            _ => {}
        }
    }
    // RFC 6960 section 4.2.2.2: designated by this purpose, so anyExtendedKeyUsage is not enough.
    if ocsp_signing {
        Ok(no_check)
    } else {
        Err(OcspError::ResponderExtendedKeyUsage)
    }
}

/// RFC 5280 section 4.2.1.3: without digitalSignature the key signs no messages.
fn check_key_usage(extension: &Extension<'_>) -> Result<(), OcspError> {
    let bits = || {
        let mut reader = Reader::new(extension.value);
        let bits = named_bits(reader.expect(BIT_STRING)?.contents)?;
        reader.finish().map(|()| bits)
    };
    let found = KeyUsage::from_bits(bits().map_err(|error| extension.malformed(error))?);
    if found.bits() & KeyUsage::DIGITAL_SIGNATURE.bits() == 0 {
        return Err(OcspError::ResponderKeyUsage { found });
    }
    Ok(())
}

fn names_ocsp_signing(extension: &Extension<'_>) -> Result<bool, ExtensionError> {
    let purposes = || {
        check_strict(extension.value)?;
        let mut list = whole_sequence(extension.value)?;
        let mut found = false;
        while !list.is_empty() {
            found |= list.object_identifier()? == OCSP_SIGNING;
        }
        Ok(found)
    };
    purposes().map_err(|error| extension.malformed(error))
}

/// RFC 6960 section 4.2.2.2.1: the value is NULL.
fn check_null(extension: &Extension<'_>) -> Result<(), ExtensionError> {
    let null = || {
        check_strict(extension.value)?;
        Reader::new(extension.value).expect(NULL)
    };
    null().map(drop).map_err(|error| extension.malformed(error))
}

#[cfg(test)]
mod tests {
    use super::refusal;
    use crate::{OcspError, SignatureError};

    #[test]
    fn a_disagreement_of_the_implementations_is_told_apart_from_a_wrong_signature() {
        let disagreement = SignatureError::CrossCheckDisagreement;
        assert_eq!(
            refusal(disagreement, OcspError::Signature),
            OcspError::CrossCheckDisagreement
        );
        let issuer = OcspError::ResponderIssuerSignature;
        assert_eq!(refusal(SignatureError::Mismatch, issuer.clone()), issuer);
    }
}
