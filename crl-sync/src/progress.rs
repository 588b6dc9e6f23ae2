//! How far a run over all sources is, for a person who waits for it.

use std::io::Write;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How often the line is drawn anew: often enough to move, too seldom to matter.
const REDRAWN: Duration = Duration::from_millis(200);

/// Signs of the bar.
const BAR: u64 = 30;

/// How far a run is. Clones are the same run.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Counters>);

#[derive(Debug, Default)]
struct Counters {
    sources: AtomicU64,
    done: AtomicU64,
    /// Octets that the bodies which have begun announced, and that came of all of them.
    announced: AtomicU64,
    octets: AtomicU64,
    began: OnceLock<Instant>,
    /// Nanoseconds from then until the last source so far was done.
    took: AtomicU64,
}

impl Progress {
    /// How long the sources took that are done: what came before them, opening the store, and what comes after, closing
    /// it, is not in it. Nothing before a run has begun.
    pub fn took(&self) -> Option<Duration> {
        let took = || Duration::from_nanos(self.0.took.load(Ordering::Relaxed));
        self.0.began.get().map(|_| took())
    }

    pub(crate) fn begin(&self, sources: usize) {
        self.0.began.get_or_init(Instant::now);
        let sources = u64::try_from(sources).unwrap_or(u64::MAX);
        self.0.sources.store(sources, Ordering::Relaxed);
    }

    /// So many more sources were found than it began with.
    pub(crate) fn expect(&self, sources: usize) {
        let sources = u64::try_from(sources).unwrap_or(u64::MAX);
        self.0.sources.fetch_add(sources, Ordering::Relaxed);
    }

    pub(crate) fn source_done(&self) {
        if let Some(began) = self.0.began.get() {
            let took = u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
            self.0.took.fetch_max(took, Ordering::Relaxed);
        }
        self.0.done.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn body_begun(&self, announced: Option<u64>) {
        let announced = announced.unwrap_or(0);
        self.0.announced.fetch_add(announced, Ordering::Relaxed);
    }

    pub(crate) fn received(&self, octets: u64) {
        self.0.octets.fetch_add(octets, Ordering::Relaxed);
    }

    /// Shows a line on a terminal until a run ends, and then nothing of it remains. The line ends where it began, so that
    /// what is logged meanwhile replaces it. A terminal that cannot be written to is no reason to stop.
    pub async fn show<T>(&self, mut terminal: impl Write, run: impl Future<Output = T>) -> T {
        let mut run = pin!(run);
        let mut ticks = tokio::time::interval(REDRAWN);
        loop {
            tokio::select! {
                biased;
                outcome = &mut run => {
                    let _ = write!(terminal, "\x1b[K").and_then(|()| terminal.flush());
                    return outcome;
                }
                _ = ticks.tick() => {
                    let _ = write!(terminal, "{}\x1b[K\r", self.line()).and_then(|()| terminal.flush());
                }
            }
        }
    }

    /// `[=========>          ] 3 of 12 sources, 41.2 MB`
    fn line(&self) -> String {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (sources, done) = (get(&self.0.sources), get(&self.0.done));
        let (announced, octets) = (get(&self.0.announced), get(&self.0.octets));
        // Of a single source its octets are the progress, if it has said how many there are.
        let (part, whole) = if sources == 1 && announced > 0 && done == 0 {
            (octets, announced)
        } else {
            (done, sources)
        };
        let filled = part.min(whole).saturating_mul(BAR) / whole.max(1);
        let signs = |sign: &str, count: u64| sign.repeat(usize::try_from(count).unwrap_or(0));
        let bar = signs("=", filled) + &signs(" ", BAR - filled);
        let (megabytes, tenth) = (octets / 1_000_000, octets % 1_000_000 / 100_000);
        format!("[{bar}] {done} of {sources} sources, {megabytes}.{tenth} MB")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Progress;

    fn bar(line: &str) -> usize {
        line.matches('=').count()
    }

    #[test]
    fn the_bar_follows_the_sources_or_the_octets_of_a_single_one() {
        let progress = Progress::default();
        assert_eq!(bar(&progress.line()), 0);
        assert_eq!(progress.took(), None);
        progress.begin(4);
        assert_eq!(progress.took(), Some(Duration::ZERO));
        progress.body_begun(Some(1_000_000));
        progress.received(1_260_000);
        progress.source_done();
        assert!(progress.took() > Some(Duration::ZERO));
        let line = progress.line();
        assert_eq!(bar(&line), 7, "{line}");
        assert!(line.ends_with("] 1 of 4 sources, 1.2 MB"), "{line}");

        let progress = Progress::default();
        progress.begin(1);
        progress.body_begun(Some(1_000_000));
        progress.received(500_000);
        assert_eq!(bar(&progress.line()), 15);
        // A server may say too little.
        progress.received(9_000_000);
        assert_eq!(bar(&progress.line()), 30);
        progress.source_done();
        assert_eq!(bar(&progress.line()), 30);
    }

    #[tokio::test]
    async fn a_line_is_drawn_while_a_run_goes_on_and_nothing_remains_of_it() {
        let progress = Progress::default();
        progress.begin(1);
        let mut terminal = Vec::new();
        let run = async {
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            7
        };
        assert_eq!(progress.show(&mut terminal, run).await, 7);
        let text = String::from_utf8(terminal).unwrap();
        let drawn = text.matches("0 of 1 sources").count();
        assert!((1..=3).contains(&drawn), "{text:?}");
        assert!(
            text.ends_with("\r\x1b[K") && !text.contains('\n'),
            "{text:?}"
        );
    }
}
