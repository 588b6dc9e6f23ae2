//! CRL distribution points: which partition of a list covers a certificate.

/// A `DistributionPoint` of a CRL distribution points extension (RFC 5280 section 4.2.1.13).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionPoint {
    der: Box<[u8]>,
    name: Option<DistributionPointName>,
}

impl DistributionPoint {
    /// Reads the `DistributionPoint` SEQUENCE, strictly.
    pub fn from_der(der: &[u8]) -> Result<Self, DistributionPointError> {
        let _ = der;
        todo!()
    }

    /// The SEQUENCE as it was read.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Its name, if it has one.
    pub fn name(&self) -> Option<&DistributionPointName> {
        self.name.as_ref()
    }
}

/// A `DistributionPointName`: the CHOICE with its `[0]` or `[1]` tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionPointName {
    der: Box<[u8]>,
}

impl DistributionPointName {
    /// Reads the CHOICE, beginning with its `[0]` (full name) or `[1]` (relative name) tag.
    pub fn from_der(der: &[u8]) -> Result<Self, DistributionPointError> {
        let _ = der;
        todo!()
    }

    /// The CHOICE as it was read.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Bytes that are equal for two names exactly when they name the same scope, with directory
    /// names normalised as RFC 5280 section 7.1 compares them.
    pub fn scope_key(&self) -> Vec<u8> {
        todo!()
    }
}

/// Why a distribution point is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DistributionPointError {
    /// It is not DER.
    #[error(transparent)]
    Der(#[from] crate::DerError),
}
