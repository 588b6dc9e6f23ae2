//! Which files a folder has.

use std::ffi::OsString;
use std::fs::DirEntry;
use std::io;
use std::os::unix::ffi::OsStrExt as _;

use super::Folder;

/// Why a folder's files are not known, or what is wrong with one of them.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("the folder cannot be read: {kind}")]
    Unreadable { kind: io::ErrorKind },
    #[error("the folder has more than {limit} files whose names end like those of its lists")]
    TooManyFiles { limit: usize },
    #[error("the folder has no file whose name ends with {suffix:?}")]
    Empty { suffix: String },
    #[error("no file of the folder has its list any more")]
    Gone,
    #[error("another source of this authority delivers lists of the same scope")]
    Taken,
    #[error("the configuration says that this source is no more")]
    Retired,
}

impl FolderError {
    /// The broken rule's name.
    pub(crate) const fn rule(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } => "folder_unreadable",
            Self::TooManyFiles { .. } => "folder_too_large",
            Self::Empty { .. } => "folder_empty",
            Self::Gone => "file_missing",
            Self::Taken => "scope_taken",
            Self::Retired => "retired",
        }
    }

    /// Whether something came and was refused.
    pub(crate) const fn is_refusal(&self) -> bool {
        match self {
            Self::Taken | Self::Retired | Self::TooManyFiles { .. } => true,
            Self::Unreadable { .. } | Self::Empty { .. } | Self::Gone => false,
        }
    }
}

impl Folder {
    /// The names of its files, in their order. Hidden ones are left out: programs that copy files write into them until
    /// they are whole.
    pub(super) async fn files(&self) -> Result<Vec<OsString>, FolderError> {
        let folder = self.clone();
        let listed = tokio::task::spawn_blocking(move || folder.list()).await;
        listed.map_err(|_| FolderError::Unreadable {
            kind: io::ErrorKind::Other,
        })?
    }

    fn list(&self) -> Result<Vec<OsString>, FolderError> {
        let unreadable = |error: io::Error| FolderError::Unreadable { kind: error.kind() };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.path).map_err(unreadable)? {
            let name = entry.map(|entry: DirEntry| entry.file_name());
            let name = name.map_err(unreadable)?;
            if name.as_bytes().starts_with(b".")
                || !name.as_bytes().ends_with(self.suffix.as_bytes())
            {
                continue;
            }
            if files.len() == self.max_files {
                return Err(FolderError::TooManyFiles {
                    limit: self.max_files,
                });
            }
            files.push(name);
        }
        if files.is_empty() {
            return Err(FolderError::Empty {
                suffix: self.suffix.clone(),
            });
        }
        files.sort_unstable();
        Ok(files)
    }
}
