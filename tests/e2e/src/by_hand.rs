//! A sign-in step by step over HTTP: the relying party, the browser and the card holder's app are all the test's own, so
//! that it knows every secret on the way and can do each step wrongly first.

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use reqwest::header::{COOKIE, LOCATION, SET_COOKIE};
use reqwest::{Response, StatusCode};
use sandbox::card::{AUTHENTICATION_PIN, CARD_SURFACE_PIN};
use sandbox::card_app::{ChallengeInputs, challenge, reader_message};
use sandbox::mint::{CaKind, sha256};
use sandbox::relying_party::{ClientKey, Registration};
use serde_json::{Value, json};

use crate::system::{System, reqwest_client};

/// The city's registration in the sandbox.
const CLIENT_ID: &str = "RP00000001";
const CLIENT_KEY_ID: &str = "sandbox-1";
const SCOPES: &str = "openid name address birthdate gender";

/// Where the gateway's protocol endpoints lie.
pub const PREFIX: &str = "/api/realms/main";

/// The city's relying party, a browser and a card reader in one.
pub struct ByHand<'a> {
    system: &'a System,
    http: reqwest::Client,
    key: ClientKey,
}

/// A sign-in that was begun, with everything that only its browser and its relying party know.
#[derive(Clone, Debug)]
pub struct Begun {
    /// Its identifier at the gateway.
    pub interaction_id: String,
    /// What the page's link to the reader app carries.
    pub link: String,
    /// The browser's cookie, `name=value`.
    pub cookie: String,
    /// The relying party's `state`.
    pub state: String,
    /// The relying party's `nonce`.
    pub nonce: String,
    /// The secret behind the code challenge.
    pub verifier: String,
}

impl<'a> ByHand<'a> {
    /// The city's, at a running system.
    pub fn new(system: &'a System) -> Result<Self> {
        let file = system.folder().join("jpki/relying-party/city.pem");
        let pem = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        Ok(Self {
            system,
            http: reqwest_client()?,
            key: ClientKey::from_pem(&pem)?,
        })
    }

    /// The address of something at the gateway.
    pub fn at(&self, path: &str) -> String {
        let port = self.system.deployment.ports().oidc_gateway.service;
        format!("http://127.0.0.1:{port}{path}")
    }

    /// The gateway's issuer.
    pub fn issuer(&self) -> String {
        format!("{}{PREFIX}", self.system.deployment.ports().public_url())
    }

    /// The city's redirect URI.
    pub fn redirect_uri(&self) -> String {
        Registration::City.redirect_uri(&self.system.world.relying_party_url)
    }

