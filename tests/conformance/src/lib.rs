//! What the validation core must accept and refuse, judged from outside by what it was given.
//!
//! Genuine certificates are fixtures; everything else is minted while the tests run by the sandbox's
//! throw-away authorities. Every refusal is tested as a pair: a certificate or list that is right, and
//! the same with one thing wrong.

pub mod certificate;
pub mod corpora;
pub mod issuer;
pub mod list;
pub mod ocsp;
pub mod path;
pub mod pkits;
pub mod seeds;

use std::path::Path;

use pki::{CrossCheck, LeafError, ValidatedLeaf, Verifier};

/// The bytes of a fixture, named below `fixtures/`.
///
/// # Panics
/// If there is none of this name.
pub fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The bytes of every fixture in a folder whose name ends so, by name.
///
/// # Panics
/// If the folder cannot be read.
pub fn fixtures(folder: &str, extensions: &[&str]) -> Vec<Vec<u8>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(folder);
    let files =
        std::fs::read_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut names: Vec<_> = files
        .map(|file| file.expect("a readable folder").path())
        .filter(|path| {
            let extension = path.extension().and_then(|extension| extension.to_str());
            extension.is_some_and(|extension| extensions.contains(&extension))
        })
        .collect();
    names.sort();
    names
        .iter()
        .map(|path| std::fs::read(path).expect("a readable fixture"))
        .collect()
}

/// Validates a leaf with both readers and both signature implementations.
///
/// # Errors
/// As [`pki::validate_leaf`].
///
/// # Panics
/// If one reader and one implementation alone decide otherwise.
pub fn validate(
    der: &[u8],
    authority: &pki::CertificationAuthority,
) -> Result<ValidatedLeaf, LeafError> {
    let alone = pki::validate_leaf(der, authority, &Verifier::new(CrossCheck::Off));
    let both = pki::validate_leaf(der, authority, &Verifier::new(CrossCheck::All));
    assert_eq!(
        alone.err(),
        both.as_ref().err().cloned(),
        "the cross-check decides"
    );
    both
}
