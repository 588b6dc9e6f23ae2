//! Following renewals from a certificate back to the ones before it.

use sqlx::AnyConnection;

use crate::columns::Columns as _;
use crate::error::{During as _, StoreError};
use crate::holder_links::{SerialHash, SerialLink};
use crate::limits;

type HolderId = [u8; 16];

/// Whose a certificate became that was not seen before.
pub(crate) enum Inherited {
    /// The holder of a certificate before it.
    From(HolderId),
    /// No certificate before it is known: a new holder.
    Nothing(HolderId),
}

/// The holder of a certificate that was seen, or named by the chain of one that was.
pub(crate) async fn holder_of(
    connection: &mut AnyConnection,
    authority: &str,
    hash: &SerialHash,
) -> Result<Option<HolderId>, StoreError> {
    sqlx::query(
        "SELECT holder_id FROM holder_serial
         WHERE certification_authority = $1 AND serial_hash = $2",
    )
    .bind(authority.to_owned())
    .bind(hash.to_vec())
    .fetch_optional(connection)
    .await
    .during("a holder is looked up")?
    .map(|row| row.array("holder_id"))
    .transpose()
}

/// Records a certificate seen for the first time. It inherits the holder of the nearest certificate before it; the ones
/// in between, and all of them when none was ever seen, become the same holder's, so that a predecessor used later
/// still names the same person.
pub(crate) async fn inherit(
    connection: &mut AnyConnection,
    authority: &str,
    hash: &SerialHash,
    now: i64,
) -> Result<Inherited, StoreError> {
    let chain = before(connection, authority, hash).await?;
    let inherited = match chain.holder {
        Some(holder_id) => Inherited::From(holder_id),
        None => Inherited::Nothing(random_holder()?),
    };
    let (Inherited::From(holder_id) | Inherited::Nothing(holder_id)) = inherited;
    insert(connection, authority, hash, &holder_id, Origin::Seen(now)).await?;
    insert_unseen(connection, authority, &chain.unseen, &holder_id, now).await?;
    Ok(inherited)
}

async fn insert_unseen(
    connection: &mut AnyConnection,
    authority: &str,
    unseen: &[SerialHash],
    holder_id: &HolderId,
    now: i64,
) -> Result<(), StoreError> {
    for hash in unseen {
        insert(connection, authority, hash, holder_id, Origin::Linked(now)).await?;
    }
    Ok(())
}

/// Makes the two ends of an accepted link one holder's. The old end's identifier stays: it is the one that relying
/// parties have known for longer.
///
/// What changes hands is the new certificate and those that succeeded it. Whoever else has the new one's identifier had
/// it through a link that the accepted one contradicts, and so is somebody else: a certificate that was seen keeps the
/// identifier, and one that was only named is asked about anew when it is first used.
pub(crate) async fn join(
    connection: &mut AnyConnection,
    authority: &str,
    link: &SerialLink,
    now: i64,
) -> Result<(), StoreError> {
    let Some(new_holder) = holder_of(connection, authority, &link.new).await? else {
        // Not seen yet: resolving will follow the link.
        return Ok(());
    };
    let mut chain = Chain {
        holder: holder_of(connection, authority, &link.old).await?,
        unseen: Vec::new(),
    };
    if chain.holder.is_none() {
        chain = before(connection, authority, &link.old).await?;
        chain.unseen.push(link.old);
    }
    if chain.holder == Some(new_holder) {
        return insert_unseen(connection, authority, &chain.unseen, &new_holder, now).await;
    }
    let moving = following(connection, authority, &link.new, &new_holder).await?;
    let stays_in_use = part_from(connection, authority, &new_holder, &moving).await?;
    let holder_id = match chain.holder {
        Some(holder_id) => holder_id,
        None if stays_in_use => random_holder()?,
        None => new_holder,
    };
    for hash in &moving {
        move_to(connection, authority, hash, &holder_id).await?;
    }
    insert_unseen(connection, authority, &chain.unseen, &holder_id, now).await
}

/// A certificate and all that succeeded it, as far as they are one holder's.
async fn following(
    connection: &mut AnyConnection,
    authority: &str,
    first: &SerialHash,
    holder_id: &HolderId,
) -> Result<Vec<SerialHash>, StoreError> {
    let mut found: Vec<SerialHash> = Vec::new();
    let mut waiting = vec![*first];
    while let Some(hash) = waiting.pop() {
        // An accepted link may close a circle.
        if found.contains(&hash)
            || holder_of(connection, authority, &hash).await? != Some(*holder_id)
        {
            continue;
        }
        found.push(hash);
        let rows = sqlx::query(
            "SELECT new_hash FROM holder_link
             WHERE certification_authority = $1 AND old_hash = $2 AND state <> 'held'",
        )
        .bind(authority.to_owned())
        .bind(hash.to_vec())
        .fetch_all(&mut *connection)
        .await
        .during("the successors of a certificate are read")?;
        for row in rows {
            waiting.push(row.array("new_hash")?);
        }
    }
    Ok(found)
}

