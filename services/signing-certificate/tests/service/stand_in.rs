//! A revocation-lookup that answers what a test wants.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use pki::{DistributionPoint, RevocationReason, UnixTime};
use proto::revocation::v1::revocation_lookup_service_server::RevocationLookupService;
use proto::revocation::v1::{
    GetFreshnessRequest, GetFreshnessResponse, GetRevocationStatusAsOfRequest,
    GetRevocationStatusAsOfResponse, GetRevocationStatusRequest, GetRevocationStatusResponse,
    ListEvidence, Revocation, RevocationStatus, UnknownReason,
};
use tonic::{Request, Response, Status};

/// Clones answer together.
#[derive(Clone)]
pub(crate) struct StandIn {
    answer: Arc<Mutex<Option<GetRevocationStatusResponse>>>,
    asked: Arc<Mutex<Vec<GetRevocationStatusRequest>>>,
    /// What is answered about the past; `None`: it knows no such question.
    past_answer: Arc<Mutex<Option<GetRevocationStatusAsOfResponse>>>,
    past_asked: Arc<Mutex<Vec<GetRevocationStatusAsOfRequest>>>,
}

impl StandIn {
    pub(crate) fn new(answer: GetRevocationStatusResponse) -> Self {
        Self {
            answer: Arc::new(Mutex::new(Some(answer))),
            asked: Arc::default(),
            past_answer: Arc::default(),
            past_asked: Arc::default(),
        }
    }

    pub(crate) fn answer(&self, answer: GetRevocationStatusResponse) {
        *self.answer.lock().unwrap() = Some(answer);
    }

    /// Answers questions about the past.
    pub(crate) fn answer_past(&self, answer: GetRevocationStatusAsOfResponse) {
        *self.past_answer.lock().unwrap() = Some(answer);
    }

    /// What was asked about the past since the last time.
    pub(crate) fn past_asked(&self) -> Vec<GetRevocationStatusAsOfRequest> {
        std::mem::take(&mut self.past_asked.lock().unwrap())
    }

    /// From now on questions are kept and never answered.
    pub(crate) fn fall_silent(&self) {
        *self.answer.lock().unwrap() = None;
    }

    /// What was asked since the last time.
    pub(crate) fn asked(&self) -> Vec<GetRevocationStatusRequest> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

#[tonic::async_trait]
impl RevocationLookupService for StandIn {
    async fn get_revocation_status(
        &self,
        request: Request<GetRevocationStatusRequest>,
    ) -> Result<Response<GetRevocationStatusResponse>, Status> {
        let request = request.into_inner();
        let partition = partition(&request);
        self.asked.lock().unwrap().push(request);
        let answer = self.answer.lock().unwrap().clone();
        if let Some(mut answer) = answer {
            if let Some(list) = &mut answer.list {
                list.issuing_distribution_point = partition;
            }
            return Ok(Response::new(answer));
        }
        tokio::time::sleep(Duration::from_mins(1)).await;
        Err(Status::deadline_exceeded("silent"))
    }

    async fn get_revocation_status_as_of(
        &self,
        request: Request<GetRevocationStatusAsOfRequest>,
    ) -> Result<Response<GetRevocationStatusAsOfResponse>, Status> {
        self.past_asked.lock().unwrap().push(request.into_inner());
        let answer = self.past_answer.lock().unwrap().clone();
        let unknown = || Status::unimplemented("an older version");
        answer.map(Response::new).ok_or_else(unknown)
    }

    async fn get_freshness(
        &self,
        _: Request<GetFreshnessRequest>,
    ) -> Result<Response<GetFreshnessResponse>, Status> {
        Err(Status::unimplemented("not needed here"))
    }
}

/// DistributionPointName of the certificate that is asked about.
fn partition(request: &GetRevocationStatusRequest) -> Vec<u8> {
    let point = DistributionPoint::from_der(&request.distribution_point).unwrap();
    point.name().unwrap().der().to_vec()
}

/// A list of an hour ago, of the partition that is asked about.
pub(crate) fn list(signer_key_id: &[u8], now: UnixTime) -> ListEvidence {
    ListEvidence {
        certification_authority: "digital-signature".to_owned(),
        signer_key_id: signer_key_id.to_vec(),
        issuing_distribution_point: Vec::new(),
        crl_number: "1001".to_owned(),
        this_update: now.secs() - 3600,
        next_update: now.secs() + 82_800,
        age_seconds: 3600,
        delta: None,
    }
}

pub(crate) fn good(list: ListEvidence) -> GetRevocationStatusResponse {
    GetRevocationStatusResponse {
        status: RevocationStatus::Good.into(),
        list: Some(list),
        generation: 7,
        ..Default::default()
    }
}

pub(crate) fn revoked(
    list: ListEvidence,
    revoked_at: UnixTime,
    reason: RevocationReason,
) -> GetRevocationStatusResponse {
    GetRevocationStatusResponse {
        status: RevocationStatus::Revoked.into(),
        revocation: Some(Revocation {
            revoked_at: revoked_at.secs(),
            reason: i32::from(reason.code()) + 1,
        }),
        list: Some(list),
        generation: 7,
        ..Default::default()
    }
}

pub(crate) fn unknown(reason: UnknownReason) -> GetRevocationStatusResponse {
    GetRevocationStatusResponse {
        status: RevocationStatus::Unknown.into(),
        unknown_reason: reason.into(),
        generation: 7,
        ..Default::default()
    }
}
