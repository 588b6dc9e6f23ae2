//! The sign-in in the browser: its page, the way back from the reader app, and the person's decision.
//!
//! Every step needs the secret of the browser that began. A sign-in that somebody else began and a person is lured into
//! finishing therefore ends in the reader app: neither the person's browser nor the one that began gets further.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use http::HeaderMap;
use store::{BrowserReturn, Consent, SignIn, Stage, StoreError};
use subtle::ConstantTimeEq as _;

use crate::authorization::accepted_language;
use crate::bearer::{BearerSecret, NoRandomness, sha256};
use crate::clients::Client;
use crate::devices;
use crate::gateway::Gateway;
use crate::http_exchange::{
    browser_secret, forget_browser_secret, is_identifier, read_form, reference_number, see_other,
    set_browser_secret, with_outcome, with_parameters,
};
use crate::identity::{Identity, SealError, SealedUnder};
use crate::interaction_id::InteractionId;
use crate::language::Language;
use crate::pages::{Back, Shown};
use crate::parameters::Parameters;
use crate::problem::PageProblem;
use crate::scope::Scopes;
use crate::verification::CardRefusal;

/// A sign-in in the browser that began it.
pub(crate) struct OwnSignIn {
    pub(crate) sign_in: SignIn,
    pub(crate) browser: BearerSecret,
    pub(crate) client: Arc<Client>,
    pub(crate) scopes: Scopes,
}

/// `GET` of a sign-in's page: whatever is due.
pub(crate) async fn show(
    State(gateway): State<Arc<Gateway>>,
    InteractionId(interaction_id): InteractionId,
    headers: HeaderMap,
) -> Response {
    let shown = match gateway.own_sign_in(&headers, &interaction_id).await {
        Ok(own) if devices::was_on_another_device(&own.sign_in) => {
            let language = own.language();
            gateway
                .come_back_from_device(own)
                .await
                .map_err(|problem| (language, problem))
        }
        Ok(own) => gateway
            .show_stage(&own)
            .map_err(|problem| (own.language(), problem)),
        Err(problem) => Err((accepted_language(&headers), problem)),
    };
    shown.unwrap_or_else(|(language, problem)| gateway.problem_page(language, problem))
}

/// `GET` of the return URL that the reader app opens in the browser.
pub(crate) async fn come_back(State(gateway): State<Arc<Gateway>>, request: Request) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let headers = request.headers();
    gateway
        .take_back(headers, query)
        .await
        .unwrap_or_else(|problem| gateway.problem_page(accepted_language(headers), problem))
}

/// `POST` of the person's decision.
pub(crate) async fn decide(
    State(gateway): State<Arc<Gateway>>,
    InteractionId(interaction_id): InteractionId,
    request: Request,
) -> Response {
    let language = accepted_language(request.headers());
    let decided = async {
        let (headers, form) = posted_form(request).await?;
        gateway
            .take_decision(&headers, &interaction_id, &form)
            .await
    };
    decided
        .await
        .unwrap_or_else(|problem| gateway.problem_page(language, problem))
}

/// The form that a page of ours posts, with the headers it came with.
pub(crate) async fn posted_form(request: Request) -> Result<(HeaderMap, Parameters), PageProblem> {
    let (parts, body) = request.into_parts();
    let form = read_form(&parts.headers, body).await?;
    Ok((parts.headers, form))
}

impl Gateway {
    pub(crate) async fn own_sign_in(
        &self,
        headers: &HeaderMap,
        interaction_id: &str,
    ) -> Result<OwnSignIn, PageProblem> {
        if !is_identifier(interaction_id) {
            return Err(PageProblem::NoSignIn);
        }
        let sign_in = self
            .state
            .sign_in(interaction_id, self.now())
            .await?
            .ok_or(PageProblem::NoSignIn)?;
        let browser = browser_secret(headers, interaction_id)
            .filter(|browser| bool::from(browser.hash().ct_eq(sign_in.browser_hash.as_slice())))
            .ok_or(if has_ended(sign_in.stage) {
                // The browser was made to forget its secret: who goes back to the page is most likely who ended it.
                PageProblem::AlreadyDone
            } else {
                PageProblem::OtherBrowser
            })?;
        // A client that was taken off the list in between gets nothing more, and an address that was, no answer.
        let client = self
            .clients
            .by_id(&sign_in.client_id)
            .filter(|client| client.has_redirect_uri(&sign_in.redirect_uri))
            .ok_or(PageProblem::NoSignIn)?;
        let scopes = Scopes::parse(&sign_in.scope).map_err(|_| PageProblem::NoSignIn)?;
        Ok(OwnSignIn {
            sign_in,
            browser,
            client,
            scopes,
        })
    }

