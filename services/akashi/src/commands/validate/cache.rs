//! Files that several questions name are read once.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::file::{Contents, FileError, Kind};

/// Octets that are kept between questions. A hierarchy with all its lists has a few MB; JPKI's partitions of one authority
/// some hundred.
const MAX_KEPT_BYTES: usize = 512 * 1024 * 1024;

/// Reads files and keeps what fits.
#[derive(Debug)]
pub(super) struct Files {
    kept: HashMap<(Kind, PathBuf), Rc<Contents>>,
    octets: usize,
    most: usize,
}

impl Files {
    pub(super) fn new() -> Self {
        Self::keeping(MAX_KEPT_BYTES)
    }

    fn keeping(most: usize) -> Self {
        Self {
            kept: HashMap::new(),
            octets: 0,
            most,
        }
    }

    /// What a file holds. A file that cannot be read is tried again when it is named again.
    pub(super) fn read(&mut self, path: &Path, kind: Kind) -> Result<Rc<Contents>, FileError> {
        let key = (kind, path.to_owned());
        if let Some(contents) = self.kept.get(&key) {
            return Ok(Rc::clone(contents));
        }
        let contents = Rc::new(Contents::read(path, kind)?);
        let octets = contents.octets() + OVERHEAD_BYTES;
        if octets > self.most {
            return Ok(contents);
        }
        if self.octets + octets > self.most {
            // Rows come in groups that share their files, so those of groups past are given up together.
            self.kept.clear();
            self.octets = 0;
        }
        self.octets += octets;
        self.kept.insert(key, Rc::clone(&contents));
        Ok(contents)
    }
}

/// What a file takes besides its octets: its name and its place, generously.
const OVERHEAD_BYTES: usize = 1024;

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::{Files, Kind, OVERHEAD_BYTES};

    #[test]
    fn a_file_is_read_once_while_there_is_room() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["a", "b", "c"] {
            std::fs::write(path(name), [0x30, 0]).unwrap();
        }
        // Room for two.
        let mut files = Files::keeping(2 * (OVERHEAD_BYTES + 2));
        let mut read = |name: &str| files.read(&path(name), Kind::Crls).unwrap();
        let a = read("a");
        read("b");
        assert!(Rc::ptr_eq(&a, &read("a")));
        read("c");
        assert!(!Rc::ptr_eq(&a, &read("a")));
        assert!(files.octets <= files.most && files.kept.len() == 2);
    }

    #[test]
    fn what_is_larger_than_the_room_is_read_and_not_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, [0x30, 0]).unwrap();
        let mut files = Files::keeping(1);
        assert!(files.read(&path, Kind::Crls).is_ok());
        assert!(files.kept.is_empty());
        assert!(files.read(&folder.path().join("b"), Kind::Crls).is_err());
    }
}
