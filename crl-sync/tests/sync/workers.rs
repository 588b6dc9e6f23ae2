//! Two processes on one PostgreSQL database: one works, the other takes over.

use std::sync::Arc;
use std::time::Duration;

use runtime::{Context, ServeError};
use sandbox::postgres::Postgres;
use store::CrlReader;
use tokio::task::JoinHandle;

use crate::world::{FULL, World};

struct Installation {
    world: World,
    server: Arc<Postgres>,
    database: String,
}

struct Process {
    context: Context,
    task: JoinHandle<Result<(), ServeError>>,
}

impl Installation {
    async fn new() -> Self {
        let (server, database) = tokio::task::spawn_blocking(|| {
            let server = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
            let database = server.fresh_database().unwrap();
            (server, database)
        })
        .await
        .unwrap();
        let world = World::new().await;
        Self {
            world,
            server,
            database,
        }
    }

    fn url(&self, role: &str) -> String {
        self.server.url_in(&self.database, role)
    }

    /// A process that fetches the one list from a path of its own.
    async fn start(&self, path: &str) -> Process {
        let sqlite = format!("sqlite://{}/crl.db", self.world.folder.path().display());
        let source = self
            .world
            .source("full", "")
            .replace("/full\"", &format!("/{path}\""));
        let text = self.world.config_text("newest_key", &source);
        let text = text.replace(&sqlite, &self.url("crl_writer"));
        let config = runtime::config::parse(&text).unwrap();
        let context = Context::with_clock(
            "crl-sync",
            runtime::shutdown::Shutdown::new(),
            Arc::new(self.world.clock.clone()),
        )
        .await;
        let task = tokio::spawn(crl_sync::serve(config, context.clone()));
        Process { context, task }
    }

    fn publish(&self, number: u64) {
        let list = self.world.list(&FULL, number);
        self.world.publish("a", list.clone());
        self.world.publish("b", list);
    }

    fn asked(&self, path: &str) -> usize {
        let requests = self.world.requests();
        requests
            .iter()
            .filter(|(asked, _)| asked[1..] == *path)
            .count()
    }

    async fn number(&self) -> Option<u8> {
        let reader = CrlReader::open(&self.url("crl_reader").parse().unwrap()).unwrap();
        let manifest = reader.manifest().await.ok()?;
        let current = manifest.sources.first()?.current.as_ref()?;
        current.facts.crl_number.last().copied()
    }

    async fn until_in_force(&self, number: u8) {
        for _ in 0..300 {
            if self.number().await == Some(number) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("list {number} does not come into force");
    }
}

impl Process {
    fn shows(&self, line: &str) -> bool {
        self.context.metrics.render().lines().any(|it| it == line)
    }

    fn is_worker(&self) -> bool {
        self.shows("akashi_crl_sync_worker{role=\"crl-sync\"} 1")
    }

    async fn stop(self) {
        self.context.shutdown.begin();
        self.task.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_works_and_the_other_takes_over_when_it_ends() {
    let installation = Installation::new().await;
    installation.publish(1);
    let first = installation.start("a").await;
    installation.until_in_force(1).await;
    assert!(first.is_worker());

    let second = installation.start("b").await;
    // It is ready, and knows what is in force without having fetched it.
    let entries =
        "akashi_crl_entries{certification_authority=\"user-authentication\",role=\"crl-sync\"} 4";
    for _ in 0..100 {
        if second.shows(entries) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(second.shows(entries) && second.context.health.is_serving(""));
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(!second.is_worker() && first.is_worker());
    assert_eq!(installation.asked("b"), 0);

    first.stop().await;
    installation.publish(2);
    installation.until_in_force(2).await;
    assert!(second.is_worker() && installation.asked("b") > 0);
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_session_is_a_lost_lease_and_somebody_works_again() {
    let installation = Installation::new().await;
    installation.publish(1);
    let (first, second) = (installation.start("a").await, installation.start("b").await);
    installation.until_in_force(1).await;
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE usename = 'crl_writer' AND datname = '{}'",
        installation.database
    );
    for number in 2..=4 {
        installation.server.execute("postgres", &end).unwrap();
        installation.publish(number);
        installation
            .until_in_force(u8::try_from(number).unwrap())
            .await;
    }
    // Whoever lost the lease has noticed by now.
    tokio::time::sleep(Duration::from_secs(7)).await;
    assert_ne!(first.is_worker(), second.is_worker());
    first.stop().await;
    second.stop().await;
}
