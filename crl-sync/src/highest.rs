//! The highest numbers outside the store (RFC 5280 section 5.2.3): what was accepted here stays accepted when the store
//! is restored from an older copy and every process is started anew.

use std::path::Path;
use std::sync::Arc;

use pki::CrlNumber;
use prometheus::IntCounter;
use runtime::ServeError;
use runtime::metrics::Metrics;
use store::{CurrentSegment, HighWater, HighWaterFile, ListSeries};
use tokio::sync::Mutex;

/// The file of this process, where the configuration names a folder for it. Clones are the same file.
#[derive(Clone, Debug)]
pub(crate) struct Highest {
    file: Option<Arc<HighWaterFile>>,
    failures: IntCounter,
    /// Who writes, one after the other: what rises meanwhile is written together. Whether the last attempt failed.
    writing: Arc<Mutex<bool>>,
}

impl Highest {
    pub(crate) fn open(folder: Option<&Path>, metrics: &Metrics) -> Result<Self, ServeError> {
        let file = folder.map(|folder| HighWaterFile::open(folder, crate::SERVICE));
        let file = file.transpose().map_err(ServeError::role)?;
        let failures = metrics.counter(
            "akashi_high_water_failures_total",
            "Attempts to keep the highest list numbers outside the store that failed.",
        )?;
        Ok(Self {
            file: file.map(Arc::new),
            failures,
            writing: Arc::default(),
        })
    }

    /// The higher one of what the store knows and of what is remembered beside it.
    pub(crate) fn or_higher(
        &self,
        stored: Option<HighWater>,
        series: ListSeries,
        key: (&[u8], &[u8]),
    ) -> Option<HighWater> {
        let remembered = self
            .file
            .as_ref()
            .and_then(|file| file.highest(series, key));
        let number = |it: &HighWater| CrlNumber::from_unsigned_be(&it.crl_number);
        match (stored, remembered) {
            (Some(stored), Some(remembered)) if number(&stored) >= number(&remembered) => {
                Some(stored)
            }
            (_, Some(remembered)) => Some(remembered),
            (stored, None) => stored,
        }
    }

    /// The number that was accepted before and stands above what a source has in force.
    pub(crate) fn above(&self, current: &CurrentSegment) -> Option<HighWater> {
        self.file.as_ref()?.above(current)
    }

    /// Remembers what is in force, and says of what that an older copy of the store was brought back.
    pub(crate) async fn remember<'a>(&self, in_force: impl Iterator<Item = &'a CurrentSegment>) {
        let Some(file) = &self.file else { return };
        for current in in_force {
            if let Some(highest) = file.above(current) {
                tracing::error!(
                    source = &*current.facts.source,
                    number = CrlNumber::decimal_of(&current.facts.crl_number),
                    highest = CrlNumber::decimal_of(&highest.crl_number),
                    "the store holds an older list than was accepted before: it was restored from an older copy, and \
                     lists below the highest number stay refused"
                );
            }
            file.raise_to(current);
        }
        self.save().await;
    }

    /// Remembers what another process put in force.
    pub(crate) async fn follow<'a>(&self, in_force: impl Iterator<Item = &'a CurrentSegment>) {
        let Some(file) = &self.file else { return };
        in_force.for_each(|current| file.raise_to(current));
        self.save().await;
    }

    /// Remembers a number that was accepted. It is on the disk when this ends, unless the disk takes nothing now: then
    /// whoever calls [`Self::save`] tries again.
    pub(crate) async fn raise(&self, series: ListSeries, key: (&[u8], &[u8]), number: HighWater) {
        let Some(file) = &self.file else { return };
        file.raise(series, key, number);
        let mut is_failing = self.writing.lock().await;
        if !*is_failing {
            self.write(file, &mut is_failing).await;
        }
    }

    /// Writes what has risen and is not on the disk yet.
    pub(crate) async fn save(&self) {
        let Some(file) = &self.file else { return };
        let mut is_failing = self.writing.lock().await;
        self.write(file, &mut is_failing).await;
    }

    async fn write(&self, file: &Arc<HighWaterFile>, is_failing: &mut bool) {
        // Who wrote before may have written this too.
        if file.is_kept() {
            return;
        }
        let kept = file.keep().await;
        *is_failing = kept.is_err();
        if let Err(error) = kept {
            self.failures.inc();
            if error.is_news {
                tracing::error!("{error}");
            }
        }
    }
}

#[cfg(test)]
#[path = "highest_tests.rs"]
mod tests;
