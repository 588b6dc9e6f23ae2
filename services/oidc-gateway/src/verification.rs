//! The question to signature-verification, and what its answer means for a sign-in.

use std::sync::Arc;

use proto::revocation::v1::{Purpose, RevocationMethod as WireMethod};
use proto::verification::v1::signature_verification_service_client::SignatureVerificationServiceClient;
use proto::verification::v1::verify_signature_request::Signed;
use proto::verification::v1::{
    HashAlgorithm, SignatureEncoding, VerificationResult, VerifySignatureRequest,
    VerifySignatureResponse,
};
use tonic::transport::Channel;

use crate::authentication_context::RevocationMethod;

/// Asks whose signature this is, and whether the certificate is good.
#[tonic::async_trait]
pub trait SignatureVerification: Send + Sync + std::fmt::Debug {
    /// Asks once.
    async fn verify_signature(
        &self,
        request: VerifySignatureRequest,
    ) -> Result<VerifySignatureResponse, tonic::Status>;
}

/// The service at the other end of a channel.
#[derive(Debug)]
pub struct RemoteSignatureVerification(SignatureVerificationServiceClient<Channel>);

impl RemoteSignatureVerification {
    /// Over this channel.
    pub fn new(channel: Channel) -> Arc<Self> {
        Arc::new(Self(SignatureVerificationServiceClient::new(channel)))
    }
}

#[tonic::async_trait]
impl SignatureVerification for RemoteSignatureVerification {
    async fn verify_signature(
        &self,
        request: VerifySignatureRequest,
    ) -> Result<VerifySignatureResponse, tonic::Status> {
        // A client is a handle to the channel; cloning shares the connection.
        Ok(self.0.clone().verify_signature(request).await?.into_inner())
    }
}

/// Why a card's answer was refused. What the person reads is in `words`; what the client learns is less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CardRefusal {
    Expired,
    NotYetValid,
    SignatureMismatch,
    Revoked,
    RevocationUnknown,
    UntrustedIssuer,
    UnsupportedCertificate,
    MalformedCertificate,
    ReaderMismatch,
    /// The service could not answer, or its two implementations disagreed.
    VerificationUnavailable,
}

impl CardRefusal {
    pub(crate) const ALL: [Self; 10] = [
        Self::Expired,
        Self::NotYetValid,
        Self::SignatureMismatch,
        Self::Revoked,
        Self::RevocationUnknown,
        Self::UntrustedIssuer,
        Self::UnsupportedCertificate,
        Self::MalformedCertificate,
        Self::ReaderMismatch,
        Self::VerificationUnavailable,
    ];

    /// The code in the reader app's answer, the store and the log.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Expired => "certificate_expired",
            Self::NotYetValid => "certificate_not_yet_valid",
            Self::SignatureMismatch => "signature_mismatch",
            Self::Revoked => "certificate_revoked",
            Self::RevocationUnknown => "revocation_unknown",
            Self::UntrustedIssuer => "untrusted_issuer",
            Self::UnsupportedCertificate => "unsupported_certificate",
            Self::MalformedCertificate => "malformed_certificate",
            Self::ReaderMismatch => "reader_mismatch",
            Self::VerificationUnavailable => "verification_unavailable",
        }
    }

    /// The refusal of a stored code.
    pub(crate) fn by_code(code: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|refusal| refusal.code() == code)
            .unwrap_or(Self::VerificationUnavailable)
    }

    /// Might the same card be accepted later, without the person doing anything?
    pub(crate) fn is_temporary(self) -> bool {
        matches!(
            self,
            Self::RevocationUnknown | Self::VerificationUnavailable
        )
    }

    /// The error for the client. Why a card was refused is between the person and the card's issuer.
    pub(crate) fn oauth_error(self) -> (&'static str, &'static str) {
        if self.is_temporary() {
            (
                "temporarily_unavailable",
                "the card cannot be confirmed at the moment",
            )
        } else {
            ("access_denied", "the person was not authenticated")
        }
    }
}

/// Asks whether the card signed this challenge. Gives the holder's identifier.
///
/// Where the client asked for one way of checking for revocation, the answer must rest on that way: a service of an earlier
/// version would not know of the wish, and what the ID token then said of it would be untrue.
pub(crate) async fn verify_card(
    service: &dyn SignatureVerification,
    certificate: Vec<u8>,
    signature: Vec<u8>,
    challenge: [u8; 32],
    case_reference: String,
    method: Option<RevocationMethod>,
) -> Result<Vec<u8>, CardRefusal> {
    let request = VerifySignatureRequest {
        certificate,
        signature,
        signature_encoding: SignatureEncoding::Pkcs1V15DigestInfo.into(),
        hash_algorithm: HashAlgorithm::Sha256.into(),
        signed: Some(Signed::Digest(challenge.to_vec())),
        purpose: Purpose::UserAuthentication.into(),
        case_reference,
        revocation_method: wire_method(method).into(),
    };
    let answer = tokio::time::timeout(
        crate::limits::VERIFICATION_TIMEOUT,
        service.verify_signature(request),
    );
    match answer.await {
        Ok(Ok(response)) if response.result() == VerificationResult::Ok => {
            if rests_on(&response, method) {
                return holder_id(response);
            }
            tracing::error!(
                "signature-verification did not check for revocation as it was asked to; update it"
            );
            Err(CardRefusal::VerificationUnavailable)
        }
        Ok(Ok(response)) => holder_id(response),
        Ok(Err(status)) => {
            // The message of a status is our own services' wording and holds nothing personal.
            tracing::warn!(code = ?status.code(), "signature-verification does not answer");
            Err(CardRefusal::VerificationUnavailable)
        }
        Err(_) => {
            tracing::warn!("signature-verification did not answer in time");
            Err(CardRefusal::VerificationUnavailable)
        }
    }
}

