//! The question to revocation-lookup, over gRPC.

use std::future::Future;
use std::time::Duration;

use pki::{UnixTime, ValidatedLeaf};
use proto::revocation::v1::GetRevocationStatusResponse;
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use runtime::client::ClientError;
use runtime::config::GrpcClientConfig;
use serde::Deserialize;
use tonic::Code;
use tonic::transport::Channel;

use crate::hop::{Asked, Hop};
use crate::past::PastRevocation;
use crate::request::{CaseReference, Purpose};
use crate::revocation::{Revocation, Unknown};

/// Where the revocation status comes from: another process, or a test.
pub trait RevocationLookup: Send + Sync + 'static {
    /// The status of one certificate. It never fails: what could not be learnt is unknown.
    fn status(&self, question: Question<'_>) -> impl Future<Output = Revocation> + Send;
}

/// Where the status at a moment in the past comes from.
pub trait PastLookup: Send + Sync + 'static {
    /// The status of one certificate at a moment. It never fails: what could not be learnt is unknown.
    fn status_as_of(
        &self,
        question: Question<'_>,
        at: UnixTime,
    ) -> impl Future<Output = PastRevocation> + Send;
}

/// One certificate, and why it is asked about.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The certificate.
    pub leaf: &'a ValidatedLeaf,
    /// Why its status is asked.
    pub purpose: Purpose,
    /// The case it is asked for.
    pub case_reference: &'a CaseReference,
    /// Who decides, where whoever asks relies on it; else as configured.
    pub method: Option<RevocationMethod>,
}

/// Who decides: `revocation_method` of a service's configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationMethod {
    /// The revocation lists.
    #[default]
    Crl,
    /// The authority's OCSP responder.
    Ocsp,
    /// The responder, and the lists where it gives no answer with proof.
    OcspThenCrl,
}

/// Asks revocation-lookup over gRPC.
#[derive(Clone, Debug)]
pub struct RevocationClient {
    method: RevocationMethod,
    hop: Hop,
    client: RevocationLookupServiceClient<Channel>,
    /// For questions about the past, which take longer.
    past: RevocationLookupServiceClient<Channel>,
    timeout: Duration,
}

/// What is remembered of the lists is read from a database: longer than revocation-lookup waits for it itself.
const PAST_TIMEOUT: Duration = Duration::from_secs(25);

/// An answer is under a kilobyte, its largest field, a distribution point, is limited to 4 KiB by the contract, and 256
/// come together.
const LARGEST_ANSWERS: usize = 2 * 1024 * 1024;

impl RevocationClient {
    /// A client whose questions are for this method; it connects when it is first used, on the runtime that calls this.
    ///
    /// # Errors
    /// When the address, the server's name or a TLS file is wrong.
    pub fn new(config: &GrpcClientConfig, method: RevocationMethod) -> Result<Self, ClientError> {
        let channel = runtime::client::channel_of(config)?;
        let client =
            RevocationLookupServiceClient::new(channel).max_decoding_message_size(LARGEST_ANSWERS);
        let timeout = config.timeout();
        let past = runtime::client::channel(&config.uri, &config.tls(), PAST_TIMEOUT)?;
        let past = RevocationLookupServiceClient::new(past);
        Ok(Self {
            past,
            method,
            hop: Hop::start(client.clone(), timeout),
            client,
            timeout,
        })
    }

    /// Asks by the stream; a second time if it ended under the question, and by a call where there is no stream.
    async fn ask(
        &self,
        question: Question<'_>,
        method: RevocationMethod,
    ) -> Result<GetRevocationStatusResponse, Code> {
        let question = || question.with_method(method);
        let mut asked = self.hop.ask(question()).await;
        if matches!(asked, Asked::Interrupted) {
            asked = self.hop.ask(question()).await;
        }
        match asked {
            Asked::Answered(answer) => Ok(answer),
            Asked::Failed(code) => Err(code),
            Asked::Interrupted => Err(Code::Unavailable),
            Asked::CallInstead => {
                let mut request = tonic::Request::new(question());
                request.set_timeout(self.timeout);
                let answer = self.client.clone().get_revocation_status(request).await;
                answer
                    .map(tonic::Response::into_inner)
                    .map_err(|status| status.code())
            }
        }
    }
}

impl RevocationLookup for RevocationClient {
    async fn status(&self, question: Question<'_>) -> Revocation {
        let method = question.method.unwrap_or(self.method);
        // The deadline here holds whatever the other process does.
        match tokio::time::timeout(self.timeout, self.ask(question, method)).await {
            Ok(Ok(answer)) => {
                let answer = Revocation::try_from(answer).and_then(|read| read.by(method));
                answer.unwrap_or_else(|problem| {
                    tracing::error!(%problem, "revocation-lookup's answer is none");
                    Revocation::unknown(Unknown::Unavailable)
                })
            }
            Ok(Err(code)) => unavailable(code),
            Err(_elapsed) => unavailable(Code::DeadlineExceeded),
        }
    }
}

impl PastLookup for RevocationClient {
    async fn status_as_of(&self, question: Question<'_>, at: UnixTime) -> PastRevocation {
        let request = question.as_of(at);
        let asked = self.past.clone().get_revocation_status_as_of(request).await;
        match asked.map(tonic::Response::into_inner) {
            Ok(answer) => PastRevocation::read(answer, at).unwrap_or_else(|problem| {
                tracing::error!(%problem, "revocation-lookup's answer is none");
                PastRevocation::unavailable(at)
            }),
            Err(status) => {
                log_unavailable(status.code());
                PastRevocation::unavailable(at)
            }
        }
    }
}

fn unavailable(code: Code) -> Revocation {
    log_unavailable(code);
    Revocation::unknown(Unknown::Unavailable)
}

/// The code alone is logged: a message could quote what was asked.
fn log_unavailable(code: Code) {
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
}
