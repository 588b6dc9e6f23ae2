//! The side of the JPKI that the world sees: published lists and serial links, over HTTP.
//!
//! [`Repository`] keeps the minted JPKI, revokes, and publishes: every publication gives each list the
//! next number. What goes over the wire can be made wrong on purpose ([`Fault`]), because a repository
//! that is slow, stale or hostile is what crl-sync is for.

mod control;
mod fault;
mod server;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pki::UnixTime;
use tokio::sync::watch;

use crate::mint::{
    CaKind, Jpki, ListKind, MintError, RsaKey, links_payload, pem, sha256, sign_links,
};

pub use control::{REASONS, serve_control};
pub use fault::{Fault, FaultKind};
pub use server::serve;

/// One published file.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// What it is, so that a fault can mint it again and wrong.
    pub(crate) subject: Subject,
    /// Its octets.
    pub(crate) octets: Arc<[u8]>,
    /// A validator for conditional requests.
    pub(crate) etag: String,
}

/// What a published file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// A list of an authority.
    List(CaKind, ListKind),
    /// An authority's serial links.
    Links(CaKind),
}

/// The state of the last publication of an authority.
#[derive(Clone, Copy, Debug, serde::Serialize)]
pub struct Publication {
    /// The number of every list.
    pub number: u64,
    /// Seconds since the epoch.
    pub this_update: i64,
    /// Seconds since the epoch.
    pub next_update: i64,
}

/// The minted JPKI and what it publishes.
pub struct Repository {
    folder: PathBuf,
    list_lifetime_seconds: u32,
    state: Mutex<State>,
    fault: watch::Sender<Fault>,
}

struct State {
    jpki: Jpki,
    documents: BTreeMap<String, Document>,
    publications: BTreeMap<&'static str, Publication>,
    fetches: BTreeMap<String, u64>,
}

impl Repository {
    /// Opens the JPKI kept in a folder, or mints it there, and publishes.
    pub fn open(
        folder: &Path,
        list_lifetime_seconds: u32,
        now: UnixTime,
    ) -> Result<Arc<Self>, MintError> {
        let jpki = Jpki::load_or_mint(folder, now)?;
        let state = State {
            jpki,
            documents: BTreeMap::new(),
            publications: BTreeMap::new(),
            fetches: BTreeMap::new(),
        };
        let repository = Self {
            folder: folder.to_owned(),
            list_lifetime_seconds: list_lifetime_seconds.max(1),
            state: Mutex::new(state),
            fault: watch::Sender::new(Fault::none()),
        };
        repository.publish(now)?;
        repository.export_certificates()?;
        Ok(Arc::new(repository))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads something of the JPKI.
    pub fn read<T>(&self, read: impl FnOnce(&Jpki) -> T) -> T {
        read(&self.state().jpki)
    }

    /// Changes something of the JPKI, such as a card's counters, and keeps it.
    pub fn change<T>(&self, change: impl FnOnce(&mut Jpki) -> T) -> Result<T, MintError> {
        let mut state = self.state();
        let outcome = change(&mut state.jpki);
        state.jpki.save(&self.folder)?;
        Ok(outcome)
    }

    /// Revokes certificates of a card and publishes lists that say so.
    pub fn revoke(
        &self,
        card: &str,
        kinds: &[CaKind],
        reason: u8,
        now: UnixTime,
    ) -> Result<(), MintError> {
        self.change(|jpki| {
            // Both or none: a second attempt must not fail half-way.
            for kind in kinds {
                let holder = jpki.card(card)?;
                if jpki.is_revoked(holder, *kind) {
                    return Err(MintError::AlreadyRevoked(card.to_owned(), kind.name()));
                }
            }
            kinds
                .iter()
                .try_for_each(|kind| jpki.revoke(card, *kind, reason, now))
        })??;
        self.publish(now)
    }

    /// Publishes everything again with the next number.
    pub fn publish(&self, now: UnixTime) -> Result<(), MintError> {
        let mut state = self.state();
        let next_update = now.plus_secs(i64::from(self.list_lifetime_seconds));
        for kind in CaKind::ALL {
            let authority = state.jpki.authority_mut(kind);
            authority.published_number += 1;
            let number = authority.published_number;
            let mut published = Vec::new();
            for list in ListKind::all() {
                let signer = &authority.list_signer(list.signer).key;
                let der = authority.list(&list, number, now, next_update).sign(signer);
                published.push((list_path(kind, &list), Subject::List(kind, list), der));
            }
            let links = sign_links(
                &links_payload(authority, number, now),
                &authority.newest().key,
            );
            published.push((links_path(kind), Subject::Links(kind), links));
            let documents = published
                .into_iter()
                .map(|(path, subject, octets)| (path, Document::new(subject, octets)));
            state.documents.extend(documents);
            let publication = Publication {
                number,
                this_update: now.secs(),
                next_update: next_update.secs(),
            };
            state.publications.insert(kind.name(), publication);
        }
        // The numbers are kept before anybody can fetch them: a restart must not repeat one.
        state.jpki.save(&self.folder)
    }

    /// Publishes again and again, well before the lists end.
    pub async fn keep_publishing(self: Arc<Self>) {
        let pause = Duration::from_secs(u64::from((self.list_lifetime_seconds / 4).max(1)));
        loop {
            tokio::time::sleep(pause).await;
            if let Err(error) = self.publish(crate::now()) {
                tracing::error!(%error, "the lists could not be published");
            }
        }
    }

    /// The last publication of each authority, by its name.
    pub fn publications(&self) -> BTreeMap<&'static str, Publication> {
        self.state().publications.clone()
    }

