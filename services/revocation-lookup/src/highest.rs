//! The highest list numbers outside the store (RFC 5280 section 5.2.3): what was served once is remembered when the store
//! is restored from an older copy and every process is started anew.

use std::sync::Arc;

use pki::{CrlNumber, UnixTime};
use prometheus::IntCounter;
use runtime::ServeError;
use runtime::config::ConfigPath;
use runtime::metrics::Metrics;
use store::{CurrentSegment, HighWaterFile};

use crate::snapshot::Snapshot;

/// The role whose file it is.
const ROLE: &str = "revocation-lookup";

/// The file of this process, where the configuration names a folder for it.
pub(crate) struct Highest {
    file: Option<Arc<HighWaterFile>>,
    failures: IntCounter,
}

impl Highest {
    pub(crate) fn open(folder: Option<&ConfigPath>, metrics: &Metrics) -> Result<Self, ServeError> {
        let file = folder.map(|folder| HighWaterFile::open(folder.as_path(), ROLE));
        let file = file.transpose().map_err(ServeError::role)?;
        let failures = metrics.counter(
            "akashi_high_water_failures_total",
            "Attempts to keep the highest list numbers outside the store that failed.",
        )?;
        Ok(Self {
            file: file.map(Arc::new),
            failures,
        })
    }

    /// Whether a newer list than the one in force, or a newer delta list, was served before.
    pub(crate) fn is_behind(&self, current: &CurrentSegment) -> bool {
        let file = self.file.as_ref();
        file.is_some_and(|file| file.above(current).is_some())
    }

    /// Says so to the operator.
    pub(crate) fn tell_behind(&self, current: &CurrentSegment) {
        let highest = self.file.as_ref().and_then(|file| file.above(current));
        tracing::error!(
            source = current.facts.source,
            number = CrlNumber::decimal_of(&current.facts.crl_number),
            highest = highest.map(|highest| CrlNumber::decimal_of(&highest.crl_number)),
            "the store holds an older list than was served before: it was restored from an older copy, and the list \
             proves revocations only until a list at or above the highest number comes"
        );
    }

    /// A snapshot that no clock may be further behind than the newest list ever served.
    pub(crate) fn beside(&self, snapshot: Snapshot) -> Snapshot {
        let newest = self
            .file
            .as_ref()
            .and_then(|file| file.newest_this_update());
        let newest = newest.map(UnixTime::from_secs);
        Snapshot {
            newest_this_update: snapshot.newest_this_update.max(newest),
            ..snapshot
        }
    }

    /// Remembers the lists of a snapshot. A disk that takes nothing keeps no list back.
    pub(crate) async fn remember(&self, snapshot: &Snapshot) {
        let Some(file) = &self.file else { return };
        for source in snapshot.authorities.iter().flat_map(|lists| &lists.sources) {
            let current = source.state.current.as_ref();
            // What the store holds and what is served are two things where one could not be loaded.
            let served = current.filter(|current| {
                let list = source.list.as_ref();
                list.is_some_and(|list| list.crl_sha256 == current.facts.crl_sha256)
            });
            if let Some(served) = served {
                file.raise_to(served);
            }
        }
        if !file.follow(&snapshot.feed) {
            tracing::error!(
                generation = snapshot.feed.generation,
                "the store is at an earlier generation than was served before: it was restored from an older copy, or is \
                 another store"
            );
        }
        if let Err(error) = file.keep().await {
            self.failures.inc();
            if error.is_news {
                tracing::error!("{error}");
            }
        }
    }
}
