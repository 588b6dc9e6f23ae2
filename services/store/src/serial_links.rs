//! The rules for serial links that arrive, and how links stand in their tables.

use sqlx::AnyConnection;

use crate::columns::{Columns as _, to_bigint};
use crate::error::{During as _, StoreError};
use crate::holder_chain;
use crate::holder_links::{ApplyLinksError, SerialHash, SerialLink};

/// What a link is when it arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LinkState {
    /// Resolving follows it.
    Active,
    /// It waits for a decision.
    Held,
}

/// What becomes of a link. `None`: it was here before.
pub(crate) async fn arriving_state(
    connection: &mut AnyConnection,
    authority: &str,
    link: &SerialLink,
) -> Result<Option<LinkState>, StoreError> {
    if link.old == link.new {
        return Err(StoreError::Invalid {
            what: "a serial link from a certificate to itself",
        });
    }
    let mut contradicted = false;
    for (old, new) in neighbours(connection, authority, link).await? {
        if (old, new) == (link.old, link.new) {
            return Ok(None);
        }
        contradicted = true;
    }
    // A certificate has one predecessor and one successor: a second one may be a mistake, or an attempt to take over
    // an account.
    if contradicted || holder_chain::leads_to(connection, authority, &link.old, &link.new).await? {
        return Ok(Some(LinkState::Held));
    }
    let new_holder = holder_chain::holder_of(connection, authority, &link.new).await?;
    let old_holder = holder_chain::holder_of(connection, authority, &link.old).await?;
    // The new certificate has an account already. Joining it to another is a person's decision.
    if new_holder.is_some() && new_holder != old_holder {
        return Ok(Some(LinkState::Held));
    }
    Ok(Some(LinkState::Active))
}

/// One half for each end, so that each is found through its index: a file brings tens of thousands of links a day, and
/// there are millions.
const NEIGHBOURS: &str = "SELECT old_hash, new_hash FROM holder_link
     WHERE certification_authority = $1 AND new_hash = $2 AND (old_hash = $3 OR state <> 'held')
     UNION ALL
     SELECT old_hash, new_hash FROM holder_link
     WHERE certification_authority = $1 AND old_hash = $3 AND new_hash <> $2 AND state <> 'held'";

/// The links, whatever their state is, that name this one itself; and those in force that share one of its ends.
async fn neighbours(
    connection: &mut AnyConnection,
    authority: &str,
    link: &SerialLink,
) -> Result<Vec<(SerialHash, SerialHash)>, StoreError> {
    let rows = sqlx::query(NEIGHBOURS)
        .bind(authority.to_owned())
        .bind(link.new.to_vec())
        .bind(link.old.to_vec())
        .fetch_all(connection)
        .await
        .during("serial links are read")?;
    let mut pairs = Vec::with_capacity(rows.len());
    for row in rows {
        pairs.push((row.array("old_hash")?, row.array("new_hash")?));
    }
    // The link itself first: it decides.
    pairs.sort_by_key(|pair| *pair != (link.old, link.new));
    Ok(pairs)
}

/// How and when a link came.
pub(crate) struct Arrived {
    pub(crate) number: u64,
    pub(crate) state: LinkState,
    pub(crate) at: i64,
}

