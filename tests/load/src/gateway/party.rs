//! The relying party, the browser and the reader app in one: makes codes by whole sign-ins, and calls token, userinfo and
//! the key set.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use anyhow::{Context as _, Result, bail, ensure};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use reqwest::{Client, Response, StatusCode, header};
use sandbox::card::FourInformation;
use sandbox::card_app::{ChallengeInputs, challenge, reader_message};
use sandbox::mint::EcKey;
use sandbox::relying_party::ClientKey;
use serde_json::{Value, json};

use crate::client::Caller;

/// Digits and letters.
pub(super) const CLIENT_ID: &str = "RPLOAD";
/// Where codes are sent; nobody listens there.
pub(super) const REDIRECT_URI: &str = "https://load.example/callback";
/// The registered reader's name.
pub(super) const READER: &str = "reader-load";
/// The name of the relying party's key.
pub(super) const KEY_ID: &str = "load-1";
/// RFC 7636 appendix B.
pub(super) const CODE_CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// What every sign-in has.
pub(super) const NONCE: &str = "nonce-of-a-benchmark";
/// What every sign-in asks for.
pub(super) const SCOPES: [&str; 5] = ["openid", "name", "address", "birthdate", "gender"];

const CODE_VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Stands for a certificate; whoever verifies it here finds everything good.
const CERTIFICATE: &[u8] = b"a certificate that nobody reads";

/// Where a provider's endpoints are.
#[derive(Clone, Debug)]
pub(super) struct Endpoints {
    /// The audience of assertions.
    pub(super) issuer: String,
    /// Codes become tokens here.
    pub(super) token: String,
    /// Tokens become claims here.
    pub(super) userinfo: String,
    /// The public keys.
    pub(super) key_set: String,
    /// Requests are pushed here.
    pub(super) pushed_request: String,
}

/// The relying party.
#[derive(Clone)]
pub(super) struct Party {
    http: Client,
    key: Arc<ClientKey>,
    reader: Arc<EcKey>,
    next_assertion: Arc<AtomicU64>,
}

impl Party {
    /// With the two keys whose public halves are registered.
    ///
    /// # Errors
    /// When there can be no HTTP client.
    pub(super) fn new(key: ClientKey, reader: EcKey) -> Result<Self> {
        let http = Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .tcp_nodelay(true)
            .build()?;
        Ok(Self {
            http,
            key: Arc::new(key),
            reader: Arc::new(reader),
            next_assertion: Arc::default(),
        })
    }

    /// Signs somebody in at the gateway, whose origin and path prefix these are; the code.
    ///
    /// # Errors
    /// When a step is refused.
    pub(super) async fn sign_in(&self, origin: &str, prefix: &str) -> Result<String> {
        let authorize = format!("{origin}{prefix}/protocol/openid-connect/auth");
        let query = [
            ("response_type", "code"),
            ("client_id", CLIENT_ID),
            ("redirect_uri", REDIRECT_URI),
            ("scope", &SCOPES.join(" ")),
            ("state", "state-of-a-benchmark"),
            ("nonce", NONCE),
            ("code_challenge", CODE_CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let begun = self.http.get(authorize).query(&query).send().await?;
        let (page, cookie) = (location(&begun)?, cookie(&begun)?);
        let id = page.rsplit('/').next().unwrap_or_default();
        let first = self.http.get(format!("{origin}{page}"));
        let first = first.header(header::COOKIE, &cookie).send().await?;
        let first = first.text().await?;
        let link = between(&first, "link=", "\"").context("no link to the reader app")?;
        let back = self.read_card(origin, id, link).await?;
        let back = self.http.get(back).header(header::COOKIE, cookie);
        let back = back.send().await?;
        let (page, cookie) = (location(&back)?, self::cookie(&back)?);
        let page = format!("{origin}{page}");
        let consent = self.http.get(&page).header(header::COOKIE, &cookie);
        let consent = consent.send().await?.text().await?;
        let csrf = between(&consent, "name=\"csrf\" value=\"", "\"").context("no form")?;
        let decided = self
            .http
            .post(format!("{page}/decision"))
            .header(header::COOKIE, &cookie)
            .form(&[("csrf", csrf), ("decision", "approve")])
            .send()
            .await?;
        let address = location(&decided)?;
        let code = between(&address, "code=", "&").context("no code")?;
        Ok(code.to_owned())
    }

    /// Brings the card's answer, with the four information that the reader vouches for; where the browser goes next.
    /// `link`: the secret of the page's link to the reader app.
    async fn read_card(&self, origin: &str, id: &str, link: &str) -> Result<String> {
        let interaction = format!("{origin}/card/interactions/{id}");
        let asked = self.http.get(format!("{interaction}?opened_by=link"));
        let asked = asked.bearer_auth(link).send().await?;
        let asked: Value = read(asked).await?;
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let random = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(text("random"))?;
        let scopes = SCOPES.map(str::to_owned);
        let challenge = challenge(
            &random,
            &ChallengeInputs {
                issuer: text("issuer"),
                client_id: CLIENT_ID,
                redirect_uri: REDIRECT_URI,
                nonce: NONCE,
                scopes: &scopes,
                interaction_id: id,
            },
        );
        let four = FourInformation {
            name: "見本 花子".to_owned(),
            address: "東京都千代田区霞が関1-2-3".to_owned(),
            birthdate: "19850315".to_owned(),
            gender: "2".to_owned(),
        };
        let vouched = self
            .reader
            .sign(&reader_message(&four, &challenge, CERTIFICATE));
        let answer = json!({
            "certificate": BASE64_STANDARD.encode(CERTIFICATE),
            "signature": BASE64_STANDARD.encode([1; 256]),
            "four_information": {
                "name": four.name, "address": four.address, "birthdate": four.birthdate, "gender": four.gender,
            },
            "reader": { "key_id": READER, "signature": BASE64_STANDARD.encode(vouched) },
        });
        let answered = self
            .http
            .post(format!("{interaction}/response"))
            .bearer_auth(link);
        let answered: Value = read(answered.json(&answer).send().await?).await?;
        let back = answered["return_url"].as_str().context("no way back")?;
        Ok(back.to_owned())
    }

    /// What redeems a code: a form with an assertion of its own.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(super) fn redemption(&self, issuer: &str, code: &str) -> Result<Form> {
        Ok(vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", REDIRECT_URI.to_owned()),
            ("code_verifier", CODE_VERIFIER.to_owned()),
            ("client_id", CLIENT_ID.to_owned()),
            ("client_assertion_type", ASSERTION_TYPE.to_owned()),
            ("client_assertion", self.assertion(issuer)?),
        ])
    }

