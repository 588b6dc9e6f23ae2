//! The pages: plain HTML that escapes whatever it shows, no script.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use store::SignIn;
use url::Url;

use crate::bearer::BearerSecret;
use crate::clients::Client;
use crate::devices::Progress;
use crate::gateway::Gateway;
use crate::http_exchange::{content_security_policy, reference_number, with_outcome};
use crate::identity::Identity;
use crate::language::Language;
use crate::problem::PageProblem;
use crate::scope::{Claim, Scopes};
use crate::signature::{ReadBy, SignatureWords};
use crate::words::{Notice, OtherDevice, Words};

/// What every page has.
pub(crate) struct Frame<'a> {
    pub(crate) language: Language,
    pub(crate) words: &'static Words,
    pub(crate) stylesheet: &'a str,
    pub(crate) sandbox: bool,
}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    frame: Frame<'a>,
    heading: &'static str,
    client_name: &'a str,
    client_host: &'a str,
    items: Vec<&'static str>,
    learns_nothing: bool,
    signature: Option<SignatureWords>,
    at_hand: &'static str,
    reader_url: &'a str,
    qr_url: Option<String>,
    code_is_over: bool,
    other_device: &'static OtherDevice,
    decision_url: &'a str,
    csrf: &'a str,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    frame: Frame<'a>,
    heading: &'static str,
    client_name: &'a str,
    client_host: &'a str,
    items: Vec<Item>,
    learns_nothing: bool,
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
    /// What the link to the reader app carries.
    pub(crate) link: &'a BearerSecret,
}

impl Shown<'_> {
    pub(crate) fn language(&self) -> Language {
        Language::by_tag(&self.sign_in.language)
    }

    pub(crate) fn decision_url(&self, gateway: &Gateway) -> String {
        self.step_url(gateway, "decision")
    }

    /// The address of a step of this sign-in.
    pub(crate) fn step_url(&self, gateway: &Gateway, step: &str) -> String {
        let interaction_id = &self.sign_in.interaction_id;
        format!(
            "{}/{step}",
            gateway.endpoints.interaction_path(interaction_id)
        )
    }

    /// Who reads the signature, where one is asked for.
    fn signature_is_for(&self) -> Option<ReadBy<'_>> {
        let recipient = self.client.recipient()?;
        let name = recipient.name.in_language(self.language());
        self.scopes.ask_for_a_signature().then(|| {
            if self.client.is_administrative() {
                ReadBy::Client(name)
            } else {
                ReadBy::PlatformOperator(name)
            }
        })
    }

    fn asks_for_details(&self) -> bool {
        !self.scopes.claims().is_empty()
    }

    /// Whether the client learns no detail: who reads a signing certificate learns all four.
    fn learns_nothing(&self) -> bool {
        !self.asks_for_details() && !matches!(self.signature_is_for(), Some(ReadBy::Client(_)))
    }

    /// The domain people know a client by.
    pub(crate) fn client_host(&self) -> String {
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
        let signature = shown.signature_is_for();
        let page = SignInPage {
            frame: self.frame(language),
            heading: language.sign_in_heading(signature.is_some()),
            client_name: shown.client.name().in_language(language),
            client_host: &shown.client_host(),
            items: shown
                .scopes
                .claims()
                .iter()
                .map(|claim| language.claim(*claim))
                .collect(),
            learns_nothing: shown.learns_nothing(),
            signature: signature.map(|reader| language.signature_asked_for(reader)),
            at_hand: language.at_hand(shown.asks_for_details(), signature.is_some()),
            reader_url: &format!(
                "{}?interaction={}&link={}",
                self.reader_app_url,
                shown.sign_in.interaction_id,
                shown.link.reveal()
            ),
            qr_url: shown
                .client
                .cross_device()
                .then(|| shown.step_url(self, "qr")),
            code_is_over: Progress::of(shown.sign_in, self.now()) == Some(Progress::Over),
            other_device: language.other_device(),
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
        let signature = shown.signature_is_for();
        let page = ConsentPage {
            frame: self.frame(language),
            heading: language.consent_heading(shown.asks_for_details(), signature.is_some()),
            client_name: shown.client.name().in_language(language),
            client_host: &shown.client_host(),
            items: shown.scopes.claims().iter().map(item).collect(),
            learns_nothing: shown.learns_nothing(),
            signature: signature.map(|reader| language.signature_handed_over(reader)),
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

    pub(crate) fn frame(&self, language: Language) -> Frame<'_> {
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

pub(crate) fn render(page: &impl Template, status: StatusCode) -> Response {
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

fn with_form_to(mut response: Response, redirect_uri: &str) -> Response {
    let policy = content_security_policy(&form_targets(redirect_uri));
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, policy);
    response
}

/// The decision's answer redirects to the client, and the client may redirect on within https.
pub(crate) fn form_targets(redirect_uri: &str) -> String {
    match Url::parse(redirect_uri) {
        Ok(url) if url.scheme() == "http" => {
            format!(" https: {}", url.origin().ascii_serialization())
        }
        _ => " https:".to_owned(),
    }
}
