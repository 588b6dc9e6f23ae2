//! The work of the service: of several processes on one PostgreSQL database one refreshes the sources, each on its own
//! schedule, and the others wait to take over.

use std::sync::Arc;
use std::time::Duration;

use runtime::ServeError;
use runtime::context::BackgroundError;
use runtime::shutdown::Shutdown;
use store::WorkerLease;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::folder::{Folder, FolderMemory};
use crate::outcome::SourceOutcome;
use crate::schedule;
use crate::source::Source;
use crate::sync::{Memory, Room};

/// From one look at the lease to the next: who has it makes sure of it, who has not asks for it.
const LEASE_INTERVAL: Duration = Duration::from_secs(3);

/// Everything the work needs.
pub(crate) struct Worker {
    room: Arc<Room>,
    sources: Vec<(Source, Remembered<Memory>)>,
    folders: Vec<(Folder, Remembered<FolderMemory>)>,
    shutdown: Shutdown,
}

/// What is remembered between attempts, also while another process does the work.
type Remembered<T> = Arc<Mutex<T>>;

/// Why the work ended.
enum Ended {
    /// The process is asked to stop.
    Asked,
    /// The lease may be somebody else's.
    LeaseLost,
    /// A task panicked. A source that is no longer asked would go stale in silence.
    Panicked,
}

/// What is known about the lease, so that a change is logged once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Worker,
    Waiting,
    Unknown,
}

impl Worker {
    pub(crate) fn new(
        room: Arc<Room>,
        sources: Vec<Source>,
        folders: Vec<Folder>,
        shutdown: Shutdown,
    ) -> Self {
        Self {
            room,
            sources: sources.into_iter().map(remembered).collect(),
            folders: folders.into_iter().map(remembered).collect(),
            shutdown,
        }
    }

    /// Works whenever it has the lease, until the process is asked to stop.
    pub(crate) async fn run(&self) -> Result<(), ServeError> {
        let mut role = None;
        while !self.shutdown.is_requested() {
            let now = match self.room.writer.worker_lease().await {
                Ok(Some(lease)) => {
                    self.announce(&mut role, Role::Worker, "this process refreshes the lists");
                    match self.work(lease).await {
                        Ended::Asked => break,
                        Ended::Panicked => return Err(BackgroundError.into()),
                        Ended::LeaseLost => (Role::Unknown, "the worker's lease was lost"),
                    }
                }
                Ok(None) => (Role::Waiting, "another process refreshes the lists"),
                Err(_) => (Role::Unknown, "nobody knows who refreshes the lists"),
            };
            self.announce(&mut role, now.0, now.1);
            if now.0 == Role::Waiting {
                // What the other one puts in force is shown here too; what cannot be read now is shown next time.
                let _shown = self.room.show(self.sources(), self.folders()).await;
            }
            tokio::select! {
                () = self.shutdown.requested() => {}
                () = tokio::time::sleep(LEASE_INTERVAL) => {}
            }
        }
        self.room.metrics.show_worker(false);
        Ok(())
    }

    fn announce(&self, before: &mut Option<Role>, role: Role, words: &str) {
        self.room.metrics.show_worker(role == Role::Worker);
        if before.replace(role) != Some(role) {
            if role == Role::Unknown {
                tracing::warn!("{words}");
            } else {
                tracing::info!("{words}");
            }
        }
    }

    fn sources(&self) -> impl Iterator<Item = &Source> + Clone {
        self.sources.iter().map(|(source, _)| source)
    }

    fn folders(&self) -> impl Iterator<Item = &Folder> + Clone {
        self.folders.iter().map(|(folder, _)| folder)
    }

    /// Refreshes every source on its schedule, as long as the lease lasts. What is being fetched or verified at its end is
    /// dropped: up to its commit an attempt leaves no trace.
    async fn work(&self, mut lease: WorkerLease) -> Ended {
        if let Err(error) = self.room.register(self.sources(), self.folders()).await {
            tracing::error!(%error, "the sources could not be registered");
            lease.release().await;
            return Ended::LeaseLost;
        }
        let mut tasks = JoinSet::new();
        let room = || Arc::clone(&self.room);
        for (source, memory) in &self.sources {
            let memory = Arc::clone(memory);
            tasks.spawn(keep_fresh(room(), source.clone(), memory));
        }
        for (folder, memory) in &self.folders {
            let memory = Arc::clone(memory);
            tasks.spawn(keep_folder_fresh(room(), folder.clone(), memory));
        }
        tasks.spawn(keep_highest(Arc::clone(&self.room)));
        let ended = loop {
            tokio::select! {
                () = self.shutdown.requested() => break Ended::Asked,
                _ = tasks.join_next() => break Ended::Panicked,
                () = tokio::time::sleep(LEASE_INTERVAL) => {
                    if let Err(error) = lease.confirm().await {
                        tracing::warn!(%error, "the worker's lease cannot be confirmed");
                        break Ended::LeaseLost;
                    }
                }
            }
        };
        tasks.shutdown().await;
        lease.release().await;
        ended
    }
}

/// Tries again and again to write the highest numbers that the disk did not take when they rose.
async fn keep_highest(room: Arc<Room>) {
    loop {
        tokio::time::sleep(LEASE_INTERVAL).await;
        room.highest.save().await;
    }
}

/// Asks one source again and again.
async fn keep_fresh(room: Arc<Room>, source: Source, memory: Remembered<Memory>) {
    // Nobody else has it: a source is asked by one task at a time.
    let mut memory = memory.lock().await;
    let mut failures: u32 = 0;
    loop {
        let outcome = room.sync(&source, &mut memory).await;
        failures = failures_after(failures, outcome.succeeded());
        let asked = memory.asked_pause();
        tokio::time::sleep(source.pace.delay(failures, asked, schedule::random())).await;
    }
}

/// Looks at one folder again and again. One of its files that is refused is no reason to look sooner at all of them.
async fn keep_folder_fresh(room: Arc<Room>, folder: Folder, memory: Remembered<FolderMemory>) {
    let mut memory = memory.lock().await;
    let mut failures: u32 = 0;
    loop {
        let outcomes = {
            let _place = room.place().await;
            room.sync_folder(&folder, &mut memory).await
        };
        failures = failures_after(failures, outcomes.iter().any(SourceOutcome::succeeded));
        tokio::time::sleep(folder.pace.delay(failures, None, schedule::random())).await;
    }
}

fn remembered<T, M: Default>(of: T) -> (T, Remembered<M>) {
    (of, Remembered::default())
}

const fn failures_after(failures: u32, succeeded: bool) -> u32 {
    if succeeded {
        0
    } else {
        failures.saturating_add(1)
    }
}
