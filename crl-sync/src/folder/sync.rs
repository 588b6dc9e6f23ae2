//! One look at a folder: every file that is new or changed goes through the same rooms as a source's body.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::sync::Arc;

use pki::{CertificationAuthority, CrlError, CrlFacts, CrlNumber};
use store::CurrentSegment;

use super::{Folder, FolderError};
use crate::fetch::Validators;
use crate::outcome::{Outcome, SourceOutcome, SyncError};
use crate::plan::{Expectation, Refusal};
use crate::source::Source;
use crate::sync::{Received, Room};
use crate::verify::{ListForm, ListReader, VerifiedList};

/// What is remembered of the files between two looks.
#[derive(Debug, Default)]
pub(crate) struct FolderMemory {
    files: BTreeMap<OsString, Remembered>,
}

/// What is remembered of one file.
#[derive(Clone, Debug)]
struct Remembered {
    /// The source that its last verified list belonged to.
    source: Source,
    /// That list, if it did not have to be refused.
    list: Option<ReadList>,
}

/// A list that was read, and by what its file is known to be unchanged.
#[derive(Clone, Debug)]
struct ReadList {
    form: ListForm,
    identity: [u8; 32],
    number: CrlNumber,
    validators: Validators,
}

/// What came of one file.
struct Told {
    file: OsString,
    /// The source that it delivers, where that is known.
    source: Option<Source>,
    form: ListForm,
    result: Result<Outcome, SyncError>,
}

/// One look at a folder.
struct Look<'a> {
    room: &'a Room,
    folder: &'a Folder,
    authority: &'a CertificationAuthority,
    /// What was in force of the folder's sources when the look began.
    in_force: BTreeMap<String, CurrentSegment>,
    /// The names of its sources that are registered.
    registered: BTreeSet<String>,
}

impl Room {
    /// Refreshes every source of a folder once, and announces how it went. Returns what came of each file.
    pub(crate) async fn sync_folder(
        &self,
        folder: &Folder,
        memory: &mut FolderMemory,
    ) -> Vec<SourceOutcome> {
        let whole = |outcome| SourceOutcome {
            source: folder.name.to_string(),
            outcome,
        };
        // Configuration was checked against the authorities before anything was fetched.
        let Some(authority) = self.authorities.get(&*folder.certification_authority) else {
            return vec![whole(SyncError::Panicked.into())];
        };
        let in_force = match self.writer.in_force().await {
            Ok(in_force) => in_force,
            Err(error) => {
                let outcome = Outcome::from(SyncError::from(error));
                self.tell(&folder.named(&folder.name), &outcome);
                return vec![whole(outcome)];
            }
        };
        let in_force: BTreeMap<_, _> = in_force
            .into_iter()
            .filter(|(source, _)| folder.owns(source))
            .collect();
        let mut look = Look {
            room: self,
            folder,
            authority,
            registered: in_force.keys().cloned().collect(),
            in_force,
        };
        match folder.files().await {
            Ok(files) => look.files(&files, memory).await,
            Err(error) => {
                let outcome = Outcome::from(SyncError::from(error));
                self.tell(&folder.named(&folder.name), &outcome);
                for source in look.registered {
                    self.record(&source, &outcome).await;
                }
                vec![whole(outcome)]
            }
        }
    }
}

