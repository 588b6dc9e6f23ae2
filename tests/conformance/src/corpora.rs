//! Corpora that are not kept in the repository: fetched by name and hash when a test first needs one.
//!
//! They lie in cargo's target folder, so that a fresh clone has none of them and `cargo clean` removes them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// NIST PKITS as the package carries it; the version is part of the folder's name, so that another one is fetched anew.
const PKITS_FOLDER: &str = "pkits-50.0.2";
/// Where the suite lies in the package.
const PKITS_IN_PACKAGE: &str = "cryptography_vectors/x509/PKITS_data";

/// Unpacks the part of a package (argument 1) that begins with a path (argument 3) into a folder (argument 2).
const UNPACK: &str = "\
import sys, zipfile
package = zipfile.ZipFile(sys.argv[1])
wanted = [name for name in package.namelist() if name.startswith(sys.argv[3])]
package.extractall(sys.argv[2], wanted)";

/// Why a corpus is not there, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum CorpusError {
    /// The folder or the lock in it.
    #[error("{path}: {source}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There is no Python.
    #[error(
        "python3 cannot be started ({0}): install the Debian packages python3 and python3-pip, or run tests/run"
    )]
    NoPython(io::Error),
    /// The package was not fetched.
    #[error(
        "{requirements} could not be fetched from the Python package index; pip says:\n{said}\n\
         Needed: python3 with pip (Debian: python3-pip) and the index, or a mirror of it named by PIP_INDEX_URL; \
         without a network, a folder with the package, named by PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER."
    )]
    NotFetched {
        /// The file that names package, version and hash.
        requirements: PathBuf,
        /// pip's last words.
        said: String,
    },
    /// The package is not as expected.
    #[error("{package} could not be unpacked:\n{said}")]
    NotUnpacked {
        /// The package.
        package: PathBuf,
        /// Python's last words, or what is missing.
        said: String,
    },
}

/// The folder of NIST PKITS that holds `certs/` and `crls/`; fetched if it is not there. Several processes may ask at
/// once: one fetches, the others wait.
///
/// # Errors
/// When it cannot be fetched.
pub fn pkits() -> Result<PathBuf, CorpusError> {
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("pkits/requirements.txt");
    let corpora = target_folder().join("corpora");
    fetched(&corpora, PKITS_FOLDER, &requirements, PKITS_IN_PACKAGE)
}

