//! A source whose lists differ in one certificate, so that an answer shows which of them it is from.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use aws_lc_rs::digest::{SHA256, digest};
use index::Builder;
use pki::{DistributionPoint, DistributionPointName};
use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use proto::revocation::v1::{GetRevocationStatusRequest, Purpose, RevocationStatus};
use sandbox::mint::CaKind;
use sandbox::nation::Nation;
use store::{CrlWriter, SegmentFacts, SourceRegistration};
use tonic::transport::Channel;

use crate::index_serials::{Kind, details};

const KIND: CaKind = CaKind::UserAuthentication;
const SERIALS: Kind = Kind::Dense;
/// From one question to the next at each replica: how exact the figures are.
pub(crate) const ASKED: Duration = Duration::from_millis(1);
/// How long a replica may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);
/// Where the municipality's revoked begin among all: beyond every whole list.
const APART: u64 = 500_000_000;
const DAY: i64 = 86_400;

/// One source, whose lists differ in one certificate: it is revoked on those of odd numbers.
pub(crate) struct List {
    pub(crate) facts: SegmentFacts,
    /// Those of even and of odd numbers.
    pub(crate) segments: [Vec<u8>; 2],
    question: GetRevocationStatusRequest,
    number: u64,
    generation: u64,
}

impl List {
    /// Of the authority's one municipality, or whole.
    pub(crate) fn new(nation: &Nation, partition: Option<u32>, entries: u64) -> Result<Self> {
        let (name, distribution_point) = match partition {
            None => (None, Vec::new()),
            Some(partition) => {
                let der = Nation::distribution_point(KIND, partition);
                let point = DistributionPoint::from_der(&der)?;
                (point.name().cloned(), der)
            }
        };
        let mut marker = vec![0; SERIALS.octets()];
        // Nobody is on both lists: one in force would answer for the other.
        let first = if partition.is_some() { APART } else { 0 };
        SERIALS.revoked(first + entries, &mut marker);
        // As the contract wants it: no zeros in front.
        let zeros = marker.iter().take_while(|octet| **octet == 0).count();
        marker.drain(..zeros);
        let key = nation.authority(KIND).newest().key.key_id();
        let now = sandbox::now();
        let facts = SegmentFacts {
            source: partition.map_or("full", |_| "partition").to_owned(),
            certification_authority: KIND.name().to_owned(),
            signer_key_id: key.clone(),
            scope_key: name
                .as_ref()
                .map_or_else(Vec::new, DistributionPointName::scope_key),
            issuing_distribution_point: name.map_or_else(Vec::new, |name| name.der().to_vec()),
            crl_number: Vec::new(),
            this_update: now.plus_secs(-DAY).secs(),
            next_update: now.plus_secs(DAY).secs(),
            crl_sha256: [0; 32],
            entry_count: 0,
        };
        Ok(Self {
            facts,
            segments: [segment(first, entries)?, segment(first, entries + 1)?],
            question: GetRevocationStatusRequest {
                issuer_key_id: key,
                serial_number: marker,
                distribution_point,
                purpose: Purpose::UserAuthentication.into(),
                case_reference: "load-benchmark".to_owned(),
                ..Default::default()
            },
            number: 1_000,
            generation: 0,
        })
    }

    pub(crate) fn registration(&self, ordinal: i64) -> SourceRegistration {
        SourceRegistration {
            source: self.facts.source.clone(),
            certification_authority: self.facts.certification_authority.clone(),
            expected_scope_key: Some(self.facts.scope_key.clone()),
            ordinal,
        }
    }

    /// Puts the next one in force; when it was.
    pub(crate) async fn commit(&mut self, writer: &CrlWriter, entries: u64) -> Result<Instant> {
        self.number += 1;
        let is_odd = !self.number.is_multiple_of(2);
        let segment = &self.segments[usize::from(is_odd)];
        let hash = digest(&SHA256, segment);
        self.facts.crl_number = self.number.to_be_bytes()[6..].to_vec();
        self.facts.this_update += 1;
        self.facts.entry_count = i64::try_from(entries + u64::from(is_odd))?;
        self.facts.crl_sha256 = hash.as_ref().try_into()?;
        self.generation = writer.apply(&self.facts, segment, self.generation).await?;
        Ok(Instant::now())
    }

    /// Asks a replica until it answers by the list in force, and refuses a status that is another list's.
    pub(crate) async fn seen(
        &self,
        mut replica: RevocationLookupServiceClient<Channel>,
    ) -> Result<Instant> {
        let until = Instant::now() + PATIENCE;
        let number = self.number.to_string();
        loop {
            let answer = replica.get_revocation_status(self.question.clone()).await?;
            let seen = Instant::now();
            let answer = answer.into_inner();
            let status = answer.status();
            if let Some(list) = answer.list {
                let is_revoked = list.crl_number.parse::<u64>()? % 2 == 1;
                let expected = if is_revoked {
                    RevocationStatus::Revoked
                } else {
                    RevocationStatus::Good
                };
                ensure!(
                    status == expected,
                    "{status:?} is not what list {} says",
                    list.crl_number
                );
                if list.crl_number == number {
                    return Ok(seen);
                }
            }
            ensure!(seen < until, "a replica does not see list {number}");
            tokio::time::sleep(ASKED).await;
        }
    }
}

fn segment(first: u64, entries: u64) -> Result<Vec<u8>> {
    let mut builder = Builder::new();
    let mut serial = vec![0; SERIALS.octets()];
    for place in first..first + entries {
        SERIALS.revoked(place, &mut serial);
        let (revoked_at, reason) = details(place);
        builder.push(&serial, revoked_at, reason)?;
    }
    Ok(builder.finish()?)
}
