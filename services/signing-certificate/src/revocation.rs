//! The revocation status of a certificate: the question, the answer, and the client that asks revocation-lookup.
//!
//! An answer that contradicts itself, or that calls a certificate good without the proof for it, is no answer: it
//! becomes *unknown*, which a caller treats as not valid.

use std::future::Future;
use std::time::Duration;

use pki::limits::CLOCK_TOLERANCE_SECS;
use pki::{CertificationAuthority, KeyIdentifier, RevocationReason, UnixTime, ValidatedLeaf};
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use runtime::config::GrpcClientConfig;
use tonic::Code;
use tonic::transport::Channel;

use crate::request::{CaseReference, Purpose};
use crate::wire;

/// Where the revocation status comes from: another process, or a test.
pub(crate) trait RevocationLookup: Send + Sync + 'static {
    /// The status of one certificate. It never fails: what could not be learnt is unknown.
    fn status(&self, question: Question<'_>) -> impl Future<Output = Revocation> + Send;
}

/// One certificate, and why it is asked about.
#[derive(Clone, Copy)]
pub(crate) struct Question<'a> {
    pub(crate) leaf: &'a ValidatedLeaf,
    pub(crate) purpose: Purpose,
    pub(crate) case_reference: &'a CaseReference,
}

/// A revocation status with the list behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revocation {
    pub(crate) status: RevocationStatus,
    pub(crate) list: Option<List>,
    pub(crate) generation: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RevocationStatus {
    Good,
    Revoked {
        revoked_at: UnixTime,
        reason: Reason,
    },
    Unknown(UnknownReason),
}

/// A reason code that an answer may carry: every one but removeFromCRL, which undoes a revocation and stands in delta
/// lists only (RFC 5280 section 5.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reason(RevocationReason);

impl Reason {
    pub(crate) fn new(reason: RevocationReason) -> Option<Self> {
        (reason != RevocationReason::RemoveFromCrl).then_some(Self(reason))
    }

    pub(crate) fn code(self) -> u8 {
        self.0.code()
    }

    /// Its name in RFC 5280 section 5.3.1.
    pub(crate) fn rfc_name(self) -> &'static str {
        match self.0 {
            RevocationReason::Unspecified | RevocationReason::RemoveFromCrl => "unspecified",
            RevocationReason::KeyCompromise => "keyCompromise",
            RevocationReason::CaCompromise => "cACompromise",
            RevocationReason::AffiliationChanged => "affiliationChanged",
            RevocationReason::Superseded => "superseded",
            RevocationReason::CessationOfOperation => "cessationOfOperation",
            RevocationReason::CertificateHold => "certificateHold",
            RevocationReason::PrivilegeWithdrawn => "privilegeWithdrawn",
            RevocationReason::AaCompromise => "aACompromise",
        }
    }
}

/// Why a status is unknown; the reasons of the proto contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownReason {
    NoSuchAuthority,
    NoList,
    Stale,
    OutOfScope,
    Clock,
    Feed,
    Unavailable,
}

impl UnknownReason {
    /// The rule a valid certificate would have kept.
    pub(crate) fn rule(self) -> &'static str {
        match self {
            Self::NoSuchAuthority => "revocation_no_such_authority",
            Self::NoList => "revocation_no_list",
            Self::Stale => "revocation_list_stale",
            Self::OutOfScope => "revocation_list_out_of_scope",
            Self::Clock => "revocation_clock",
            Self::Feed => "revocation_feed",
            Self::Unavailable => "revocation_unavailable",
        }
    }

    pub(crate) fn sentence(self) -> &'static str {
        match self {
            Self::NoSuchAuthority => "the revocation service knows no CA with this key",
            Self::NoList => {
                "no list is held for the certificate's distribution point, and no full list"
            }
            Self::Stale => {
                "every list in its scope is past its next update (RFC 5280 section 5.1.2.5) or too old"
            }
            Self::OutOfScope => "only lists of other scopes are held (RFC 5280 section 5.2.5)",
            Self::Clock => "a clock is before the newest list, so no list's dates can be judged",
            Self::Feed => "the revocation service may have missed a newer list",
            Self::Unavailable => {
                "the revocation service could not be asked, or its answer proves nothing"
            }
        }
    }
}

