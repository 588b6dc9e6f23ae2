//! How an attempt to refresh a source ends.

use index::{BuildError, SegmentError};
use pki::CrlError;
use store::{ApplyError, ApplyLinksError, AttemptOutcome, StoreError};

use crate::fetch::FetchError;
use crate::folder::FolderError;
use crate::plan::Refusal;
use crate::serial_links::LinksError;

/// How one attempt at one source ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceOutcome {
    /// The source's name in the configuration.
    pub source: String,
    /// How it ended.
    pub outcome: Outcome,
}

impl SourceOutcome {
    /// Whether what the source has to say is now in force.
    pub const fn succeeded(&self) -> bool {
        self.outcome.succeeded()
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What came was put in force.
    Accepted {
        /// Its number in decimal.
        number: String,
        /// How many certificates that left its list are held, since they were too many at once; 0 for links.
        held_removals: u64,
    },
    /// It was in force already.
    Unchanged {
        /// Its number in decimal.
        number: String,
    },
    /// Something came and was refused; what was in force stays.
    Refused {
        /// The broken rule's name, such as `number_falling`.
        rule: &'static str,
        /// The rule in words.
        problem: String,
    },
    /// Nothing usable came; what was in force stays.
    Failed {
        /// The rule's name, such as `timeout`.
        rule: &'static str,
        /// What happened in words.
        problem: String,
    },
}

impl Outcome {
    /// Its name in logs and metrics.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => ACCEPTED,
            Self::Unchanged { .. } => UNCHANGED,
            Self::Refused { .. } => REFUSED,
            Self::Failed { .. } => FAILED,
        }
    }

    /// Whether what the source has to say is now in force.
    pub const fn succeeded(&self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::Unchanged { .. })
    }

    pub(crate) fn for_store(&self) -> AttemptOutcome<'_> {
        match self {
            Self::Accepted { .. } => AttemptOutcome::Accepted,
            Self::Unchanged { .. } => AttemptOutcome::Unchanged,
            Self::Refused { rule, .. } => AttemptOutcome::Refused { rule },
            Self::Failed { rule, .. } => AttemptOutcome::Failed { rule },
        }
    }
}

const ACCEPTED: &str = "accepted";
const UNCHANGED: &str = "unchanged";
const REFUSED: &str = "refused";
const FAILED: &str = "failed";

/// The rule of a failure of the database: unreachable, or with no room left.
pub(crate) const STORE: &str = "store";

/// The names of all outcomes.
pub(crate) const OUTCOMES: [&str; 4] = [ACCEPTED, UNCHANGED, REFUSED, FAILED];

/// Why an attempt put nothing in force.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SyncError {
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Verify(#[from] CrlError),
    #[error(transparent)]
    Plan(#[from] Refusal),
    #[error(transparent)]
    Links(#[from] LinksError),
    #[error(transparent)]
    Build(#[from] BuildError),
    #[error("the index that was built cannot be read: {0}")]
    Index(#[from] SegmentError),
    #[error(transparent)]
    Apply(#[from] ApplyError),
    #[error(transparent)]
    ApplyLinks(#[from] ApplyLinksError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "somebody else kept changing this source; is another crl-sync running on this database?"
    )]
    Contended,
    #[error(
        "what is stored of the delta list in force cannot be read; the next complete list mends it"
    )]
    DeltaUnreadable,
    #[error("the list that it changes is not in force yet")]
    NoBase,
    #[error("reading what came failed in a way it never should")]
    Panicked,
}

impl SyncError {
    fn rule(&self) -> &'static str {
        match self {
            Self::Fetch(error) => error.rule(),
            Self::Folder(error) => error.rule(),
            Self::Verify(error) => error.rule(),
            Self::Plan(refusal) => refusal.rule(),
            Self::Links(error) => error.rule(),
            Self::Build(_) | Self::Index(_) => "index_build",
            Self::Apply(error) => error.rule(),
            Self::ApplyLinks(ApplyLinksError::NumberFalling { .. }) => "number_falling",
            Self::ApplyLinks(_) | Self::Store(_) | Self::DeltaUnreadable => STORE,
            Self::Contended => "generation_moved",
            Self::NoBase => "no_base",
            Self::Panicked => "panicked",
        }
    }

    /// Whether something came and was refused.
    fn is_refusal(&self) -> bool {
        match self {
            Self::Fetch(error) => error.is_refusal(),
            Self::Folder(error) => error.is_refusal(),
            Self::Verify(_)
            | Self::Plan(_)
            | Self::Links(_)
            | Self::Build(_)
            | Self::Index(_)
            | Self::Panicked => true,
            Self::Apply(error) => {
                matches!(
                    error,
                    ApplyError::NumberNotRising { .. } | ApplyError::ThisUpdateFalling { .. }
                )
            }
            Self::ApplyLinks(error) => matches!(error, ApplyLinksError::NumberFalling { .. }),
            Self::Store(_) | Self::Contended | Self::NoBase | Self::DeltaUnreadable => false,
        }
    }
}

impl From<SyncError> for Outcome {
    fn from(error: SyncError) -> Self {
        let (rule, problem) = (error.rule(), error.to_string());
        if error.is_refusal() {
            Self::Refused { rule, problem }
        } else {
            Self::Failed { rule, problem }
        }
    }
}
