//! The highest numbers once more, in a file outside the database: a database that was restored from an older copy cannot
//! take them back, and a process that starts over it knows that it is behind.
//!
//! One file a process, replaced as a whole: written beside, flushed to the disk, renamed. Its last line is the hash of
//! the others, so that a file somebody changed or a disk damaged is told from a whole one and refused.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::crl::{CurrentSegment, Feed, HighWater};
use crate::crl_rows;
use crate::limits;

/// The first line, with the version of the form.
const TITLE: &str = "akashi highest numbers 1";

/// Why the file cannot be used. The store itself is not concerned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HighWaterFileError {
    /// It cannot be read or written.
    #[error("{}: {during}: {source}", .path.display())]
    Io {
        /// The file or its folder.
        path: PathBuf,
        /// What was being done.
        during: &'static str,
        /// The computer's words.
        source: std::io::Error,
    },
    /// It is not as it was written.
    #[error(
        "{}: {problem}; bring back the file from before, or move it away if nothing newer was ever served",
        .path.display()
    )]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        problem: &'static str,
    },
}

/// Which of an issuer's two series of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ListSeries {
    /// Complete lists.
    Lists,
    /// Delta lists.
    Deltas,
}

/// What was raised is not on the disk. The file from before is there, and the next attempt writes all.
#[derive(Debug, thiserror::Error)]
#[error("the highest numbers cannot be kept outside the store: {problem}")]
pub struct NotKept {
    /// Whether the attempt before went well: a full disk is to be logged once and not with every list.
    pub is_news: bool,
    problem: String,
}

/// The highest number of each signer, scope and series that a process has accepted or served.
#[derive(Debug)]
pub struct HighWaterFile {
    path: PathBuf,
    /// Whether the last attempt to keep it failed.
    is_failing: AtomicBool,
    state: Mutex<State>,
    /// The version on the disk. Held while it is written, so that who comes meanwhile is written with the next.
    saved: Mutex<u64>,
}

#[derive(Debug, Default)]
struct State {
    version: u64,
    feed: Option<(u64, i64)>,
    numbers: BTreeMap<Key, HighWater>,
}

type Key = (ListSeries, Vec<u8>, Vec<u8>);

impl HighWaterFile {
    /// Reads `<role>.high-water` in a folder, which is made where it is not there; without a file nothing is known yet.
    ///
    /// # Errors
    /// When the folder cannot be made, or the file cannot be read or is damaged.
    pub fn open(folder: &Path, role: &str) -> Result<Self, HighWaterFileError> {
        let path = folder.join(format!("{role}.high-water"));
        let io = |during| {
            let path = path.clone();
            move |source| HighWaterFileError::Io {
                path,
                during,
                source,
            }
        };
        fs::create_dir_all(folder).map_err(io("the folder is made"))?;
        let state = match fs::metadata(&path) {
            Ok(found) if found.len() > limits::HIGH_WATER_FILE_OCTETS => {
                let problem = "it is longer than it can be";
                return Err(HighWaterFileError::Damaged { path, problem });
            }
            Ok(_) => {
                let octets = fs::read(&path).map_err(io("it is read"))?;
                let state = read(&octets);
                state.map_err(|problem| HighWaterFileError::Damaged {
                    path: path.clone(),
                    problem,
                })?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => State::default(),
            Err(error) => return Err(io("it is looked for")(error)),
        };
        Ok(Self {
            path,
            is_failing: AtomicBool::new(false),
            state: Mutex::new(state),
            saved: Mutex::default(),
        })
    }

    /// The highest number of a signer for a scope.
    pub fn highest(
        &self,
        series: ListSeries,
        (signer_key_id, scope_key): (&[u8], &[u8]),
    ) -> Option<HighWater> {
        let key = (series, signer_key_id.to_vec(), scope_key.to_vec());
        self.state().numbers.get(&key).cloned()
    }

    /// thisUpdate of the newest list of all: no clock may be behind it.
    pub fn newest_this_update(&self) -> Option<i64> {
        let state = self.state();
        state.numbers.values().map(|it| it.this_update).max()
    }

    /// The highest number that stands above the list in force of a source or above its delta list; `None`: neither has
    /// been newer.
    pub fn above(&self, current: &CurrentSegment) -> Option<HighWater> {
        let facts = &current.facts;
        let key = (&*facts.signer_key_id, &*facts.scope_key);
        let is_above = |highest: &HighWater, numbers: &[&[u8]]| {
            numbers
                .iter()
                .all(|number| is_higher(&highest.crl_number, number))
        };
        let list = &*facts.crl_number;
        // A delta list goes when the list says as much by itself.
        let delta = current.delta.as_ref().map(|delta| &*delta.crl_number);
        let newest: Vec<&[u8]> = delta.into_iter().chain([list]).collect();
        let lists = self.highest(ListSeries::Lists, key);
        lists
            .filter(|highest| is_above(highest, &[list]))
            .or_else(|| {
                let deltas = self.highest(ListSeries::Deltas, key);
                deltas.filter(|highest| is_above(highest, &newest))
            })
    }

    /// Lets the highest numbers rise to those of a list in force and its delta list; they never fall.
    pub fn raise_to(&self, current: &CurrentSegment) {
        let facts = &current.facts;
        let key = (&*facts.signer_key_id, &*facts.scope_key);
        let list = HighWater {
            crl_number: facts.crl_number.clone(),
            this_update: facts.this_update,
            crl_sha256: facts.crl_sha256,
        };
        self.raise(ListSeries::Lists, key, list);
        if let Some(delta) = &current.delta {
            let delta = HighWater {
                crl_number: delta.crl_number.clone(),
                this_update: delta.this_update,
                crl_sha256: delta.crl_sha256,
            };
            self.raise(ListSeries::Deltas, key, delta);
        }
    }

    /// Lets the highest number of a signer for a scope rise; it never falls.
    pub fn raise(
        &self,
        series: ListSeries,
        (signer_key_id, scope_key): (&[u8], &[u8]),
        number: HighWater,
    ) {
        let key = (series, signer_key_id.to_vec(), scope_key.to_vec());
        let mut state = self.state();
        let before = state.numbers.get(&key);
        if before.is_some_and(|before| !is_higher(&number.crl_number, &before.crl_number)) {
            return;
        }
        state.numbers.insert(key, number);
        state.version += 1;
    }

    /// Remembers the generation that is served. False: a later one was served before, or another of the same number; the
    /// store was restored from an older copy, or is another store.
    pub fn follow(&self, feed: &Feed) -> bool {
        let mut state = self.state();
        let seen = (feed.generation, feed.mark);
        let before = state.feed.replace(seen);
        if before != Some(seen) {
            state.version += 1;
        }
        before.is_none_or(|before| before == seen || before.0 < seen.0)
    }

    /// [`Self::save`] on a thread that may wait for the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn keep(self: &Arc<Self>) -> Result<(), NotKept> {
        let file = Arc::clone(self);
        let problem = match tokio::task::spawn_blocking(move || file.save()).await {
            Ok(Ok(())) => None,
            Ok(Err(error)) => Some(error.to_string()),
            Err(error) => Some(error.to_string()),
        };
        let was_failing = self.is_failing.swap(problem.is_some(), Ordering::Relaxed);
        problem.map_or(Ok(()), |problem| {
            Err(NotKept {
                is_news: !was_failing,
                problem,
            })
        })
    }

