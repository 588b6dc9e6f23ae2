//! A certificate revocation list before it is signed, with every field open to a test.

use pki::UnixTime;

use super::certificate::{assemble, sha256_with_rsa};
use super::extension::{Extension, Extensions, extensions_der};
use super::keys::RsaKey;
use super::names::{self, CaKind};
use crate::der;

/// One entry of a list.
#[derive(Clone, Debug)]
pub struct CrlEntry {
    /// The serial's INTEGER in DER.
    pub serial: Vec<u8>,
    /// Since when it is revoked.
    pub revoked_at: UnixTime,
    /// Entry extensions; the reason is one.
    pub extensions: Vec<Extension>,
}

impl CrlEntry {
    /// An entry; without a reason there is no extension at all.
    pub fn new(serial: u64, revoked_at: UnixTime, reason: Option<u8>) -> Self {
        let extensions = reason.map(Extension::reason).into_iter().collect();
        Self {
            serial: der::small_integer(serial),
            revoked_at,
            extensions,
        }
    }

    /// The entry as it stands in a list.
    pub fn to_der(&self) -> Vec<u8> {
        let extensions = if self.extensions.is_empty() {
            Vec::new()
        } else {
            extensions_der(&self.extensions)
        };
        der::sequence([self.serial.clone(), der::time(self.revoked_at), extensions])
    }
}

impl Extensions for CrlEntry {
    fn extensions_mut(&mut self) -> &mut Vec<Extension> {
        &mut self.extensions
    }
}

/// Every field of a list. The constructor follows RFC 5280; a test then changes one thing.
#[derive(Clone, Debug)]
pub struct CrlSpec {
    /// The version's INTEGER, or nothing for version 1.
    pub version: Vec<u8>,
    /// The signature field inside the signed part.
    pub inner_algorithm: Vec<u8>,
    /// The signatureAlgorithm field outside of it.
    pub outer_algorithm: Vec<u8>,
    /// The issuer's Name.
    pub issuer: Vec<u8>,
    /// When it says it was issued.
    pub this_update: UnixTime,
    /// When it says the next is due; `None` leaves the field out.
    pub next_update: Option<UnixTime>,
    /// How these two are written.
    pub time: fn(UnixTime) -> Vec<u8>,
    /// The entries in their order.
    pub entries: Vec<CrlEntry>,
    /// Writes the list of entries even if it is empty, which RFC 5280 section 5.1.2.6 forbids.
    pub empty_entries_present: bool,
    /// The list's extensions; empty leaves the field out.
    pub extensions: Vec<Extension>,
    /// Octets after the list.
    pub trailing: Vec<u8>,
}

impl Extensions for CrlSpec {
    fn extensions_mut(&mut self) -> &mut Vec<Extension> {
        &mut self.extensions
    }
}

impl CrlSpec {
    /// A full list without entries, for a signer to sign.
    pub fn full(
        kind: CaKind,
        signer: &RsaKey,
        number: u64,
        this_update: UnixTime,
        next_update: UnixTime,
    ) -> Self {
        Self {
            version: der::small_integer(1),
            inner_algorithm: sha256_with_rsa(),
            outer_algorithm: sha256_with_rsa(),
            issuer: kind.distinguished_name(),
            this_update,
            next_update: Some(next_update),
            time: der::time,
            entries: Vec::new(),
            empty_entries_present: false,
            extensions: vec![
                Extension::signer_key_identifier(&signer.key_id()),
                Extension::crl_number(number),
            ],
            trailing: Vec::new(),
        }
    }

    /// Restricts it to one distribution point by a critical IDP.
    #[must_use]
    pub fn for_distribution_point(self, name: &[u8]) -> Self {
        self.with_extension(Extension::issuing_distribution_point(name))
    }

    /// Gives it another number.
    #[must_use]
    pub fn with_number(self, number: u64) -> Self {
        self.with_extension(Extension::crl_number(number))
    }

    /// Adds an entry.
    #[must_use]
    pub fn with_entry(mut self, entry: CrlEntry) -> Self {
        self.entries.push(entry);
        self
    }

    /// Makes it a delta to the list with this number.
    #[must_use]
    pub fn as_delta_of(self, base: u64) -> Self {
        let value = der::small_integer(base);
        self.with_extension(Extension::critical(names::DELTA_CRL_INDICATOR, value))
    }

    /// The part that is signed.
    pub fn to_be_signed(&self) -> Vec<u8> {
        let entries = if self.entries.is_empty() && !self.empty_entries_present {
            Vec::new()
        } else {
            der::sequence(self.entries.iter().map(CrlEntry::to_der))
        };
        der::sequence([self.before_entries(), entries, self.after_entries()])
    }

    /// The fields of the signed part that stand before the list of entries.
    pub fn before_entries(&self) -> Vec<u8> {
        der::concat([
            self.version.clone(),
            self.inner_algorithm.clone(),
            self.issuer.clone(),
            (self.time)(self.this_update),
            self.next_update.map(self.time).unwrap_or_default(),
        ])
    }

    /// The fields of the signed part that stand behind the list of entries.
    pub fn after_entries(&self) -> Vec<u8> {
        if self.extensions.is_empty() {
            Vec::new()
        } else {
            der::context_constructed(0, &extensions_der(&self.extensions))
        }
    }

    /// The list, signed with SHA-256 by a key, which need not be the one its AKI names.
    pub fn sign(&self, key: &RsaKey) -> Vec<u8> {
        self.with_signature(&key.sign(&self.to_be_signed()))
    }

    /// The list with a signature in which one bit is wrong.
    pub fn sign_wrongly(&self, key: &RsaKey) -> Vec<u8> {
        let mut signature = key.sign(&self.to_be_signed());
        signature[100] ^= 1;
        self.with_signature(&signature)
    }

    /// The list with this signature value, whatever it is.
    pub fn with_signature(&self, signature: &[u8]) -> Vec<u8> {
        assemble(
            &self.to_be_signed(),
            &self.outer_algorithm,
            signature,
            &self.trailing,
        )
    }
}