impl Look<'_> {
    /// Complete lists first: a delta list changes a list that must be in force.
    async fn files(&mut self, files: &[OsString], memory: &mut FolderMemory) -> Vec<SourceOutcome> {
        let present: BTreeSet<_> = files.iter().collect();
        memory.files.retain(|file, _| present.contains(file));
        self.room.progress.expect(files.len());
        let mut told = Vec::new();
        let mut deltas = Vec::new();
        for file in files {
            let known = memory.files.get(file);
            let known = known.and_then(|known| known.list.as_ref());
            if known.is_some_and(|list| list.form == ListForm::Delta) {
                deltas.push((file, None));
                continue;
            }
            match self.file(file, ListForm::Complete, memory).await {
                Some(Told {
                    result: Err(error), ..
                }) if is_of_delta_list(&error) => deltas.push((file, Some(error))),
                ended => {
                    told.extend(ended);
                    self.room.progress.source_done();
                }
            }
        }
        for (file, complete) in deltas {
            let mut ended = self.file(file, ListForm::Delta, memory).await;
            if let (Some(Told { result, .. }), Some(error)) = (&mut ended, complete)
                && matches!(result, Err(SyncError::Verify(CrlError::NotDelta)))
            {
                *result = Err(error);
            }
            told.extend(ended);
            self.room.progress.source_done();
        }
        forgive_superseded(&mut told);
        self.announce(told).await
    }

    /// Reads one file, unless it is as it was. `None`: it has an older list than another file of the folder has, and was
    /// read before.
    async fn file(
        &mut self,
        file: &OsString,
        form: ListForm,
        memory: &mut FolderMemory,
    ) -> Option<Told> {
        let known = memory.files.get(file).cloned();
        let standing = known
            .as_ref()
            .and_then(|known| self.standing(known, memory));
        let asked = match (&known, standing) {
            (Some(known), Some(_)) => known.list.as_ref().map(|list| &list.validators),
            _ => None,
        };
        let source = known.as_ref().map(|known| known.source.clone());
        let unread = self.folder.file(file);
        let (verifier, max_bytes) = (Arc::clone(&self.room.verifier), self.folder.max_bytes);
        let authority = self.authority.clone();
        let originals = self.room.originals.clone();
        let reader = move || {
            let verifier = Arc::clone(&verifier);
            let reader = ListReader::new(form, authority.clone(), max_bytes, verifier);
            match form {
                ListForm::Complete => reader.spooled(originals.spool()),
                ListForm::Delta => reader,
            }
        };
        let received = self.room.receive(&unread, asked, reader).await;
        let told = |source, result| Told {
            file: file.clone(),
            source,
            form,
            result,
        };
        match (received, source, standing) {
            (Ok(Received::NotModified), Some(source), Some(Standing::InForce)) => {
                let result = self.not_modified(&source, form);
                Some(told(Some(source), result))
            }
            (Ok(Received::NotModified), ..) => None,
            (Ok(Received::Read { read, validators }), ..) => {
                let source = self.folder.source_of(&read.facts, self.authority, file);
                let list = ReadList {
                    form,
                    identity: read.facts.identity,
                    number: read.facts.number.clone(),
                    validators,
                };
                let result = self.list(&source, form, read).await;
                let keeps = result.as_ref().err().is_none_or(is_outrun);
                let remembered = Remembered {
                    source: source.clone(),
                    list: keeps.then_some(list),
                };
                memory.files.insert(file.clone(), remembered);
                Some(told(Some(source), result))
            }
            (Err(error), source, _) => {
                // Its next content is read whatever it looks like.
                if let Some(known) = memory.files.get_mut(file) {
                    known.list = None;
                }
                Some(told(source, Err(error)))
            }
        }
    }

    /// How a list that was read before stands to what is in force now; `None`: nobody knows, so it is read again.
    fn standing(&self, known: &Remembered, memory: &FolderMemory) -> Option<Standing> {
        let list = known.list.as_ref()?;
        let current = self.in_force.get(&*known.source.name)?;
        let in_force = match list.form {
            ListForm::Complete => Some(&current.facts.crl_sha256),
            ListForm::Delta => current.delta.as_ref().map(|delta| &delta.crl_sha256),
        };
        if in_force == Some(&list.identity) {
            return Some(Standing::InForce);
        }
        let complete = CrlNumber::from_unsigned_be(&current.facts.crl_number)?;
        if list.form == ListForm::Delta && list.number <= complete {
            return Some(Standing::Superseded);
        }
        let others = memory.files.values();
        let has_newer = others
            .filter(|other| other.source.name == known.source.name)
            .filter_map(|other| other.list.as_ref())
            .any(|other| Some(&other.identity) == in_force && other.form == list.form);
        has_newer.then_some(Standing::Superseded)
    }

    fn not_modified(&self, source: &Source, form: ListForm) -> Result<Outcome, SyncError> {
        let current = self.in_force.get(&*source.name);
        let current = current.ok_or(SyncError::NoBase)?;
        match form {
            ListForm::Complete => self.room.not_modified(source, current),
            ListForm::Delta => self.room.delta_not_modified(current),
        }
    }

    /// Puts a verified list in force, if it may be.
    async fn list(
        &mut self,
        source: &Source,
        form: ListForm,
        list: VerifiedList,
    ) -> Result<Outcome, SyncError> {
        if self.folder.has_retired(&source.name) {
            return Err(FolderError::Retired.into());
        }
        if self.folder.is_taken(source) {
            return Err(FolderError::Taken.into());
        }
        let CrlFacts {
            number,
            entry_count,
            this_update,
            next_update,
            ..
        } = &list.facts;
        let number = number.to_decimal();
        tracing::info!(
            phase = "verified", source = &*source.name, number, entries = entry_count,
            %this_update, %next_update, "list verified"
        );
        if form == ListForm::Delta {
            return self
                .room
                .plan_and_apply_delta(source, &source.name, list, number)
                .await;
        }
        // The kind is that of a list, so there is an expectation.
        let expected = Expectation::new(&source.kind, self.authority).ok_or(SyncError::Panicked)?;
        self.register(source).await?;
        self.room
            .plan_and_apply(source, &expected, list, number, &mut None)
            .await
    }

    async fn register(&mut self, source: &Source) -> Result<(), SyncError> {
        if self.registered.contains(&*source.name) {
            return Ok(());
        }
        let scope_key = source.kind.scope_key();
        let registration = self.folder.registration(&source.name, &scope_key);
        self.room.writer.register_source(&registration).await?;
        self.registered.insert(source.name.to_string());
        Ok(())
    }

    /// Announces each file, and records for each source the best that came of its files.
    async fn announce(&self, told: Vec<Told>) -> Vec<SourceOutcome> {
        let mut best: BTreeMap<Arc<str>, Outcome> = BTreeMap::new();
        let mut outcomes = Vec::with_capacity(told.len());
        for told in told {
            let outcome = told.result.unwrap_or_else(Outcome::from);
            let source = told
                .source
                .as_ref()
                .map_or(&self.folder.name, |it| &it.name);
            tracing::debug!(source = &**source, file = ?told.file, "file read");
            let shown = format!("{source} ({})", shown(&told.file));
            if matches!(outcome, Outcome::Refused { .. } | Outcome::Failed { .. }) {
                tracing::warn!(source = &**source, file = ?told.file, "a file of the folder is not in force");
            }
            let itself = self.folder.named(&self.folder.name);
            self.room
                .tell(told.source.as_ref().unwrap_or(&itself), &outcome);
            if let (Some(source), ListForm::Complete) = (told.source, told.form) {
                let so_far = best.entry(source.name).or_insert_with(|| outcome.clone());
                if rank(&outcome) > rank(so_far) {
                    *so_far = outcome.clone();
                }
            }
            outcomes.push(SourceOutcome {
                source: shown,
                outcome,
            });
        }
        for source in &self.registered {
            if let Some(outcome) = best.get(source.as_str()) {
                self.room.record(source, outcome).await;
                continue;
            }
            let gone = Outcome::from(SyncError::from(FolderError::Gone));
            self.room.tell(&self.folder.named(source), &gone);
            self.room.record(source, &gone).await;
            outcomes.push(SourceOutcome {
                source: source.clone(),
                outcome: gone,
            });
        }
        outcomes
    }
}

