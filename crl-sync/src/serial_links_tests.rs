use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::{CertificationAuthority, CrlSigner, CrossCheck, UnixTime, Verifier};
use proptest::prelude::*;
use sandbox::mint::{Authority, CaKind, RsaKey, SerialLink, links_payload, sign_links};
use serde_json::{Value, json};
use store::HolderKey;

use super::{LinksError, VerifiedLinks, read};

struct World {
    minted: Authority,
    trusted: CertificationAuthority,
    now: UnixTime,
}

impl World {
    fn new() -> Self {
        let now = sandbox::now();
        let mut minted = Authority::new(CaKind::UserAuthentication);
        minted.add_generation(now.plus_secs(-2_000_000)).unwrap();
        minted.add_generation(now.plus_secs(-1_000_000)).unwrap();
        minted.links.push(SerialLink {
            old: 20_300_001,
            new: 20_300_256,
        });
        let trusted = minted.trusted(CrlSigner::NewestKey);
        Self {
            minted,
            trusted,
            now,
        }
    }

    fn newest_key(&self) -> &RsaKey {
        &self.minted.newest().key
    }

    fn payload(&self) -> Value {
        serde_json::from_slice(&links_payload(&self.minted, 5, self.now)).unwrap()
    }

    fn read(&self, file: &[u8]) -> Result<VerifiedLinks, LinksError> {
        read(
            file,
            &self.trusted,
            &Verifier::new(CrossCheck::All),
            self.now,
        )
    }

    /// A payload with something changed, signed rightly.
    fn read_changed(&self, change: impl FnOnce(&mut Value)) -> Result<VerifiedLinks, LinksError> {
        let mut payload = self.payload();
        change(&mut payload);
        self.read(&sign_links(
            payload.to_string().as_bytes(),
            self.newest_key(),
        ))
    }

    fn refused(&self, change: impl FnOnce(&mut Value)) -> LinksError {
        self.read_changed(change).err().unwrap()
    }
}

#[test]
fn links_signed_with_the_newest_key_are_read() {
    let links = World::new().read_changed(|_| {}).unwrap();
    assert_eq!((links.number(), links.links.len()), (5, 1));
}

#[test]
fn what_is_stored_is_a_keyed_hash_of_each_serial() {
    let links = World::new().read_changed(|_| {}).unwrap();
    let key = HolderKey::new(&[7; 32]);
    let hashed = links.hashed(&key, "user-authentication");
    let hash = |serial: &[u8]| store::serial_hash(&key, "user-authentication", serial);
    assert_eq!(hashed[0].old, hash(&20_300_001_u32.to_be_bytes()));
    assert_eq!(hashed[0].new, hash(&20_300_256_u32.to_be_bytes()));
    assert_ne!(
        hashed,
        links.hashed(&HolderKey::new(&[8; 32]), "user-authentication")
    );
    assert_ne!(hashed, links.hashed(&key, "digital-signature"));
}

#[test]
fn only_the_newest_key_signs_links() {
    let world = World::new();
    let payload = links_payload(&world.minted, 5, world.now);
    let older = sign_links(&payload, &world.minted.generation(1).key);
    assert_eq!(world.read(&older).err().unwrap().rule(), "signature");
    assert!(
        world
            .read(&sign_links(&payload, world.newest_key()))
            .is_ok()
    );
}

#[test]
fn a_signature_over_something_else_is_refused() {
    let world = World::new();
    let payload = links_payload(&world.minted, 5, world.now);
    let file = |signature: Vec<u8>| {
        json!({ "payload": STANDARD.encode(&payload), "signature": STANDARD.encode(signature) })
            .to_string()
    };
    let without_context = file(world.newest_key().sign(&payload));
    assert_eq!(
        world.read(without_context.as_bytes()).err().unwrap().rule(),
        "signature"
    );
    let context = b"akashi-serial-links-v1".as_slice();
    let with_context = file(world.newest_key().sign(&[context, &payload].concat()));
    assert!(world.read(with_context.as_bytes()).is_ok());
}

