//! Tests of the walker against the reader in memory, on lists built octet by octet.

use std::sync::Arc;
use std::thread::{self, JoinHandle, ThreadId};
use std::time::Duration;

use super::{CrlWalker, WalkedCrl};
use crate::crl::hashing::{HashingTurn, identity_of};
use crate::crl::minted::{
    List, THIS_UPDATE, algorithm, certificate_issuer, delta, der, entry, extension, indirect, list,
    name, number, reason,
};
use crate::crl::{Crl, CrlEntry, CrlError, CrlLimits, CrlProfile};
use crate::limits::MAX_CRL_WALKER_BYTES;
use crate::signature::sha256;
use crate::{DerError, HashAlgorithm, RevocationReason};

type Owned = (Vec<u8>, RevocationReason, Option<Vec<u8>>);

fn owned(entry: &CrlEntry<'_>) -> Owned {
    let issuer = entry.certificate_issuer.as_deref().map(<[u8]>::to_vec);
    (entry.serial.to_vec(), entry.reason, issuer)
}

pub(super) fn walk_as(
    der: &[u8],
    chunk: usize,
    profile: CrlProfile,
    limits: &CrlLimits,
) -> Result<(WalkedCrl, Vec<Owned>), CrlError> {
    let mut walker = CrlWalker::new(profile, limits);
    let mut entries = Vec::new();
    let mut sink = |entry: &CrlEntry<'_>| entries.push(owned(entry));
    for chunk in der.chunks(chunk) {
        walker.push(chunk, &mut sink)?;
        assert!(walker.buffered() <= MAX_CRL_WALKER_BYTES);
    }
    walker.finish().map(|walked| (walked, entries))
}

/// Hashes on another thread as long as there is something.
fn hash_elsewhere(turn: HashingTurn) -> JoinHandle<()> {
    thread::spawn(|| turn.run(Duration::from_secs(10), || true))
}

/// The same, where two of three chunks are hashed by another thread.
fn walk_shared(der: &[u8], chunk: usize) -> Result<(WalkedCrl, Vec<Owned>), CrlError> {
    let mut walker = CrlWalker::new(CrlProfile::Rfc5280, &CrlLimits::default());
    let mut entries = Vec::new();
    let mut sink = |entry: &CrlEntry<'_>| entries.push(owned(entry));
    for (nth, chunk) in der.chunks(chunk).enumerate() {
        if nth % 3 == 0 {
            walker.push(chunk, &mut sink)?;
        } else {
            let chunk: Arc<[u8]> = chunk.into();
            walker.push_shared(&chunk, &mut sink, |turn| {
                hash_elsewhere(turn);
            })?;
        }
    }
    walker.finish().map(|walked| (walked, entries))
}

pub(super) fn walk(der: &[u8], chunk: usize) -> Result<(WalkedCrl, Vec<Owned>), CrlError> {
    walk_as(der, chunk, CrlProfile::Rfc5280, &CrlLimits::default())
}

fn read(der: &[u8]) -> Result<(Crl<'_>, Vec<Owned>), CrlError> {
    let crl = Crl::read(der)?;
    let entries = crl
        .entries()
        .map(|entry| entry.as_ref().map(owned).map_err(Clone::clone));
    let entries = entries.collect::<Result<Vec<_>, _>>()?;
    Ok((crl, entries))
}

/// Walks a list in chunks of many sizes, and reads it in memory: the same comes out, or the same
/// error, which it returns.
#[track_caller]
pub(super) fn same(der: &[u8]) -> Result<Vec<Owned>, CrlError> {
    let whole = der.len().max(1);
    let walked = walk(der, whole);
    for chunk in [1, 2, 3, 7, 64, 1_000] {
        assert_eq!(walk(der, chunk), walked, "in chunks of {chunk}");
    }
    for chunk in [64, 1_000] {
        assert_eq!(walk_shared(der, chunk), walked, "shared chunks of {chunk}");
    }
    match (read(der), walked) {
        (Ok((crl, entries)), Ok((walked, walked_entries))) => {
            assert_eq!(walked.header(), crl.header());
            assert_eq!(walked.signature(), crl.signature());
            assert_eq!(walked.identity(), identity_of(&crl));
            assert_eq!(walked.octets(), u64::try_from(der.len()).unwrap());
            assert_eq!(walked.entry_count(), u64::try_from(entries.len()).unwrap());
            let digest = sha256(crl.signed());
            let expected = Some((HashAlgorithm::Sha256, digest.as_slice()));
            assert_eq!(walked.signed_digest(), expected);
            assert_eq!(walked_entries, entries);
            Ok(entries)
        }
        (Err(error), Err(walked)) => {
            assert_eq!(walked, error);
            Err(error)
        }
        (read, walked) => panic!("in memory {:?}, walked {:?}", read.err(), walked.err()),
    }
}

