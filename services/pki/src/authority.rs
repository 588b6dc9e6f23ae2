//! A certification authority: one name, one profile, several generations of keys.

use crate::{KeyAlgorithm, KeyIdentifier, Profile, TrustAnchor};

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
    /// Oldest first, never empty.
    anchors: Vec<TrustAnchor>,
    newest: TrustAnchor,
    crl_signer: CrlSigner,
}

/// Why a name and anchors are not an authority.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The name becomes a metric label and part of a key.
    #[error("a certification authority's name has 1 to 64 of a-z, 0-9 and -")]
    Name,
    /// No anchor at all.
    #[error("a certification authority needs at least one trust anchor")]
    NoAnchor,
    /// Issuers are chosen by key identifier, so it has to tell the anchors apart.
    #[error("two trust anchors have the key identifier {key_id}")]
    DuplicateKeyIdentifier {
        /// The identifier they share.
        key_id: KeyIdentifier,
    },
    /// A key that the profile does not have.
    #[error(
        "the trust anchor with key identifier {key_id} has a key of {found}, which the profile does not have"
    )]
    KeyNotInProfile {
        /// The anchor with the key.
        key_id: KeyIdentifier,
        /// What the key computes with.
        found: KeyAlgorithm,
    },
    /// The generations of one authority share its name; another name is another authority.
    #[error("the trust anchor with key identifier {key_id} has another subject than the others")]
    SubjectsDiffer {
        /// The anchor with the other subject.
        key_id: KeyIdentifier,
    },
}

impl CertificationAuthority {
    /// Puts the anchors of one authority together; the order does not matter.
    pub fn new(
        name: &str,
        profile: &'static Profile,
        mut anchors: Vec<TrustAnchor>,
        crl_signer: CrlSigner,
    ) -> Result<Self, AuthorityError> {
        let letters = |octet: u8| matches!(octet, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if name.is_empty() || name.len() > 64 || !name.bytes().all(letters) {
            return Err(AuthorityError::Name);
        }
        // The key identifier decides between keys of the same second, so that every process
        // agrees which is the newest.
        anchors.sort_by(|a, b| (a.not_before(), a.key_id()).cmp(&(b.not_before(), b.key_id())));
        let newest = anchors.last().ok_or(AuthorityError::NoAnchor)?.clone();
        for (index, anchor) in anchors.iter().enumerate() {
            let key_id = anchor.key_id();
            if anchors[..index]
                .iter()
                .any(|before| before.key_id() == key_id)
            {
                return Err(AuthorityError::DuplicateKeyIdentifier {
                    key_id: key_id.clone(),
                });
            }
            let found = anchor.public_key().algorithm();
            if !profile.allows_key(found) {
                return Err(AuthorityError::KeyNotInProfile {
                    key_id: key_id.clone(),
                    found,
                });
            }
            if anchor.canonical_subject() != newest.canonical_subject() {
                return Err(AuthorityError::SubjectsDiffer {
                    key_id: key_id.clone(),
                });
            }
        }
        Ok(Self {
            name: name.to_owned(),
            profile,
            anchors,
            newest,
            crl_signer,
        })
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
            CrlSigner::NewestKey => self.newest.key_id(),
        })
    }

    /// The anchor whose validity began last.
    pub fn newest_anchor(&self) -> &TrustAnchor {
        &self.newest
    }
}
