//! Calls on a schedule that nobody's answer can delay: each one's time counts from when it was due, so a server that
//! stands still is charged for every call that came meanwhile (no coordinated omission).

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use tokio::task::JoinSet;

/// From one burst to the next: the timer's own step, so no call waits for it.
const STEP: Duration = Duration::from_millis(1);
/// Calls without an answer; more than that, and the server does not keep up at all.
const MOST_UNDER_WAY: usize = 100_000;

/// Makes `rate` calls a second, in a burst each millisecond, by each of `callers` in turn, until told to stop; how long
/// each took from when it was due, in ascending order. The first error ends it.
///
/// # Errors
/// A call's, or when too many are without an answer.
pub async fn drive<C, F>(
    callers: &[C],
    rate: f64,
    stop: Arc<AtomicBool>,
    call: impl Fn(C, u32) -> F,
) -> Result<Vec<Duration>>
where
    C: Clone,
    F: Future<Output = Result<()>> + Send + 'static,
{
    ensure!(!callers.is_empty(), "nobody calls");
    let (began, mut ticks) = (Instant::now(), tokio::time::interval(STEP));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Burst);
    let mut under_way = JoinSet::new();
    let mut latencies = Vec::new();
    let (mut number, mut bursts) = (0_u32, 0_u32);
    while !stop.load(Ordering::Relaxed) {
        tokio::select! {
            biased;
            _ = ticks.tick() => {}
            Some(ended) = under_way.join_next() => {
                latencies.push(ended??);
                continue;
            }
        }
        let due = began + STEP * bursts;
        bursts += 1;
        while f64::from(number) < f64::from(bursts) * rate * STEP.as_secs_f64() {
            let caller = &callers[usize::try_from(number)? % callers.len()];
            let answer = call(caller.clone(), number);
            under_way.spawn(async move {
                answer.await?;
                Ok::<_, anyhow::Error>(due.elapsed())
            });
            number += 1;
        }
        if under_way.len() > MOST_UNDER_WAY {
            bail!("{MOST_UNDER_WAY} calls are without an answer");
        }
    }
    while let Some(ended) = under_way.join_next().await {
        latencies.push(ended??);
    }
    latencies.sort_unstable();
    Ok(latencies)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stopped_after(time: Duration) -> Arc<AtomicBool> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            stopped.store(true, Ordering::Relaxed);
        });
        stop
    }

    #[tokio::test]
    async fn calls_that_were_due_while_the_server_stood_still_are_charged_for_it() {
        let stop = stopped_after(Duration::from_millis(300));
        let standstill = Duration::from_millis(200);
        let stood = Arc::new(AtomicBool::new(false));
        let call = |(), number| {
            let stood = Arc::clone(&stood);
            async move {
                // The client's own thread stands still: it cannot even send what is due.
                if number > 50 && !stood.swap(true, Ordering::Relaxed) {
                    std::thread::sleep(standstill);
                }
                Ok(())
            }
        };
        let latencies = drive(&[()], 1_000.0, stop, call).await.unwrap();
        let late = latencies.iter().filter(|it| **it > standstill / 4).count();
        assert!(late > 100, "{late} of {}", latencies.len());
    }

    #[tokio::test]
    async fn the_first_error_ends_it() {
        let stop = Arc::new(AtomicBool::new(false));
        let call = |(), number| async move {
            ensure!(number != 20, "call 20 is wrong");
            Ok(())
        };
        let error = drive(&[()], 1_000.0, stop, call).await.unwrap_err();
        assert_eq!(error.to_string(), "call 20 is wrong");
    }
}
