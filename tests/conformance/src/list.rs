//! Lists that are right and lists that are wrong.

use pki::{CrlError, CrlLimits, CrossCheck, VerifiedCrl, Verifier};
use sandbox::mint::{CaKind, CrlEntry, CrlSpec, Extension};

use crate::issuer::{Issuer, NOW};

/// What the core says about a list to which one thing was done.
///
/// # Errors
/// As [`pki::verify_crl`].
pub fn list(change: impl FnOnce(CrlSpec) -> CrlSpec) -> Result<VerifiedCrl, CrlError> {
    let issuer = Issuer::of(CaKind::UserAuthentication);
    verify(&change(issuer.list()).sign(&issuer.authority.newest().key))
}

/// What the core says about a list with one entry to which one thing was done.
///
/// # Errors
/// As [`pki::verify_crl`].
pub fn entry(change: impl FnOnce(CrlEntry) -> CrlEntry) -> Result<VerifiedCrl, CrlError> {
    let entry = CrlEntry::new(21_000_000, NOW.plus_secs(-7_200), Some(4));
    list(|list| list.with_entry(change(entry)))
}

/// What the core says about a list with one entry with these extensions.
///
/// # Errors
/// As [`pki::verify_crl`].
pub fn entry_extensions(extensions: &[Extension]) -> Result<VerifiedCrl, CrlError> {
    entry(|mut entry| {
        entry.extensions = extensions.to_vec();
        entry
    })
}

/// What the core says about bytes, with both signature implementations.
///
/// # Errors
/// As [`pki::verify_crl`].
pub fn verify(der: &[u8]) -> Result<VerifiedCrl, CrlError> {
    verify_within(der, CrlLimits::default())
}

/// What the core says about bytes under other limits.
///
/// # Errors
/// As [`pki::verify_crl`].
pub fn verify_within(der: &[u8], limits: CrlLimits) -> Result<VerifiedCrl, CrlError> {
    let trusted = &Issuer::of(CaKind::UserAuthentication).trusted;
    pki::verify_crl(der, trusted, &limits, &Verifier::new(CrossCheck::All))
}
