//! Somebody with a name and a key, who issues certificates and lists.

use std::sync::atomic::{AtomicU64, Ordering};

use pki::UnixTime;
use sandbox::der;
use sandbox::mint::{CertificateSpec, CrlSpec, Extension, Extensions as _, names};

use super::key::Key;
use super::values;
use crate::issuer::NOW;

/// Somebody with a name and a key.
#[derive(Clone)]
pub struct Party {
    /// The distinguished name.
    pub name: Vec<u8>,
    /// The key.
    pub key: Key,
}

/// Days before and after the moment of the tests for which what parties issue is valid.
const VALIDITY_DAYS: i64 = 300;
const DAY: i64 = 86_400;

fn next_serial() -> u64 {
    static SERIAL: AtomicU64 = AtomicU64::new(1_000);
    SERIAL.fetch_add(1, Ordering::Relaxed)
}

impl Party {
    /// A party whose common name this is, with the key of this label.
    pub fn new(common_name: &str) -> Self {
        Self {
            name: values::name(common_name),
            key: Key::named(common_name),
        }
    }

    /// The same name with another key.
    #[must_use]
    pub fn with_key(&self, key: Key) -> Self {
        let name = self.name.clone();
        Self { name, key }
    }

    /// An authority's certificate for another party, not yet signed.
    pub fn certify_authority(&self, subject: &Self) -> CertificateSpec {
        let mut certificate = self.certify(subject);
        certificate
            .extensions
            .insert(0, Extension::key_usage(&[5, 6]));
        certificate
            .extensions
            .insert(0, values::basic_constraints(None));
        certificate
    }

    /// A certificate of an end entity, not yet signed.
    pub fn certify(&self, subject: &Self) -> CertificateSpec {
        CertificateSpec {
            version: der::context_constructed(0, &der::small_integer(2)),
            serial: der::small_integer(next_serial()),
            inner_algorithm: self.key.algorithm().to_vec(),
            outer_algorithm: self.key.algorithm().to_vec(),
            issuer: self.name.clone(),
            not_before: NOW.plus_secs(-VALIDITY_DAYS * DAY),
            not_after: NOW.plus_secs(VALIDITY_DAYS * DAY),
            subject: subject.name.clone(),
            subject_public_key_info: subject.key.public().to_vec(),
            unique_identifiers: Vec::new(),
            time: der::time,
            extensions: vec![
                Extension::signer_key_identifier(self.key.id()),
                Extension::subject_key_identifier(subject.key.id()),
            ],
            trailing: Vec::new(),
        }
    }

    /// Its own certificate as a root, signed.
    pub fn root(&self) -> Vec<u8> {
        self.sign(&self.certify_authority(self))
    }

    /// Signs a certificate as it stands.
    pub fn sign(&self, certificate: &CertificateSpec) -> Vec<u8> {
        certificate.with_signature(&self.key.sign(&certificate.to_be_signed()))
    }

    /// A complete list with number 10 of an hour ago, current for a day, not yet signed.
    pub fn list(&self) -> CrlSpec {
        CrlSpec {
            version: der::small_integer(1),
            inner_algorithm: self.key.algorithm().to_vec(),
            outer_algorithm: self.key.algorithm().to_vec(),
            issuer: self.name.clone(),
            this_update: NOW.plus_secs(-3_600),
            next_update: Some(NOW.plus_secs(DAY)),
            time: der::time,
            entries: Vec::new(),
            empty_entries_present: false,
            extensions: vec![
                Extension::signer_key_identifier(self.key.id()),
                Extension::crl_number(10),
            ],
            trailing: Vec::new(),
        }
    }

    /// A delta list with number 11 to the list with number 10, of half an hour ago, not yet signed.
    pub fn delta(&self) -> CrlSpec {
        let mut delta = self.list().with_number(11).as_delta_of(10);
        delta.this_update = NOW.plus_secs(-1_800);
        delta
    }

    /// Signs a list as it stands.
    pub fn sign_list(&self, list: &CrlSpec) -> Vec<u8> {
        list.with_signature(&self.key.sign(&list.to_be_signed()))
    }
}

/// A list entry about a certificate, an hour old.
pub fn revoked(certificate: &CertificateSpec, reason: Option<u8>) -> sandbox::mint::CrlEntry {
    let revoked_at: UnixTime = NOW.plus_secs(-3_600);
    let mut entry = sandbox::mint::CrlEntry::new(0, revoked_at, reason);
    entry.serial.clone_from(&certificate.serial);
    entry
}

/// A certificate or list with these extensions besides or instead of its own.
pub fn extended<T: sandbox::mint::Extensions>(
    spec: T,
    extensions: impl IntoIterator<Item = Extension>,
) -> T {
    extensions.into_iter().fold(spec, T::with_extension)
}

/// Without any extension.
pub fn bare(mut certificate: CertificateSpec) -> CertificateSpec {
    certificate.extensions.clear();
    certificate
}

/// Without the key identifiers.
pub fn unnamed(certificate: CertificateSpec) -> CertificateSpec {
    certificate
        .without_extension(names::AUTHORITY_KEY_IDENTIFIER)
        .without_extension(names::SUBJECT_KEY_IDENTIFIER)
}
