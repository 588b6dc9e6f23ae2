//! Steps of many requests in one commit. On SQLite a commit waits for the disk and has the one connection that writes to
//! itself, so steps that arrive while one is under way share the next; nobody waits for a timer. PostgreSQL gathers
//! commits by itself.

use sqlx::any::AnyArguments;
use sqlx::query::Query;
use sqlx::{Any, Execute as _, SqlStr};
use tokio::sync::{mpsc, oneshot};

use crate::database::{Database, stopped};
use crate::dialect::Dialect;
use crate::error::{During as _, StoreError};
use crate::limits;

/// Where steps are made: one by one, or together.
#[derive(Debug, Clone)]
pub(super) struct Steps {
    database: Database,
    /// SQLite's.
    queue: Option<mpsc::Sender<Step>>,
}

/// One conditional statement, and who waits for what it did.
struct Step {
    sql: SqlStr,
    arguments: AnyArguments,
    during: &'static str,
    done: oneshot::Sender<Result<bool, StoreError>>,
}

impl Steps {
    pub(super) fn on(database: Database) -> Self {
        let queue = match database.dialect() {
            Dialect::Postgres => None,
            Dialect::Sqlite => {
                let (queue, steps) = mpsc::channel(limits::STEPS_WAITING);
                database
                    .runtime()
                    .spawn(commit_together(database.clone(), steps));
                Some(queue)
            }
        };
        Self { database, queue }
    }

    /// Runs one step; `true` if it changed its row. It is committed when this returns, and happens also if nobody waits
    /// for it any more.
    pub(super) async fn make(
        &self,
        mut statement: Query<'_, Any, AnyArguments>,
        during: &'static str,
    ) -> Result<bool, StoreError> {
        let Some(queue) = &self.queue else {
            let done = statement.execute(self.database.writer()).await;
            return Ok(done.during(during)?.rows_affected() == 1);
        };
        let arguments = statement.take_arguments();
        let arguments = arguments.map_err(sqlx::Error::Encode).during(during)?;
        let (done, made) = oneshot::channel();
        let step = Step {
            sql: statement.sql(),
            arguments: arguments.unwrap_or_default(),
            during,
            done,
        };
        let sent = queue.send_timeout(step, limits::ACQUIRE_TIMEOUT).await;
        sent.map_err(|_| stopped())?;
        made.await.unwrap_or_else(|_| Err(stopped()))
    }
}

/// Ends when nobody can send any more.
async fn commit_together(database: Database, mut queue: mpsc::Receiver<Step>) {
    let mut steps = Vec::with_capacity(limits::STEPS_TOGETHER);
    while queue.recv_many(&mut steps, limits::STEPS_TOGETHER).await > 0 {
        let mut waiting = Vec::with_capacity(steps.len());
        let outcome = commit(&database, steps.drain(..), &mut waiting).await;
        for (done, made) in waiting {
            // Whoever stopped waiting does not need the answer.
            let _ = done.send(outcome.clone().and(made));
        }
    }
}

type Waiting = (
    oneshot::Sender<Result<bool, StoreError>>,
    Result<bool, StoreError>,
);

/// Makes the steps in the order in which they came, each seeing what those before it did. Of `waiting` each hears its own
/// outcome unless all failed.
async fn commit(
    database: &Database,
    steps: impl Iterator<Item = Step>,
    waiting: &mut Vec<Waiting>,
) -> Result<(), StoreError> {
    let mut begun = database.begin_write().await;
    for step in steps {
        let Ok(transaction) = &mut begun else {
            waiting.push((step.done, Ok(false)));
            continue;
        };
        let made = sqlx::query_with(step.sql, step.arguments)
            .execute(&mut **transaction)
            .await;
        match made {
            Ok(made) => waiting.push((step.done, Ok(made.rows_affected() == 1))),
            // SQLite takes back the one statement, and the transaction goes on.
            Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                let refused = Err(sqlx::Error::Database(error)).during(step.during);
                waiting.push((step.done, refused));
            }
            // It may have taken back everything; dropping what is left of the transaction does the rest.
            Err(error) => {
                waiting.push((step.done, Ok(false)));
                begun = Err(error).during(step.during);
            }
        }
    }
    begun?.commit().await.during("steps are being committed")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DatabaseUrl;
    use crate::migrations::Part;

    async fn database(folder: &tempfile::TempDir) -> Database {
        let url = DatabaseUrl::sqlite(&folder.path().join("gateway.db")).unwrap();
        Database::open(&url, Part::Gateway).await.unwrap()
    }

    /// What uses an assertion up, by a statement that the table refuses the second time.
    fn use_up(assertion: u8) -> Query<'static, Any, AnyArguments> {
        sqlx::query("INSERT INTO assertion_id (assertion_hash, client_id, expires_at) VALUES ($1, 'RP1', 1)")
            .bind(vec![assertion])
    }

    /// The outcomes of statements that share a commit.
    async fn together(
        database: &Database,
        statements: Vec<Query<'static, Any, AnyArguments>>,
    ) -> Vec<Result<bool, StoreError>> {
        let (steps, made): (Vec<_>, Vec<_>) = statements
            .into_iter()
            .map(|mut statement| {
                let (done, made) = oneshot::channel();
                let step = Step {
                    arguments: statement.take_arguments().unwrap().unwrap(),
                    sql: statement.sql(),
                    during: "a test",
                    done,
                };
                (step, made)
            })
            .unzip();
        let (queue, receiver) = mpsc::channel(steps.len());
        for step in steps {
            queue.try_send(step).unwrap();
        }
        drop(queue);
        commit_together(database.clone(), receiver).await;
        let mut outcomes = Vec::new();
        for made in made {
            outcomes.push(made.await.unwrap());
        }
        outcomes
    }

    async fn used_up(database: &Database) -> i64 {
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM assertion_id");
        count.fetch_one(database.reader()).await.unwrap()
    }

    #[tokio::test]
    async fn each_sees_what_those_before_it_did_and_one_that_is_refused_takes_no_other_along() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(&folder).await;
        let nothing =
            sqlx::query("UPDATE assertion_id SET expires_at = 2 WHERE assertion_hash = $1");
        let outcomes = together(
            &database,
            vec![use_up(1), use_up(1), nothing.bind(vec![9_u8]), use_up(2)],
        );
        let outcomes = outcomes.await;
        assert!(matches!(
            outcomes[..],
            [
                Ok(true),
                Err(StoreError::Driver { .. }),
                Ok(false),
                Ok(true)
            ]
        ));
        assert_eq!(used_up(&database).await, 2);
    }

    #[tokio::test]
    async fn where_the_database_fails_nothing_was_done_and_everybody_hears_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(&folder).await;
        let broken = sqlx::query("UPDATE no_such_table SET a = $1").bind(1_i64);
        let outcomes = together(&database, vec![use_up(1), broken, use_up(2)]).await;
        assert!(outcomes.iter().all(Result::is_err), "{outcomes:?}");
        assert_eq!(used_up(&database).await, 0);
        assert!(together(&database, vec![use_up(1)]).await[0].is_ok());
    }

    #[tokio::test]
    async fn a_step_is_made_also_if_nobody_waits_for_it_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(&folder).await;
        let steps = Steps::on(database.clone());
        let made = steps.make(use_up(1), "a test");
        // Polled once, it has handed its step over.
        tokio::select! {
            biased;
            made = made => panic!("{made:?}"),
            () = std::future::ready(()) => {}
        }
        assert!(steps.make(use_up(2), "a test").await.unwrap());
        assert_eq!(used_up(&database).await, 2);
    }
}