    /// Whether all that has risen is on the disk. Waits for whoever is writing.
    pub fn is_kept(&self) -> bool {
        let saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        *saved == self.state().version
    }

    /// Writes what has risen since the last time. Waits for the disk: not for a thread that serves.
    ///
    /// # Errors
    /// When it cannot be written. The file from before is there, and the next attempt writes all.
    pub fn save(&self) -> Result<(), HighWaterFileError> {
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let (version, text) = {
            let state = self.state();
            if state.version == *saved {
                return Ok(());
            }
            (state.version, write(&state))
        };
        let beside = self.path.with_extension("high-water.new");
        replace(&beside, &self.path, &text).map_err(|source| HighWaterFileError::Io {
            path: self.path.clone(),
            during: "it is written",
            source,
        })?;
        *saved = version;
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Numbers come without leading zero octets, so the longer one is the higher one.
fn is_higher(one: &[u8], other: &[u8]) -> bool {
    (one.len(), one) > (other.len(), other)
}

fn replace(beside: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::create(beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(beside, path)?;
    // The rename itself is on the disk only when its folder is.
    path.parent()
        .map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn write(state: &State) -> String {
    let mut text = format!("{TITLE}\n");
    if let Some((generation, mark)) = state.feed {
        let _ = writeln!(text, "feed {generation} {mark}");
    }
    for ((series, signer, scope), number) in &state.numbers {
        let series = match series {
            ListSeries::Lists => "list",
            ListSeries::Deltas => "delta",
        };
        let _ = writeln!(
            text,
            "{series} {} .{} {} {} {}",
            hex::encode(signer),
            hex::encode(scope),
            hex::encode(&number.crl_number),
            number.this_update,
            hex::encode(number.crl_sha256)
        );
    }
    let hash = hex::encode(crl_rows::sha256(text.as_bytes()));
    text + "sha256 " + &hash + "\n"
}

fn read(octets: &[u8]) -> Result<State, &'static str> {
    let text = std::str::from_utf8(octets).map_err(|_| "it is no text")?;
    let (body, hash) = text.split_at(text.rfind("sha256 ").ok_or("its end is missing")?);
    let expected = format!(
        "sha256 {}\n",
        hex::encode(crl_rows::sha256(body.as_bytes()))
    );
    if hash != expected {
        return Err("its hash is not that of what it says");
    }
    let mut lines = body.lines();
    if lines.next() != Some(TITLE) {
        return Err("it was written by another version of the program");
    }
    let mut state = State::default();
    for line in lines {
        line_into(&mut state, line).ok_or("a line of it cannot be read")?;
    }
    Ok(state)
}

fn line_into(state: &mut State, line: &str) -> Option<()> {
    let words: Vec<&str> = line.split(' ').collect();
    if let ["feed", generation, mark] = words[..] {
        state.feed = Some((generation.parse().ok()?, mark.parse().ok()?));
        return Some(());
    }
    let [series, signer, scope, number, this_update, sha256] = words[..] else {
        return None;
    };
    let series = match series {
        "list" => ListSeries::Lists,
        "delta" => ListSeries::Deltas,
        _ => return None,
    };
    let key = (
        series,
        hex::decode(signer).ok()?,
        hex::decode(scope.strip_prefix('.')?).ok()?,
    );
    let number = HighWater {
        crl_number: hex::decode(number).ok()?,
        this_update: this_update.parse().ok()?,
        crl_sha256: hex::decode(sha256).ok()?.try_into().ok()?,
    };
    crl_rows::pad_number(&number.crl_number).ok()?;
    state.numbers.insert(key, number);
    Some(())
}

#[cfg(test)]
#[path = "high_water_file_tests.rs"]
mod tests;
