//! A list that arrives in pieces is judged as the same list in one piece, however it is cut.

use conformance::issuer::{Issuer, MUNICIPALITY, NOW};
use conformance::list::verify;
use pki::limits::MAX_CRL_WALKER_BYTES;
use pki::{
    Crl, CrlEntry as ReadEntry, CrlError, CrlFacts, CrlLimits, CrlNumber, CrlProfile, CrlStream,
    CrlWalker, CrossCheck, DerError, RevocationReason, RevokedEntry, UnixTime, VerifiedCrl,
    Verifier, WalkedCrl,
};
use proptest::prelude::*;
use sandbox::der;
use sandbox::mint::{CaKind, CrlEntry, CrlSpec, Extension, Extensions as _, RsaKey, names};

const KIND: CaKind = CaKind::UserAuthentication;

fn key() -> &'static RsaKey {
    &Issuer::of(KIND).authority.newest().key
}

/// A partition with three entries.
fn partition() -> CrlSpec {
    Issuer::of(KIND)
        .list()
        .for_distribution_point(&KIND.distribution_point_name(MUNICIPALITY))
        .with_entry(CrlEntry::new(21_000_000, NOW.plus_secs(-9), Some(4)))
        .with_entry(CrlEntry::new(21_000_001, NOW.plus_secs(-9), None))
        .with_entry(CrlEntry::new(21_000_002, NOW.plus_secs(-9), Some(6)))
}

/// `bytes` cut into pieces of these lengths, again and again.
fn pieces<'a>(mut bytes: &'a [u8], lengths: &[usize]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    for length in lengths.iter().cycle() {
        if bytes.is_empty() {
            break;
        }
        let (piece, rest) = bytes.split_at(*length.min(&bytes.len()));
        pieces.push(piece);
        bytes = rest;
    }
    pieces
}

/// What the core says about a list that arrives in pieces.
fn stream(bytes: &[u8], lengths: &[usize]) -> Result<VerifiedCrl, CrlError> {
    let mut stream = CrlStream::new(&CrlLimits::default());
    for piece in pieces(bytes, lengths) {
        stream.push(piece)?;
    }
    stream.finish(&Issuer::of(KIND).trusted, &Verifier::new(CrossCheck::All))
}

/// One verdict for a list, in memory and in pieces; refused, it is refused for the same reason.
#[track_caller]
fn one_verdict(bytes: &[u8]) -> Result<VerifiedCrl, CrlError> {
    let whole = verify(bytes);
    for lengths in [&[1][..], &[7, 300], &[bytes.len()]] {
        match (&whole, stream(bytes, lengths)) {
            (Ok(whole), Ok(streamed)) => {
                assert_eq!(streamed.facts(), whole.facts());
                assert_eq!(streamed.entries(), whole.entries());
            }
            (Err(error), Err(streamed)) => assert_eq!(streamed, *error),
            (whole, streamed) => panic!("{whole:?} {streamed:?}"),
        }
    }
    whole
}

#[test]
fn a_list_in_pieces_is_accepted_with_its_facts_and_entries() {
    let full = Issuer::of(KIND).list().sign(key());
    assert_eq!(one_verdict(&full).unwrap().entries().len(), 0);
    assert_eq!(
        one_verdict(&partition().sign(key()))
            .unwrap()
            .entries()
            .len(),
        3
    );
}

#[test]
fn a_list_in_pieces_is_refused_for_the_same_reason() {
    let refused = |list: CrlSpec| one_verdict(&list.sign(key())).unwrap_err();
    let wrong = one_verdict(&partition().sign_wrongly(key())).unwrap_err();
    assert_eq!(wrong, CrlError::Signature);
    let stranger = RsaKey::generate().unwrap();
    let named = partition().with_extension(Extension::signer_key_identifier(&stranger.key_id()));
    let unknown = one_verdict(&named.sign(&stranger)).unwrap_err();
    assert_eq!(unknown.rule(), "unknown_signer");
    assert_eq!(refused(partition().as_delta_of(3)), CrlError::Delta);
    let repeated = partition().with_entry(CrlEntry::new(21_000_001, NOW, None));
    assert_eq!(refused(repeated), CrlError::DuplicateSerials { count: 1 });
    let removed = partition().with_entry(CrlEntry::new(7, NOW, Some(8)));
    assert_eq!(
        refused(removed),
        CrlError::RemovedFromFullList { position: 4 }
    );
    let without = partition().without_extension(names::CRL_NUMBER);
    assert_eq!(refused(without), CrlError::NumberMissing);
    let trailing = CrlSpec {
        trailing: vec![0; 3],
        ..partition()
    };
    let octets = DerError::TrailingBytes { octets: 3 };
    assert_eq!(refused(trailing), CrlError::Der(octets));
}

