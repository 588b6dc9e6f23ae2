//! The service: on its schedule, until it is asked to stop.

use std::time::Duration;

use runtime::{Context, ServeError};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::task::JoinHandle;

use crate::world::{FULL, World};

struct Service {
    context: Context,
    task: JoinHandle<Result<(), ServeError>>,
}

async fn start(world: &World) -> Service {
    let context = world.context().await;
    let task = tokio::spawn(crl_sync::serve(world.full_config(), context.clone()));
    Service { context, task }
}

impl Service {
    async fn stop(self) {
        self.context.shutdown.begin();
        tokio::time::timeout(Duration::from_secs(5), self.task)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert!(!self.context.health.is_serving("crl-sync"));
        assert!(!self.context.health.is_serving(""));
    }
}

/// Waits for something the service does by itself; ten of its rounds are enough.
pub(crate) async fn eventually(mut happened: impl AsyncFnMut() -> bool) {
    for _ in 0..200 {
        if happened().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen within ten seconds");
}

#[tokio::test]
async fn lists_are_refreshed_on_schedule_and_the_process_is_ready_meanwhile() {
    let world = World::new().await;
    world.publish("full", world.list(&FULL, 1001));
    let service = start(&world).await;
    let address = service.context.addresses.wait("metrics").await;
    eventually(async || service.context.health.is_serving("crl-sync")).await;
    assert!(service.context.health.is_serving(""));
    eventually(async || world.number("full").await == Some(vec![0x03, 0xe9])).await;
    world.publish("full", world.list(&FULL, 1002));
    eventually(async || world.number("full").await == Some(vec![0x03, 0xea])).await;
    assert!(tokio::net::TcpStream::connect(address).await.is_ok());
    service.stop().await;
    let asked = world.requests().len();
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(world.requests().len(), asked);
}

#[tokio::test]
async fn a_list_in_force_is_asked_for_conditionally_and_a_refused_one_never_counts_as_unchanged() {
    let world = World::new().await;
    world.publish("full", world.list(&FULL, 1001));
    let service = start(&world).await;
    eventually(async || world.requests().len() >= 3).await;
    let conditional: Vec<bool> = world
        .requests()
        .iter()
        .map(|(_, conditional)| *conditional)
        .collect();
    assert_eq!(conditional[..3], [false, true, true]);
    assert_eq!(world.state("full").await.last_refusal, None);
    // The server now has, under its own entity tag, a list that is refused: it is refused every time.
    world.publish("full", world.list(&FULL, 1000));
    let refused = "rule=\"number_falling\"} 2";
    eventually(async || service.context.metrics.render().contains(refused)).await;
    assert_eq!(
        world.state("full").await.last_refusal.as_deref(),
        Some("number_falling")
    );
    service.stop().await;
}

#[tokio::test]
async fn a_server_that_asks_for_a_pause_is_left_alone_that_long() {
    let world = World::new().await;
    let busy = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = busy.local_addr().unwrap().to_string();
    let source = world.source("full", "").replace(&world.address, &address);
    // The back-off alone would be a second and at most a quarter more.
    let source = source.replace("interval_seconds = 1\n", "interval_seconds = 60\n");
    let config = world.config("newest_key", &source);
    let context = world.context().await;
    let task = tokio::spawn(crl_sync::serve(config, context.clone()));
    let mut asked = Vec::new();
    while asked.len() < 2 {
        let (mut stream, _) = busy.accept().await.unwrap();
        asked.push(std::time::Instant::now());
        let answer =
            "HTTP/1.1 503 Service Unavailable\r\nretry-after: 3\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).await.unwrap();
        // Whoever closes before the question was read may take the answer back.
        let _ = stream.read(&mut [0; 1024]).await.unwrap();
    }
    assert!(asked[1] - asked[0] >= Duration::from_secs(3), "{asked:?}");
    Service { context, task }.stop().await;
}

#[tokio::test]
async fn a_stalled_transfer_does_not_hold_up_stopping() {
    let world = World::new().await;
    // Accepts and never answers.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let sources = world.source("full", "").replace(&world.address, &address);
    let context = world.context().await;
    let task = tokio::spawn(crl_sync::serve(
        world.config("newest_key", &sources),
        context.clone(),
    ));
    let _connection = silent.accept().await.unwrap();
    Service { context, task }.stop().await;
    assert_eq!(world.number("full").await, None);
}
