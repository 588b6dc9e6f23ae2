//! One attempt at serial links: which new serial number succeeded which old one.

use std::sync::Arc;

use pki::CertificationAuthority;

use crate::body::Collect;
use crate::outcome::{Outcome, SyncError};
use crate::source::Source;
use crate::sync::{Content, Memory, Received, Room};
use crate::{serial_links, verify};

impl Room {
    /// Refreshes serial links once.
    pub(crate) async fn links(
        &self,
        source: &Source,
        authority: &CertificationAuthority,
        memory: &mut Memory,
    ) -> Result<Outcome, SyncError> {
        // Configuration was checked: a source of links has a store and a key.
        let (holders, key) = self.holders.as_ref().ok_or(SyncError::Panicked)?;
        let newest = holders
            .links_number(&source.certification_authority)
            .await?;
        let asked = memory.validators(newest.map(Content::Links));
        let (bytes, validators) = match self.receive(source, asked, Collect::default).await? {
            Received::Read { read, validators } => (read, validators),
            Received::NotModified => {
                let number = newest.map_or_else(String::new, |number| number.to_string());
                tracing::info!(
                    phase = "fetched",
                    source = &*source.name,
                    number,
                    "links not modified"
                );
                return Ok(Outcome::Unchanged { number });
            }
        };
        let now = self.clock.now();
        let (verifier, authority, key) =
            (Arc::clone(&self.verifier), authority.clone(), key.clone());
        let (number, links) = verify::aside(move || {
            let file = serial_links::read(&bytes, &authority, &verifier, now)?;
            Ok::<_, SyncError>((file.number(), file.hashed(&key, authority.name())))
        })
        .await??;
        tracing::info!(
            phase = "verified",
            source = &*source.name,
            number,
            links = links.len(),
            "links verified"
        );
        let applied = serial_links::apply(
            holders,
            &source.certification_authority,
            number,
            &links,
            now,
        )
        .await?;
        tracing::info!(
            phase = "committed",
            source = &*source.name,
            number,
            added = applied.added,
            held = applied.held,
            known = applied.known,
            "links in force"
        );
        self.metrics.held(source, applied.held);
        memory.keep(validators, Content::Links(number));
        let is_news = newest != Some(number) || applied.added + applied.held > 0;
        let number = number.to_string();
        Ok(if is_news {
            Outcome::Accepted {
                number,
                held_removals: 0,
            }
        } else {
            Outcome::Unchanged { number }
        })
    }
}
