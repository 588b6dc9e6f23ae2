//! The log says which phase is done, in this order, and nothing about any certificate.

use std::io::Write;
use std::sync::{Arc, LazyLock, Mutex};

use tracing_subscriber::fmt::MakeWriter;

use crate::world::{FULL, World, accepted, rule};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(octets)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The log of the whole test binary: a subscriber of one thread would race with those of other tests.
static LOG: LazyLock<Log> = LazyLock::new(|| {
    let log = Log::default();
    tracing_subscriber::fmt()
        .json()
        .with_writer(log.clone())
        .init();
    log
});

/// What was logged about a source, as fields of each line.
fn logged(source: &str) -> Vec<serde_json::Value> {
    let text = String::from_utf8(LOG.0.lock().unwrap().clone()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["fields"].clone())
        .filter(|fields| fields["source"] == source)
        .collect()
}

/// The phases of a source so far, each with the number of the list once it is known.
fn phases(source: &str) -> Vec<String> {
    let field =
        |fields: &serde_json::Value, name: &str| fields[name].as_str().unwrap_or("-").to_owned();
    logged(source)
        .iter()
        .filter(|fields| fields["phase"].is_string())
        .map(|fields| format!("{} {}", field(fields, "phase"), field(fields, "number")))
        .collect()
}

#[tokio::test]
async fn every_phase_is_logged_with_its_source_and_number() {
    LazyLock::force(&LOG);
    let world = World::new().await;
    // No other test has a source of this name.
    let sync = async || {
        world
            .sync(world.config("newest_key", &world.source("phases", "")))
            .await
            .remove(0)
            .outcome
    };
    world.publish("phases", world.list(&FULL, 1001));
    assert_eq!(sync().await, accepted(1001));
    let all = [
        "fetched -",
        "verified 1001",
        "planned 1001",
        "committed 1001",
    ];
    assert_eq!(phases("phases"), all);

    world.publish("phases", world.list(&FULL, 1000));
    assert_eq!(rule(&sync().await), ("refused", "number_falling"));
    assert_eq!(
        phases("phases")[4..],
        ["fetched -", "verified 1000", "planned 1000"]
    );
    let last = logged("phases").pop().unwrap();
    assert_eq!(
        (&last["outcome"], &last["rule"]),
        (&"refused".into(), &"number_falling".into())
    );
}
