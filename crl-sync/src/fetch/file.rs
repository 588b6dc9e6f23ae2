//! A file of this machine.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::{FetchError, Fetched, Validators};
use crate::body::{Body, BodyReader};

/// By what a file is known to be unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileState {
    device: u64,
    inode: u64,
    octets: u64,
    /// Seconds and nanoseconds, of the content and of everything about the file.
    modified: (i64, i64),
    changed: (i64, i64),
}

impl FileState {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            octets: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// Reads a file into a body, unless it is still what the validators name. Symbolic links are followed, as they are how
/// container platforms mount files, but only to a plain file.
pub(super) async fn fetch<R: BodyReader>(
    path: &Path,
    validators: Option<&Validators>,
    body: &mut Body<R>,
) -> Result<Fetched, FetchError> {
    let path = path.to_owned();
    let opened = tokio::task::spawn_blocking(move || open(&path)).await;
    let (file, state) = opened.map_err(|_| FetchError::Panicked)??;
    let validators_now = Validators::File(state);
    if validators == Some(&validators_now) {
        return Ok(Fetched::NotModified);
    }
    body.begin(Some(state.octets))?;
    let file = body.push_file(file).await?;
    let after = tokio::task::spawn_blocking(move || file.metadata()).await;
    let after = after.map_err(|_| FetchError::Panicked)?;
    let after = after.map_err(|error| unreadable(&error))?;
    // Half of one list and half of the next would only be refused for its signature.
    if FileState::of(&after) != state {
        return Err(FetchError::FileChanged);
    }
    Ok(Fetched::Body {
        validators: validators_now,
    })
}

fn open(path: &Path) -> Result<(File, FileState), FetchError> {
    let failed = |error: io::Error| unreadable(&error);
    // Opening a device may already do something; what is behind the path is asked again once it is open.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(FetchError::NotAFile);
    }
    let mut options = OpenOptions::new();
    // Without waiting: should the path lead to a FIFO by now, nobody may ever write into it.
    let options = options.read(true).custom_flags(libc::O_NONBLOCK);
    let file = options.open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(FetchError::NotAFile);
    }
    Ok((file, FileState::of(&metadata)))
}

/// Without the path: the source's name says which file it is.
fn unreadable(error: &io::Error) -> FetchError {
    FetchError::Unreadable { kind: error.kind() }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
