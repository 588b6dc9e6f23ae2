//! Whose a certificate is, across renewals.
//!
//! A holder is a random identifier. The first certificate of a person that is used gets a new one; a renewed
//! certificate inherits its predecessor's through the serial links that the issuer publishes. Nothing is guessed: a
//! link that arrives after the new certificate was already used waits until an operator accepts it, because joining
//! then would hand one account's history to another.

use crate::database::Database;
use crate::database_url::DatabaseUrl;
use crate::error::StoreError;
use crate::migrations::Part;

/// Keyed hash of a certification authority's name and a serial number; serial numbers themselves are never stored.
pub type SerialHash = [u8; 32];

/// The secret key of [`serial_hash`]. Never printed.
#[derive(Clone)]
pub struct HolderKey(aws_lc_rs::hmac::Key);

impl HolderKey {
    /// The key from the 32 octets of the key file.
    pub fn new(octets: &[u8; 32]) -> Self {
        Self(aws_lc_rs::hmac::Key::new(
            aws_lc_rs::hmac::HMAC_SHA256,
            octets,
        ))
    }
}

impl std::fmt::Debug for HolderKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HolderKey(..)")
    }
}

/// HMAC-SHA-256 over the authority's name, a zero octet and the serial number (unsigned, minimal). The name holds no
/// zero octet, so no two pairs give the same input.
pub fn serial_hash(
    key: &HolderKey,
    certification_authority: &str,
    serial_number: &[u8],
) -> SerialHash {
    let mut context = aws_lc_rs::hmac::Context::with_key(&key.0);
    context.update(certification_authority.as_bytes());
    context.update(&[0]);
    context.update(serial_number);
    let tag = context.sign();
    let mut hash = [0; 32];
    hash.copy_from_slice(tag.as_ref());
    hash
}

/// Whose a certificate is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HolderResolution {
    /// Random, stable for the holder.
    pub holder_id: [u8; 16],
    /// How it was found.
    pub origin: HolderOrigin,
}

/// How a holder was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderOrigin {
    /// This certificate was used before.
    Known,
    /// First use of a certificate that a serial link names as the successor of a known one.
    Linked,
    /// First use, and no link to a known certificate.
    New,
}

/// A renewal: `new` succeeded `old`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SerialLink {
    /// Hash of the old serial number.
    pub old: SerialHash,
    /// Hash of the new serial number.
    pub new: SerialHash,
}

/// What became of a file of links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AppliedLinks {
    /// Links that resolving follows from now on.
    pub added: u64,
    /// Links that wait for a decision.
    pub held: u64,
    /// Links that were there already.
    pub known: u64,
}

/// Why a file of links was not applied. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyLinksError {
    /// The file is older than one that was applied.
    #[error("the file's number {offered} is below {newest}, which was applied already")]
    NumberFalling {
        /// The number offered.
        offered: u64,
        /// The newest number applied.
        newest: u64,
    },
    /// The database failed or a link is unusable.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A link that waits for a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldLink {
    /// The certification authority's name in the configuration.
    pub certification_authority: String,
    /// The link.
    pub link: SerialLink,
    /// The number of the file that brought it.
    pub number: u64,
    /// When it came: seconds since 1970-01-01T00:00:00Z.
    pub received_at: i64,
}

/// Keeps holders and serial links.
#[derive(Debug, Clone)]
pub struct HolderLinks {
    database: Database,
}

impl HolderLinks {
    /// Connects and brings the schema up to this program's version.
    pub async fn open(url: &DatabaseUrl) -> Result<Self, StoreError> {
        Ok(Self {
            database: Database::open(url, Part::HolderLinks).await?,
        })
    }

    /// Whose this certificate is; makes a new holder at first use. May be called from any runtime.
    pub async fn resolve(
        &self,
        certification_authority: &str,
        serial_hash: &SerialHash,
        now: i64,
    ) -> Result<HolderResolution, StoreError> {
        let _ = (certification_authority, serial_hash, now);
        todo!()
    }

    /// Applies a file of links in one transaction. A number below the newest applied one is refused; the same number
    /// again changes nothing that is there.
    pub async fn apply_links(
        &self,
        certification_authority: &str,
        number: u64,
        links: &[SerialLink],
        now: i64,
    ) -> Result<AppliedLinks, ApplyLinksError> {
        let _ = (certification_authority, number, links, now);
        todo!()
    }

    /// The number of the newest file applied.
    pub async fn links_number(
        &self,
        certification_authority: &str,
    ) -> Result<Option<u64>, StoreError> {
        let _ = certification_authority;
        todo!()
    }

    /// Every link that waits for a decision, oldest first.
    pub async fn held_links(&self) -> Result<Vec<HeldLink>, StoreError> {
        todo!()
    }

    /// Joins the two holders of a held link: everything of the new one's becomes the old one's. Returns false when
    /// there is no such held link. `decided_by` is recorded.
    pub async fn accept_held(
        &self,
        certification_authority: &str,
        link: &SerialLink,
        decided_by: &str,
        now: i64,
    ) -> Result<bool, StoreError> {
        let _ = (certification_authority, link, decided_by, now);
        todo!()
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }
}