/// Octets that no other thread can read.
#[derive(Clone)]
struct Only(ThreadId, Arc<[u8]>);

impl AsRef<[u8]> for Only {
    fn as_ref(&self) -> &[u8] {
        assert_eq!(thread::current().id(), self.0);
        &self.1
    }
}

#[test]
fn hashing_that_never_begins_is_done_and_a_list_of_which_it_broke_off_is_refused() {
    let der = list(&[entry(&[1], &[]), entry(&[2], &[])], &[number()]).der();
    // Which hash it is stands before this octet.
    let (front, rest) = der.split_at(60);
    let walk = |beside: fn(HashingTurn) -> Option<JoinHandle<()>>| {
        let mut walker = CrlWalker::new(CrlProfile::Rfc5280, &CrlLimits::default());
        let sink = &mut |_: &CrlEntry<'_>| {};
        walker.push(front, sink).unwrap();
        let (shared, rest) = rest.split_at(rest.len() - 1);
        let shared = Only(thread::current().id(), shared.into());
        let mut thread = None;
        let beside = |turn| thread = beside(turn);
        walker.push_shared(&shared, sink, beside).unwrap();
        // It has taken the chunk, and not left it to this thread.
        assert!(thread.is_none_or(|thread| thread.join().is_err()));
        walker.push(rest, sink).unwrap();
        walker.finish().map(|walked| walked.identity())
    };
    let whole = identity_of(&Crl::read(&der).unwrap());
    let none = |turn| {
        drop(turn);
        None
    };
    assert_eq!(walk(none), Ok(whole));
    let never_begins = |turn| {
        std::mem::forget(turn);
        None
    };
    assert_eq!(walk(never_begins), Ok(whole));
    let goes_at_once = |turn: HashingTurn| {
        turn.run(Duration::ZERO, || true);
        None
    };
    assert_eq!(walk(goes_at_once), Ok(whole));
    let breaks_off = |turn| Some(hash_elsewhere(turn));
    assert_eq!(walk(breaks_off), Err(CrlError::HashingInterrupted));
}

#[test]
fn every_chunking_gives_what_the_reader_in_memory_gives() {
    assert_eq!(same(&list(&[], &[]).der()), Ok(Vec::new()));
    let entries = [
        entry(&[1], &[]),
        entry(&[0xff, 1], &[reason(1)]),
        entry(&[0x7f; 30], &[]),
    ];
    let read = same(&list(&entries, &[number()]).der()).unwrap();
    assert_eq!(
        read[1],
        (vec![0xff, 1], RevocationReason::KeyCompromise, None)
    );
    let mut version_1 = list(&entries[..1], &[]);
    version_1.version = Vec::new();
    assert_eq!(same(&version_1.der()).unwrap().len(), 1);
    version_1.times = der(0x17, THIS_UPDATE);
    version_1.entries = None;
    assert_eq!(same(&version_1.der()), Ok(Vec::new()));
}

#[test]
fn an_issuer_stays_in_force_until_the_next() {
    let entries = [
        entry(&[1], &[]),
        entry(&[1], &[certificate_issuer(b"A")]),
        entry(&[2], &[]),
        entry(&[1], &[certificate_issuer(b"CA")]),
    ];
    let der = list(&entries, &[indirect(), number()]).der();
    let issuers: Vec<_> = same(&der)
        .unwrap()
        .into_iter()
        .map(|entry| entry.2)
        .collect();
    let canonical = |name: &[u8]| Some(crate::name::canonical_name(&self::name(name)).unwrap());
    assert_eq!(
        issuers,
        [None, canonical(b"A"), canonical(b"A"), canonical(b"CA")]
    );
    let crl = Crl::read(&der).unwrap();
    // Serial 1 is there for three issuers, of which two are the list's own.
    let twice = CrlError::DuplicateSerials { count: 1 };
    assert_eq!(crl.all_entries().unwrap_err(), twice);
    let der = list(&entries[..3], &[indirect(), number()]).der();
    assert_eq!(Crl::read(&der).unwrap().all_entries().unwrap().len(), 3);
}

