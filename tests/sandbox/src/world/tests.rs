//! The whole world on its real ports.

use std::path::Path;

use http::StatusCode;

use super::*;
use crate::deployment::{Databases, Deployment, Pace, Ports};
use crate::mint::shared_for_tests;

async fn start(data: &Path) -> World {
    if !data.join("jpki.json").exists() {
        shared_for_tests().save(data).unwrap();
    }
    World::start(WorldOptions {
        data: data.to_owned(),
        gateway_url: "http://localhost:1".to_owned(),
        ports: WorldPorts::any(),
        list_lifetime_seconds: 3600,
    })
    .await
    .unwrap()
}

#[tokio::test]
async fn every_part_answers_and_every_source_can_be_fetched() {
    let folder = tempfile::tempdir().unwrap();
    let world = start(folder.path()).await;
    let http = reqwest::Client::builder().build().unwrap();
    let status = async |address: &str| http.get(address).send().await.unwrap().status();
    let at = world.addresses().clone();
    assert_eq!(status(&at.relying_party).await, StatusCode::OK);
    assert_eq!(status(&at.card).await, StatusCode::GONE);
    assert_eq!(
        status(&format!("{}/control/state", at.control)).await,
        StatusCode::OK
    );
    let sources = world.surroundings(&Lists::all()).sources;
    // A full list and three partitions of each authority, one file of links.
    assert_eq!(sources.len(), 9);
    for source in sources {
        assert_eq!(status(&source.url).await, StatusCode::OK, "{}", source.name);
    }
    world.stop().await;
    assert!(http.get(&at.control).send().await.is_err());
}

#[tokio::test]
async fn a_second_start_registers_the_same_keys_and_cards() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let world = start(folder.path()).await;
        let surroundings = world.surroundings(&Lists::all());
        let keys: Vec<_> = surroundings
            .clients
            .iter()
            .map(|client| client.jwk.clone())
            .collect();
        let anchors: Vec<_> = surroundings
            .authorities
            .iter()
            .map(|authority| authority.anchors.clone())
            .collect();
        seen.push((
            keys,
            anchors,
            surroundings.readers[0].public_key_pem.clone(),
        ));
        world.stop().await;
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_deployment_of_the_world_is_written_whole() {
    let folder = tempfile::tempdir().unwrap();
    let world = start(folder.path()).await;
    let ports = Ports::free_from(25_000).unwrap();
    let pace = Pace {
        sync_interval_seconds: 1,
        poll_interval_seconds: 1,
    };
    let surroundings = world.surroundings(&Lists::all());
    let written = folder.path().join("deployment");
    Deployment::write(&written, &surroundings, &Databases::Sqlite, ports, pace).unwrap();
    for file in [
        "crl-sync.toml",
        "clients.toml",
        "readers.toml",
        "agency.toml",
    ] {
        let text = std::fs::read_to_string(written.join(file)).unwrap();
        toml::from_str::<toml::Table>(&text).unwrap();
    }
    assert!(written.join("anchors/digital-signature-2.cer").exists());
    world.stop().await;
}
