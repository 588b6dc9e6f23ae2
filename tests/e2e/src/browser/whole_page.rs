//! A picture of a whole page: WebDriver's own end where the screen ends.

use std::str::FromStr;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use fantoccini::wd::WebDriverCompatibleCommand;
use http::Method;
use reqwest::Url;
use serde_json::json;

use super::Browser;

impl Browser {
    /// Saves the page as `<name>.png`, with what lies below the screen.
    pub async fn whole_page(&self, name: &str) -> Result<()> {
        let answer = self.client.issue_cmd(Capture).await?;
        let png = answer["data"].as_str().context("a picture in base64")?;
        let file = self.screenshots.join(format!("{name}.png"));
        std::fs::write(file, STANDARD.decode(png)?)?;
        Ok(())
    }
}

/// A command of Chromium's own protocol, which its driver passes on.
#[derive(Debug)]
struct Capture;

impl WebDriverCompatibleCommand for Capture {
    fn endpoint(
        &self,
        base_url: &Url,
        session_id: Option<&str>,
    ) -> std::result::Result<Url, <Url as FromStr>::Err> {
        let session = session_id.unwrap_or_default();
        base_url.join(&format!("session/{session}/goog/cdp/execute"))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        let parameters = json!({ "captureBeyondViewport": true });
        let body = json!({ "cmd": "Page.captureScreenshot", "params": parameters });
        (Method::POST, Some(body.to_string()))
    }
}
