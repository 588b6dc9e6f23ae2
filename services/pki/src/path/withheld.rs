//! Values that must not slip into a log.

use std::fmt;

/// A value that leads to a person. It is shown to whoever asks for it, and to nobody who prints
/// the error around it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Withheld<T>(T);

impl<T> Withheld<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value.
    pub const fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T> fmt::Debug for Withheld<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("withheld")
    }
}
