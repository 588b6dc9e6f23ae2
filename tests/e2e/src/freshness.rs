//! What revocation-lookup says of its lists.

use anyhow::Result;
use proto::revocation::v1::{GetFreshnessRequest, GetFreshnessResponse};
use sandbox::deployment::{Deployment, identity};

use crate::callers;
use crate::system::eventually;

/// The state of every source, asked by the SRE.
pub async fn freshness(deployment: &Deployment) -> Result<GetFreshnessResponse> {
    let mut client = callers::revocation(deployment, identity::SRE)?;
    Ok(client
        .get_freshness(GetFreshnessRequest {})
        .await?
        .into_inner())
}

/// Waits until every list of an authority that is served has at least this number.
pub async fn wait_for_number(deployment: &Deployment, authority: &str, number: u64) -> Result<()> {
    eventually(
        &format!("lists of {authority} with number {number}"),
        || async {
            let Ok(freshness) = freshness(deployment).await else {
                return Ok(false);
            };
            let mut lists = freshness
                .sources
                .iter()
                .filter(|source| source.certification_authority == authority);
            Ok(lists.all(|source| {
                source.list.as_ref().is_some_and(|list| {
                    list.crl_number
                        .parse::<u64>()
                        .is_ok_and(|held| held >= number)
                })
            }))
        },
    )
    .await
}