    /// Whether a file has been fetched since the start.
    pub fn was_fetched(&self, path: &str) -> bool {
        self.fetches(path) > 0
    }

    /// How often a file has been asked for since the start.
    pub fn fetches(&self, path: &str) -> u64 {
        self.state().fetches.get(path).copied().unwrap_or(0)
    }

    /// Makes something go wrong, or right again.
    pub fn set_fault(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// What goes wrong at the moment.
    pub fn fault(&self) -> Fault {
        self.fault.borrow().clone()
    }

    fn faults(&self) -> watch::Receiver<Fault> {
        self.fault.subscribe()
    }

    /// The file at a path as it is published, right or wrong.
    fn document(&self, path: &str) -> Option<Document> {
        let fault = self.fault();
        let mut state = self.state();
        let document = state.documents.get(path)?.clone();
        *state.fetches.entry(path.to_owned()).or_default() += 1;
        let wrong = fault.kind_at(path).and_then(|kind| {
            let publication = state
                .publications
                .get(document.subject.authority().name())?;
            fault::mint_wrong(kind, &state.jpki, document.subject, *publication)
        });
        Some(match wrong {
            Some(octets) => Document::new(document.subject, octets),
            None => document,
        })
    }

    /// Where the certificate of a card lies as a file, for `akashi check` and other tools.
    pub fn certificate_file(&self, card: &str, kind: CaKind) -> PathBuf {
        self.folder
            .join("certificates")
            .join(format!("{card}-{}.pem", kind.name()))
    }

    fn export_certificates(&self) -> Result<(), MintError> {
        let state = self.state();
        for card in &state.jpki.cards {
            for kind in CaKind::ALL {
                let path = self.certificate_file(&card.id, kind);
                let text = pem("CERTIFICATE", &card.certificate(kind).der);
                crate::files::write_private(&path, text.as_bytes()).map_err(|source| {
                    MintError::File {
                        path: path.display().to_string(),
                        source,
                    }
                })?;
            }
        }
        Ok(())
    }
}

impl Document {
    fn new(subject: Subject, octets: Vec<u8>) -> Self {
        let etag = format!("\"{}\"", hex::encode(&sha256(&octets)[..16]));
        Self {
            subject,
            octets: octets.into(),
            etag,
        }
    }
}

impl Subject {
    fn authority(self) -> CaKind {
        match self {
            Self::List(kind, _) | Self::Links(kind) => kind,
        }
    }
}

/// The path of a list: `/crl/user-authentication/own-2/full.crl`.
pub fn list_path(kind: CaKind, list: &ListKind) -> String {
    format!("/crl/{}/{}", kind.name(), list.path())
}

/// The path of an authority's serial links: `/links/user-authentication.json`.
pub fn links_path(kind: CaKind) -> String {
    format!("/links/{}.json", kind.name())
}

/// The key that signs an authority's list.
fn signer_of(jpki: &Jpki, kind: CaKind, list: &ListKind) -> RsaKey {
    jpki.authority(kind).list_signer(list.signer).key.clone()
}

#[cfg(test)]
mod tests;