/// `corpora/name`, which is complete if it is there: it is unpacked beside and renamed at the end.
fn fetched(
    corpora: &Path,
    name: &str,
    requirements: &Path,
    in_package: &str,
) -> Result<PathBuf, CorpusError> {
    let folder = corpora.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(corpora).map_err(at(corpora))?;
    let lock_path = corpora.join(format!("{name}.lock"));
    let lock = File::create(&lock_path).map_err(at(&lock_path))?;
    // The kernel drops the lock with the file, however this process ends.
    lock.lock().map_err(at(&lock_path))?;
    if folder.is_dir() {
        return Ok(folder);
    }
    // What a process that was killed has left is of no use to anybody.
    let partial = corpora.join(format!("{name}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial).map_err(at(&partial))?;
    }
    fs::create_dir(&partial).map_err(at(&partial))?;
    let package = download(requirements, &partial)?;
    unpack(&package, &partial, in_package)?;
    fs::rename(partial.join(in_package), &folder).map_err(at(&folder))?;
    fs::remove_dir_all(&partial).map_err(at(&partial))?;
    Ok(folder)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> CorpusError {
    let path = path.to_owned();
    |source| CorpusError::Folder { path, source }
}

/// Fetches the one package that the file names; pip refuses any other hash.
fn download(requirements: &Path, folder: &Path) -> Result<PathBuf, CorpusError> {
    let not_fetched = |said: String| CorpusError::NotFetched {
        requirements: requirements.to_owned(),
        said,
    };
    let mut pip = python();
    pip.args(["-m", "pip", "download", "--quiet", "--no-deps"])
        .args(["--disable-pip-version-check", "--only-binary", ":all:"])
        .arg("--require-hashes")
        .arg("--requirement")
        .arg(requirements)
        .arg("--dest")
        .arg(folder);
    run(&mut pip)?.map_err(not_fetched)?;
    let mut files = fs::read_dir(folder).map_err(at(folder))?;
    match files.next() {
        Some(file) => Ok(file.map_err(at(folder))?.path()),
        None => Err(not_fetched("nothing, and it left no file".to_owned())),
    }
}

fn unpack(package: &Path, folder: &Path, in_package: &str) -> Result<(), CorpusError> {
    let not_unpacked = |said: String| CorpusError::NotUnpacked {
        package: package.to_owned(),
        said,
    };
    let mut unpack = python();
    unpack.args(["-c", UNPACK]).arg(package).arg(folder);
    unpack.arg(format!("{in_package}/"));
    run(&mut unpack)?.map_err(not_unpacked)?;
    if folder.join(in_package).is_dir() {
        Ok(())
    } else {
        Err(not_unpacked(format!("there is no {in_package} in it")))
    }
}

fn python() -> Command {
    let mut python = Command::new("python3");
    python.stdin(Stdio::null());
    python
}

/// Runs a command; the inner error is what it said when it failed.
fn run(command: &mut Command) -> Result<Result<(), String>, CorpusError> {
    let output = command.output().map_err(CorpusError::NoPython)?;
    if output.status.success() {
        return Ok(Ok(()));
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = said.lines().collect();
    Ok(Err(lines[lines.len().saturating_sub(12)..].join("\n")))
}

/// Cargo's target folder: the one that this program lies in, which cargo has marked; else the workspace's.
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    match marked {
        Some(folder) => folder.to_owned(),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder for one test, below the target folder.
    fn folder(name: &str) -> PathBuf {
        let folder = target_folder().join("tmp").join("corpora").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    /// A package of this name, version 1, with one file, and the file that names it with a hash.
    fn package(folder: &Path, hash: &str) -> PathBuf {
        let wheel = folder.join("corpus_of_a_test-1-py3-none-any.whl");
        let write = "import sys, zipfile\n\
            it = zipfile.ZipFile(sys.argv[1], 'w')\n\
            it.writestr('a/b/inside', 'x')\n\
            it.writestr('outside', 'x')\n\
            it.writestr('corpus_of_a_test-1.dist-info/METADATA', 'Metadata-Version: 2.1\\nName: corpus-of-a-test\\nVersion: 1\\n')\n\
            it.writestr('corpus_of_a_test-1.dist-info/WHEEL', 'Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')\n\
            it.close()";
        run(python().args(["-c", write]).arg(&wheel))
            .unwrap()
            .unwrap();
        let hashed = sandbox::mint::sha256(&fs::read(&wheel).unwrap());
        let right: Vec<_> = hashed.iter().map(|octet| format!("{octet:02x}")).collect();
        let right = right.concat();
        let hash = if hash.is_empty() { &right } else { hash };
        let requirements = folder.join("requirements.txt");
        let line = format!("{} --hash=sha256:{hash}\n", wheel.display());
        fs::write(&requirements, line).unwrap();
        requirements
    }

    #[test]
    fn a_corpus_is_fetched_once_by_as_many_as_ask_for_it() {
        let folder = folder("once");
        let requirements = package(&folder, "");
        let corpora = folder.join("corpora");
        std::thread::scope(|scope| {
            let ask = || fetched(&corpora, "corpus", &requirements, "a/b").unwrap();
            let asking: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
            for thread in asking {
                assert!(thread.join().unwrap().join("inside").is_file());
            }
        });
        // It is not fetched again: what names it is gone.
        fs::remove_file(&requirements).unwrap();
        fetched(&corpora, "corpus", &requirements, "a/b").unwrap();
        assert!(!corpora.join("corpus.partial").exists());
        let lost = fetched(&corpora, "another", &requirements, "a/b").unwrap_err();
        assert!(matches!(lost, CorpusError::NotFetched { .. }), "{lost}");
    }

    #[test]
    fn another_hash_or_another_content_is_refused_and_leaves_nothing_that_counts() {
        let folder = folder("refused");
        let corpora = folder.join("corpora");
        let wrong = package(&folder, &"0".repeat(64));
        let refused = fetched(&corpora, "corpus", &wrong, "a/b").unwrap_err();
        assert!(refused.to_string().contains("HASHES"), "{refused}");
        assert!(!corpora.join("corpus").exists());
        let right = package(&folder, "");
        let refused = fetched(&corpora, "corpus", &right, "a/c").unwrap_err();
        assert!(
            matches!(refused, CorpusError::NotUnpacked { .. }),
            "{refused}"
        );
        assert!(!corpora.join("corpus").exists());
        // What the refusals have left is no obstacle.
        fetched(&corpora, "corpus", &right, "a/b").unwrap();
    }
}
