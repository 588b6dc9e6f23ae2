//! Folders of lists: each file is one list, and each scope that a list of the folder has (RFC 5280 section 5.2.5) is a
//! source of its own, with its own number, clock and history.
//!
//! A file belongs to the scope that its verified list says, whatever the file is called: files may be renamed, and the
//! next list may come in the same file or beside the last one. Of several files of one scope the highest number counts.

mod config;
mod files;
mod sync;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA256};
use pki::{CertificationAuthority, CrlFacts, CrlScope, CrlSigner, KeyIdentifier};
use store::{CurrentSegment, SourceRegistration};

use crate::location::{Location, Transport};
use crate::schedule::Pace;
use crate::source::{Source, SourceKind};

pub use config::FolderConfig;
pub(crate) use files::FolderError;
pub(crate) use sync::FolderMemory;

/// The place of a folder's sources in the configuration: behind all that it names.
const ORDINAL: i64 = i64::MAX;

/// What a source is told apart by within its authority: its scope, and its signer where every key signs its own lists.
type Slot = (Vec<u8>, Option<KeyIdentifier>);

/// One checked folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    pub(crate) name: Arc<str>,
    pub(crate) certification_authority: Arc<str>,
    pub(crate) pace: Pace,
    path: PathBuf,
    suffix: String,
    max_files: usize,
    max_bytes: u64,
    timeout: Duration,
    retired: BTreeSet<String>,
    /// What other sources of its authority deliver.
    taken: Arc<BTreeSet<Slot>>,
}

impl Folder {
    /// The same, beside these sources.
    pub(crate) fn beside(self, sources: &[Source]) -> Self {
        let of_authority = sources
            .iter()
            .filter(|source| source.certification_authority == self.certification_authority);
        let taken = of_authority.filter_map(|source| match &source.kind {
            SourceKind::Crl { signer_key_id, .. } => {
                Some((source.kind.scope_key(), signer_key_id.clone()))
            }
            SourceKind::DeltaCrl { .. } | SourceKind::SerialLinks => None,
        });
        Self {
            taken: Arc::new(taken.collect()),
            ..self
        }
    }

    /// Whether a source of this name is one of the folder's.
    pub(crate) fn owns(&self, source: &str) -> bool {
        let rest = source.strip_prefix(&*self.name);
        rest.is_some_and(|rest| rest.starts_with('.'))
    }

    /// Whether another folder has the same files.
    pub(crate) fn is_same_place(&self, other: &Self) -> bool {
        let place = |it: &Self| (it.path.clone(), it.suffix.clone());
        self.certification_authority == other.certification_authority && place(self) == place(other)
    }

    /// Whether a source of the folder is no more.
    pub(crate) fn has_retired(&self, source: &str) -> bool {
        self.retired.contains(source)
    }

    /// The sources of the folder that have a list in force, without those that are no more.
    pub(crate) fn registrations<'a>(
        &self,
        in_force: impl Iterator<Item = &'a CurrentSegment>,
    ) -> Vec<SourceRegistration> {
        let mine = in_force.map(|current| &current.facts).filter(|facts| {
            facts.certification_authority == *self.certification_authority
                && self.owns(&facts.source)
                && !self.has_retired(&facts.source)
        });
        mine.map(|facts| self.registration(&facts.source, &facts.scope_key))
            .collect()
    }

    fn registration(&self, source: &str, scope_key: &[u8]) -> SourceRegistration {
        SourceRegistration {
            source: source.to_owned(),
            certification_authority: self.certification_authority.to_string(),
            expected_scope_key: Some(scope_key.to_vec()),
            ordinal: ORDINAL,
        }
    }

    /// A source of the folder where only its name matters, or the folder itself.
    pub(crate) fn named(&self, name: &str) -> Source {
        let kind = SourceKind::Crl {
            distribution_point: None,
            signer_key_id: None,
        };
        self.source(name.into(), kind, OsStr::new(""))
    }

    /// One of its files, whatever it delivers.
    fn file(&self, file: &OsStr) -> Source {
        self.source(Arc::clone(&self.name), self.named(&self.name).kind, file)
    }

    /// The source that lists with these facts belong to, and what it must deliver.
    fn source_of(
        &self,
        facts: &CrlFacts,
        authority: &CertificationAuthority,
        file: &OsStr,
    ) -> Source {
        let signer_key_id = match authority.crl_signer() {
            // A new key continues the lists of the one before it.
            CrlSigner::NewestKey => None,
            CrlSigner::OwnKey => Some(facts.signer_key_id.clone()),
        };
        let distribution_point = match &facts.scope {
            CrlScope::Full => None,
            CrlScope::Partition(name) => Some(name.clone()),
        };
        let slot = (facts.scope.key(), signer_key_id.clone());
        let kind = SourceKind::Crl {
            distribution_point,
            signer_key_id,
        };
        self.source(
            format!("{}.{}", self.name, digits(&slot)).into(),
            kind,
            file,
        )
    }

    /// Whether another source of the authority delivers lists of this source's scope.
    fn is_taken(&self, source: &Source) -> bool {
        let SourceKind::Crl { signer_key_id, .. } = &source.kind else {
            return false;
        };
        let scope_key = source.kind.scope_key();
        let is_same = |(scope, signer): &Slot| {
            let either = signer.is_none() || signer_key_id.is_none() || signer == signer_key_id;
            *scope == scope_key && either
        };
        self.taken.iter().any(is_same)
    }

    fn source(&self, name: Arc<str>, kind: SourceKind, file: &OsStr) -> Source {
        Source {
            name,
            certification_authority: Arc::clone(&self.certification_authority),
            kind,
            location: Location {
                transport: Transport::File(Path::new(&self.path).join(file)),
                max_bytes: self.max_bytes,
                timeout: self.timeout,
            },
            pace: self.pace,
        }
    }
}

/// Sixteen hexadecimal digits that stand for a slot: no two of an authority's few thousand are the same.
fn digits((scope_key, signer): &Slot) -> String {
    let mut digest = Context::new(&SHA256);
    let signer = signer.as_ref().map_or(&[][..], KeyIdentifier::as_bytes);
    digest.update(&(signer.len() as u64).to_be_bytes());
    digest.update(signer);
    digest.update(scope_key);
    hex::encode(&digest.finish().as_ref()[..8])
}
