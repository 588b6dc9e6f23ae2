//! Signing in by hand, right and wrong, so that every secret on the way is known.

use anyhow::{Context as _, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use e2e::by_hand::{Begun, ByHand, PREFIX};
use e2e::system::{System, reqwest_client};
use sandbox::mint::CaKind;
use serde_json::{Value, json};

use super::canaries::{Canary, Where};

/// Collects canaries and what callers were told.
struct Trail<'a> {
    by_hand: ByHand<'a>,
    canaries: Vec<Canary>,
    errors: &'a mut Vec<String>,
}

pub(super) async fn sign_in(system: &System, errors: &mut Vec<String>) -> Result<Vec<Canary>> {
    let mut trail = Trail {
        by_hand: ByHand::new(system)?,
        canaries: Vec::new(),
        errors,
    };
    trail.completed().await?;
    trail.under_way().await?;
    trail.refused("revoked", |_| {}).await?;
    trail.wrong_cards(system).await?;
    Ok(trail.canaries)
}

impl Trail<'_> {
    /// A secret text, and the octets that it stands for.
    fn secret(&mut self, name: &str, text: &str) {
        self.canaries.push(Canary::new(name, text, Where::Nowhere));
        if let Ok(octets) = URL_SAFE_NO_PAD.decode(text) {
            let name = format!("the octets of {name}");
            self.canaries
                .push(Canary::new(name, octets, Where::Nowhere));
        }
    }

    fn cookie(&mut self, name: &str, begun: &Begun) {
        let value = begun
            .cookie
            .split_once('=')
            .map(|(_, value)| value.to_owned());
        self.secret(name, &value.unwrap_or_default());
    }

    async fn told(&mut self, answer: reqwest::Response) -> Result<()> {
        let status = answer.status();
        ensure!(status.is_client_error(), "{status} is no refusal");
        self.errors.push(answer.text().await?);
        Ok(())
    }

    /// To the end, with a second and a wrong use of everything that may be used once.
    async fn completed(&mut self) -> Result<()> {
        let mut begun = self.by_hand.begin().await?;
        self.cookie("the cookie before the card", &begun);
        let asked = self.by_hand.ask(&begun).await?;
        let answer = self.by_hand.read_card(&asked, "good")?;
        ensure!(
            answer.to_string().contains("海野"),
            "the traffic holds the name"
        );
        let signature = STANDARD.decode(answer["signature"].as_str().unwrap_or_default())?;
        let window = &signature[20..44];
        self.canaries
            .push(Canary::new("the card's signature", window, Where::Nowhere));
        let verdict = self.by_hand.present(&begun, &answer).await?;
        let address = verdict["return_url"].as_str().context("a return_url")?;
        let token = address
            .split_once("&token=")
            .context("a token")?
            .1
            .to_owned();
        self.secret("the return token", &token);
        let page = self.by_hand.come_back(&mut begun, &verdict).await?;
        ensure!(page.contains("海野"), "the page shows the name");
        self.cookie("the cookie after the card", &begun);
        let csrf = ByHand::csrf(&page)?;
        self.canaries
            .push(Canary::new("the form's secret", &csrf, Where::Nowhere));
        self.canaries.push(Canary::new(
            "its octets",
            hex::decode(&csrf)?,
            Where::Nowhere,
        ));
        let foreign = self
            .by_hand
            .decide(&begun, &"0".repeat(64), "approve")
            .await?;
        self.told(foreign).await?;
        let code = self.by_hand.approve(&begun, &page).await?;
        self.secret("the code", &code);
        self.secret("the code verifier", &begun.verifier);
        self.tokens(&begun, &code).await
    }

    async fn tokens(&mut self, begun: &Begun, code: &str) -> Result<()> {
        // A wrong verifier, then the right one, then the code once more.
        let assertion = self.assertion("the first assertion")?;
        let wrong = self.by_hand.redemption(code, &"v".repeat(43), &assertion);
        let answer = self.by_hand.post("token", &wrong).await?;
        self.told(answer).await?;
        let assertion = self.assertion("the second assertion")?;
        let tokens = self
            .by_hand
            .redeem(code, &begun.verifier, &assertion)
            .await?;
        let text = |name: &str| tokens[name].as_str().unwrap_or_default().to_owned();
        let (access_token, id_token) = (text("access_token"), text("id_token"));
        self.secret("the access token", &access_token);
        self.jwt("the ID token", &id_token);
        let person: Value = self.by_hand.user_info(&access_token).await?.json().await?;
        ensure!(
            person["name"] == "海野　花子",
            "userinfo tells the name: {person}"
        );
        let subject = person["sub"].as_str().context("a sub")?;
        self.secret("the subject", subject);
        self.in_the_query(&access_token).await?;
        let again = self.by_hand.redemption(code, &begun.verifier, &assertion);
        let answer = self.by_hand.post("token", &again).await?;
        self.told(answer).await?;
        let assertion = self.assertion("the third assertion")?;
        let again = self.by_hand.redemption(code, &begun.verifier, &assertion);
        let answer = self.by_hand.post("token", &again).await?;
        self.told(answer).await?;
        // The code came twice, so its token is over.
        let answer = self.by_hand.user_info(&access_token).await?;
        self.told(answer).await
    }

    /// Where tokens and names do not belong: in addresses.
    async fn in_the_query(&mut self, access_token: &str) -> Result<()> {
        let http = reqwest_client()?;
        for (path, name, value) in [
            ("userinfo", "access_token", access_token),
            ("auth", "login_hint", "海野　花子"),
            ("auth", "client_id", "海野　花子"),
            ("token", "code", access_token),
        ] {
            let address = format!("{PREFIX}/protocol/openid-connect/{path}");
            let request = http.get(self.by_hand.at(&address)).query(&[(name, value)]);
            let answer = request.send().await?;
            self.told(answer).await?;
        }
        Ok(())
    }

    fn assertion(&mut self, name: &str) -> Result<String> {
        let assertion = self.by_hand.assertion()?;
        self.jwt(name, &assertion);
        Ok(assertion)
    }

    /// Its parts: each is a secret of its own.
    fn jwt(&mut self, name: &str, text: &str) {
        for (part, value) in ["header", "claims", "signature"]
            .iter()
            .zip(text.split('.'))
            .skip(1)
        {
            self.secret(&format!("{name}'s {part}"), value);
        }
    }

    /// One that waits for its card: what it must keep is found where it is kept.
    async fn under_way(&mut self) -> Result<()> {
        let begun = self.by_hand.begin().await?;
        self.cookie("the cookie of one under way", &begun);
        self.secret("the verifier of one under way", &begun.verifier);
        for (name, value) in [("state", &begun.state), ("nonce", &begun.nonce)] {
            let name = format!("the {name} of one under way");
            self.canaries.push(Canary::new(name, value, Where::Gateway));
        }
        Ok(())
    }

    /// A card's answer that is refused: the person is told why, and nothing else is.
    async fn refused(&mut self, card: &str, change: impl Fn(&mut Value)) -> Result<()> {
        let mut begun = self.by_hand.begin().await?;
        let asked = self.by_hand.ask(&begun).await?;
        let mut answer = self.by_hand.read_card(&asked, card)?;
        change(&mut answer);
        let verdict = self.by_hand.present(&begun, &answer).await?;
        ensure!(verdict["outcome"] == "refused", "{verdict}");
        let reason = verdict["reason"].to_string();
        let page = self.by_hand.come_back(&mut begun, &verdict).await?;
        self.errors.extend([reason, page]);
        Ok(())
    }

    async fn wrong_cards(&mut self, system: &System) -> Result<()> {
        let signing = system.world.repository.read(|jpki| {
            let card = jpki.card("good")?;
            anyhow::Ok(card.certificate(CaKind::DigitalSignature).der.clone())
        })?;
        // Its subject alternative name holds the four information.
        let signing = STANDARD.encode(signing);
        self.refused("good", move |answer| answer["certificate"] = json!(signing))
            .await?;
        self.refused("good", |answer| {
            answer["four_information"]["name"] = json!("海野　花男");
        })
        .await?;
        self.refused("good", |answer| answer["certificate"] = json!("MAAwAA=="))
            .await?;
        self.refused("expired", |_| {}).await?;
        // A PIN, and the whole of it in the wrong place.
        let begun = self.by_hand.begin().await?;
        let asked = self.by_hand.ask(&begun).await?;
        let answer = self.by_hand.read_card(&asked, "good")?;
        let path = format!("/card/interactions/{}/response", begun.interaction_id);
        let http = reqwest_client()?;
        for wrong in [
            json!({ "pin": "1234", "certificate": answer["certificate"] }),
            json!({ "certificate": answer["four_information"], "signature": "1234" }),
            json!([answer.clone()]),
        ] {
            let request = http.post(self.by_hand.at(&path)).json(&wrong);
            let answer = request.send().await?;
            self.told(answer).await?;
        }
        Ok(())
    }
}
