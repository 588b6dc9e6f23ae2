use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use bytes::Bytes;

use super::fetch;
use crate::body::{Body, BodyReader, Collect};
use crate::fetch::{FetchError, Fetched, Validators};
use crate::outcome::SyncError;

async fn read(path: &Path) -> Result<Vec<u8>, FetchError> {
    let mut body = Body::new(1 << 20, Collect::default);
    // A FIFO that were waited for would hang.
    let fetched = tokio::time::timeout(Duration::from_secs(5), fetch(path, None, &mut body));
    fetched.await.unwrap()?;
    Ok(body.finish().await.unwrap())
}

async fn again(path: &Path, validators: &Validators) -> Fetched {
    let mut body = Body::new(1 << 20, Collect::default);
    fetch(path, Some(validators), &mut body).await.unwrap()
}

fn validators(fetched: Fetched) -> Validators {
    match fetched {
        Fetched::Body { validators } => validators,
        Fetched::NotModified => panic!("changed"),
    }
}

#[tokio::test]
async fn a_file_of_many_pieces_is_read_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.crl");
    for length in [0, 1, 262_144, 262_145, 1 << 20] {
        let octets: Vec<u8> = (0..length)
            .map(|n| u8::try_from(n % 251).unwrap())
            .collect();
        std::fs::write(&path, &octets).unwrap();
        assert!(read(&path).await.unwrap() == octets, "{length}");
    }
    std::fs::write(&path, vec![0; (1 << 20) + 1]).unwrap();
    let oversized = FetchError::Oversized { limit: 1 << 20 };
    assert_eq!(read(&path).await.unwrap_err(), oversized);
}

#[tokio::test]
async fn a_file_is_unchanged_while_size_and_times_are_and_not_when_one_of_equal_size_replaced_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.crl");
    std::fs::write(&path, "one").unwrap();
    let mut body = Body::new(10, Collect::default);
    let first = validators(fetch(&path, None, &mut body).await.unwrap());
    assert!(!first.is_empty());
    assert!(matches!(again(&path, &first).await, Fetched::NotModified));
    // The same size and modification time, as a copy that keeps times would have.
    let modified = std::fs::metadata(&path).unwrap().modified().unwrap();
    let other = folder.path().join("other.crl");
    std::fs::write(&other, "two").unwrap();
    let file = std::fs::File::options().write(true).open(&other).unwrap();
    file.set_modified(modified).unwrap();
    std::fs::rename(&other, &path).unwrap();
    let second = validators(again(&path, &first).await);
    assert_ne!(second, first);
}

#[tokio::test]
async fn a_symbolic_link_is_followed_to_a_plain_file_and_to_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("plain"), "list").unwrap();
    symlink(at("plain"), at("link")).unwrap();
    assert_eq!(read(&at("link")).await.unwrap(), b"list");

    let made = Command::new("mkfifo").arg(at("fifo")).status().unwrap();
    assert!(made.success());
    symlink(at("fifo"), at("to-fifo")).unwrap();
    symlink("/dev/zero", at("to-device")).unwrap();
    symlink(folder.path(), at("to-folder")).unwrap();
    for name in ["fifo", "to-fifo", "to-device", "to-folder", "."] {
        let error = read(&at(name)).await.unwrap_err();
        assert_eq!(error, FetchError::NotAFile, "{name}");
        assert!(error.is_refusal());
    }
    symlink(at("nothing"), at("dangling")).unwrap();
    for name in ["nothing", "dangling"] {
        let error = read(&at(name)).await.unwrap_err();
        let kind = ErrorKind::NotFound;
        assert_eq!(error, FetchError::Unreadable { kind }, "{name}");
        assert!(!error.is_refusal() && !error.to_string().contains(name));
    }
}

/// Changes a file while it is read.
struct Meddler(std::path::PathBuf);

impl BodyReader for Meddler {
    type Read = ();

    fn read(&mut self, _: &Bytes) -> Result<(), SyncError> {
        std::fs::write(&self.0, "short").unwrap();
        Ok(())
    }

    fn finish(self) -> Result<(), SyncError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_is_a_failure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.crl");
    // Longer than what is read before the first piece has been looked at.
    std::fs::write(&path, vec![0; 8 << 20]).unwrap();
    let meddled = path.clone();
    let mut body = Body::new(16 << 20, move || Meddler(meddled.clone()));
    let error = fetch(&path, None, &mut body).await.unwrap_err();
    assert_eq!(error, FetchError::FileChanged);
    assert!(!error.is_refusal());
}
