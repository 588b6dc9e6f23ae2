//! A strict DER reader.

/// Where DER (X.690) is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DerError {
    /// The bytes end before the element does.
    #[error("the bytes end inside an element")]
    Truncated,
}
