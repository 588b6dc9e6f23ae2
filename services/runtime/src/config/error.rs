//! Why a configuration is refused, in words an operator can act on. The offending line itself is never
//! repeated: it may hold a password.

use std::path::{Path, PathBuf};

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The text is not the TOML that the role understands.
    #[error("{}line {line}, column {column}: {problem}", place(file.as_deref()))]
    Syntax {
        /// The file, if it came from one.
        file: Option<PathBuf>,
        /// The line, from 1.
        line: usize,
        /// The column in octets, from 1.
        column: usize,
        /// What is wrong, and the nearest key that would be right.
        problem: String,
    },
    /// A value that cannot be.
    #[error("{key}: {problem}")]
    Invalid {
        /// The key, with its tables: `listen.address`.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A file named in the configuration cannot be used.
    #[error("{}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl ConfigError {
    /// A value that cannot be: the key with its tables, and what is wrong.
    pub fn invalid(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid {
            key: key.into(),
            problem: problem.into(),
        }
    }

    /// A file named in the configuration that cannot be used.
    pub fn file(path: &Path, problem: impl std::fmt::Display) -> Self {
        Self::File {
            path: path.to_owned(),
            problem: problem.to_string(),
        }
    }

    /// The same, with the configuration file it was found in.
    #[must_use]
    pub fn within(self, path: &Path) -> Self {
        match self {
            Self::Invalid { key, problem } => Self::Invalid {
                key: format!("{}: {key}", path.display()),
                problem,
            },
            other => other.in_file(path),
        }
    }

    pub(super) fn from_toml(error: &toml::de::Error, text: &str) -> Self {
        let at = error.span().map_or(0, |span| span.start).min(text.len());
        let before = &text.as_bytes()[..at];
        let line = before.split(|octet| *octet == b'\n').count();
        let column = before
            .iter()
            .rev()
            .take_while(|octet| **octet != b'\n')
            .count()
            + 1;
        let problem = with_nearest(error.message());
        Self::Syntax {
            file: None,
            line,
            column,
            problem,
        }
    }

    pub(super) fn in_file(self, path: &Path) -> Self {
        match self {
            Self::Syntax {
                line,
                column,
                problem,
                ..
            } => Self::Syntax {
                file: Some(path.to_owned()),
                line,
                column,
                problem,
            },
            other => other,
        }
    }
}

fn place(file: Option<&Path>) -> String {
    file.map_or_else(String::new, |file| format!("{}: ", file.display()))
}

/// Adds "did you mean" to serde's sentence about an unknown key: "unknown field `x`, expected one of
/// `a`, `b`".
fn with_nearest(message: &str) -> String {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let is_unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let (true, [unknown, known @ ..]) = (is_unknown, &quoted[..]) else {
        return message.to_owned();
    };
    let nearest = known
        .iter()
        .map(|known| (distance(unknown, known), known))
        .min();
    match nearest {
        // Half of the letters may differ; beyond that a suggestion only confuses.
        Some((distance, nearest)) if distance * 2 <= unknown.len().max(2) => {
            format!("{message}; did you mean `{nearest}`?")
        }
        _ => message.to_owned(),
    }
}

/// Levenshtein's distance over octets: keys are ASCII.
fn distance(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.bytes().enumerate() {
            let replaced = diagonal + usize::from(l != r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}