    fn show_stage(&self, own: &OwnSignIn) -> Result<Response, PageProblem> {
        let csrf = own.csrf();
        let shown = Shown {
            sign_in: &own.sign_in,
            client: &own.client,
            scopes: &own.scopes,
            csrf: &csrf,
            link: &devices::link_secret(&own.browser, &own.sign_in.interaction_id),
        };
        if let Some(page) = self.other_device_page(own, &shown) {
            return Ok(page);
        }
        match own.sign_in.stage {
            Stage::Waiting => Ok(with_outcome(self.sign_in_page(&shown), "sign_in")),
            Stage::Verifying | Stage::Verified | Stage::Refused => {
                let notice = own.language().in_reader_app();
                let reference = reference_number();
                tracing::info!(reference, "the browser waits for the reader app");
                let page = self.notice_page(own.language(), notice, None, &reference);
                Ok(with_outcome(page, "in_reader_app"))
            }
            Stage::Consent => {
                let identity = own.identity()?;
                Ok(with_outcome(
                    self.consent_page(&shown, &identity),
                    "consent",
                ))
            }
            Stage::RefusalShown => Ok(self.refusal_page(own)),
            Stage::Denied | Stage::CodeIssued | Stage::Redeemed | Stage::Revoked => {
                Err(PageProblem::AlreadyDone)
            }
        }
    }

    fn refusal_page(&self, own: &OwnSignIn) -> Response {
        let refusal = CardRefusal::by_code(&own.sign_in.refusal);
        let (error, description) = refusal.oauth_error();
        let reference = reference_number();
        tracing::info!(reference, refusal = refusal.code(), "a refusal is shown");
        let description = format!("{description} (reference {reference})");
        let language = own.language();
        let back = Back {
            url: self.sign_in_error_address(&own.sign_in, error, &description),
            label: language.back_to(own.client.name().in_language(language)),
        };
        let page = self.notice_page(language, language.refusal(refusal), Some(back), &reference);
        with_outcome(page, refusal.code())
    }

    /// Spends the return token and changes the browser's secret: whoever saw the old one, or the interaction's
    /// identifier, has nothing after the card was read.
    async fn take_back(&self, headers: &HeaderMap, query: &str) -> Result<Response, PageProblem> {
        let parameters =
            Parameters::parse(query.as_bytes()).map_err(|_| PageProblem::Unreadable)?;
        let interaction_id = single(&parameters, "interaction")?;
        let token =
            BearerSecret::parse(single(&parameters, "token")?).ok_or(PageProblem::NoSignIn)?;
        let own = self.own_sign_in(headers, interaction_id).await?;
        self.bring_back(&own, &token).await
    }

    /// The browser brings the token, or made it itself.
    pub(crate) async fn bring_back(
        &self,
        own: &OwnSignIn,
        token: &BearerSecret,
    ) -> Result<Response, PageProblem> {
        let interaction_id = own.sign_in.interaction_id.as_str();
        let page = self.endpoints.interaction_path(interaction_id);
        if matches!(own.sign_in.stage, Stage::Consent | Stage::RefusalShown) {
            // The browser is back already: its reload of this address shows the same page again.
            return Ok(see_other(&page, "back_already"));
        }
        let next = BearerSecret::generate()?;
        let sealed = match own.sign_in.stage {
            Stage::Verified => {
                let sealed = &own.sign_in.sealed_identity;
                let under = SealedUnder::ReturnToken;
                Identity::open(sealed, token, under, interaction_id)?.seal(
                    &next,
                    SealedUnder::Browser,
                    interaction_id,
                )?
            }
            Stage::Refused => Vec::new(),
            _ => return Err(PageProblem::AlreadyDone),
        };
        let back = BrowserReturn {
            return_token_hash: &token.hash(),
            browser_hash: &own.browser.hash(),
            next_browser_hash: &next.hash(),
            sealed_identity: &sealed,
        };
        if !self
            .state
            .return_to_browser(interaction_id, &back, self.now())
            .await?
        {
            return Err(PageProblem::AlreadyDone);
        }
        let mut response = see_other(&page, "back");
        let seconds = (own.sign_in.expires_at - self.now()).max(1);
        set_browser_secret(&mut response, interaction_id, &next, seconds);
        Ok(response)
    }

    async fn take_decision(
        &self,
        headers: &HeaderMap,
        interaction_id: &str,
        form: &Parameters,
    ) -> Result<Response, PageProblem> {
        let own = self.own_sign_in(headers, interaction_id).await?;
        own.require_own_form(headers, form)?;
        match single(form, "decision")? {
            "approve" => self.approve(&own).await,
            "deny" => self.deny(&own).await,
            _ => Err(PageProblem::Unreadable),
        }
    }

