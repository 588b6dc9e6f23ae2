//! The client: so many connections with so many calls each in flight at any time. Every answer is checked.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use tokio::task::JoinSet;

/// Connections to the server under load.
pub const CONNECTIONS: usize = 2;
/// Calls in flight on each connection.
pub const STREAMS: usize = 64;

/// Something that can be called again and again over one connection; clones share the connection.
pub trait Caller: Clone + Send + 'static {
    /// Makes the call with this number and checks the answer.
    fn call(&mut self, number: u32) -> impl Future<Output = Result<()>> + Send;
}

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub enum Until {
    /// After this time.
    Elapsed(Duration),
    /// After this many calls.
    Calls(u32),
}

/// What happened in one stretch of load.
#[derive(Clone, Debug)]
pub struct Window {
    /// Calls that were answered, each rightly.
    pub calls: u32,
    /// From the first call's start to the last one's end.
    pub elapsed: Duration,
    /// How long each call took, in ascending order.
    pub latencies: Vec<Duration>,
}

impl Window {
    /// Calls a second.
    pub fn calls_per_second(&self) -> f64 {
        f64::from(self.calls) / self.elapsed.as_secs_f64()
    }

    /// The latency that `hundredths` of a hundred calls did not exceed.
    pub fn percentile(&self, hundredths: usize) -> Duration {
        let rank =
            (self.latencies.len() * hundredths / 100).min(self.latencies.len().saturating_sub(1));
        self.latencies.get(rank).copied().unwrap_or_default()
    }
}

struct Budget {
    next: AtomicU32,
    limit: u32,
    over: AtomicBool,
}

impl Budget {
    /// The number of the next call, unless there is to be none.
    fn take(&self) -> Option<u32> {
        if self.over.load(Ordering::Relaxed) {
            return None;
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number < self.limit).then_some(number)
    }
}

/// Keeps [`STREAMS`] calls in flight on each of the callers' connections. The first wrong answer ends it.
///
/// # Errors
/// When a call failed or an answer was wrong.
pub async fn drive<C: Caller>(callers: &[C], until: Until) -> Result<Window> {
    let budget = Arc::new(Budget {
        next: AtomicU32::new(0),
        limit: match until {
            Until::Calls(calls) => calls,
            Until::Elapsed(_) => u32::MAX,
        },
        over: AtomicBool::new(false),
    });
    let began = Instant::now();
    let mut streams = JoinSet::new();
    for caller in callers {
        for _ in 0..STREAMS {
            streams.spawn(stream(caller.clone(), budget.clone()));
        }
    }
    let timer = async {
        match until {
            Until::Elapsed(time) => tokio::time::sleep(time).await,
            Until::Calls(_) => std::future::pending().await,
        }
        budget.over.store(true, Ordering::Relaxed);
        std::future::pending::<()>().await;
    };
    let ends = async {
        let mut latencies = Vec::new();
        while let Some(ended) = streams.join_next().await {
            latencies.extend(ended??);
        }
        Ok::<_, anyhow::Error>(latencies)
    };
    let mut latencies = tokio::select! {
        latencies = ends => latencies?,
        () = timer => return Err(anyhow!("the timer ended")),
    };
    let elapsed = began.elapsed();
    latencies.sort_unstable();
    Ok(Window {
        calls: u32::try_from(latencies.len())?,
        elapsed,
        latencies,
    })
}

async fn stream<C: Caller>(mut caller: C, budget: Arc<Budget>) -> Result<Vec<Duration>> {
    let mut latencies = Vec::new();
    while let Some(number) = budget.take() {
        let began = Instant::now();
        caller.call(number).await?;
        latencies.push(began.elapsed());
    }
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    #[derive(Clone)]
    struct Wrong(u32);

    impl Caller for Wrong {
        async fn call(&mut self, number: u32) -> Result<()> {
            tokio::task::yield_now().await;
            if number == self.0 {
                bail!("call {number} is wrong");
            }
            Ok(())
        }
    }

    #[tokio::test]
    async fn every_call_is_made_once_and_counted() {
        let callers = [Wrong(u32::MAX), Wrong(u32::MAX)];
        let window = drive(&callers, Until::Calls(1_000)).await.unwrap();
        assert_eq!((window.calls, window.latencies.len()), (1_000, 1_000));
    }

    #[tokio::test]
    async fn time_ends_it() {
        let time = Duration::from_millis(20);
        let window = drive(&[Wrong(u32::MAX)], Until::Elapsed(time))
            .await
            .unwrap();
        assert!(window.elapsed >= time && window.calls > 0);
    }

    #[tokio::test]
    async fn one_wrong_answer_is_an_error() {
        let error = drive(&[Wrong(700)], Until::Calls(1_000)).await.unwrap_err();
        assert_eq!(error.to_string(), "call 700 is wrong");
    }

    #[test]
    fn percentiles_are_of_the_sorted_latencies() {
        let latencies: Vec<_> = (1..=100).map(Duration::from_micros).collect();
        let window = Window {
            calls: 100,
            elapsed: Duration::from_secs(2),
            latencies,
        };
        assert_eq!(window.percentile(50), Duration::from_micros(51));
        assert_eq!(window.percentile(100), Duration::from_micros(100));
        assert!((window.calls_per_second() - 50.0).abs() < 1e-9);
    }
}
