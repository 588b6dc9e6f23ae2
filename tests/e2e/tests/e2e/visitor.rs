//! A person's browser that looks at every page with the accessibility checker, and keeps a picture of it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use e2e::accessibility::Accessibility;
use e2e::browser::{Browser, Manner, Screen};
use e2e::system::System;
use sandbox::relying_party::Use;

/// Whose page is shown, which says what language it is in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Site {
    /// English with Japanese beside it.
    RelyingParty,
    /// In the language that the browser asks for.
    Gateway,
    /// Japanese with English beside it.
    CardApp,
}

pub(crate) struct Visitor<'a> {
    pub(crate) browser: Browser,
    manner: Manner,
    checker: &'a Accessibility,
}

/// Where a test keeps its pictures.
pub(crate) fn screenshots(set: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("screenshots")
        .join(set)
}

impl<'a> Visitor<'a> {
    /// Pictures go to a folder of this set, named after the screen and the language.
    pub(crate) async fn start(
        manner: Manner,
        checker: &'a Accessibility,
        set: &str,
    ) -> Result<Self> {
        let screen = match manner.screen {
            Screen::Desktop => "desktop",
            Screen::Phone => "phone",
            Screen::SmallPhone => "small-phone",
        };
        let folder = screenshots(set).join(format!("{screen}-{}", manner.language));
        Ok(Self {
            browser: Browser::start_with(manner, &folder).await?,
            manner,
            checker,
        })
    }

    /// Looks at the page that is shown. The sandbox's own are the same whatever language is asked for: once is enough.
    pub(crate) async fn look(&self, site: Site, name: &str) -> Result<()> {
        if !matches!(site, Site::Gateway) && self.manner.language != "en" {
            return Ok(());
        }
        let language = match site {
            Site::RelyingParty => "en",
            Site::Gateway => self.manner.language,
            Site::CardApp => "ja",
        };
        self.browser.whole_page(name).await?;
        self.checker.check(&self.browser, name, language).await
    }

    /// The relying party's page for a use, as somebody whom no site knows.
    pub(crate) async fn open(&self, system: &System, purpose: Use) -> Result<()> {
        self.browser.forget_cookies().await?;
        let origin = &system.world.relying_party_url;
        self.browser
            .open(&format!("{origin}{}", purpose.path()))
            .await
    }

    /// From there to the gateway's first page.
    pub(crate) async fn begin(&self, system: &System, purpose: Use) -> Result<()> {
        self.open(system, purpose).await?;
        self.browser
            .click(&format!("#{}", purpose.sign_in_id()))
            .await
    }

    /// Keeps a picture of where it ended and says what is there, if that is not where it should.
    pub(crate) async fn tell_failure(&self, outcome: &Result<()>) -> Result<()> {
        let Err(error) = outcome else {
            return Ok(());
        };
        let browser = &self.browser;
        browser.screenshot("failed").await?;
        let (manner, address) = (self.manner, browser.address().await?);
        eprintln!(
            "{manner:?} at {address}: {error}\n{}",
            browser.text().await?
        );
        Ok(())
    }
}
