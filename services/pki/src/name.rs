//! Distinguished names and how they are compared.

/// Why a name is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is not DER.
    #[error(transparent)]
    Der(#[from] crate::DerError),
}
