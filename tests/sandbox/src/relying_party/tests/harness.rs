//! What the tests stand on: a provider, a relying party, and a browser between them.

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Response, StatusCode};
use tokio::net::TcpListener;

use crate::relying_party::fake_provider::{FakeProvider, Lie};
use crate::relying_party::{ClientConfig, ClientKey, RelyingPartyConfig, Use, serve};

/// A provider and a relying party that uses it.
pub(super) struct Site {
    pub(super) provider: FakeProvider,
    pub(super) public_url: String,
}

/// A browser without scripts: it keeps one cookie and follows redirects when told to.
pub(super) struct Browser {
    http: reqwest::Client,
    pub(super) cookie: Option<String>,
}

impl Site {
    pub(super) async fn start() -> Self {
        let [city, shop] = [
            ClientKey::generate().unwrap(),
            ClientKey::generate().unwrap(),
        ];
        let provider = FakeProvider::start(&[("CITY", &city), ("SHOP", &shop)]).await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let public_url = format!("http://{}", listener.local_addr().unwrap());
        let client = |client_id: &str, key: &ClientKey| ClientConfig {
            client_id: client_id.to_owned(),
            key_id: "rp".to_owned(),
            private_key_pem: key.to_pkcs8_pem().unwrap(),
            name: format!("The {client_id}"),
        };
        let config = RelyingPartyConfig {
            public_url: public_url.clone(),
            issuer: provider.issuer.clone(),
            clients: vec![client("CITY", &city), client("SHOP", &shop)],
            operator: None,
            agency: None,
        };
        tokio::spawn(serve(listener, config, std::future::pending()));
        Self {
            provider,
            public_url,
        }
    }

    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.public_url)
    }

    /// Signs in and returns the page the browser ends at.
    pub(super) async fn sign_in(&self, browser: &mut Browser, purpose: Use) -> String {
        let callback = self.callback_address(browser, purpose).await;
        let back = browser.get(&callback).await;
        match redirect_target(&back) {
            Some(page) => browser
                .get(&self.address(&page))
                .await
                .text()
                .await
                .unwrap(),
            None => back.text().await.unwrap(),
        }
    }

    /// Signs in at the provider, and stops before the relying party hears of it.
    pub(super) async fn callback_address(&self, browser: &mut Browser, purpose: Use) -> String {
        let begun = browser.get(&self.address(purpose.sign_in_path())).await;
        let provider = redirect_target(&begun).expect("the button leads to the provider");
        redirect_target(&browser.get(&provider).await).expect("the provider leads back")
    }

    /// The code a lie is refused with, after its twin, the same sign-in without it, has passed.
    pub(super) async fn refusal_of(&self, lie: Lie) -> Option<String> {
        let mut browser = Browser::new();
        let twin = self.sign_in(&mut browser, Use::City).await;
        assert_eq!(text_of(&twin, "sub").as_deref(), Some("person-at-CITY"));
        self.provider.tell(lie);
        let page = self.sign_in(&mut Browser::new(), Use::City).await;
        assert_eq!(text_of(&page, "sub"), None);
        text_of(&page, "error")
    }
}

impl Browser {
    pub(super) fn new() -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .tls_certs_only([])
            .build()
            .unwrap();
        Self { http, cookie: None }
    }

    pub(super) async fn get(&mut self, address: &str) -> Response {
        let request = self.http.get(address);
        self.send(request).await
    }

    pub(super) async fn post_from(&mut self, address: &str, origin: &str) -> Response {
        let request = self.http.post(address).header(ORIGIN, origin);
        self.send(request).await
    }

    async fn send(&mut self, mut request: reqwest::RequestBuilder) -> Response {
        if let Some(cookie) = &self.cookie {
            request = request.header(COOKIE, cookie);
        }
        let response = request.send().await.unwrap();
        if let Some(cookie) = response.headers().get(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            assert!(
                cookie.contains("HttpOnly") || cookie.contains("Max-Age=0"),
                "{cookie}"
            );
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
        response
    }
}

/// Where an answer sends the browser.
pub(super) fn redirect_target(response: &Response) -> Option<String> {
    let redirects = response.status() == StatusCode::SEE_OTHER;
    let location = response.headers().get(LOCATION).filter(|_| redirects)?;
    Some(location.to_str().unwrap().to_owned())
}

/// The text of the element with this id, up to its first tag.
pub(super) fn text_of(page: &str, id: &str) -> Option<String> {
    let (_, element) = page.split_once(&format!("id=\"{id}\""))?;
    let (_, text) = element.split_once('>')?;
    Some(text.split('<').next().unwrap().trim().to_owned())
}