    /// What pushes an authorization request: a form with an assertion of its own.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub(super) fn request_to_push(&self, issuer: &str) -> Result<Form> {
        Ok(vec![
            ("response_type", "code".to_owned()),
            ("redirect_uri", REDIRECT_URI.to_owned()),
            ("scope", SCOPES.join(" ")),
            ("state", "state-of-a-benchmark".to_owned()),
            ("nonce", NONCE.to_owned()),
            ("code_challenge", CODE_CHALLENGE.to_owned()),
            ("code_challenge_method", "S256".to_owned()),
            ("client_id", CLIENT_ID.to_owned()),
            ("client_assertion_type", ASSERTION_TYPE.to_owned()),
            ("client_assertion", self.assertion(issuer)?),
        ])
    }

    fn assertion(&self, issuer: &str) -> Result<String> {
        let number = self.next_assertion.fetch_add(1, Ordering::Relaxed);
        let now = sandbox::now().secs();
        let claims = json!({
            "iss": CLIENT_ID, "sub": CLIENT_ID, "aud": issuer,
            "jti": format!("load-{number}"), "iat": now, "exp": now + 60,
        });
        self.key.sign_jwt(KEY_ID, &claims)
    }
}

/// The parameters of a request.
pub(super) type Form = Vec<(&'static str, String)>;

/// Redeems one code after the other, and keeps the access tokens.
#[derive(Clone)]
pub(super) struct Redeemer {
    party: Party,
    endpoint: String,
    forms: Arc<[Form]>,
    next: Arc<AtomicUsize>,
    tokens: Arc<std::sync::Mutex<Vec<String>>>,
}

impl Redeemer {
    /// Of these codes at this provider.
    ///
    /// # Errors
    /// When the relying party's key cannot sign.
    pub(super) fn new(party: &Party, at: &Endpoints, codes: &[String]) -> Result<Self> {
        let forms: Result<Vec<_>> = codes
            .iter()
            .map(|code| party.redemption(&at.issuer, code))
            .collect();
        Ok(Self {
            party: party.clone(),
            endpoint: at.token.clone(),
            forms: forms?.into(),
            next: Arc::default(),
            tokens: Arc::default(),
        })
    }

    /// How many codes are left.
    pub(super) fn left(&self) -> usize {
        let used = self.next.load(Ordering::Relaxed);
        self.forms.len().saturating_sub(used)
    }

    /// The access tokens so far.
    pub(super) fn tokens(&self) -> Vec<String> {
        let tokens = self.tokens.lock();
        tokens.map(|tokens| tokens.clone()).unwrap_or_default()
    }
}

impl Caller for Redeemer {
    async fn call(&mut self, _number: u32) -> Result<()> {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        let form = self.forms.get(place).context("no code is left")?;
        let answer = self.party.http.post(&self.endpoint).form(form).send();
        let answer: Value = read(answer.await?).await?;
        ensure!(answer["id_token"].is_string(), "no ID token");
        let token = answer["access_token"].as_str().context("no token")?;
        if let Ok(mut tokens) = self.tokens.lock() {
            tokens.push(token.to_owned());
        }
        Ok(())
    }
}

/// Pushes one request after the other.
#[derive(Clone)]
pub(super) struct Pusher {
    party: Party,
    endpoint: String,
    forms: Arc<[Form]>,
    next: Arc<AtomicUsize>,
}

impl Pusher {
    /// So many at this provider.
    ///
    /// # Errors
    /// When the relying party's key cannot sign.
    pub(super) fn new(party: &Party, at: &Endpoints, count: usize) -> Result<Self> {
        let forms: Result<Vec<_>> = (0..count)
            .map(|_| party.request_to_push(&at.issuer))
            .collect();
        Ok(Self {
            party: party.clone(),
            endpoint: at.pushed_request.clone(),
            forms: forms?.into(),
            next: Arc::default(),
        })
    }
}

impl Caller for Pusher {
    async fn call(&mut self, _number: u32) -> Result<()> {
        let place = self.next.fetch_add(1, Ordering::Relaxed);
        let form = self.forms.get(place).context("no request is left")?;
        let answer = self.party.http.post(&self.endpoint).form(form).send();
        let answer: Value = read(answer.await?).await?;
        ensure!(answer["request_uri"].is_string(), "no request_uri");
        Ok(())
    }
}

/// Asks for the claims behind one token after the other, or for the public keys.
#[derive(Clone)]
pub(super) struct Reader {
    party: Party,
    endpoint: String,
    /// None: the public keys.
    tokens: Arc<[String]>,
}

impl Reader {
    /// Asks for the claims behind these tokens in turns.
    pub(super) fn of_claims(party: &Party, at: &Endpoints, tokens: Vec<String>) -> Self {
        Self {
            party: party.clone(),
            endpoint: at.userinfo.clone(),
            tokens: tokens.into(),
        }
    }

    /// Asks for the public keys.
    pub(super) fn of_keys(party: &Party, at: &Endpoints) -> Self {
        Self {
            party: party.clone(),
            endpoint: at.key_set.clone(),
            tokens: Arc::new([]),
        }
    }
}

impl Caller for Reader {
    async fn call(&mut self, number: u32) -> Result<()> {
        let mut asked = self.party.http.get(&self.endpoint);
        if !self.tokens.is_empty() {
            let place = usize::try_from(number)? % self.tokens.len();
            asked = asked.bearer_auth(&self.tokens[place]);
        }
        let answer: Value = read(asked.send().await?).await?;
        let expected = if self.tokens.is_empty() {
            "keys"
        } else {
            "gender"
        };
        ensure!(!answer[expected].is_null(), "no {expected}");
        Ok(())
    }
}

async fn read(answer: Response) -> Result<Value> {
    let status = answer.status();
    let text = answer.text().await?;
    let is_good = [StatusCode::OK, StatusCode::CREATED].contains(&status);
    ensure!(is_good, "{status}: {text}");
    Ok(serde_json::from_str(&text)?)
}

fn location(answer: &Response) -> Result<String> {
    let Some(location) = answer.headers().get(header::LOCATION) else {
        bail!("{} and no Location", answer.status());
    };
    Ok(location.to_str()?.to_owned())
}

/// The cookie that is set, and not one that is forgotten.
fn cookie(answer: &Response) -> Result<String> {
    let cookies = answer.headers().get_all(header::SET_COOKIE);
    let mut set = cookies.iter().filter_map(|cookie| {
        let (pair, attributes) = cookie.to_str().ok()?.split_once(';')?;
        (!attributes.contains("Max-Age=0")).then(|| pair.to_owned())
    });
    set.next().context("no cookie")
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    let rest = text.split_once(before)?.1;
    Some(rest.split_once(after).map_or(rest, |(found, _)| found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_between_two_texts_is_found_also_at_the_end() {
        let address = "https://load.example/callback?code=abc&state=s";
        assert_eq!(between(address, "code=", "&"), Some("abc"));
        assert_eq!(between(address, "state=", "&"), Some("s"));
        assert_eq!(between(address, "error=", "&"), None);
    }

    #[test]
    fn no_two_assertions_are_the_same() {
        let party = Party::new(ClientKey::generate().unwrap(), EcKey::generate().unwrap()).unwrap();
        let assertion = || {
            party.redemption("https://op.example", "code").unwrap()[6]
                .1
                .clone()
        };
        assert_ne!(assertion(), assertion());
    }
}
