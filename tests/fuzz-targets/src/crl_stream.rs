//! Input: an OCTET STRING of the lengths of the pieces, an authority's certificate, a list.
//!
//! The lengths are used again and again; an octet of n means n + 1 octets, and none at all everything
//! at once.

use pki::limits::MAX_CRL_WALKER_BYTES;
use pki::{
    CertificationAuthority, Crl, CrlEntry, CrlError, CrlLimits, CrlProfile, CrlSigner, CrlStream,
    CrlWalker, Profile, RevocationReason, TrustAnchor, UnixTime, VerifiedCrl, Verifier, WalkedCrl,
};

use crate::input::{split_element, split_octets};
use crate::shown::check_list;
use crate::{check_agreement, verifier};

/// An entry, as far as it can be told apart: serial, since when, why, invalid since when, whether
/// an issuer is named.
type Seen = (Vec<u8>, UnixTime, RevocationReason, Option<UnixTime>, bool);

/// Reads the list in pieces and at once by both profiles, and verifies it both ways.
pub(crate) fn run(data: &[u8]) -> bool {
    let Some((lengths, rest)) = split_octets(data) else {
        return false;
    };
    let Some((authority, list)) = split_element(rest) else {
        return false;
    };
    let by_jpki = walk(list, lengths, CrlProfile::Jpki);
    assert_eq!(by_jpki, walk(list, &[], CrlProfile::Jpki), "cut otherwise");
    let by_delta = walk(list, lengths, CrlProfile::JpkiDelta);
    let cut_otherwise = walk(list, &[], CrlProfile::JpkiDelta);
    assert_eq!(by_delta, cut_otherwise, "cut otherwise");
    assert!(by_jpki.is_err() || by_delta.is_err(), "complete and delta");
    let walked = walk(list, lengths, CrlProfile::Rfc5280);
    assert_eq!(
        walked,
        walk(list, &[], CrlProfile::Rfc5280),
        "cut otherwise"
    );
    let is_readable = match (read(list), walked) {
        (Ok((crl, entries)), Ok((walked, walked_entries))) => {
            assert_eq!(crl.header(), walked.header());
            assert_eq!(crl.signature(), walked.signature());
            assert_eq!(entries, walked_entries);
            assert_eq!(u64::try_from(entries.len()), Ok(walked.entry_count()));
            assert_eq!(u64::try_from(list.len()), Ok(walked.octets()));
            let shown = check_list(list);
            assert!(shown.is_none_or(|shown| shown == walked.entry_count()));
            true
        }
        (Err(_), Err(_)) => {
            assert!(check_list(list).is_none(), "what is shown is readable");
            false
        }
        (read, walked) => panic!("{:?} {:?}", read.err(), walked.err()),
    };
    verify(authority, list, lengths, by_jpki.is_ok()) || is_readable
}

fn pieces<'a>(list: &'a [u8], lengths: &[u8]) -> Vec<&'a [u8]> {
    let mut pieces = Vec::new();
    let (mut rest, mut lengths) = (list, lengths.iter().cycle());
    while !rest.is_empty() {
        let length = lengths
            .next()
            .map_or(rest.len(), |length| usize::from(*length) + 1);
        let (piece, behind) = rest.split_at(length.min(rest.len()));
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

fn seen(entry: &CrlEntry<'_>) -> Seen {
    (
        entry.serial.to_vec(),
        entry.revoked_at,
        entry.reason,
        entry.invalidity_date,
        entry.names_issuer(),
    )
}

fn walk(
    list: &[u8],
    lengths: &[u8],
    profile: CrlProfile,
) -> Result<(WalkedCrl, Vec<Seen>), CrlError> {
    let mut walker = CrlWalker::new(profile, &CrlLimits::default());
    let mut entries = Vec::new();
    for piece in pieces(list, lengths) {
        let pushed = walker.push(piece, &mut |entry: &CrlEntry<'_>| entries.push(seen(entry)));
        assert!(walker.buffered() <= MAX_CRL_WALKER_BYTES);
        if let Err(error) = pushed {
            let again = walker.push(&[], &mut |_: &CrlEntry<'_>| panic!("read on"));
            assert_eq!(again.as_ref(), Err(&error), "an error stays");
            return Err(error);
        }
    }
    walker.finish().map(|walked| (walked, entries))
}

fn read(list: &[u8]) -> Result<(Crl<'_>, Vec<Seen>), CrlError> {
    let crl = Crl::read(list)?;
    let entries = crl.entries().map(|entry| entry.map(|entry| seen(&entry)));
    let entries: Result<Vec<_>, _> = entries.collect();
    Ok((crl, entries?))
}

/// Whether the list is one of this authority of JPKI; both ways must say the same.
fn verify(authority: &[u8], list: &[u8], lengths: &[u8], is_readable: bool) -> bool {
    let Ok(anchor) = TrustAnchor::from_pem_or_der(authority) else {
        return false;
    };
    // The rules for lists are the same in all profiles of cards.
    let Some(profile) = Profile::all().first() else {
        return false;
    };
    let authority = CertificationAuthority::new("fuzzed", profile, vec![anchor], CrlSigner::OwnKey);
    let Ok(authority) = authority else {
        return false;
    };
    let verifier = verifier();
    let whole = pki::verify_crl(list, &authority, &CrlLimits::default(), &verifier);
    let streamed = stream(list, lengths, &authority, &verifier);
    check_agreement(&verifier);
    match (whole, streamed) {
        (Ok(whole), Ok(streamed)) => {
            assert_eq!(whole.facts(), streamed.facts());
            assert_eq!(whole.entries(), streamed.entries());
            assert!(is_readable, "what is verified was read");
            true
        }
        (Err(_), Err(_)) => false,
        (whole, streamed) => panic!("{:?} {:?}", whole.err(), streamed.err()),
    }
}

fn stream(
    list: &[u8],
    lengths: &[u8],
    authority: &CertificationAuthority,
    verifier: &Verifier,
) -> Result<VerifiedCrl, CrlError> {
    let mut stream = CrlStream::new(&CrlLimits::default());
    for piece in pieces(list, lengths) {
        stream.push(piece)?;
    }
    stream.finish(authority, verifier)
}