#[test]
fn a_file_that_is_not_the_envelope_is_refused() {
    let world = World::new();
    for file in [
        "",
        "{}",
        "[]",
        r#"{"payload":"!","signature":""}"#,
        r#"{"payload":"","signature":"!"}"#,
    ] {
        assert_eq!(
            world.read(file.as_bytes()).err().unwrap(),
            LinksError::Envelope,
            "{file}"
        );
    }
    let whole = sign_links(
        &links_payload(&world.minted, 5, world.now),
        world.newest_key(),
    );
    assert_eq!(
        world.read(&whole[..whole.len() - 1]).err().unwrap(),
        LinksError::Envelope
    );
    assert!(world.read(&whole).is_ok());
    // Slashes may be written escaped in JSON.
    let escaped = String::from_utf8(whole).unwrap().replace('/', "\\/");
    assert!(world.read(escaped.as_bytes()).is_ok());
}

#[test]
fn a_signed_payload_that_is_not_links_is_refused() {
    let world = World::new();
    let missing = world.refused(|payload| drop(payload.as_object_mut().unwrap().remove("links")));
    assert_eq!(missing, LinksError::Payload);
    assert_eq!(
        world.refused(|payload| payload["number"] = json!(-1)),
        LinksError::Payload
    );
    assert_eq!(
        world.refused(|payload| payload["more"] = json!(1)),
        LinksError::Payload
    );
    assert!(
        world
            .read_changed(|payload| payload["links"] = json!([]))
            .is_ok()
    );
}

#[test]
fn links_of_another_authority_are_refused() {
    let change = |name: &'static str| {
        move |payload: &mut Value| payload["certification_authority"] = json!(name)
    };
    let world = World::new();
    assert_eq!(
        world.refused(change("digital-signature")),
        LinksError::WrongAuthority
    );
    assert!(world.read_changed(change("user-authentication")).is_ok());
}

#[test]
fn links_may_be_five_minutes_ahead_and_no_more() {
    let world = World::new();
    let issued = |ahead: i64| {
        let issued_at = world.now.plus_secs(ahead).secs();
        world.read_changed(|payload| payload["issued_at"] = json!(issued_at))
    };
    assert!(issued(300).is_ok());
    assert_eq!(issued(301).err().unwrap().rule(), "from_future");
}

#[test]
fn serials_that_are_none_are_refused_without_being_repeated() {
    let world = World::new();
    for serial in ["", "0", "xy", "00", &"ff".repeat(21)] {
        let error = world.refused(|payload| payload["links"][0]["new"] = json!(serial));
        assert_eq!(error, LinksError::Serial { position: 0 });
    }
    assert!(
        world
            .read_changed(|payload| payload["links"][0]["new"] = json!("ff".repeat(20)))
            .is_ok()
    );
}

#[test]
fn a_serial_does_not_follow_itself_or_two_others() {
    let world = World::new();
    let links = |links: Value| world.read_changed(|payload| payload["links"] = links);
    let itself = links(json!([{ "old": "05", "new": "0005" }]));
    assert_eq!(itself.err().unwrap(), LinksError::Circular { position: 0 });
    let two = links(json!([{ "old": "05", "new": "07" }, { "old": "06", "new": "07" }]));
    assert_eq!(
        two.err().unwrap(),
        LinksError::SecondPredecessor { position: 1 }
    );
    // A chain of renewals is fine.
    assert!(links(json!([{ "old": "05", "new": "06" }, { "old": "06", "new": "07" }])).is_ok());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_signed_is_read_or_refused_without_a_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        rubbish in proptest::collection::vec(any::<u8>(), 0..60),
    ) {
        let world = shared();
        let mut payload = world.payload().to_string().into_bytes();
        for (at, value) in changes {
            let at = at.index(payload.len());
            payload[at] = value;
        }
        if let Ok(links) = world.read(&sign_links(&payload, world.newest_key())) {
            prop_assert!(links.links.iter().all(|(old, new)| old != new));
        }
        prop_assert!(world.read(&sign_links(&rubbish, world.newest_key())).is_err());
        prop_assert!(world.read(&rubbish).is_err());
    }
}

/// Keys take a while to make.
fn shared() -> &'static World {
    static WORLD: LazyLock<World> = LazyLock::new(World::new);
    &WORLD
}