/// How a list that was read before stands to what is in force.
#[derive(Clone, Copy)]
enum Standing {
    InForce,
    /// Another file of the folder has the list in force, or one that says all that this delta list says.
    Superseded,
}

/// Whether a complete list was expected and this may be a delta list.
fn is_of_delta_list(error: &SyncError) -> bool {
    matches!(
        error,
        SyncError::Verify(CrlError::Delta | CrlError::RemovedFromFullList { .. })
    )
}

/// Whether a list is refused only because time went on.
fn is_outrun(error: &SyncError) -> bool {
    matches!(
        error,
        SyncError::Plan(
            Refusal::Expired { .. }
                | Refusal::NumberFalling { .. }
                | Refusal::ThisUpdateFalling { .. }
        )
    )
}

/// An older list beside the one in force is no fault: who copies lists into a folder may leave them there. Without the
/// newer one beside it, it is.
fn forgive_superseded(told: &mut Vec<Told>) {
    let key = |told: &Told| told.source.as_ref().map(|source| Arc::clone(&source.name));
    let well: BTreeSet<_> = told
        .iter()
        .filter(|told| told.result.is_ok())
        .map(|told| (key(told), told.form))
        .collect();
    told.retain(|told| match &told.result {
        Err(error) => !is_outrun(error) || !well.contains(&(key(told), told.form)),
        Ok(_) => true,
    });
}

const fn rank(outcome: &Outcome) -> u8 {
    match outcome {
        Outcome::Accepted { .. } => 3,
        Outcome::Unchanged { .. } => 2,
        Outcome::Refused { .. } => 1,
        Outcome::Failed { .. } => 0,
    }
}

/// A file's name as a person can read it, without the signs that a terminal obeys.
fn shown(file: &OsStr) -> String {
    file.to_string_lossy().escape_debug().to_string()
}
