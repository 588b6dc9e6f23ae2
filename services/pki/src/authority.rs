//! A certification authority: one name, one profile, several generations of keys.

use crate::{KeyIdentifier, Profile, TrustAnchor};

/// Whose key signs the list that covers a certificate. JPKI does not publish it, so it is a
/// setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrlSigner {
    /// The key that issued the certificate signs its list.
    OwnKey,
    /// The authority's newest key signs the lists for all generations.
    NewestKey,
}

/// One certification authority as configured.
#[derive(Clone, Debug)]
pub struct CertificationAuthority {
    name: String,
    profile: &'static Profile,
    anchors: Vec<TrustAnchor>,
    crl_signer: CrlSigner,
}

/// Why a set of anchors is not an authority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// No anchor at all.
    #[error("a certification authority needs at least one trust anchor")]
    NoAnchor,
}

impl CertificationAuthority {
    /// Puts the anchors of one authority together; the order does not matter.
    pub fn new(
        name: &str,
        profile: &'static Profile,
        anchors: Vec<TrustAnchor>,
        crl_signer: CrlSigner,
    ) -> Result<Self, AuthorityError> {
        Ok(Self { name: name.to_owned(), profile, anchors, crl_signer })
    }

    /// Its name in configuration, metrics and requests.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The profile its leaves must have.
    pub fn profile(&self) -> &'static Profile {
        self.profile
    }

    /// Its anchors, oldest first.
    pub fn anchors(&self) -> &[TrustAnchor] {
        &self.anchors
    }

    /// The anchor with this key, if it is one of ours.
    pub fn anchor(&self, key_id: &KeyIdentifier) -> Option<&TrustAnchor> {
        self.anchors.iter().find(|anchor| anchor.key_id() == key_id)
    }

    /// Whose key signs the lists.
    pub fn crl_signer(&self) -> CrlSigner {
        self.crl_signer
    }

    /// The key that signs the list covering certificates issued with this key; none if the key is
    /// not one of ours.
    pub fn expected_crl_signer(&self, issuer_key_id: &KeyIdentifier) -> Option<&KeyIdentifier> {
        let own = self.anchor(issuer_key_id)?;
        Some(match self.crl_signer {
            CrlSigner::OwnKey => own.key_id(),
            CrlSigner::NewestKey => self.newest_anchor().key_id(),
        })
    }

    /// The anchor whose validity began last.
    pub fn newest_anchor(&self) -> &TrustAnchor {
        todo!()
    }
}
