//! What the health service says.

use sandbox::deployment::{Deployment, identity};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;

use crate::callers;

/// Whether revocation-lookup serves `service`; `None` while it cannot be asked.
pub async fn is_serving(deployment: &Deployment, service: &str) -> Option<bool> {
    let mut client = callers::health(deployment, identity::REVOCATION_LOOKUP).ok()?;
    let answer = client
        .check(HealthCheckRequest {
            service: service.to_owned(),
        })
        .await
        .ok()?;
    Some(answer.into_inner().status() == ServingStatus::Serving)
}