#[test]
fn what_an_entry_may_do_depends_on_extensions_behind_it() {
    let removed = [
        entry(&[1], &[]),
        entry(&[2], &[reason(8)]),
        entry(&[3], &[]),
    ];
    assert_eq!(
        same(&list(&removed, &[delta(), number()]).der())
            .unwrap()
            .len(),
        3
    );
    let refused = same(&list(&removed, &[number()]).der());
    assert_eq!(refused, Err(CrlError::RemovedFromFullList { position: 2 }));
    let named = [entry(&[1], &[]), entry(&[2], &[certificate_issuer(b"A")])];
    assert!(same(&list(&named, &[indirect()]).der()).is_ok());
    let refused = same(&list(&named, &[number()]).der());
    assert_eq!(refused, Err(CrlError::EntryIssuer { position: 2 }));
    // The first of several wrong things is named, wherever it becomes known.
    let both = [
        entry(&[1], &[reason(8), certificate_issuer(b"A")]),
        entry(&[2], &[reason(7)]),
    ];
    let of = |extensions: &[Vec<u8>]| same(&list(&both, extensions).der()).unwrap_err();
    assert_eq!(of(&[]), CrlError::RemovedFromFullList { position: 1 });
    assert_eq!(
        of(&[delta(), number()]),
        CrlError::EntryIssuer { position: 1 }
    );
    let right = of(&[delta(), number(), indirect()]);
    assert_eq!(
        right,
        CrlError::Reason {
            position: 2,
            code: 7
        }
    );
}

#[test]
fn a_header_is_refused_before_an_entry() {
    let wrong = entry(&[1], &[reason(7)]);
    let with = |extensions: &[Vec<u8>]| {
        let list = list(std::slice::from_ref(&wrong), extensions);
        same(&list.der()).unwrap_err()
    };
    assert_eq!(
        with(&[]),
        CrlError::Reason {
            position: 1,
            code: 7
        }
    );
    let unknown = extension(0x7f, true, &[]);
    assert!(matches!(
        with(&[unknown]),
        CrlError::UnknownCriticalExtension { .. }
    ));
    assert_eq!(with(&[delta()]), CrlError::NumberMissing);
}

#[test]
fn each_wrong_field_is_the_same_error_in_pieces() {
    let base = || list(&[entry(&[1], &[])], &[number()]);
    let refused = |change: fn(&mut List)| {
        let mut list = base();
        change(&mut list);
        same(&list.der()).unwrap_err()
    };
    assert!(same(&base().der()).is_ok());
    assert_eq!(
        refused(|list| list.version = vec![2, 1, 2]),
        CrlError::Version
    );
    let differ = CrlError::SignatureAlgorithmsDiffer;
    assert_eq!(refused(|list| list.outer = algorithm(12)), differ);
    assert_eq!(
        refused(|list| list.issuer = der(0x30, &[])),
        CrlError::EmptyIssuer
    );
    assert_eq!(
        refused(|list| list.times = der(0x17, b"x")),
        DerError::Time.into()
    );
    let order = refused(|list| list.times = der(0x17, THIS_UPDATE).repeat(2));
    assert!(matches!(order, CrlError::UpdateOrder { .. }));
    assert_eq!(
        refused(|list| list.entries = Some(vec![0x30, 0])),
        CrlError::EmptyEntries
    );
    assert_eq!(
        refused(|list| list.version = Vec::new()),
        CrlError::Version1Extensions
    );
    let trailing = CrlError::Der(DerError::TrailingBytes { octets: 2 });
    assert_eq!(refused(|list| list.behind = vec![5, 0]), trailing);
    assert_eq!(refused(|list| list.signature.extend([5, 0])), trailing);
    let bits = refused(|list| list.signature = der(0x03, &[1, 2]));
    assert_eq!(bits, DerError::BitString.into());
    let third = refused(|list| list.times.extend(der(0x17, b"280101000000Z")));
    assert!(matches!(
        third,
        CrlError::Der(DerError::TrailingBytes { .. })
    ));
    let second = refused(|list| list.behind = der(0x30, &entry(&[2], &[])));
    assert!(matches!(
        second,
        CrlError::Der(DerError::TrailingBytes { .. })
    ));
}