    async fn approve(&self, own: &OwnSignIn) -> Result<Response, PageProblem> {
        if own.sign_in.stage != Stage::Consent {
            return Err(PageProblem::AlreadyDone);
        }
        let interaction_id = &own.sign_in.interaction_id;
        let code = BearerSecret::generate()?;
        let sealed = own
            .identity()?
            .seal(&code, SealedUnder::Code, interaction_id)?;
        if !self.answers_pushed_request(own).await? {
            return Err(PageProblem::AlreadyDone);
        }
        let now = self.now();
        let consent = Consent {
            browser_hash: &own.browser.hash(),
            code_hash: &code.hash(),
            sealed_identity: &sealed,
            code_expires_at: now + self.lifetimes.code_seconds,
        };
        // Of a form sent twice, one request gets here first, and only that one made a code.
        if !self
            .state
            .record_consent(interaction_id, &consent, now)
            .await?
        {
            return Err(PageProblem::AlreadyDone);
        }
        let SignIn {
            redirect_uri,
            state,
            ..
        } = &own.sign_in;
        let issuer = &self.endpoints.issuer;
        let code = code.reveal();
        let mut answer = vec![("code", code.as_str())];
        if !state.is_empty() {
            answer.push(("state", state.as_str()));
        }
        answer.push(("iss", issuer.as_str()));
        let mut response = see_other(&with_parameters(redirect_uri, &answer), "approved");
        forget_browser_secret(&mut response, interaction_id);
        Ok(response)
    }

    /// Is this the sign-in that answers the request it began with? One that was not pushed has no other.
    async fn answers_pushed_request(&self, own: &OwnSignIn) -> Result<bool, PageProblem> {
        let SignIn {
            interaction_id,
            pushed_request_hash,
            ..
        } = &own.sign_in;
        match pushed_request_hash {
            None => Ok(true),
            Some(hash) => Ok(self
                .state
                .answer_pushed_request(hash, interaction_id)
                .await?),
        }
    }

    async fn deny(&self, own: &OwnSignIn) -> Result<Response, PageProblem> {
        let interaction_id = &own.sign_in.interaction_id;
        let browser_hash = own.browser.hash();
        if !self
            .state
            .record_denial(interaction_id, &browser_hash, self.now())
            .await?
        {
            return Err(PageProblem::AlreadyDone);
        }
        // Also a no answers the request. If another sign-in answered it already, this one ends all the same.
        self.answers_pushed_request(own).await?;
        if own.scopes.ask_for_a_signature()
            && let Err(error) = self.state.erase_signature(interaction_id).await
        {
            // Nobody can fetch it: no token will be issued. It goes when its time is over.
            tracing::error!(%error, "a signature that is not handed over could not be erased");
        }
        let (error, description) = ("access_denied", "the person did not agree");
        let address = self.sign_in_error_address(&own.sign_in, error, description);
        let mut response = see_other(&address, error);
        forget_browser_secret(&mut response, interaction_id);
        Ok(response)
    }
}

impl OwnSignIn {
    pub(crate) fn language(&self) -> Language {
        Language::by_tag(&self.sign_in.language)
    }

    fn identity(&self) -> Result<Identity, PageProblem> {
        let SignIn {
            sealed_identity,
            interaction_id,
            ..
        } = &self.sign_in;
        Ok(Identity::open(
            sealed_identity,
            &self.browser,
            SealedUnder::Browser,
            interaction_id,
        )?)
    }

    /// What our own page's form carries: only who holds the browser's secret can know it.
    pub(crate) fn csrf(&self) -> String {
        hex::encode(sha256(&[
            b"akashi-decision-v1",
            self.browser.octets(),
            self.sign_in.interaction_id.as_bytes(),
        ]))
    }

    pub(crate) fn require_own_form(
        &self,
        headers: &HeaderMap,
        form: &Parameters,
    ) -> Result<(), PageProblem> {
        let sent = single(form, "csrf")?;
        let is_ours: bool = sent.as_bytes().ct_eq(self.csrf().as_bytes()).into();
        // Browsers that say where a request comes from are taken at their word.
        let site = headers
            .get("sec-fetch-site")
            .map(http::HeaderValue::as_bytes);
        if is_ours && site.is_none_or(|site| site == b"same-origin") {
            Ok(())
        } else {
            Err(PageProblem::ForeignForm)
        }
    }
}

/// Nothing is left for the browser to do.
fn has_ended(stage: Stage) -> bool {
    matches!(
        stage,
        Stage::Denied | Stage::CodeIssued | Stage::Redeemed | Stage::Revoked
    )
}

fn single<'a>(parameters: &'a Parameters, name: &'static str) -> Result<&'a str, PageProblem> {
    parameters
        .single(name)
        .ok()
        .flatten()
        .ok_or(PageProblem::Unreadable)
}

impl From<StoreError> for PageProblem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the gateway's state cannot be used");
        Self::Unavailable
    }
}

impl From<NoRandomness> for PageProblem {
    fn from(error: NoRandomness) -> Self {
        tracing::error!(%error, "no secret can be made");
        Self::Unavailable
    }
}

impl From<SealError> for PageProblem {
    fn from(error: SealError) -> Self {
        match error {
            SealError::NoRandomness(error) => error.into(),
            // The secret presented is not the one this was sealed under.
            SealError::DoesNotOpen => Self::NoSignIn,
        }
    }
}