/// What the core says about a delta list that arrives in pieces: its facts, and whom it names for which reason.
fn stream_delta(
    list: &CrlSpec,
    lengths: &[usize],
) -> Result<(CrlFacts, Vec<RevokedEntry>), CrlError> {
    let mut stream = CrlStream::delta_into_sink(&CrlLimits::default(), Vec::new());
    for piece in pieces(&list.sign(key()), lengths) {
        stream.push(piece)?;
    }
    stream.finish_into_sink(&Issuer::of(KIND).trusted, &Verifier::new(CrossCheck::All))
}

#[test]
fn a_delta_list_is_read_where_one_is_expected_and_nowhere_else() {
    let removed = CrlEntry::new(21_000_009, NOW.plus_secs(-9), Some(8));
    let delta = partition().as_delta_of(3).with_entry(removed);
    for lengths in [&[1][..], &[7, 300], &[100_000]] {
        let (facts, entries) = stream_delta(&delta, lengths).unwrap();
        assert_eq!(facts.base_number, CrlNumber::from_decimal("3"));
        assert_eq!(facts.entry_count, 4);
        assert_eq!(entries[3].reason, RevocationReason::RemoveFromCrl);
        let refused = |list: CrlSpec| stream_delta(&list, lengths).unwrap_err();
        assert_eq!(refused(partition()), CrlError::NotDelta);
        let unmarked = Extension::plain(names::DELTA_CRL_INDICATOR, der::small_integer(3));
        let unmarked = partition().with_extension(unmarked);
        assert_eq!(refused(unmarked), CrlError::BaseNumberNotCritical);
        let freshest = Extension::plain("2.5.29.46", Vec::new());
        let freshest = partition().as_delta_of(3).with_extension(freshest);
        assert_eq!(refused(freshest), CrlError::FreshestInDelta);
        let numberless = partition()
            .as_delta_of(3)
            .without_extension(names::CRL_NUMBER);
        assert_eq!(refused(numberless), CrlError::NumberMissing);
    }
    assert_eq!(
        one_verdict(&delta.sign(key())).unwrap_err(),
        CrlError::Delta
    );
}

#[test]
fn entries_are_judged_after_the_signature() {
    let removed = partition().with_entry(CrlEntry::new(7, NOW, Some(8)));
    let error = one_verdict(&removed.sign_wrongly(key())).unwrap_err();
    assert_eq!(error, CrlError::Signature);
}

/// An entry, as far as it can be told apart.
type Seen = (Vec<u8>, UnixTime, RevocationReason, bool);

fn seen(entry: &ReadEntry<'_>) -> Seen {
    let serial = entry.serial.to_vec();
    (serial, entry.revoked_at, entry.reason, entry.names_issuer())
}

fn walk(bytes: &[u8], lengths: &[usize]) -> Result<(WalkedCrl, Vec<Seen>), CrlError> {
    let mut walker = CrlWalker::new(CrlProfile::Rfc5280, &CrlLimits::default());
    let mut entries = Vec::new();
    for piece in pieces(bytes, lengths) {
        walker.push(piece, &mut |entry: &ReadEntry<'_>| {
            entries.push(seen(entry));
        })?;
        assert!(walker.buffered() <= MAX_CRL_WALKER_BYTES);
    }
    walker.finish().map(|walked| (walked, entries))
}

fn read(bytes: &[u8]) -> Result<(Crl<'_>, Vec<Seen>), CrlError> {
    let crl = Crl::read(bytes)?;
    let entries = crl.entries().map(|entry| entry.map(|entry| seen(&entry)));
    let entries: Result<Vec<_>, _> = entries.collect();
    Ok((crl, entries?))
}

