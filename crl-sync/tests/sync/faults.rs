//! Publishers that are broken or hostile, octet by octet: what each comes to, and that it comes to it at once.

use std::time::{Duration, Instant};

use crl_sync::Outcome;
use pki::UnixTime;
use sandbox::mint::CrlEntry;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::world::{FULL, World, accepted, rule};

/// How a body ends.
#[derive(Clone, Copy)]
enum Ending {
    /// As it should.
    Whole,
    /// The connection stays open and says nothing more.
    Silence,
}

/// Answers one request with a chunked body of these octets, which announces no length.
async fn publish(octets: Vec<u8>, ending: Ending) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !request.ends_with(b"\r\n\r\n") {
            request.push(stream.read_u8().await?);
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
            .await?;
        for chunk in octets.chunks(1 << 16) {
            stream
                .write_all(format!("{:x}\r\n", chunk.len()).as_bytes())
                .await?;
            stream.write_all(chunk).await?;
            stream.write_all(b"\r\n").await?;
        }
        match ending {
            Ending::Whole => stream.write_all(b"0\r\n\r\n").await,
            Ending::Silence => std::future::pending().await,
        }
    });
    address
}

/// Answers each request with its turn of these octets and hangs up.
async fn publish_each(answers: Vec<Vec<u8>>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                request.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(&answer).await.unwrap();
        }
    });
    address
}

/// What comes of a source at this address.
async fn sync(world: &World, address: &str, more: &str) -> Outcome {
    let source = world.source("full", more).replace(&world.address, address);
    let config = world.config("newest_key", &source);
    world.sync(config).await.remove(0).outcome
}

#[tokio::test]
async fn a_list_wrong_in_its_first_octets_is_refused_before_the_rest_comes() {
    let world = World::new().await;
    let gigabytes = [0x30, 0x84, 0xff, 0xff, 0xff, 0xff].to_vec();
    let just_above = [0x30, 0x83, 0x10, 0x00, 0x00].to_vec();
    let page = b"<html><body>Please sign in".to_vec();
    for (octets, expected) in [
        (gigabytes, "crl_too_large"),
        (just_above, "crl_too_large"),
        (page, "not_der"),
    ] {
        // The read time-out is two seconds: a transfer that were still waited for would be stalled.
        let address = publish(octets, Ending::Silence).await;
        let begun = Instant::now();
        let outcome = sync(&world, &address, "max_bytes = 1048576").await;
        assert_eq!(rule(&outcome), ("refused", expected), "{outcome:?}");
        assert!(
            begun.elapsed() < Duration::from_millis(1900),
            "{:?}",
            begun.elapsed()
        );
    }
}

#[tokio::test]
async fn a_list_that_stops_in_the_middle_is_a_failure_and_nothing_of_it_is_in_force() {
    let world = World::new().await;
    let whole = world.list(&FULL, 1001);
    let half = whole[..whole.len() / 2].to_vec();
    let address = publish(half, Ending::Silence).await;
    let outcome = sync(&world, &address, "").await;
    assert_eq!(rule(&outcome), ("failed", "stalled"));
    // Everything but the end of the transfer: it could go on with octets behind the list.
    let address = publish(whole.clone(), Ending::Silence).await;
    let outcome = sync(&world, &address, "").await;
    assert_eq!(rule(&outcome), ("failed", "stalled"));
    assert_eq!(world.number("full").await, None);
    let address = publish(whole, Ending::Whole).await;
    assert_eq!(sync(&world, &address, "").await, accepted(1001));
}

#[tokio::test]
async fn octets_behind_a_list_are_refused_however_many_are_announced() {
    let world = World::new().await;
    let mut longer = world.list(&FULL, 1001);
    longer.push(0);
    let address = publish(longer.clone(), Ending::Whole).await;
    assert_eq!(
        rule(&sync(&world, &address, "").await),
        ("refused", "not_der")
    );
    longer.resize(2 << 20, 0);
    let address = publish(longer, Ending::Silence).await;
    let outcome = sync(&world, &address, "max_bytes = 1048576").await;
    assert!(
        matches!(rule(&outcome), ("refused", "oversized" | "not_der")),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_list_cut_off_is_continued_and_the_hash_proves_the_whole() {
    let world = World::new().await;
    let (list, other) = (world.list(&FULL, 1001), world.list(&FULL, 1002));
    assert_eq!(list.len(), other.len());
    // In the middle of the signature.
    let (length, cut) = (list.len(), list.len() - 100);
    let begun = format!("HTTP/1.1 200 OK\r\netag: \"7\"\r\ncontent-length: {length}\r\n\r\n");
    let begun = [begun.as_bytes(), &list[..cut]].concat();
    let rest = |of: &[u8]| {
        let (left, end) = (length - cut, length - 1);
        let head = format!(
            "HTTP/1.1 206 Partial Content\r\netag: \"7\"\r\ncontent-length: {left}\r\n\
             content-range: bytes {cut}-{end}/{length}\r\n\r\n"
        );
        [head.as_bytes(), &of[cut..]].concat()
    };
    // A server that calls another list the same: a part of each is neither.
    let address = publish_each(vec![begun.clone(), rest(&other)]).await;
    let outcome = sync(&world, &address, "").await;
    assert_eq!(rule(&outcome), ("refused", "signature"), "{outcome:?}");
    assert_eq!(world.number("full").await, None);
    let address = publish_each(vec![begun, rest(&list)]).await;
    assert_eq!(sync(&world, &address, "").await, accepted(1001));
}

/// A list of so many of the smallest entries there are.
fn tiny_entries(world: &World, count: u64) -> Vec<u8> {
    let mut spec = world.spec(&FULL, 1001);
    let at = UnixTime::from_secs(world.now().secs() - 86_400);
    spec.entries = (1..=count).map(|n| CrlEntry::new(n, at, None)).collect();
    spec.sign(&world.authority.newest().key)
}

#[tokio::test]
async fn a_list_of_very_many_tiny_entries_is_in_force_if_it_is_genuine_and_refused_if_it_is_not() {
    let world = World::new().await;
    let mut list = tiny_entries(&world, 200_000);
    let end = list.len() - 1;
    list[end] ^= 1;
    let address = publish(list.clone(), Ending::Whole).await;
    assert_eq!(
        rule(&sync(&world, &address, "").await),
        ("refused", "signature")
    );
    assert_eq!(world.number("full").await, None);
    list[end] ^= 1;
    let address = publish(list, Ending::Whole).await;
    assert_eq!(sync(&world, &address, "").await, accepted(1001));
    assert!(world.look_up("full", 200_000).await.is_some());
    assert!(world.look_up("full", 200_001).await.is_none());
}

#[tokio::test]
async fn a_serial_that_occurs_twice_is_refused_though_the_list_is_signed() {
    let world = World::new().await;
    let mut spec = world.spec(&FULL, 1001);
    let twice = CrlEntry::new(101, world.now().plus_secs(-60), None);
    spec.entries.push(twice);
    let list = spec.sign(&world.authority.newest().key);
    let address = publish(list, Ending::Whole).await;
    let outcome = sync(&world, &address, "").await;
    assert_eq!(rule(&outcome), ("refused", "duplicate_serials"));
}
