//! A browser with a cookie jar, and plain requests without one.

use std::collections::BTreeMap;

use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Request, header};
use serde_json::Value;
use tower::ServiceExt as _;

use crate::card::Card;
use crate::world::{PUBLIC_URL, RelyingParty, World};

/// The path the provider's endpoints are under.
pub(crate) const PROTOCOL: &str = "/api/realms/main/protocol/openid-connect";

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    pub(crate) fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn location(&self) -> &str {
        self.header(header::LOCATION)
            .unwrap_or_else(|| panic!("no Location: {}", self.body))
    }

    /// A parameter of the address it redirects to.
    pub(crate) fn redirected(&self, name: &str) -> Option<String> {
        let address = url::Url::parse(self.location()).unwrap();
        address
            .query_pairs()
            .find(|(sent, _)| sent == name)
            .map(|(_, value)| value.into_owned())
    }
}

pub(crate) async fn send(router: &Router, request: Request<Body>) -> Answer {
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
    Answer {
        status: parts.status.as_u16(),
        headers: parts.headers,
        body: String::from_utf8(body.to_vec()).unwrap(),
    }
}

pub(crate) async fn get(router: &Router, path: &str) -> Answer {
    send(router, Request::get(path).body(Body::empty()).unwrap()).await
}

pub(crate) async fn post_json(router: &Router, path: &str, body: String) -> Answer {
    let request = Request::post(path).header(header::CONTENT_TYPE, "application/json");
    send(router, request.body(Body::from(body)).unwrap()).await
}

pub(crate) async fn post_form(router: &Router, path: &str, form: &[(&str, &str)]) -> Answer {
    send(router, form_request(path, form)).await
}

pub(crate) fn form_request(path: &str, form: &[(&str, &str)]) -> Request<Body> {
    Request::post(path)
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(encoded(form)))
        .unwrap()
}

pub(crate) fn encoded(form: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

/// An honest authorization request, to be spoiled by a test.
#[derive(Debug, Clone)]
pub(crate) struct AuthRequest(pub(crate) Vec<(String, String)>);

/// What honest requests of these tests have.
pub(crate) const STATE: &str = "state-1";
pub(crate) const NONCE: &str = "nonce-1";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// RFC 7636 appendix B.
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

impl AuthRequest {
    pub(crate) fn of(party: &RelyingParty) -> Self {
        let parameters = [
            ("response_type", "code"),
            ("client_id", party.client_id),
            ("redirect_uri", party.redirect_uri),
            ("scope", "openid"),
            ("state", STATE),
            ("nonce", NONCE),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        Self(
            parameters
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
        )
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self = self.without(name);
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn twice(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(sent, _)| sent != name);
        self
    }

    pub(crate) fn query(&self) -> String {
        let pairs: Vec<(&str, &str)> = self
            .0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        encoded(&pairs)
    }
}

/// A browser: follows no redirect by itself, and keeps cookies.
#[derive(Debug, Default, Clone)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
}

impl Browser {
    pub(crate) async fn get(&mut self, world: &World, address: &str) -> Answer {
        let path = address.strip_prefix(PUBLIC_URL).unwrap_or(address);
        self.send(world, Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn post(
        &mut self,
        world: &World,
        path: &str,
        form: &[(&str, &str)],
    ) -> Answer {
        self.send(world, form_request(path, form)).await
    }

    pub(crate) async fn send(&mut self, world: &World, mut request: Request<Body>) -> Answer {
        let line: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !line.is_empty() {
            request
                .headers_mut()
                .insert(header::COOKIE, line.join("; ").parse().unwrap());
        }
        let answer = send(&world.router, request).await;
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }

    pub(crate) async fn authorize(&mut self, world: &World, request: &AuthRequest) -> Answer {
        self.get(world, &format!("{PROTOCOL}/auth?{}", request.query()))
            .await
    }

    /// Begins a sign-in; gives its identifier.
    pub(crate) async fn begin(&mut self, world: &World, request: &AuthRequest) -> String {
        let answer = self.authorize(world, request).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let location = answer.location();
        assert!(
            location.starts_with("/api/realms/main/interactions/"),
            "{location}"
        );
        let interaction_id = location.rsplit('/').next().unwrap().to_owned();
        let page = self.get(world, location).await;
        let link = reader_secret(&page, "link");
        let mut links = world.links.lock().unwrap();
        links.insert(interaction_id.clone(), link);
        drop(links);
        interaction_id
    }

    /// Begins, reads the card in the reader app and comes back; gives the identifier and the page.
    pub(crate) async fn read_card(
        &mut self,
        world: &World,
        request: &AuthRequest,
        card: Card,
    ) -> (String, Answer) {
        let interaction_id = self.begin(world, request).await;
        let read = card.read(world, &interaction_id).await;
        assert_eq!(read.status, 200, "{}", read.body);
        let back = read.json()["return_url"].as_str().unwrap().to_owned();
        let answer = self.get(world, &back).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        let page = answer.location().to_owned();
        let page = self.get(world, &page).await;
        (interaction_id, page)
    }

    /// Presses a button of a page.
    pub(crate) async fn decide(
        &mut self,
        world: &World,
        interaction_id: &str,
        page: &Answer,
        decision: &str,
    ) -> Answer {
        let path = decision_path(interaction_id);
        self.post(
            world,
            &path,
            &[("csrf", &csrf(page)), ("decision", decision)],
        )
        .await
    }

    /// A whole sign-in up to the client's redirect URI.
    pub(crate) async fn sign_in(
        &mut self,
        world: &World,
        request: &AuthRequest,
        card: Card,
    ) -> Answer {
        let (interaction_id, page) = self.read_card(world, request, card).await;
        assert_eq!(page.status, 200, "{}", page.body);
        self.decide(world, &interaction_id, &page, "approve").await
    }
}

/// What the page's link to the reader app carries.
pub(crate) fn reader_secret(page: &Answer, name: &str) -> String {
    let after = page.body.split(&format!("&#38;{name}=")).nth(1);
    let after = after.unwrap_or_else(|| panic!("no {name}: {}", page.body));
    after[..43].to_owned()
}

pub(crate) fn decision_path(interaction_id: &str) -> String {
    format!("/api/realms/main/interactions/{interaction_id}/decision")
}

/// The hidden field of a page's form.
pub(crate) fn csrf(page: &Answer) -> String {
    let after = page.body.split("name=\"csrf\" value=\"").nth(1);
    after
        .unwrap_or_else(|| panic!("no form: {}", page.body))
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

/// A whole sign-in in a fresh browser; gives the code.
pub(crate) async fn fresh_code(
    world: &World,
    party: &RelyingParty,
    scope: &str,
    card: Card,
) -> String {
    let request = AuthRequest::of(party).with("scope", scope);
    let answer = Browser::default().sign_in(world, &request, card).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.redirected("code").unwrap()
}
