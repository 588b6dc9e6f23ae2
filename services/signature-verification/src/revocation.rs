//! The revocation status of a certificate: asked of revocation-lookup, believed only with its proof.
//!
//! An answer that contradicts itself, or that calls a certificate good without a list that proves it
//! here and now, is no answer: it becomes *unknown*, which counts as not valid.

use std::future::Future;
use std::time::Duration;

use pki::limits::CLOCK_TOLERANCE_SECS;
use pki::{CertificationAuthority, KeyIdentifier, RevocationReason, UnixTime, ValidatedLeaf};
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use runtime::client::ClientError;
use runtime::config::GrpcClientConfig;
use tonic::Code;
use tonic::transport::Channel;

use crate::request::{CaseReference, Purpose};
use crate::wire;

/// An answer is under a kilobyte; its largest field is at most 4 KiB.
const MAX_ANSWER_OCTETS: usize = 16 * 1024;

/// Where the revocation status comes from: another process, or a test.
pub(crate) trait RevocationLookup: Send + Sync + 'static {
    /// The status of one certificate. It never fails: what could not be learnt is unknown.
    fn status(
        &self,
        leaf: &ValidatedLeaf,
        purpose: Purpose,
        case_reference: &CaseReference,
    ) -> impl Future<Output = Revocation> + Send;
}

/// A revocation status with the list behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Revocation {
    pub(crate) status: Status,
    pub(crate) list: Option<List>,
    pub(crate) generation: u64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    Good,
    Revoked {
        revoked_at: UnixTime,
        reason: RevocationReason,
    },
    Unknown(Unknown),
}

/// Why nothing is known; the reasons of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    NoSuchAuthority,
    NoList,
    Stale,
    OutOfScope,
    Clock,
    Feed,
    Unavailable,
}

impl Unknown {
    pub(crate) const fn rule(self) -> &'static str {
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

    pub(crate) const fn sentence(self) -> &'static str {
        match self {
            Self::NoSuchAuthority => "revocation-lookup has no authority with the issuer's key",
            Self::NoList => "no list is held for the certificate's distribution point",
            Self::Stale => "every list in scope is past its next update (RFC 5280 section 5.1.2.5)",
            Self::OutOfScope => "no list held is in scope (RFC 5280 section 5.2.5)",
            Self::Clock => "a clock is before the newest list, so its dates cannot be judged",
            Self::Feed => "a newer list may exist that revocation-lookup has not seen",
            Self::Unavailable => "the revocation service gave no usable answer",
        }
    }
}

/// The list behind an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) certification_authority: String,
    pub(crate) signer_key_id: KeyIdentifier,
    pub(crate) issuing_distribution_point: Vec<u8>,
    pub(crate) crl_number: String,
    pub(crate) this_update: UnixTime,
    pub(crate) next_update: UnixTime,
    pub(crate) age_seconds: i64,
}

impl Revocation {
    pub(crate) const fn unknown(why: Unknown) -> Self {
        Self {
            status: Status::Unknown(why),
            list: None,
            generation: 0,
        }
    }

    /// The same, unless it says *good* on a list that proves nothing here: of another authority, or
    /// not current by our own clock. revocation-lookup checks both with its own anchors and its own
    /// clock; a mistake in either must not become a signed-in person.
    pub(crate) fn with_good_proven(
        mut self,
        authority: &CertificationAuthority,
        now: UnixTime,
    ) -> Self {
        if self.status == Status::Good
            && let Some(why) = missing_proof(self.list.as_ref(), authority, now)
        {
            tracing::error!(rule = why.rule(), "a status of good came without its proof");
            self.status = Status::Unknown(why);
        }
        self
    }
}

fn missing_proof(
    list: Option<&List>,
    authority: &CertificationAuthority,
    now: UnixTime,
) -> Option<Unknown> {
    let Some(list) = list else {
        return Some(Unknown::Unavailable);
    };
    if authority.anchor(&list.signer_key_id).is_none() {
        return Some(Unknown::OutOfScope);
    }
    if now < list.this_update.plus_secs(-CLOCK_TOLERANCE_SECS) {
        return Some(Unknown::Clock);
    }
    // RFC 5280 section 5.1.2.5: the next list comes no later than nextUpdate; then this one is old.
    (now >= list.next_update).then_some(Unknown::Stale)
}

/// Asks revocation-lookup over gRPC.
#[derive(Clone)]
pub(crate) struct RevocationClient {
    client: RevocationLookupServiceClient<Channel>,
    timeout: Duration,
}

impl RevocationClient {
    /// A client that connects when it is first used, on the runtime that calls this.
    pub(crate) fn new(config: &GrpcClientConfig) -> Result<Self, ClientError> {
        let channel = runtime::client::channel_of(config)?;
        let client = RevocationLookupServiceClient::new(channel)
            .max_decoding_message_size(MAX_ANSWER_OCTETS);
        Ok(Self {
            client,
            timeout: config.timeout(),
        })
    }
}

impl RevocationLookup for RevocationClient {
    async fn status(
        &self,
        leaf: &ValidatedLeaf,
        purpose: Purpose,
        case_reference: &CaseReference,
    ) -> Revocation {
        let mut request = tonic::Request::new(wire::lookup(leaf, purpose, case_reference));
        request.set_timeout(self.timeout);
        let mut client = self.client.clone();
        // The deadline in the request is a wish to the other side; this one holds whatever it does.
        let answer =
            tokio::time::timeout(self.timeout, client.get_revocation_status(request)).await;
        match answer {
            Ok(Ok(answer)) => wire::revocation(answer.into_inner()).unwrap_or_else(|problem| {
                tracing::error!(%problem, "revocation-lookup's answer contradicts itself");
                Revocation::unknown(Unknown::Unavailable)
            }),
            Ok(Err(status)) => unavailable(status.code()),
            Err(_) => unavailable(Code::DeadlineExceeded),
        }
    }
}

/// Only the code is logged: a message could quote what was asked.
fn unavailable(code: Code) -> Revocation {
    tracing::warn!(?code, "revocation-lookup could not be asked");
    Revocation::unknown(Unknown::Unavailable)
}