/// The list behind an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) certification_authority: String,
    pub(crate) signer_key_id: KeyIdentifier,
    /// DER; empty for a full list.
    pub(crate) issuing_distribution_point: Vec<u8>,
    pub(crate) crl_number: String,
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: UnixTime,
    pub(crate) age_seconds: i64,
}

impl Revocation {
    pub(crate) const fn unknown(reason: UnknownReason) -> Self {
        Self {
            status: RevocationStatus::Unknown(reason),
            list: None,
            generation: 0,
        }
    }

    /// The same answer, unless it says *good* on a list that proves nothing here: signed by a key that is not this
    /// authority's, or not current by our own clock. revocation-lookup checks both; that process has its own anchors
    /// and its own clock, and a mistake in either must not become *valid* in this one.
    pub(crate) fn with_good_proven(
        mut self,
        authority: &CertificationAuthority,
        now: UnixTime,
    ) -> Self {
        if self.status == RevocationStatus::Good
            && let Some(reason) = missing_proof(self.list.as_ref(), authority, now)
        {
            tracing::error!(
                rule = reason.rule(),
                "revocation-lookup called a certificate good on a list that does not prove it here"
            );
            self.status = RevocationStatus::Unknown(reason);
        }
        self
    }
}

fn missing_proof(
    list: Option<&List>,
    authority: &CertificationAuthority,
    now: UnixTime,
) -> Option<UnknownReason> {
    let Some(list) = list else {
        return Some(UnknownReason::Unavailable);
    };
    if authority.anchor(&list.signer_key_id).is_none() {
        return Some(UnknownReason::OutOfScope);
    }
    if now < list.this_update.plus_secs(-CLOCK_TOLERANCE_SECS) {
        return Some(UnknownReason::Clock);
    }
    // RFC 5280 section 5.1.2.5: the next list is issued no later than nextUpdate, so from then on this one is old.
    (now >= list.next_update).then_some(UnknownReason::Stale)
}

/// Asks revocation-lookup over gRPC. One call a check: agencies ask thousands of times a day, so the stream that
/// coalesces lookups would save nothing here.
#[derive(Clone)]
pub(crate) struct GrpcRevocationLookup {
    client: RevocationLookupServiceClient<Channel>,
    timeout: Duration,
}

impl GrpcRevocationLookup {
    /// Connects when first asked.
    pub(crate) fn new(config: &GrpcClientConfig) -> Result<Self, runtime::client::ClientError> {
        let channel = runtime::client::channel_of(config)?;
        Ok(Self {
            client: RevocationLookupServiceClient::new(channel)
                .max_decoding_message_size(LARGEST_ANSWER),
            timeout: config.timeout(),
        })
    }
}

/// An answer is under a kilobyte; its largest field, a distribution point, is limited to 4 KiB by the contract.
const LARGEST_ANSWER: usize = 16 * 1024;

impl RevocationLookup for GrpcRevocationLookup {
    async fn status(&self, question: Question<'_>) -> Revocation {
        let mut client = self.client.clone();
        let mut request = tonic::Request::new(wire::lookup_request(question));
        request.set_timeout(self.timeout);
        // The deadline in the request is a wish of the other process; the one here holds whatever that one does.
        let answer =
            tokio::time::timeout(self.timeout, client.get_revocation_status(request)).await;
        match answer {
            Ok(Ok(answer)) => wire::revocation(answer.into_inner()).unwrap_or_else(|problem| {
                tracing::error!(%problem, "revocation-lookup's answer contradicts itself");
                Revocation::unknown(UnknownReason::Unavailable)
            }),
            Ok(Err(status)) => unavailable(status.code()),
            Err(_elapsed) => unavailable(Code::DeadlineExceeded),
        }
    }
}

/// The code alone is logged: a message could quote what was asked.
fn unavailable(code: Code) -> Revocation {
    if matches!(
        code,
        Code::PermissionDenied | Code::InvalidArgument | Code::Unimplemented
    ) {
        tracing::error!(
            ?code,
            "revocation-lookup refuses this service; compare its allowlist"
        );
    } else {
        tracing::warn!(?code, "revocation-lookup could not be asked");
    }
    Revocation::unknown(UnknownReason::Unavailable)
}