    /// The parameters of an authorization request that passes.
    pub fn authorization(&self, state: &str, nonce: &str, verifier: &str) -> Vec<(String, String)> {
        let code_challenge = URL_SAFE_NO_PAD.encode(sha256(verifier.as_bytes()));
        [
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", &self.redirect_uri()),
            ("scope", SCOPES),
            ("state", state),
            ("nonce", nonce),
            ("code_challenge", &code_challenge),
            ("code_challenge_method", "S256"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Sends the browser to the gateway.
    pub async fn begin(&self) -> Result<Begun> {
        let (state, nonce, verifier) = (secret()?, secret()?, secret()?);
        let parameters = self.authorization(&state, &nonce, &verifier);
        let address = format!("{PREFIX}/protocol/openid-connect/auth");
        let query = self
            .http
            .get(self.at(&address))
            .query(&parameters)
            .build()?;
        let mut begun = self.begin_at(query.url().as_str()).await?;
        (begun.state, begun.nonce, begun.verifier) = (state, nonce, verifier);
        Ok(begun)
    }

    /// Sends the browser where some relying party says.
    async fn begin_at(&self, address: &str) -> Result<Begun> {
        let answer = self.http.get(address).send().await?;
        let page = location(&answer)?;
        let interaction_id = page.rsplit('/').next().unwrap_or_default().to_owned();
        let cookie = cookie(&answer)?;
        let request = self.http.get(self.at(&page)).header(COOKIE, &cookie);
        let text = request.send().await?.text().await?;
        let link = text
            .split("&#38;link=")
            .nth(1)
            .and_then(|after| after.get(..43));
        Ok(Begun {
            interaction_id,
            link: link.context("a link to the reader app")?.to_owned(),
            cookie,
            state: String::new(),
            nonce: String::new(),
            verifier: String::new(),
        })
    }

    /// The whole way of a person with this card, from where a relying party sends the browser to where the browser comes
    /// back to it.
    pub async fn walk(&self, address: &str, card: &str) -> Result<String> {
        let public = self.system.deployment.ports().public_url();
        let path = address
            .strip_prefix(&public)
            .context("an address of the gateway")?;
        let mut begun = self.begin_at(&self.at(path)).await?;
        let asked = self.ask(&begun).await?;
        let answer = self.read_card(&asked, card)?;
        let verdict = self.present(&begun, &answer).await?;
        let page = self.come_back(&mut begun, &verdict).await?;
        let answer = self.decide(&begun, &Self::csrf(&page)?, "approve").await?;
        location(&answer)
    }

    /// What the card is to sign, as the card holder's app gets it.
    pub async fn ask(&self, begun: &Begun) -> Result<Value> {
        let path = format!("/card/interactions/{}", begun.interaction_id);
        let request = self.http.get(self.at(&path)).bearer_auth(&begun.link);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// What a card and the registered reader answer to that.
    pub fn read_card(&self, asked: &Value, card: &str) -> Result<Value> {
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let scopes: Vec<String> = serde_json::from_value(asked["scopes"].clone())?;
        let digest = challenge(
            &URL_SAFE_NO_PAD.decode(text("random"))?,
            &ChallengeInputs {
                issuer: text("issuer"),
                client_id: text("client_id"),
                redirect_uri: text("redirect_uri"),
                nonce: text("nonce"),
                scopes: &scopes,
                interaction_id: text("interaction_id"),
            },
        );
        self.system.world.repository.read(|jpki| {
            // A copy: the counters of its PINs are not kept.
            let mut card = jpki.card(card)?.clone();
            let certificate = card.certificate(CaKind::UserAuthentication).der.clone();
            let signature = card.authenticate(AUTHENTICATION_PIN, &digest)?;
            let four = card.four_information(CARD_SURFACE_PIN)?;
            let message = reader_message(&four, &digest, &certificate);
            Ok(json!({
                "certificate": STANDARD.encode(&certificate),
                "signature": STANDARD.encode(signature),
                "four_information": four,
                "reader": {
                    "key_id": jpki.reader_key_id,
                    "signature": STANDARD.encode(jpki.reader_key.sign(&message)),
                },
            }))
        })
    }

    /// Brings the card's answer to the gateway: its verdict.
    pub async fn present(&self, begun: &Begun, answer: &Value) -> Result<Value> {
        let path = format!("/card/interactions/{}/response", begun.interaction_id);
        let request = self.http.post(self.at(&path)).bearer_auth(&begun.link);
        let request = request.json(answer);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }

    /// The browser follows the verdict's address: the page it sees then. The gateway changes its cookie.
    pub async fn come_back(&self, begun: &mut Begun, verdict: &Value) -> Result<String> {
        let address = verdict["return_url"].as_str().context("a return_url")?;
        let path = address
            .strip_prefix(&self.system.deployment.ports().public_url())
            .context("a return_url at the gateway")?;
        let request = self.http.get(self.at(path)).header(COOKIE, &begun.cookie);
        let answer = request.send().await?;
        let page = location(&answer)?;
        begun.cookie = cookie(&answer)?;
        let request = self.http.get(self.at(&page)).header(COOKIE, &begun.cookie);
        Ok(request.send().await?.text().await?)
    }

    /// What the form of the last page carries.
    pub fn csrf(page: &str) -> Result<String> {
        let (_, after) = page
            .split_once("name=\"csrf\" value=\"")
            .with_context(|| format!("no form in {page}"))?;
        Ok(after.split('"').next().unwrap_or_default().to_owned())
    }

    /// The person agrees: the code that the browser brings to the relying party.
    pub async fn approve(&self, begun: &Begun, page: &str) -> Result<String> {
        let answer = self.decide(begun, &Self::csrf(page)?, "approve").await?;
        let address = location(&answer)?;
        let query = address.split_once("?code=").context("a code")?.1;
        Ok(query.split('&').next().unwrap_or_default().to_owned())
    }

    /// Sends the form of the last page.
    pub async fn decide(&self, begun: &Begun, csrf: &str, decision: &str) -> Result<Response> {
        let path = format!("{PREFIX}/interactions/{}/decision", begun.interaction_id);
        let form = [("csrf", csrf), ("decision", decision)];
        let request = self.http.post(self.at(&path)).form(&form);
        Ok(request.header(COOKIE, &begun.cookie).send().await?)
    }

    /// The whole way to a code.
    pub async fn code(&self, begun: &mut Begun, card: &str) -> Result<String> {
        let asked = self.ask(begun).await?;
        let answer = self.read_card(&asked, card)?;
        let verdict = self.present(begun, &answer).await?;
        let page = self.come_back(begun, &verdict).await?;
        self.approve(begun, &page).await
    }

    /// A fresh proof that we are the city.
    pub fn assertion(&self) -> Result<String> {
        let now = sandbox::now().secs();
        let claims = json!({
            "iss": CLIENT_ID, "sub": CLIENT_ID, "aud": self.issuer(),
            "jti": secret()?, "iat": now, "exp": now + 60,
        });
        self.key.sign_jwt(CLIENT_KEY_ID, &claims)
    }

    /// The parameters that redeem a code.
    pub fn redemption(&self, code: &str, verifier: &str, assertion: &str) -> Vec<(String, String)> {
        [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect_uri()),
            ("code_verifier", verifier),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// Posts a form to one of the protocol's endpoints, such as `token`.
    pub async fn post(&self, endpoint: &str, form: &[(String, String)]) -> Result<Response> {
        let path = format!("{PREFIX}/protocol/openid-connect/{endpoint}");
        Ok(self.http.post(self.at(&path)).form(form).send().await?)
    }

    /// Redeems a code: the tokens.
    pub async fn redeem(&self, code: &str, verifier: &str, assertion: &str) -> Result<Value> {
        let form = self.redemption(code, verifier, assertion);
        let answer = self.post("token", &form).await?;
        ensure!(
            answer.status() == StatusCode::OK,
            "{}",
            answer.text().await?
        );
        Ok(answer.json().await?)
    }

    /// What the gateway tells about the person.
    pub async fn user_info(&self, access_token: &str) -> Result<Response> {
        let path = format!("{PREFIX}/protocol/openid-connect/userinfo");
        let request = self.http.get(self.at(&path)).bearer_auth(access_token);
        Ok(request.send().await?)
    }
}

/// 43 characters that nobody can guess.
fn secret() -> Result<String> {
    let mut octets = Vec::new();
    for _ in 0..2 {
        octets.extend(uuid::Uuid::new_v4().into_bytes());
    }
    let text = URL_SAFE_NO_PAD.encode(octets);
    ensure!(text.len() == 43, "43 characters");
    Ok(text)
}

/// Where a redirect leads; a path where it leads within the gateway.
fn location(answer: &Response) -> Result<String> {
    let status = answer.status();
    let location = answer.headers().get(LOCATION);
    let location = location.with_context(|| format!("{status} without a location"))?;
    Ok(location.to_str()?.to_owned())
}

fn cookie(answer: &Response) -> Result<String> {
    let cookie = answer.headers().get(SET_COOKIE).context("a cookie")?;
    let cookie = cookie.to_str()?.split(';').next().unwrap_or_default();
    Ok(cookie.to_owned())
}
