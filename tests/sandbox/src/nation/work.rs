//! Writing the lists of a nation, on every core.

use std::fs::File;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread::{self, ScopedJoinHandle};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};

use super::list::{self, Entries};
use super::{ListId, Nation};
use crate::mint::ListSigner;

/// How often it is told how far it is.
const TOLD: Duration = Duration::from_millis(200);

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Lists that are written.
    pub lists: usize,
    /// Of so many.
    pub of: usize,
    /// Octets that are written.
    pub octets: u64,
}

/// What the threads share.
struct Work<'a> {
    nation: &'a Nation,
    lists: Vec<ListId>,
    entries: Entries,
    next: AtomicUsize,
    done: AtomicUsize,
    octets: AtomicU64,
}

pub(super) fn write_all(nation: &Nation, mut told: impl FnMut(Progress)) -> Result<()> {
    let work = Work {
        nation,
        lists: nation.all_lists(),
        entries: Entries::new(),
        next: AtomicUsize::new(0),
        done: AtomicUsize::new(0),
        octets: AtomicU64::new(0),
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(|| work.run())).collect();
        while !threads.iter().all(ScopedJoinHandle::is_finished) {
            told(work.progress());
            thread::sleep(TOLD);
        }
        told(work.progress());
        threads.into_iter().try_for_each(|thread| {
            let ended = thread.join();
            ended.unwrap_or_else(|_| Err(anyhow!("writing lists was interrupted")))
        })
    })
}

impl Work<'_> {
    /// Takes one list after the other. The longest come first, so that no core is alone with one in the end.
    fn run(&self) -> Result<()> {
        while let Some(list) = self.lists.get(self.next.fetch_add(1, Ordering::Relaxed)) {
            if let Err(error) = self.write(*list) {
                // Nobody begins another.
                self.next.store(self.lists.len(), Ordering::Relaxed);
                return Err(error);
            }
            self.done.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    fn write(&self, list: ListId) -> Result<()> {
        let path = self.nation.file(list);
        let told = || path.display().to_string();
        let file = File::create_new(&path).with_context(told)?;
        let numbers = self.nation.numbers(list.kind);
        let signer = self
            .nation
            .authority(list.kind)
            .list_signer(ListSigner::Newest);
        let spec = self.nation.spec(list);
        let count = |octets: usize| {
            let octets = u64::try_from(octets).unwrap_or(0);
            self.octets.fetch_add(octets, Ordering::Relaxed);
        };
        let writer = &self.entries;
        let later = Nation::seconds_later(self.nation.number());
        let entry = |place: u64| {
            let mut entry = numbers.at(place);
            entry.revoked_at += later;
            entry
        };
        let written = if let Some(partition) = list.partition {
            let places = numbers.places(partition);
            let entries = places.iter().map(|place| entry((*place).into()));
            list::write(file, &spec, &signer.key, writer, entries, count)
        } else {
            let entries = (0..numbers.revoked()).map(entry);
            list::write(file, &spec, &signer.key, writer, entries, count)
        };
        written.with_context(told)
    }

    fn progress(&self) -> Progress {
        Progress {
            lists: self.done.load(Ordering::Relaxed),
            of: self.lists.len(),
            octets: self.octets.load(Ordering::Relaxed),
        }
    }
}
