//! Publishing: what crl-sync would put in force of a list, put in force without one.

use pki::{DistributionPointName, UnixTime};
use sandbox::mint::CaKind;
use store::{
    CrlWriter, Departures, HashedSegment, HighWater, NewDelta, NewHeld, NewSegment,
    RemovalDecision, Replacement, SegmentFacts, SourceRegistration,
};

use crate::world::{LIFETIME, REVOKED, REVOKED_AT, SRE, World, newest_key, point_name};

/// A list to publish.
pub(crate) struct NewList {
    pub(crate) source: &'static str,
    pub(crate) kind: CaKind,
    /// `None`: a full list.
    pub(crate) municipality: Option<usize>,
    pub(crate) number: u8,
    pub(crate) this_update: UnixTime,
    /// How many entries it is said to have; it has one.
    pub(crate) entry_count: i64,
}

fn segment(serials: &[[u8; 3]]) -> Vec<u8> {
    let entries: Vec<_> = serials.iter().map(|it| (*it, REVOKED_AT)).collect();
    segment_of(&entries)
}

/// The same with a revocation time for each.
fn segment_of(entries: &[([u8; 3], i64)]) -> Vec<u8> {
    let entries: Vec<_> = entries
        .iter()
        .map(|(serial, revoked_at)| index::Entry {
            serial,
            revoked_at: *revoked_at,
            reason: 1,
        })
        .collect();
    index::build(&entries).unwrap()
}

fn facts(list: &NewList) -> SegmentFacts {
    SegmentFacts {
        source: list.source.to_owned(),
        certification_authority: list.kind.name().to_owned(),
        signer_key_id: newest_key(list.kind),
        scope_key: scope_key(list.kind, list.municipality),
        issuing_distribution_point: list
            .municipality
            .map_or_else(Vec::new, |municipality| point_name(list.kind, municipality)),
        crl_number: vec![list.number],
        this_update: list.this_update.secs(),
        next_update: list.this_update.secs() + LIFETIME,
        crl_sha256: [list.number; 32],
        entry_count: list.entry_count,
    }
}

impl World {
    pub(crate) async fn publish_full_lists(&self, number: u8) {
        let this_update = runtime::clock::Clock::now(&self.clock);
        let list = |source, kind| NewList {
            source,
            kind,
            municipality: None,
            number,
            this_update,
            entry_count: 1,
        };
        self.register(&[
            ("user-full", CaKind::UserAuthentication, None),
            ("sign-full", CaKind::DigitalSignature, None),
        ])
        .await;
        self.publish(list("user-full", CaKind::UserAuthentication))
            .await;
        self.publish(list("sign-full", CaKind::DigitalSignature))
            .await;
    }

    pub(crate) async fn register(&self, sources: &[(&str, CaKind, Option<usize>)]) {
        let writer = CrlWriter::open(&self.crl).await.unwrap();
        let registrations: Vec<_> = (0..)
            .zip(sources)
            .map(
                |(ordinal, (source, kind, municipality))| SourceRegistration {
                    source: (*source).to_owned(),
                    certification_authority: kind.name().to_owned(),
                    expected_scope_key: Some(scope_key(*kind, *municipality)),
                    ordinal,
                },
            )
            .collect();
        writer.register_sources(&registrations).await.unwrap();
        writer.close().await;
    }

    /// Puts a list with [`REVOKED`] on it into force and waits until it is served.
    pub(crate) async fn publish(&self, list: NewList) {
        self.publish_revoking(list, &[REVOKED]).await;
    }

    /// Puts a list with these serial numbers on it into force and waits until it is served.
    pub(crate) async fn publish_revoking(&self, list: NewList, revoked: &[[u8; 3]]) {
        self.publish_holding(list, revoked, &[], 0).await;
    }

