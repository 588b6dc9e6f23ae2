//! Leaves that are right, leaves that are wrong, and the bytes in between that no library writes.

use pki::{LeafError, ValidatedLeaf};
use sandbox::der;
use sandbox::mint::{CaKind, CertificateSpec, Extension};

use crate::issuer::Issuer;
use crate::validate;

/// What the core says about a user-authentication leaf to which one thing was done.
///
/// # Errors
/// As [`pki::validate_leaf`].
pub fn user_authentication(
    change: impl FnOnce(CertificateSpec) -> CertificateSpec,
) -> Result<ValidatedLeaf, LeafError> {
    of_kind(CaKind::UserAuthentication, change)
}

/// What the core says about a leaf of a kind to which one thing was done.
///
/// # Errors
/// As [`pki::validate_leaf`].
pub fn of_kind(
    kind: CaKind,
    change: impl FnOnce(CertificateSpec) -> CertificateSpec,
) -> Result<ValidatedLeaf, LeafError> {
    let issuer = Issuer::of(kind);
    validate(&issuer.sign(&change(issuer.leaf())), &issuer.trusted)
}

/// A certificate's signed part in pieces, to be put together with others between them.
#[derive(Clone, Debug)]
pub struct Pieces {
    /// Version to issuer.
    pub beginning: Vec<u8>,
    /// `Validity`.
    pub validity: Vec<u8>,
    /// Subject and key.
    pub subject: Vec<u8>,
    /// What may stand between the key and the extensions.
    pub unique_identifiers: Vec<u8>,
    /// Each `Extension`.
    pub extensions: Vec<Vec<u8>>,
    /// What stands behind the extensions: nothing.
    pub end: Vec<u8>,
}

impl Pieces {
    /// The pieces of a right user-authentication leaf.
    pub fn of_leaf() -> Self {
        let leaf = Issuer::of(CaKind::UserAuthentication).leaf();
        let beginning = [
            &leaf.version,
            &leaf.serial,
            &leaf.inner_algorithm,
            &leaf.issuer,
        ];
        Self {
            beginning: der::concat(beginning),
            validity: der::sequence([der::time(leaf.not_before), der::time(leaf.not_after)]),
            subject: der::concat([&leaf.subject, &leaf.subject_public_key_info]),
            unique_identifiers: Vec::new(),
            extensions: leaf.extensions.iter().map(Extension::to_der).collect(),
            end: Vec::new(),
        }
    }

    /// What the core says about the certificate of these pieces, rightly signed.
    ///
    /// # Errors
    /// As [`pki::validate_leaf`].
    pub fn validate(&self) -> Result<ValidatedLeaf, LeafError> {
        let extensions = der::context_constructed(3, &der::sequence(&self.extensions));
        let signed = der::sequence([
            &self.beginning,
            &self.validity,
            &self.subject,
            &self.unique_identifiers,
            &extensions,
            &self.end,
        ]);
        let issuer = Issuer::of(CaKind::UserAuthentication);
        let signature = der::bit_string(&issuer.authority.newest().key.sign(&signed));
        let algorithm = issuer.leaf().outer_algorithm;
        validate(
            &der::sequence([signed, algorithm, signature]),
            &issuer.trusted,
        )
    }
}