/// Takes the identifier from the certificates that were only named by a chain and do not move. Returns whether one that
/// was seen keeps it.
async fn part_from(
    connection: &mut AnyConnection,
    authority: &str,
    holder_id: &HolderId,
    moving: &[SerialHash],
) -> Result<bool, StoreError> {
    let during = "the certificates of a holder are parted";
    let rows = sqlx::query(
        "SELECT serial_hash, origin FROM holder_serial
         WHERE holder_id = $1 AND certification_authority = $2",
    )
    .bind(holder_id.to_vec())
    .bind(authority.to_owned())
    .fetch_all(&mut *connection)
    .await
    .during(during)?;
    let mut stays_in_use = false;
    for row in rows {
        let hash: SerialHash = row.array("serial_hash")?;
        if moving.contains(&hash) {
            continue;
        }
        if row.text("origin")? == Origin::SEEN {
            stays_in_use = true;
            continue;
        }
        sqlx::query(
            "DELETE FROM holder_serial WHERE certification_authority = $1 AND serial_hash = $2",
        )
        .bind(authority.to_owned())
        .bind(hash.to_vec())
        .execute(&mut *connection)
        .await
        .during(during)?;
    }
    Ok(stays_in_use)
}

async fn move_to(
    connection: &mut AnyConnection,
    authority: &str,
    hash: &SerialHash,
    holder_id: &HolderId,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE holder_serial SET holder_id = $1
         WHERE certification_authority = $2 AND serial_hash = $3",
    )
    .bind(holder_id.to_vec())
    .bind(authority.to_owned())
    .bind(hash.to_vec())
    .execute(connection)
    .await
    .during("two holders are joined")?;
    Ok(())
}

/// Whether the certificates before `from` include `wanted`: a link from `from` to `wanted` would close a circle.
pub(crate) async fn leads_to(
    connection: &mut AnyConnection,
    authority: &str,
    from: &SerialHash,
    wanted: &SerialHash,
) -> Result<bool, StoreError> {
    let mut hash = *from;
    for _ in 0..limits::RENEWAL_CHAIN_LINKS {
        match predecessor(connection, authority, &hash).await? {
            Some(old) if old == *wanted => return Ok(true),
            Some(old) => hash = old,
            None => return Ok(false),
        }
    }
    // Too long to tell: treated as a circle, which a person looks at.
    Ok(true)
}

#[derive(Default)]
struct Chain {
    holder: Option<HolderId>,
    unseen: Vec<SerialHash>,
}

/// The certificates before one: back to the first that was seen.
async fn before(
    connection: &mut AnyConnection,
    authority: &str,
    hash: &SerialHash,
) -> Result<Chain, StoreError> {
    let mut chain = Chain::default();
    let mut hash = *hash;
    while let Some(old) = predecessor(connection, authority, &hash).await? {
        if let Some(holder_id) = holder_of(connection, authority, &old).await? {
            chain.holder = Some(holder_id);
            return Ok(chain);
        }
        chain.unseen.push(old);
        if chain.unseen.len() > limits::RENEWAL_CHAIN_LINKS {
            // A circle, or nothing that a person's renewals could be. Nothing is guessed from it.
            return Ok(Chain::default());
        }
        hash = old;
    }
    Ok(chain)
}

async fn predecessor(
    connection: &mut AnyConnection,
    authority: &str,
    hash: &SerialHash,
) -> Result<Option<SerialHash>, StoreError> {
    sqlx::query(
        "SELECT old_hash FROM holder_link
         WHERE certification_authority = $1 AND new_hash = $2 AND state <> 'held'
         ORDER BY received_at, old_hash LIMIT 1",
    )
    .bind(authority.to_owned())
    .bind(hash.to_vec())
    .fetch_optional(connection)
    .await
    .during("a serial link is followed")?
    .map(|row| row.array("old_hash"))
    .transpose()
}

#[derive(Clone, Copy)]
enum Origin {
    Seen(i64),
    Linked(i64),
}

impl Origin {
    /// As it stands in the table.
    const SEEN: &'static str = "seen";
    const LINKED: &'static str = "linked";
}

async fn insert(
    connection: &mut AnyConnection,
    authority: &str,
    hash: &SerialHash,
    holder_id: &HolderId,
    origin: Origin,
) -> Result<(), StoreError> {
    let (origin, at) = match origin {
        Origin::Seen(at) => (Origin::SEEN, at),
        Origin::Linked(at) => (Origin::LINKED, at),
    };
    sqlx::query(
        "INSERT INTO holder_serial
             (certification_authority, serial_hash, holder_id, origin, recorded_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(authority.to_owned())
    .bind(hash.to_vec())
    .bind(holder_id.to_vec())
    .bind(origin)
    .bind(at)
    .execute(connection)
    .await
    .during("a holder is written")?;
    Ok(())
}

fn random_holder() -> Result<HolderId, StoreError> {
    let mut holder_id = [0; 16];
    aws_lc_rs::rand::fill(&mut holder_id).map_err(|_| StoreError::Inconsistent {
        what: "the system gave no random numbers",
    })?;
    Ok(holder_id)
}
