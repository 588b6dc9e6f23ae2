//! The pages: plain HTML that escapes whatever it shows, no script.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use store::SignIn;
use url::Url;

use crate::clients::Client;
use crate::gateway::Gateway;
use crate::http_exchange::{content_security_policy, reference_number, with_outcome};
use crate::identity::Identity;
use crate::language::Language;
use crate::problem::PageProblem;
use crate::scope::{Claim, Scopes};
use crate::signature::SignatureWords;
use crate::words::{Notice, Words};

/// What every page has.
struct Frame<'a> {
    language: Language,
    words: &'static Words,
    stylesheet: &'a str,
    sandbox: bool,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    frame: Frame<'a>,
    client_name: &'a str,
    client_host: &'a str,
    items: Vec<&'static str>,
    signature: Option<SignatureWords>,
    reader_url: &'a str,
    decision_url: &'a str,
    csrf: &'a str,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    frame: Frame<'a>,
    client_name: &'a str,
    client_host: &'a str,
    items: Vec<Item>,
    signature: Option<SignatureWords>,
    decision_url: &'a str,
    csrf: &'a str,
}

struct Item {
    label: &'static str,
    value: String,
}

#[derive(Template)]
#[template(path = "notice.html")]
struct NoticePage<'a> {
    frame: Frame<'a>,
    notice: Notice,
    back: Option<Back>,
    reference: &'a str,
}

/// A link back to the client.
pub(crate) struct Back {
    pub(crate) url: String,
    pub(crate) label: String,
}

/// A sign-in and the client it is for, as its pages need them.
pub(crate) struct Shown<'a> {
    pub(crate) sign_in: &'a SignIn,
    pub(crate) client: &'a Client,
    pub(crate) scopes: &'a Scopes,
    pub(crate) csrf: &'a str,
}

impl Shown<'_> {
    fn language(&self) -> Language {
        Language::by_tag(&self.sign_in.language)
    }

    fn decision_url(&self, gateway: &Gateway) -> String {
        format!(
            "{}/decision",
            gateway
                .endpoints
                .interaction_path(&self.sign_in.interaction_id)
        )
    }

    /// Who receives the signature, where one is asked for.
    fn recipient(&self) -> Option<&str> {
        let recipient = self.client.recipient()?;
        let is_asked_for = self.scopes.ask_for_a_signature();
        is_asked_for.then(|| recipient.name.in_language(self.language()))
    }

    /// The domain people know a client by.
    fn client_host(&self) -> String {
        let url = Url::parse(&self.sign_in.redirect_uri).ok();
        url.as_ref()
            .and_then(Url::host_str)
            .unwrap_or_default()
            .to_owned()
    }
}

impl Gateway {
    /// The first page: who asks for what, and the way to the reader app.
    pub(crate) fn sign_in_page(&self, shown: &Shown<'_>) -> Response {
        let language = shown.language();
        let page = SignInPage {
            frame: self.frame(language),
            client_name: shown.client.name().in_language(language),
            client_host: &shown.client_host(),
            items: shown
                .scopes
                .claims()
                .iter()
                .map(|claim| language.claim(*claim))
                .collect(),
            signature: shown
                .recipient()
                .map(|name| language.signature_asked_for(name)),
            reader_url: &format!(
                "{}?interaction={}",
                self.reader_app_url, shown.sign_in.interaction_id
            ),
            decision_url: &shown.decision_url(self),
            csrf: shown.csrf,
        };
        with_form_to(render(&page, StatusCode::OK), &shown.sign_in.redirect_uri)
    }

    /// The last page: what is passed on, and the person's decision.
    pub(crate) fn consent_page(&self, shown: &Shown<'_>, identity: &Identity) -> Response {
        let language = shown.language();
        let item = |claim: &Claim| Item {
            label: language.claim(*claim),
            value: shown_value(identity, *claim, language),
        };
        let page = ConsentPage {
            frame: self.frame(language),
            client_name: shown.client.name().in_language(language),
            client_host: &shown.client_host(),
            items: shown.scopes.claims().iter().map(item).collect(),
            signature: shown
                .recipient()
                .map(|name| language.signature_handed_over(name)),
            decision_url: &shown.decision_url(self),
            csrf: shown.csrf,
        };
        with_form_to(render(&page, StatusCode::OK), &shown.sign_in.redirect_uri)
    }

    /// A page that only tells something.
    pub(crate) fn notice_page(
        &self,
        language: Language,
        notice: Notice,
        back: Option<Back>,
        reference: &str,
    ) -> Response {
        let page = NoticePage {
            frame: self.frame(language),
            notice,
            back,
            reference,
        };
        render(&page, StatusCode::OK)
    }

    /// A page that says why it cannot go on, with a reference number that the log has too.
    pub(crate) fn problem_page(&self, language: Language, problem: PageProblem) -> Response {
        let reference = reference_number();
        tracing::info!(reference, rule = problem.rule(), "a page shows a problem");
        let page = NoticePage {
            frame: self.frame(language),
            notice: problem.notice(language),
            back: None,
            reference: &reference,
        };
        with_outcome(render(&page, problem.status()), problem.rule())
    }

    fn frame(&self, language: Language) -> Frame<'_> {
        Frame {
            language,
            words: language.words(),
            stylesheet: &self.endpoints.stylesheet,
            sandbox: self.is_sandbox,
        }
    }
}

fn shown_value(identity: &Identity, claim: Claim, language: Language) -> String {
    let item = identity
        .four_information
        .as_ref()
        .and_then(|four| four.item(claim));
    match (item, claim) {
        (None, _) => language.words().not_provided.to_owned(),
        (Some(code), Claim::Gender) => language.gender(code).to_owned(),
        (Some(date), Claim::Birthdate) => language.date(date),
        (Some(text), _) => text.to_owned(),
    }
}

fn render(page: &impl Template, status: StatusCode) -> Response {
    match page.render() {
        Ok(html) => (
            status,
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            html,
        )
            .into_response(),
        Err(error) => {
            tracing::error!(%error, "a page does not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The decision's answer redirects to the client, and the client may redirect on within https.
fn with_form_to(mut response: Response, redirect_uri: &str) -> Response {
    let targets = match Url::parse(redirect_uri) {
        Ok(url) if url.scheme() == "http" => {
            format!(" https: {}", url.origin().ascii_serialization())
        }
        _ => " https:".to_owned(),
    };
    response.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        content_security_policy(&targets),
    );
    response
}