    /// The same, while other serial numbers are held that left the list, and so many are stated to be.
    pub(crate) async fn publish_holding(
        &self,
        list: NewList,
        revoked: &[[u8; 3]],
        held: &[[u8; 3]],
        stated: u64,
    ) {
        let writer = CrlWriter::open(&self.crl).await.unwrap();
        let (segment, held_segment) = (segment(revoked), segment(held));
        let facts = facts(&list);
        let current = writer.current(list.source).await.unwrap();
        let held = (stated > 0).then(|| NewHeld {
            since: facts.this_update,
            segment: NewSegment {
                segment: &held_segment,
                entry_count: stated,
            },
        });
        let replacement = Replacement {
            facts: &facts,
            segment: HashedSegment::new(segment),
            seen: current.map(|current| current.seen()).unwrap_or_default(),
            keeps_delta: false,
            replaced_this_update: None,
            departures: Departures::Known {
                departed: held.map(|held| held.segment),
                are_held: held.is_some(),
                held,
            },
            original: None,
            keep_history_after: i64::MIN,
        };
        let generation = writer.replace(&replacement).await.unwrap();
        writer.close().await;
        self.until_served(generation).await;
    }

    /// Puts a list in force in place of the one before, as crl-sync does, with revocation times: `left` were on that one
    /// and are not on this one, `None`: nobody knows who was.
    pub(crate) async fn publish_leaving(
        &self,
        list: NewList,
        revoked: &[([u8; 3], i64)],
        left: Option<&[([u8; 3], i64)]>,
    ) {
        let writer = CrlWriter::open(&self.crl).await.unwrap();
        let (segment, left_segment) = (segment_of(revoked), segment_of(left.unwrap_or(&[])));
        let facts = facts(&list);
        let current = writer.current(list.source).await.unwrap();
        let departed = left.filter(|left| !left.is_empty());
        let generation = writer
            .replace(&Replacement {
                facts: &facts,
                segment: HashedSegment::new(segment),
                seen: current
                    .as_ref()
                    .map(store::CurrentSegment::seen)
                    .unwrap_or_default(),
                keeps_delta: false,
                replaced_this_update: current.map(|it| it.facts.this_update),
                departures: left.map_or(Departures::Unknown, |left| Departures::Known {
                    departed: departed.map(|_| NewSegment {
                        segment: &left_segment,
                        entry_count: left.len() as u64,
                    }),
                    are_held: false,
                    held: None,
                }),
                original: None,
                keep_history_after: i64::MIN,
            })
            .await
            .unwrap();
        writer.close().await;
        self.until_served(generation).await;
    }

    /// Puts a delta list to the list in force of a source in force, and waits until it is served.
    pub(crate) async fn publish_delta(&self, source: &str, number: u8, revoked: &[[u8; 3]]) {
        let writer = CrlWriter::open(&self.crl).await.unwrap();
        let current = writer.current(source).await.unwrap().unwrap();
        let this_update = runtime::clock::Clock::now(&self.clock).secs();
        let generation = writer
            .apply_delta(&NewDelta {
                source,
                certification_authority: &current.facts.certification_authority,
                signer_key_id: &current.facts.signer_key_id,
                scope_key: &current.facts.scope_key,
                base_number: &current.facts.crl_number,
                number: HighWater {
                    crl_number: vec![number],
                    this_update,
                    crl_sha256: [number; 32],
                },
                next_update: this_update + 900,
                segment: NewSegment {
                    segment: &segment(revoked),
                    entry_count: revoked.len() as u64,
                },
                seen: current.seen(),
            })
            .await
            .unwrap();
        writer.close().await;
        self.until_served(generation).await;
    }

    /// Lets go what is held of a list, and waits until that is served.
    pub(crate) async fn accept_removals(&self, source: &str, number: u8) {
        let writer = CrlWriter::open(&self.crl).await.unwrap();
        let decision = RemovalDecision {
            decided_by: "operator",
            decided_at: 1,
        };
        let accepted = writer.accept_removals(source, &[number], &decision).await;
        accepted.unwrap();
        let generation = writer.feed().await.unwrap().generation;
        writer.close().await;
        self.until_served(generation).await;
    }

    async fn until_served(&self, generation: u64) {
        self.until("the list is served", async || {
            self.freshness(SRE)
                .await
                .is_ok_and(|freshness| freshness.generation >= generation)
        })
        .await;
    }
}

fn scope_key(kind: CaKind, municipality: Option<usize>) -> Vec<u8> {
    municipality.map_or_else(Vec::new, |municipality| {
        DistributionPointName::from_der(&point_name(kind, municipality))
            .unwrap()
            .scope_key()
    })
}
