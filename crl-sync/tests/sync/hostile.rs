//! Publishers that lie about lengths: in every length field of a list, in the head of an answer, and by how slowly an
//! answer comes. Nothing of such a list is in force, nobody waits long, and the right list is taken afterwards.

use std::time::{Duration, Instant};

use pki::UnixTime;
use sandbox::der;
use sandbox::mint::CrlEntry;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::world::{FULL, World, accepted, rule};

/// What a length field is made to say: two gigabytes.
const GIGABYTES: [u8; 5] = [0x84, 0x7f, 0xff, 0xff, 0xff];

const FIRST: u64 = 0x0100_0000;
const COUNT: u64 = 10_000_000;

/// The place of every length field in DER, and how many octets it has: of values within values, too, where a string's
/// octets are DER as an extension's are.
fn lengths(octets: &[u8], from: usize, found: &mut Vec<(usize, usize)>) -> Option<()> {
    let mut at = 0;
    let mut here = Vec::new();
    while at < octets.len() {
        let tag = *octets.get(at)?;
        let first = *octets.get(at + 1)?;
        let size = if first < 0x80 {
            1
        } else {
            usize::from(first - 0x7f)
        };
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let length = octets.get(at + 2..at + 1 + size)?;
            length
                .iter()
                .fold(0, |sum, octet| sum << 8 | usize::from(*octet))
        };
        let begin = at + 1 + size;
        let value = octets.get(begin..begin.checked_add(length)?)?;
        here.push((from + at + 1, size));
        let is_constructed = tag & 0x20 != 0;
        let mut inner = Vec::new();
        if (is_constructed || tag == 0x04) && lengths(value, from + begin, &mut inner).is_some() {
            here.append(&mut inner);
        }
        at = begin + length;
    }
    found.append(&mut here);
    Some(())
}

#[tokio::test]
async fn a_gigabyte_in_any_length_field_of_a_list_is_refused_and_the_right_list_taken() {
    let world = World::new().await;
    world.publish("full", world.list(&FULL, 1001));
    assert_eq!(world.sync_full().await, accepted(1001));
    let next = world.list(&FULL, 1002);
    let mut places = Vec::new();
    lengths(&next, 0, &mut places).unwrap();
    assert!(places.len() > 60, "{} length fields", places.len());
    for (place, size) in places {
        let mut octets = next.clone();
        octets.splice(place..place + size, GIGABYTES);
        world.publish("full", octets);
        let outcome = world.sync_full().await;
        assert_eq!(rule(&outcome).0, "refused", "at {place}: {outcome:?}");
        assert_eq!(world.number("full").await, Some(vec![0x03, 0xe9]), "1001");
    }
    world.publish("full", next);
    assert_eq!(world.sync_full().await, accepted(1002));
}

/// Answers every request with a head, and these octets: at once, or one by one with a pause before each.
async fn publish(head: &str, octets: Vec<u8>, pause: Duration) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let head = format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n");
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (head, octets) = (head.clone(), octets.clone());
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.ends_with(b"\r\n\r\n") {
                    request.push(stream.read_u8().await?);
                }
                let request = String::from_utf8_lossy(&request).to_lowercase();
                assert!(!request.contains("accept-encoding"), "{request}");
                stream.write_all(head.as_bytes()).await?;
                let piece = if pause.is_zero() { octets.len() } else { 1 };
                for piece in octets.chunks(piece) {
                    tokio::time::sleep(pause).await;
                    stream.write_all(piece).await?;
                }
                stream.shutdown().await
            });
        }
    });
    address
}

#[tokio::test]
async fn an_answer_that_lies_about_its_length_or_form_or_drips_puts_nothing_in_force() {
    let world = World::new().await;
    let list = world.list(&FULL, 1001);
    let at_once = Duration::ZERO;
    let length = |octets: usize| format!("content-length: {octets}");
    // gzip as it begins; what would come of it is of no concern, because nobody asked for it and nothing unpacks it.
    let bomb = [
        &[0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0, 0, 3][..],
        &vec![0; 1 << 20],
    ]
    .concat();
    let gzip = format!("content-encoding: gzip\r\n{}", length(bomb.len()));
    let packed = format!("content-encoding: gzip\r\n{}", length(list.len()));
    let drip = Duration::from_millis(200);
    let short = length(list.len() - 1);
    let long = length(list.len() + 1);
    let right = length(list.len());
    let no_number = "content-length: many".to_owned();
    for (name, head, octets, pause, expected) in [
        ("shorter", short, &list, at_once, ("refused", "not_der")),
        ("longer", long, &list, at_once, ("refused", "truncated")),
        (
            "huge",
            length(4 << 30),
            &list,
            at_once,
            ("refused", "oversized"),
        ),
        ("letters", no_number, &list, at_once, ("failed", "exchange")),
        ("a bomb", gzip, &bomb, at_once, ("refused", "not_der")),
        ("a drip", right, &list, drip, ("failed", "timeout")),
        // Whatever the head calls it: the octets are the list.
        ("called packed", packed, &list, at_once, ("accepted", "")),
    ] {
        let address = publish(&head, octets.clone(), pause).await;
        let source = world.source("full", "timeout_seconds = 3");
        let source = source.replace(&world.address, &address);
        let begun = Instant::now();
        let config = world.config("newest_key", &source);
        let outcome = world.sync(config).await.remove(0).outcome;
        assert_eq!(rule(&outcome), expected, "{name}: {outcome:?}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{name}");
        let in_force = world.number("full").await.is_some();
        assert_eq!(in_force, expected.0 == "accepted", "{name}");
    }
}

/// A list of ten million of the smallest entries there are, signed.
fn ten_million(world: &World) -> Vec<u8> {
    let spec = world.spec(&FULL, 1001);
    let at = UnixTime::from_secs(world.now().secs() - 86_400);
    let entry = |serial| CrlEntry::new(serial, at, None).to_der();
    let mut entries = Vec::new();
    for serial in FIRST..FIRST + COUNT {
        entries.extend_from_slice(&entry(serial));
    }
    let key = &world.authority.newest().key;
    let tbs = der::sequence([
        spec.before_entries(),
        der::sequence([entries]),
        spec.after_entries(),
    ]);
    let signature = der::bit_string(&key.sign(&tbs));
    der::sequence([tbs, spec.outer_algorithm, signature])
}

#[tokio::test]
#[ignore = "two minutes; tests/run --long runs it"]
async fn ten_million_tiny_entries_are_in_force_if_genuine_and_refused_if_forged_or_above_the_limit()
{
    let world = World::new().await;
    let mut list = ten_million(&world);
    let sync = async |more: &str| {
        let config = world.config("newest_key", &world.source("full", more));
        world.sync(config).await.remove(0).outcome
    };
    let large = "max_bytes = 1073741824\ntimeout_seconds = 600";
    world.publish("full", list.clone());
    // The default limit: known from the first octets.
    assert_eq!(rule(&sync("").await).0, "refused");
    let end = list.len() - 1;
    list[end] ^= 1;
    world.publish("full", list.clone());
    assert_eq!(rule(&sync(large).await), ("refused", "signature"));
    assert_eq!(world.number("full").await, None);
    list[end] ^= 1;
    world.publish("full", list);
    assert_eq!(sync(large).await, accepted(1001));
    let highest = FIRST + COUNT - 1;
    assert!(world.look_up("full", highest).await.is_some());
    assert!(world.look_up("full", highest + 1).await.is_none());
}
