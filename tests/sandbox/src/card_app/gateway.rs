//! The app's two calls to the gateway.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use serde::Deserialize;
use url::Url;

use super::challenge::{ChallengeInputs, challenge};
use crate::mint::sha256_digest_info;

/// Longer answers than this are not the gateway's.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// The gateway, as the app knows it.
pub(super) struct Gateway {
    url: Url,
    http: reqwest::Client,
}

/// What the gateway wants the card to sign, and for whom.
#[derive(Debug, Deserialize)]
pub(super) struct Interaction {
    #[serde(rename = "interaction_id")]
    pub(super) id: String,
    issuer: String,
    client_id: String,
    pub(super) client_name: ClientName,
    pub(super) redirect_uri: String,
    nonce: String,
    pub(super) scopes: Vec<String>,
    random: String,
    pub(super) expires_at: i64,
    pub(super) four_information: bool,
    /// A signature with the signing key is asked for as well.
    #[serde(default)]
    pub(super) signing: Option<Signing>,
    /// Six digits that stand beside the QR code, if the app was opened by one.
    pub(super) short_code: Option<String>,
    /// What the app shows from now on instead of the QR code's secret.
    device_secret: Option<String>,
}

/// What the signing key is to sign, and who receives the signature.
#[derive(Debug, Deserialize)]
pub(super) struct Signing {
    pub(super) recipient_name: ClientName,
    #[serde(default)]
    digest: Option<String>,
    #[serde(default)]
    digest_info: Option<String>,
}

/// What opened the app: it comes with the address, and goes to the gateway in a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Opening {
    pub(super) secret: String,
    /// Whether the address was scanned from another screen.
    pub(super) scanned: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct ClientName {
    pub(super) ja: String,
    pub(super) en: String,
}

/// What the gateway answers to a card's response.
#[derive(Debug, Deserialize)]
pub(super) struct Verdict {
    /// Where the browser goes on; nowhere, when the one that began is on another device.
    pub(super) return_url: Option<String>,
}

/// Why the gateway did not help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GatewayProblem {
    /// Nothing waits for a card: too late, answered already, or never begun.
    Gone,
    /// The app was opened in another way than the gateway's page offered.
    Relayed,
    /// It cannot answer now, or not in a way that the app understands.
    Unavailable,
}

impl Gateway {
    pub(super) fn new(gateway_url: &str) -> Result<Self> {
        let url = Url::parse(gateway_url).context("gateway_url")?;
        ensure!(url.path() == "/", "gateway_url must be an origin");
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(20))
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { url, http })
    }

    pub(super) fn origin(&self) -> String {
        self.url.origin().ascii_serialization()
    }

    /// Fetches what is to be signed.
    pub(super) async fn interaction(
        &self,
        id: &str,
        opening: &Opening,
    ) -> Result<Interaction, GatewayProblem> {
        let opened_by = if opening.scanned { "qr" } else { "link" };
        let mut address = self.address(id, None)?;
        address.set_query(Some(&format!("opened_by={opened_by}")));
        let request = self.http.get(address).bearer_auth(&opening.secret);
        let response = request.send().await;
        let interaction: Interaction = read(response).await?;
        // An answer about another sign-in would make the card sign for somebody else.
        if interaction.id == id {
            Ok(interaction)
        } else {
            Err(GatewayProblem::Gone)
        }
    }

    /// Brings the card's response.
    pub(super) async fn respond(
        &self,
        id: &str,
        opening: &Opening,
        response: &serde_json::Value,
    ) -> Result<Verdict, GatewayProblem> {
        let address = self.address(id, Some("response"))?;
        let request = self.http.post(address).bearer_auth(&opening.secret);
        let verdict: Verdict = read(request.json(response).send().await).await?;
        let Some(return_url) = &verdict.return_url else {
            return Ok(verdict);
        };
        // The browser is sent to the gateway and nowhere else, whatever the answer says.
        let target = Url::parse(return_url).map_err(|_| GatewayProblem::Unavailable)?;
        if target.origin() == self.url.origin() {
            Ok(verdict)
        } else {
            Err(GatewayProblem::Unavailable)
        }
    }

    fn address(&self, id: &str, last: Option<&str>) -> Result<Url, GatewayProblem> {
        let is_identifier = (1..=128).contains(&id.len())
            && id
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet));
        if !is_identifier {
            return Err(GatewayProblem::Gone);
        }
        let mut address = self.url.clone();
        let mut segments = address
            .path_segments_mut()
            .map_err(|()| GatewayProblem::Unavailable)?;
        segments
            .pop_if_empty()
            .extend(["card", "interactions", id])
            .extend(last);
        drop(segments);
        Ok(address)
    }
}

