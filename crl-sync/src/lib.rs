//! crl-sync: the only part that fetches revocation data from the certification authorities, and the only one that
//! writes it.
//!
//! Each source goes through the same rooms: *fetch* (over HTTP, from a file or a directory, bounded in size and time) →
//! *verify* (pure, while it comes: is it a list of this authority?) → *plan* (pure: may it replace what is in force?) →
//! *apply* (one transaction, which lists that are ready at the same time share) → *announce* (log, metrics, the record of
//! the attempt). Whatever goes wrong, the last good list stays in force until it expires, and the refusal is counted.

mod access;
mod apply;
mod attempts;
mod body;
mod commit;
mod config;
mod cores;
mod delta;
mod departures;
mod fetch;
mod folder;
mod highest;
mod limits;
mod links;
mod location;
mod metrics;
mod original;
mod outcome;
mod plan;
mod progress;
mod records;
mod removals;
mod schedule;
mod serial_links;
mod source;
mod sync;
mod verify;
mod worker;

pub use config::{
    Config, FetchConfig, KindConfig, OriginalsConfig, RemovalsConfig, SourceConfig, StoreConfig,
};
pub use folder::FolderConfig;
pub use outcome::{Outcome, SourceOutcome};
pub use progress::Progress;

use std::collections::BTreeMap;
use std::sync::Arc;

use pki::{CertificationAuthority, Verifier};
use runtime::config::{ConfigError, ConfigPath};
use runtime::context::BackgroundError;
use runtime::{Context, ServeError};
use store::{CrlWriter, CurrentSegment, HolderKey, HolderLinks, SourceRegistration, StoreError};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::attempts::Attempts;
use crate::commit::Commits;
use crate::fetch::Fetcher;
use crate::folder::{Folder, FolderMemory};
use crate::highest::Highest;
use crate::metrics::{InForce, SyncMetrics};
use crate::original::Originals;
use crate::removals::RemovalLimits;
use crate::source::{Source, SourceKind};
use crate::sync::{Memory, Room};
use crate::worker::Worker;

/// The health name of this service.
const SERVICE: &str = "crl-sync";

/// Refreshes every source on its schedule until the process is asked to stop. What is being fetched or verified then is
/// dropped: up to its commit an attempt leaves no trace.
///
/// Of several processes on one PostgreSQL database one does the work; the others wait to take over.
///
/// # Errors
/// When the configuration, the anchors or the stores do not hold.
pub async fn serve(config: Config, context: Context) -> Result<(), ServeError> {
    let (room, sources, folders) = open(&config, &context, &Progress::default()).await?;
    let _metrics_listener =
        runtime::metrics::serve_http(config.observability.metrics_listen, &context).await?;
    for name in [SERVICE, ""] {
        context.health.set(name, true).await;
    }
    let worker = Worker::new(
        Arc::clone(&room),
        sources,
        folders,
        context.shutdown.clone(),
    );
    let result = worker.run().await;
    // Whatever the reason: a process that does no work must not look like one that does.
    context.shutdown.begin();
    for name in ["", SERVICE] {
        context.health.set(name, false).await;
    }
    room.close().await;
    result
}

/// Refreshes every source once, in no particular order. The outcomes are in the order of the configuration, those of
/// folders, one for each file that was read, at the end; the run has failed if one of them did not succeed.
///
/// # Errors
/// When the configuration, the anchors or the stores do not hold.
pub async fn sync_once(config: Config, context: Context) -> Result<Vec<SourceOutcome>, ServeError> {
    sync_once_watched(config, context, &Progress::default()).await
}