/// A delta list that is indirect and of some reasons, with all that entries of such a list have.
fn everything() -> CrlSpec {
    let other = der::sequence([names::directory_name(
        &CaKind::DigitalSignature.distinguished_name(),
    )]);
    let scope = der::sequence([
        der::context_constructed(
            0,
            &names::full_name(&KIND.distribution_point_name(MUNICIPALITY)),
        ),
        der::context_primitive(3, &[5, 0x60]),
        der::context_primitive(4, &[0xff]),
    ]);
    let mut of_other = CrlEntry::new(21_000_000, NOW.plus_secs(-9), Some(8));
    of_other
        .extensions
        .push(Extension::critical(names::CERTIFICATE_ISSUER, other));
    partition()
        .with_extension(Extension::critical(
            names::ISSUING_DISTRIBUTION_POINT,
            scope,
        ))
        .as_delta_of(999)
        .with_entry(of_other)
        .with_entry(CrlEntry::new(21_000_001, NOW.plus_secs(-9), Some(1)))
}

#[test]
fn every_kind_of_list_is_read_in_pieces() {
    let list = everything().sign(key());
    let (crl, entries) = read(&list).unwrap();
    assert!(crl.header().is_delta() && crl.header().is_indirect());
    let named: Vec<_> = entries.iter().map(|entry| entry.3).collect();
    assert_eq!(named, [false, false, false, true, true]);
    assert_eq!(crl.all_entries().unwrap().len(), 5);
    let (walked, walked_entries) = walk(&list, &[1]).unwrap();
    assert_eq!(walked.header(), crl.header());
    assert_eq!(walked_entries, entries);
}

#[test]
fn a_list_cut_off_at_any_octet_is_refused() {
    let list = everything().sign(key());
    for end in 0..list.len() {
        assert!(walk(&list[..end], &[64]).is_err(), "{end}");
        assert!(read(&list[..end]).is_err(), "{end}");
    }
    assert!(walk(&list, &[64]).is_ok());
}

/// A few octets changed, and perhaps some cut off.
fn changed(right: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let octet = prop_oneof![
        any::<u8>(),
        proptest::sample::select(
            &[
                0_u8, 1, 2, 3, 5, 0x0a, 0x17, 0x18, 0x30, 0x31, 0x80, 0x81, 0x82, 0xa0, 0xff
            ][..]
        ),
    ];
    let changes = proptest::collection::vec((0..right.len(), octet), 0..4);
    (changes, 0..4 * right.len()).prop_map(move |(changes, end)| {
        let mut bytes = right.clone();
        for (at, value) in changes {
            bytes[at] = value;
        }
        bytes.truncate(end.max(1));
        bytes
    })
}

fn lengths() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(prop_oneof![1..8_usize, 1..600_usize], 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn how_a_list_is_cut_makes_no_difference(bytes in changed(everything().sign(key())), lengths in lengths()) {
        let walked = walk(&bytes, &lengths);
        prop_assert_eq!(&walked, &walk(&bytes, &[bytes.len()]));
        match (read(&bytes), walked) {
            (Ok((crl, entries)), Ok((walked, walked_entries))) => {
                prop_assert_eq!(walked.header(), crl.header());
                prop_assert_eq!(walked.signature(), crl.signature());
                prop_assert_eq!(walked_entries, entries);
            }
            (Err(_), Err(_)) => {}
            (read, walked) => {
                return Err(TestCaseError::fail(format!("{:?} {:?}", read.err(), walked.err())));
            }
        }
    }

    #[test]
    fn a_changed_list_in_pieces_is_refused(bytes in changed(partition().sign(key())), lengths in lengths()) {
        let right = partition().sign(key());
        prop_assert_eq!(stream(&bytes, &lengths).is_ok(), bytes == right);
    }

    #[test]
    fn any_bytes_in_pieces_get_a_verdict(
        bytes in proptest::collection::vec(any::<u8>(), 0..400),
        lengths in lengths(),
    ) {
        prop_assert!(walk(&bytes, &lengths).is_err());
        prop_assert!(read(&bytes).is_err());
    }
}
