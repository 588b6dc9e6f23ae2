//! `akashi crl original`: a list as it was fetched, for who wants to verify it by other means.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use pki::{CrlNumber, UnixTime};
use store::{CrlWriter, Original, Piece, StoreError};
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

use super::super::{FAILED, failed, print, unusable};

/// Why there is no file.
#[derive(Debug, thiserror::Error)]
enum OriginalError {
    #[error(
        "this list is not kept as it was fetched: not for so long ([originals] keep_days in crl-sync.toml), or no list of the source has this number"
    )]
    NotKept,
    #[error("{path}: {error}", path = .0.display(), error = .1)]
    File(PathBuf, io::Error),
    #[error("the list went while it was read, because it was kept for long enough")]
    Gone,
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Writes it, and says its hash, which was compared with the one that was verified.
pub(super) async fn run(lists: &CrlWriter, source: &str, number: &str, out: &Path) -> ExitCode {
    let Some(crl_number) = CrlNumber::from_decimal(number) else {
        return unusable(&"the number is a decimal one of at most 20 octets");
    };
    let written = match lists.original(source, crl_number.as_bytes()).await {
        Ok(Some(original)) => write(original, out).await,
        Ok(None) => Err(OriginalError::NotKept),
        Err(error) => Err(error.into()),
    };
    match written {
        Ok(line) if print(&line).is_ok() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::from(FAILED),
        Err(error) => failed(&error),
    }
}

/// Under another name until all of it is there and its hash is right.
async fn write(original: Original, out: &Path) -> Result<String, OriginalError> {
    if fs::try_exists(out).await.unwrap_or(true) {
        let exists = io::Error::from(io::ErrorKind::AlreadyExists);
        return Err(OriginalError::File(out.to_owned(), exists));
    }
    let mut unfinished = out.as_os_str().to_owned();
    unfinished.push(".part");
    let unfinished = PathBuf::from(unfinished);
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| OriginalError::File(path, error)
    };
    let mut new = OpenOptions::new();
    let file = new.write(true).create_new(true).open(&unfinished).await;
    let file = file.map_err(at(&unfinished))?;
    let (this_update, sha256) = (original.this_update, original.sha256);
    let copied = match copy(original, file, &unfinished).await {
        Ok(()) => fs::rename(&unfinished, out).await.map_err(at(out)),
        Err(error) => Err(error),
    };
    if copied.is_err() {
        // What is not whole or not right is no list.
        let _ = fs::remove_file(&unfinished).await;
    }
    copied?;
    let (path, moment) = (out.display(), UnixTime::from_secs(this_update));
    Ok(format!(
        "{path}: this_update={moment} sha256={}",
        hex::encode(sha256)
    ))
}

async fn copy(original: Original, mut file: File, path: &Path) -> Result<(), OriginalError> {
    let at = |error| OriginalError::File(path.to_owned(), error);
    let mut pieces = original.pieces;
    loop {
        match pieces.next().await? {
            Piece::Octets(octets) => file.write_all(&octets).await.map_err(at)?,
            Piece::End => break,
            Piece::Replaced => return Err(OriginalError::Gone),
        }
    }
    file.sync_all().await.map_err(at)
}