/// The same, telling how far it is.
///
/// # Errors
/// When the configuration, the anchors or the stores do not hold.
pub async fn sync_once_watched(
    config: Config,
    context: Context,
    progress: &Progress,
) -> Result<Vec<SourceOutcome>, ServeError> {
    let (room, sources, folders) = open(&config, &context, progress).await?;
    room.register(sources.iter(), folders.iter())
        .await
        .map_err(ServeError::role)?;
    progress.begin(sources.len());
    let mut outcomes = BTreeMap::new();
    let is_delta = |source: &Source| matches!(source.kind, SourceKind::DeltaCrl { .. });
    let (deltas, lists): (Vec<_>, Vec<_>) = sources
        .into_iter()
        .enumerate()
        .partition(|(_, source)| is_delta(source));
    // A delta list changes a list that must be in force.
    for sources in [lists, deltas] {
        let mut tasks = JoinSet::new();
        for (ordinal, source) in sources {
            let room = Arc::clone(&room);
            tasks.spawn(async move {
                let outcome = room.sync(&source, &mut Memory::default()).await;
                let source = source.name.to_string();
                (ordinal, SourceOutcome { source, outcome })
            });
        }
        while let Some(ended) = tasks.join_next().await {
            let (ordinal, outcome) = ended.map_err(|_| BackgroundError)?;
            progress.source_done();
            outcomes.insert(ordinal, outcome);
        }
    }
    let mut outcomes: Vec<_> = outcomes.into_values().collect();
    for folder in &folders {
        let memory = &mut FolderMemory::default();
        outcomes.extend(Box::pin(room.sync_folder(folder, memory)).await);
    }
    room.close().await;
    Ok(outcomes)
}

/// Checks everything and connects to the stores.
async fn open(
    config: &Config,
    context: &Context,
    progress: &Progress,
) -> Result<(Arc<Room>, Vec<Source>, Vec<Folder>), ServeError> {
    config.check()?;
    let sources = config.sources()?;
    let folders = config.folders(&sources)?;
    let now = context.clock.now();
    let authorities =
        runtime::authorities::load(&config.certification_authority, config.environment, now)?;
    let authorities: BTreeMap<String, CertificationAuthority> = authorities
        .into_iter()
        .map(|authority| (authority.name().to_owned(), authority))
        .collect();
    check_signers(&sources, &authorities)?;
    let locations = sources.iter().map(|source| &source.location);
    let fetcher = Fetcher::new(&config.fetch, locations).map_err(ServeError::role)?;
    check_credentials(&sources, &fetcher).await?;
    let metrics = SyncMetrics::new(&context.metrics, &sources, &folders)?;
    let folder = config.state_directory.as_ref();
    let highest = Highest::open(folder.map(ConfigPath::as_path), &context.metrics)?;
    let verifier = Arc::new(Verifier::new(config.cross_check.into()));
    context.metrics.show_cross_check(&verifier)?;
    let writer = CrlWriter::open(&config.store.crl)
        .await
        .map_err(ServeError::role)?;
    let room = Room {
        clock: Arc::clone(&context.clock),
        fetcher,
        verifier,
        authorities,
        writer,
        places: Arc::new(Semaphore::new(config.fetch.concurrency)),
        commits: Commits::default(),
        highest,
        holders: holders(config).await?,
        removals: RemovalLimits::from(&config.removals),
        originals: Originals::from(&config.originals),
        attempts: Attempts::default(),
        metrics,
        progress: progress.clone(),
    };
    Ok((Arc::new(room), sources, folders))
}

/// What a source is shown must be there from the start, or it would be missed only when its list is stale.
async fn check_credentials(sources: &[Source], fetcher: &Fetcher) -> Result<(), ConfigError> {
    for source in sources {
        if let Err(error) = fetcher.check(&source.location).await {
            let key = format!("source.{}", source.name);
            return Err(ConfigError::invalid(key, error.to_string()));
        }
    }
    Ok(())
}