#[test]
fn each_wrong_entry_is_the_same_error_in_pieces() {
    let refused = |contents: &[u8]| {
        let mut list = list(&[], &[number()]);
        list.entries = Some(der(0x30, contents));
        same(&list.der()).unwrap_err()
    };
    let first = entry(&[1], &[]);
    let second = |wrong: &[u8]| match refused(&[&first, wrong].concat()) {
        CrlError::Entry { position: 2, error } => error,
        other => panic!("{other:?}"),
    };
    let tag = |found| DerError::UnexpectedTag {
        expected: 0x30,
        found,
    };
    assert_eq!(second(&[5, 0]), tag(5));
    assert_eq!(second(&[0x1f]), tag(0x1f));
    assert_eq!(second(&[0x30]), DerError::Truncated);
    assert_eq!(second(&[0x30, 1]), DerError::Truncated);
    assert_eq!(
        second(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]),
        DerError::Truncated
    );
    assert_eq!(second(&[0x30, 0x80]), DerError::IndefiniteLength);
    assert_eq!(second(&[0x30, 0x81, 1]), DerError::NonMinimalLength);
    assert_eq!(
        second(&[0x30, 0x85, 0, 0]),
        DerError::LongLength { octets: 5 }
    );
    assert_eq!(second(&entry(&[0, 1], &[])), DerError::Integer);
    assert_eq!(second(&entry(&[], &[])), DerError::Integer);
    let version_1 = List {
        version: Vec::new(),
        ..list(&[entry(&[1], &[reason(1)])], &[])
    };
    let expected = CrlError::Version1EntryExtensions { position: 1 };
    assert_eq!(same(&version_1.der()), Err(expected));
}

#[test]
fn a_list_cut_off_anywhere_is_truncated() {
    let entries = [entry(&[1], &[reason(1)]), entry(&[2], &[])];
    let der = list(&entries, &[number(), indirect()]).der();
    for end in 1..der.len() {
        assert_eq!(same(&der[..end]), Err(DerError::Truncated.into()), "{end}");
    }
    let nothing = DerError::UnexpectedTag {
        expected: 0x30,
        found: 0,
    };
    assert_eq!(same(&[]), Err(nothing.into()));
    assert_eq!(same(&[0x30, 0]), Err(nothing.into()));
    let longer = [der.as_slice(), &[1, 2, 3]].concat();
    let trailing = DerError::TrailingBytes { octets: 3 };
    assert_eq!(same(&longer), Err(trailing.into()));
    assert!(same(&der).is_ok());
}

#[test]
fn an_error_is_not_forgotten() {
    let mut walker = CrlWalker::new(CrlProfile::Rfc5280, &CrlLimits::default());
    let mut sink = |_: &CrlEntry<'_>| {};
    let error = walker.push(&[5], &mut sink).unwrap_err();
    assert_eq!(walker.push(&[], &mut sink), Err(error.clone()));
    assert!(!walker.is_complete());
    assert_eq!(walker.finish(), Err(error));
}

#[test]
fn the_signed_part_is_hashed_by_the_algorithm_it_names() {
    let of = |last_arc| {
        let list = List {
            inner: algorithm(last_arc),
            outer: algorithm(last_arc),
            ..list(&[entry(&[1], &[])], &[])
        };
        let (walked, _) = walk(&list.der(), 3).unwrap();
        let digest = walked
            .signed_digest()
            .map(|(hash, digest)| (hash, digest.to_vec()));
        (digest, list.signed())
    };
    let digest = |algorithm, octets: &[u8]| aws_lc_rs::digest::digest(algorithm, octets);
    let (walked, signed) = of(12);
    let expected = digest(&aws_lc_rs::digest::SHA384, &signed)
        .as_ref()
        .to_vec();
    assert_eq!(walked, Some((HashAlgorithm::Sha384, expected)));
    let (walked, signed) = of(13);
    let expected = digest(&aws_lc_rs::digest::SHA512, &signed)
        .as_ref()
        .to_vec();
    assert_eq!(walked, Some((HashAlgorithm::Sha512, expected)));
    // SHA-1, which nothing here verifies.
    assert_eq!(of(5).0, None);
}

#[test]
fn whatever_octet_differs_the_identity_does() {
    let entries = [entry(&[1], &[]), entry(&[0x12, 0x34], &[reason(1)])];
    let original = list(&entries, &[number()]).der();
    let identity = |der: &[u8]| walk(der, der.len().max(1)).ok()?.0.identity();
    let expected = identity(&original).unwrap();
    let mut readable = 0;
    for (at, octet) in (0..original.len()).flat_map(|at| (0..=u8::MAX).map(move |it| (at, it))) {
        let mut changed = original.clone();
        changed[at] = octet;
        if octet != original[at]
            && let Some(identity) = identity(&changed)
        {
            assert_ne!(identity, expected, "octet {at} as {octet}");
            readable += 1;
        }
    }
    // All of the signature at least, and of a serial.
    assert!(readable > 256 * 255, "{readable}");
}
