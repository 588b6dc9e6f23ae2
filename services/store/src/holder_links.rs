//! Whose a certificate is, across renewals.
//!
//! A holder is a random identifier. The first certificate of a person that is used gets a new one; a renewed
//! certificate inherits its predecessor's through the serial links that the issuer publishes. Nothing is guessed: a
//! link that arrives after the new certificate was already used waits until an operator accepts it, because joining
//! then would hand one account's history to another.

use sqlx::AnyConnection;
use sqlx::any::AnyRow;

use crate::columns::{Columns as _, check_text};
use crate::database::Database;
use crate::database_url::DatabaseUrl;
use crate::error::{During as _, StoreError};
use crate::holder_chain::{self, Inherited};
use crate::limits;
use crate::migrations::Part;
use crate::serial_links::{
    Arrived, Decision, LinkState, accept_link, arriving_state, expect_number, insert_link,
    newest_number, raise_number,
};

/// The lock that makes changes of holders and links follow one another: whether a link joins depends on what was seen.
const HOLDERS_LOCK: i64 = 2;

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

impl std::ops::AddAssign for AppliedLinks {
    fn add_assign(&mut self, more: Self) {
        self.added += more.added;
        self.held += more.held;
        self.known += more.known;
    }
}

/// Why a file of links was not applied, or not to its end.
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
        check_text(certification_authority)?;
        let (database, hash) = (self.database.clone(), *serial_hash);
        let authority = certification_authority.to_owned();
        self.database
            .run(async move { resolve(&database, &authority, &hash, now).await })
            .await
    }

    /// Applies a file of links. A number below the newest applied one is refused; the same number again changes nothing
    /// that is there.
    ///
    /// A file may bring tens of thousands, and whoever uses a certificate for the first time waits for the lock: so they
    /// are applied a few at a time. Each link is a fact by itself, and the number rises with the last of them: a file
    /// that is interrupted is not yet applied, and its links are known when it comes again.
    pub async fn apply_links(
        &self,
        certification_authority: &str,
        number: u64,
        links: &[SerialLink],
        now: i64,
    ) -> Result<AppliedLinks, ApplyLinksError> {
        check_text(certification_authority)?;
        let during = "serial links are committed";
        let mut applied = AppliedLinks::default();
        let (together, last) = split_last_part(links);
        for part in together {
            let mut transaction = self.database.begin_exclusive(HOLDERS_LOCK).await?;
            expect_number(&mut transaction, certification_authority, number).await?;
            applied +=
                apply_part(&mut transaction, certification_authority, number, part, now).await?;
            transaction.commit().await.during(during)?;
            // SQLite's lock goes to whoever asks at the right moment; this makes the moment longer.
            tokio::time::sleep(limits::LINKS_PAUSE).await;
        }
        let mut transaction = self.database.begin_exclusive(HOLDERS_LOCK).await?;
        raise_number(&mut transaction, certification_authority, number, now).await?;
        applied += apply_part(&mut transaction, certification_authority, number, last, now).await?;
        transaction.commit().await.during(during)?;
        Ok(applied)
    }

    /// The number of the newest file applied.
    pub async fn links_number(
        &self,
        certification_authority: &str,
    ) -> Result<Option<u64>, StoreError> {
        let reader = self.database.reader().acquire().await;
        let mut reader = reader.during("the number of the links is read")?;
        newest_number(&mut reader, certification_authority).await
    }

    /// Every link that waits for a decision, oldest first.
    pub async fn held_links(&self) -> Result<Vec<HeldLink>, StoreError> {
        let rows = sqlx::query(
            "SELECT certification_authority, new_hash, old_hash, number, received_at
             FROM holder_link WHERE state = 'held'
             ORDER BY received_at, certification_authority, new_hash, old_hash",
        )
        .fetch_all(self.database.reader())
        .await
        .during("held links are read")?;
        let held = |row: &AnyRow| {
            Ok(HeldLink {
                certification_authority: row.text("certification_authority")?,
                link: SerialLink {
                    old: row.array("old_hash")?,
                    new: row.array("new_hash")?,
                },
                number: row.count("number")?,
                received_at: row.bigint("received_at")?,
            })
        };
        rows.iter().map(held).collect()
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
        check_text(decided_by)?;
        let mut transaction = self.database.begin_exclusive(HOLDERS_LOCK).await?;
        let decision = Decision {
            by: decided_by,
            at: now,
        };
        if !accept_link(&mut transaction, certification_authority, link, &decision).await? {
            return Ok(false);
        }
        holder_chain::join(&mut transaction, certification_authority, link, now).await?;
        transaction
            .commit()
            .await
            .during("a held link is accepted")?;
        Ok(true)
    }

    /// Closes every connection.
    pub async fn close(&self) {
        self.database.close().await;
    }
}

/// The parts of a file before its last one, and the last one, which may be empty.
fn split_last_part(links: &[SerialLink]) -> (std::slice::Chunks<'_, SerialLink>, &[SerialLink]) {
    let last = links.len().saturating_sub(1) / limits::LINKS_AT_ONCE * limits::LINKS_AT_ONCE;
    let (together, last) = links.split_at(last);
    (together.chunks(limits::LINKS_AT_ONCE), last)
}

async fn apply_part(
    transaction: &mut AnyConnection,
    authority: &str,
    number: u64,
    links: &[SerialLink],
    now: i64,
) -> Result<AppliedLinks, StoreError> {
    let mut applied = AppliedLinks::default();
    for link in links {
        let Some(state) = arriving_state(transaction, authority, link).await? else {
            applied.known += 1;
            continue;
        };
        match state {
            LinkState::Active => applied.added += 1,
            LinkState::Held => applied.held += 1,
        }
        let arrived = Arrived {
            number,
            state,
            at: now,
        };
        insert_link(transaction, authority, link, arrived).await?;
    }
    Ok(applied)
}

async fn resolve(
    database: &Database,
    authority: &str,
    hash: &SerialHash,
    now: i64,
) -> Result<HolderResolution, StoreError> {
    let mut connection = database
        .reader()
        .acquire()
        .await
        .during("a holder is resolved")?;
    if let Some(holder_id) = holder_chain::holder_of(&mut connection, authority, hash).await? {
        return Ok(HolderResolution {
            holder_id,
            origin: HolderOrigin::Known,
        });
    }
    drop(connection);
    let mut transaction = database.begin_exclusive(HOLDERS_LOCK).await?;
    // Somebody else may have been first.
    if let Some(holder_id) = holder_chain::holder_of(&mut transaction, authority, hash).await? {
        return Ok(HolderResolution {
            holder_id,
            origin: HolderOrigin::Known,
        });
    }
    let (holder_id, origin) =
        match holder_chain::inherit(&mut transaction, authority, hash, now).await? {
            Inherited::From(holder_id) => (holder_id, HolderOrigin::Linked),
            Inherited::Nothing(holder_id) => (holder_id, HolderOrigin::New),
        };
    transaction.commit().await.during("a holder is recorded")?;
    Ok(HolderResolution { holder_id, origin })
}