/// A key that a source names must be one of its authority's, or no list would ever be accepted.
fn check_signers(
    sources: &[Source],
    authorities: &BTreeMap<String, CertificationAuthority>,
) -> Result<(), ConfigError> {
    for source in sources {
        let SourceKind::Crl {
            signer_key_id: Some(key),
            ..
        } = &source.kind
        else {
            continue;
        };
        let authority = authorities.get(&*source.certification_authority);
        if authority.is_none_or(|authority| authority.anchor(key).is_none()) {
            let problem =
                "is not the key of a trust anchor of this authority that is within its validity";
            return Err(ConfigError::invalid(
                format!("source.{}.signer_key_id", source.name),
                problem,
            ));
        }
    }
    Ok(())
}

fn registrations<'a>(sources: impl Iterator<Item = &'a Source>) -> Vec<SourceRegistration> {
    (0..)
        .zip(sources)
        .filter(|(_, source)| matches!(source.kind, SourceKind::Crl { .. }))
        .map(|(ordinal, source)| SourceRegistration {
            source: source.name.to_string(),
            certification_authority: source.certification_authority.to_string(),
            expected_scope_key: Some(source.kind.scope_key()),
            ordinal,
        })
        .collect()
}

async fn holders(config: &Config) -> Result<Option<(HolderLinks, HolderKey)>, ServeError> {
    let (Some(file), Some(url)) = (&config.holder_key_file, &config.store.holder_links) else {
        return Ok(None);
    };
    let key = HolderKey::new(&*file.read_key()?);
    let holders = HolderLinks::open(url).await.map_err(ServeError::role)?;
    Ok(Some((holders, key)))
}

impl Room {
    /// Makes the sources of the configuration those of the store, and those of its folders that have a list in force, and
    /// shows what is in force of them.
    async fn register<'a>(
        &self,
        sources: impl Iterator<Item = &'a Source> + Clone,
        folders: impl Iterator<Item = &'a Folder> + Clone,
    ) -> Result<(), StoreError> {
        let in_force = self.writer.in_force().await?;
        let mut registrations = registrations(sources.clone());
        let mut authorities: Vec<_> = sources
            .clone()
            .map(|source| &*source.certification_authority)
            .collect();
        for folder in folders.clone() {
            authorities.push(&folder.certification_authority);
            registrations.extend(folder.registrations(in_force.values()));
        }
        self.writer
            .register_sources_of(&authorities, &registrations)
            .await?;
        // What was dropped is not in force any more.
        let in_force = self.writer.in_force().await?;
        self.highest.remember(in_force.values()).await;
        self.show_those(&in_force, sources, &folders);
        Ok(())
    }

    /// Shows what is in force of the sources, whoever put it there.
    async fn show<'a>(
        &self,
        sources: impl Iterator<Item = &'a Source>,
        folders: impl Iterator<Item = &'a Folder> + Clone,
    ) -> Result<(), StoreError> {
        let in_force = self.writer.in_force().await?;
        self.highest.follow(in_force.values()).await;
        self.show_those(&in_force, sources, &folders);
        Ok(())
    }

    fn show_those<'a>(
        &self,
        in_force: &BTreeMap<String, CurrentSegment>,
        sources: impl Iterator<Item = &'a Source>,
        folders: &(impl Iterator<Item = &'a Folder> + Clone),
    ) {
        for source in sources {
            if matches!(source.kind, SourceKind::Crl { .. }) {
                let current = in_force.get(&*source.name);
                let shown = current.map(|current| self.shown(current));
                self.metrics.show(source, shown);
            }
        }
        for current in in_force.values() {
            let name = &current.facts.source;
            if let Some(folder) = folders.clone().find(|folder| folder.owns(name)) {
                let source = folder.named(name);
                self.metrics.show(&source, Some(self.shown(current)));
            }
        }
    }

    /// What is shown of a list in force.
    pub(crate) fn shown(&self, current: &CurrentSegment) -> InForce {
        InForce {
            is_behind: self.highest.above(current).is_some(),
            ..InForce::from(current)
        }
    }

    async fn close(&self) {
        self.highest.save().await;
        self.writer.close().await;
        if let Some((holders, _)) = &self.holders {
            holders.close().await;
        }
    }
}