fn wire_method(method: Option<RevocationMethod>) -> WireMethod {
    match method {
        None => WireMethod::Unspecified,
        Some(RevocationMethod::Crl) => WireMethod::Crl,
        Some(RevocationMethod::Ocsp) => WireMethod::Ocsp,
    }
}

/// Does the evidence that came along show this method, and no other?
fn rests_on(response: &VerifySignatureResponse, method: Option<RevocationMethod>) -> bool {
    let evidence = response.revocation.as_ref();
    let (by_list, by_responder) = evidence.map_or((false, false), |evidence| {
        (evidence.list.is_some(), evidence.ocsp.is_some())
    });
    match method {
        None => true,
        Some(RevocationMethod::Crl) => by_list && !by_responder,
        Some(RevocationMethod::Ocsp) => by_responder && !by_list,
    }
}

fn holder_id(response: VerifySignatureResponse) -> Result<Vec<u8>, CardRefusal> {
    use VerificationResult as Verified;
    let refusal = match response.result() {
        Verified::Ok => {
            // A service that says yes without saying who is not believed.
            return response
                .holder
                .map(|holder| holder.holder_id)
                .filter(|holder_id| holder_id.len() == 16)
                .ok_or(CardRefusal::VerificationUnavailable);
        }
        Verified::CertificateExpired => CardRefusal::Expired,
        Verified::CertificateNotYetValid => CardRefusal::NotYetValid,
        Verified::SignatureMismatch => CardRefusal::SignatureMismatch,
        Verified::CertificateRevoked => CardRefusal::Revoked,
        Verified::RevocationUnknown => CardRefusal::RevocationUnknown,
        Verified::UntrustedIssuer => CardRefusal::UntrustedIssuer,
        Verified::UnsupportedCertificate => CardRefusal::UnsupportedCertificate,
        Verified::MalformedCertificate => CardRefusal::MalformedCertificate,
        Verified::Unspecified | Verified::CrossCheckDisagreement => {
            CardRefusal::VerificationUnavailable
        }
    };
    Err(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto::verification::v1::Holder;

    fn answer(result: VerificationResult, holder_id: Option<Vec<u8>>) -> VerifySignatureResponse {
        let mut response = VerifySignatureResponse {
            holder: holder_id.map(|holder_id| Holder {
                holder_id,
                origin: 1,
            }),
            ..VerifySignatureResponse::default()
        };
        response.set_result(result);
        response
    }

    #[test]
    fn attack_56_only_a_yes_that_says_who_signs_anybody_in() {
        let holder = Some(vec![7; 16]);
        assert_eq!(
            holder_id(answer(VerificationResult::Ok, holder.clone())),
            Ok(vec![7; 16])
        );
        for nobody in [None, Some(Vec::new()), Some(vec![7; 15]), Some(vec![7; 17])] {
            let refusal = holder_id(answer(VerificationResult::Ok, nobody));
            assert_eq!(refusal, Err(CardRefusal::VerificationUnavailable));
        }
        // A signing certificate is unsupported or of an untrusted issuer there; whatever else the answer says, it is no.
        for number in (0..=10).filter(|number| *number != VerificationResult::Ok as i32) {
            let result = VerificationResult::try_from(number).unwrap();
            assert!(
                holder_id(answer(result, holder.clone())).is_err(),
                "{result:?}"
            );
        }
        // A result this program does not know is read as unspecified.
        let mut unknown = answer(VerificationResult::Ok, holder);
        unknown.result = 99;
        assert_eq!(
            holder_id(unknown),
            Err(CardRefusal::VerificationUnavailable)
        );
    }

    #[test]
    fn a_yes_counts_for_the_way_of_checking_that_it_shows() {
        use RevocationMethod::{Crl, Ocsp};
        use proto::revocation::v1::{GetRevocationStatusResponse, ListEvidence, OcspEvidence};
        let shown = |list: bool, ocsp: bool| VerifySignatureResponse {
            revocation: Some(GetRevocationStatusResponse {
                list: list.then(ListEvidence::default),
                ocsp: ocsp.then(Box::<OcspEvidence>::default),
                ..GetRevocationStatusResponse::default()
            }),
            ..VerifySignatureResponse::default()
        };
        assert!(rests_on(&shown(true, false), Some(Crl)));
        assert!(rests_on(&shown(false, true), Some(Ocsp)));
        for (list, ocsp) in [(false, false), (true, true)] {
            assert!(!rests_on(&shown(list, ocsp), Some(Crl)));
            assert!(!rests_on(&shown(list, ocsp), Some(Ocsp)));
        }
        assert!(!rests_on(&shown(true, false), Some(Ocsp)));
        assert!(!rests_on(&shown(false, true), Some(Crl)));
        assert!(!rests_on(&VerifySignatureResponse::default(), Some(Crl)));
        assert!(rests_on(&VerifySignatureResponse::default(), None));
    }

    #[test]
    fn a_stored_refusal_is_read_back_as_it_was() {
        for refusal in CardRefusal::ALL {
            assert_eq!(CardRefusal::by_code(refusal.code()), refusal);
        }
        assert_eq!(
            CardRefusal::by_code("of another version"),
            CardRefusal::VerificationUnavailable
        );
    }
}
