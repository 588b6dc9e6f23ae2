//! Signing in as a person does, in the browser.

use anyhow::Result;
use sandbox::card::{AUTHENTICATION_PIN, CARD_SURFACE_PIN, SIGNING_PIN};
use sandbox::relying_party::Use;

use crate::browser::Browser;
use crate::system::System;

impl Browser {
    /// From a page of the relying party at `origin` to the card app's page.
    pub async fn go_to_card_from(&self, origin: &str, purpose: Use) -> Result<()> {
        self.open(&format!("{origin}{}", purpose.path())).await?;
        self.click(&format!("#{}", purpose.sign_in_id())).await?;
        self.click("main.card a.button.primary").await
    }

    /// From the relying party's page to the card app's page.
    pub async fn go_to_card(&self, system: &System, purpose: Use) -> Result<()> {
        let origin = &system.world.relying_party_url;
        self.go_to_card_from(origin, purpose).await
    }

    /// Chooses a card, types its PINs and lets the card be read.
    pub async fn read_card(&self, card: &str) -> Result<()> {
        self.click(&format!("#card-{card}")).await?;
        self.fill("#authentication-pin", AUTHENTICATION_PIN).await?;
        if self.has("#card-surface-pin").await? {
            self.fill("#card-surface-pin", CARD_SURFACE_PIN).await?;
        }
        if self.has("#signing-pin").await? {
            self.fill("#signing-pin", SIGNING_PIN).await?;
        }
        self.click("#read-card").await
    }

    /// Agrees on the gateway's last page.
    pub async fn approve(&self) -> Result<()> {
        self.click("button[value=approve]").await
    }

    /// The whole way, ending at the relying party.
    pub async fn sign_in(&self, system: &System, purpose: Use, card: &str) -> Result<()> {
        self.go_to_card(system, purpose).await?;
        self.read_card(card).await?;
        self.approve().await
    }
}
