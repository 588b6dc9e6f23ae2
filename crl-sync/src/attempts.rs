//! How attempts ended is written down for all that ended at the same time: of thousands of lists that did not change, a commit
//! for each would write more than the lists do.

use std::sync::{Mutex, PoisonError};

use store::CrlWriter;
use tokio::sync::Mutex as Turn;

use crate::outcome::Outcome;

/// Where attempts wait to be written down.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    waiting: Mutex<Vec<Attempt>>,
    turn: Turn<()>,
}

#[derive(Debug)]
struct Attempt {
    source: String,
    at: i64,
    outcome: Outcome,
}

impl Attempts {
    /// Writes an attempt down, with all others that wait. It is written, or the log says why not, when this ends.
    pub(crate) async fn record(
        &self,
        writer: &CrlWriter,
        source: &str,
        at: i64,
        outcome: &Outcome,
    ) {
        let attempt = Attempt {
            source: source.to_owned(),
            at,
            outcome: outcome.clone(),
        };
        let waiting = || self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting().push(attempt);
        let _turn = self.turn.lock().await;
        // Who had the turn before may have taken this one along.
        let attempts = std::mem::take(&mut *waiting());
        if !attempts.is_empty() {
            write(writer, &attempts).await;
        }
    }
}

async fn write(writer: &CrlWriter, attempts: &[Attempt]) {
    let rows: Vec<_> = attempts
        .iter()
        .map(|attempt| (&*attempt.source, attempt.at, attempt.outcome.for_store()))
        .collect();
    match writer.record_attempts(&rows).await {
        Ok(registered) => {
            let unknown = attempts.iter().zip(registered).filter(|(_, known)| !known);
            for (Attempt { source, .. }, _) in unknown {
                tracing::error!(
                    source,
                    "the attempt at a source that is not registered is not recorded"
                );
            }
        }
        Err(error) => {
            let count = attempts.len();
            tracing::error!(count, %error, "attempts could not be recorded");
        }
    }
}

#[cfg(test)]
#[path = "attempts_tests.rs"]
mod tests;