/// Writes a new link.
pub(crate) async fn insert_link(
    connection: &mut AnyConnection,
    authority: &str,
    link: &SerialLink,
    arrived: Arrived,
) -> Result<(), StoreError> {
    let state = match arrived.state {
        LinkState::Active => "active",
        LinkState::Held => "held",
    };
    sqlx::query(
        "INSERT INTO holder_link
             (certification_authority, new_hash, old_hash, number, state, received_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(authority.to_owned())
    .bind(link.new.to_vec())
    .bind(link.old.to_vec())
    .bind(to_bigint(arrived.number)?)
    .bind(state)
    .bind(arrived.at)
    .execute(connection)
    .await
    .during("a serial link is written")?;
    Ok(())
}

/// Refuses a file that is older than one that was applied.
pub(crate) async fn expect_number(
    connection: &mut AnyConnection,
    authority: &str,
    offered: u64,
) -> Result<(), ApplyLinksError> {
    match newest_number(connection, authority).await? {
        Some(newest) if newest > offered => Err(ApplyLinksError::NumberFalling { offered, newest }),
        _ => Ok(()),
    }
}

/// The number of the newest file applied.
pub(crate) async fn newest_number(
    connection: &mut AnyConnection,
    authority: &str,
) -> Result<Option<u64>, StoreError> {
    sqlx::query("SELECT number FROM holder_link_file WHERE certification_authority = $1")
        .bind(authority.to_owned())
        .fetch_optional(connection)
        .await
        .during("the number of the links is read")?
        .map(|row| row.count("number"))
        .transpose()
}

/// Lets the number of the newest file rise, or stay; a file that is older is refused.
pub(crate) async fn raise_number(
    connection: &mut AnyConnection,
    authority: &str,
    number: u64,
    now: i64,
) -> Result<(), ApplyLinksError> {
    let during = "the number of the links is raised";
    let raised = sqlx::query(
        "INSERT INTO holder_link_file (certification_authority, number, applied_at)
         VALUES ($1, $2, $3)
         ON CONFLICT (certification_authority) DO UPDATE SET
             number = excluded.number, applied_at = excluded.applied_at
         WHERE holder_link_file.number <= excluded.number",
    )
    .bind(authority.to_owned())
    .bind(to_bigint(number)?)
    .bind(now)
    .execute(&mut *connection)
    .await
    .during(during)?;
    if raised.rows_affected() == 1 {
        return Ok(());
    }
    let newest = newest_number(connection, authority)
        .await?
        .unwrap_or(number);
    Err(ApplyLinksError::NumberFalling {
        offered: number,
        newest,
    })
}

/// Who decided about a held link, and when.
pub(crate) struct Decision<'a> {
    pub(crate) by: &'a str,
    pub(crate) at: i64,
}

/// Puts a held link into force, and holds those that contradict it. Returns false when there is no such held link.
pub(crate) async fn accept_link(
    connection: &mut AnyConnection,
    authority: &str,
    link: &SerialLink,
    decision: &Decision<'_>,
) -> Result<bool, StoreError> {
    let during = "a held link is accepted";
    let accepted = sqlx::query(
        "UPDATE holder_link SET state = 'accepted', decided_at = $4, decided_by = $5
         WHERE certification_authority = $1 AND new_hash = $2 AND old_hash = $3 AND state = 'held'",
    )
    .bind(authority.to_owned())
    .bind(link.new.to_vec())
    .bind(link.old.to_vec())
    .bind(decision.at)
    .bind(decision.by.to_owned())
    .execute(&mut *connection)
    .await
    .during(during)?;
    if accepted.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query(
        "UPDATE holder_link SET state = 'held', decided_at = $4, decided_by = $5
         WHERE certification_authority = $1 AND new_hash = $2 AND old_hash <> $3
           AND state <> 'held'",
    )
    .bind(authority.to_owned())
    .bind(link.new.to_vec())
    .bind(link.old.to_vec())
    .bind(decision.at)
    .bind(decision.by.to_owned())
    .execute(connection)
    .await
    .during(during)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use sqlx::Row as _;

    use super::NEIGHBOURS;
    use crate::database::Database;
    use crate::database_url::DatabaseUrl;
    use crate::migrations::Part;

    #[tokio::test]
    async fn the_neighbours_of_a_link_are_found_without_reading_every_link() {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::sqlite(&folder.path().join("holders.db")).unwrap();
        let database = Database::open(&url, Part::HolderLinks).await.unwrap();
        let explain = format!("EXPLAIN QUERY PLAN {NEIGHBOURS}");
        let steps: Vec<String> = sqlx::query(sqlx::AssertSqlSafe(explain))
            .bind("user-authentication".to_owned())
            .bind(vec![1_u8; 32])
            .bind(vec![2_u8; 32])
            .fetch_all(database.reader())
            .await
            .unwrap()
            .iter()
            .map(|row| row.get("detail"))
            .collect();
        // By the authority alone, a search would be a scan of all its links.
        for end in ["new_hash=?", "old_hash=?"] {
            let by_end = |step: &String| step.starts_with("SEARCH") && step.contains(end);
            assert!(steps.iter().any(by_end), "{end}: {steps:?}");
        }
        let reads = |step: &&String| step.starts_with("SEARCH") || step.starts_with("SCAN");
        assert_eq!(steps.iter().filter(reads).count(), 2, "{steps:?}");
        database.close().await;
    }
}