async fn read<T: serde::de::DeserializeOwned>(
    response: reqwest::Result<reqwest::Response>,
) -> Result<T, GatewayProblem> {
    let response = response.map_err(|_| GatewayProblem::Unavailable)?;
    match response.status() {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND | StatusCode::GONE => return Err(GatewayProblem::Gone),
        StatusCode::FORBIDDEN => return Err(GatewayProblem::Relayed),
        status => {
            tracing::warn!(%status, "the gateway did not accept the card's response");
            return Err(GatewayProblem::Unavailable);
        }
    }
    let body = response
        .bytes()
        .await
        .map_err(|_| GatewayProblem::Unavailable)?;
    if body.len() > MAX_ANSWER_BYTES {
        return Err(GatewayProblem::Unavailable);
    }
    serde_json::from_slice(&body).map_err(|_| GatewayProblem::Unavailable)
}

impl Signing {
    /// The DigestInfo that the card signs.
    pub(super) fn digest_info(&self) -> Result<Vec<u8>, GatewayProblem> {
        let decode = |text: &str| {
            STANDARD
                .decode(text)
                .map_err(|_| GatewayProblem::Unavailable)
        };
        match (&self.digest, &self.digest_info) {
            (Some(digest), None) => {
                let digest = decode(digest)?
                    .try_into()
                    .map_err(|_| GatewayProblem::Unavailable)?;
                Ok(sha256_digest_info(&digest))
            }
            (None, Some(info)) => decode(info),
            _ => Err(GatewayProblem::Unavailable),
        }
    }

    /// The beginning of what is signed, for a person who compares it with what the service shows.
    pub(super) fn fingerprint(&self) -> String {
        let info = self.digest_info().unwrap_or_default();
        // The digest is the last thing in it.
        let digest = info.get(19..).unwrap_or_default();
        hex::encode(digest.get(..8).unwrap_or_default())
    }
}

impl Interaction {
    /// What the app shows to the gateway from now on.
    pub(super) fn opening(&self, opening: &Opening) -> Opening {
        Opening {
            secret: self
                .device_secret
                .clone()
                .unwrap_or_else(|| opening.secret.clone()),
            scanned: opening.scanned,
        }
    }

    /// The digest that the card signs, from what the page shows.
    pub(super) fn challenge(&self) -> Result<[u8; 32], GatewayProblem> {
        let random = URL_SAFE_NO_PAD
            .decode(&self.random)
            .map_err(|_| GatewayProblem::Unavailable)?;
        // A gateway that sends few octets could make the card sign a text of its choice again.
        if random.len() != 32 {
            return Err(GatewayProblem::Unavailable);
        }
        let inputs = ChallengeInputs {
            issuer: &self.issuer,
            client_id: &self.client_id,
            redirect_uri: &self.redirect_uri,
            nonce: &self.nonce,
            scopes: &self.scopes,
            interaction_id: &self.id,
        };
        Ok(challenge(&random, &inputs))
    }

    /// The host that the person is sent back to, as a person recognises it.
    pub(super) fn client_host(&self) -> String {
        let redirect_uri = Url::parse(&self.redirect_uri);
        redirect_uri
            .ok()
            .and_then(|url| url.host_str().map(str::to_owned))
            .unwrap_or_default()
    }
}
