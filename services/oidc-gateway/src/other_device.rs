//! The page of a sign-in whose card is read on another device: the QR code, and waiting for it.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use store::{QrOffer, SignIn};

use crate::authorization::accepted_language;
use crate::bearer::random_octets;
use crate::devices::{self, Progress};
use crate::gateway::Gateway;
use crate::http_exchange::{
    content_security_policy_with_script, json_answer, json_error, see_other, with_outcome,
};
use crate::interaction::{OwnSignIn, posted_form};
use crate::interaction_id::InteractionId;
use crate::pages::{Frame, Shown, form_targets, render};
use crate::parameters::Parameters;
use crate::problem::PageProblem;
use crate::qr_code;
use crate::words::OtherDevice;

#[derive(Template)]
#[template(path = "waiting.html")]
struct WaitingPage<'a> {
    frame: Frame<'a>,
    words: &'static OtherDevice,
    heading: &'static str,
    client_name: &'a str,
    client_host: &'a str,
    script: &'a str,
    state_url: &'a str,
    state: &'static str,
    status: &'static str,
    drawing: Option<String>,
    short_code: &'a str,
    qr_url: &'a str,
    decision_url: &'a str,
    csrf: &'a str,
}

/// `POST`: shows a QR code from now on, or another one.
pub(crate) async fn show_code(
    State(gateway): State<Arc<Gateway>>,
    InteractionId(interaction_id): InteractionId,
    request: Request,
) -> Response {
    let language = accepted_language(request.headers());
    let offered = async {
        let (headers, form) = posted_form(request).await?;
        gateway.offer_code(&headers, &interaction_id, &form).await
    };
    offered
        .await
        .unwrap_or_else(|problem| gateway.problem_page(language, problem))
}

/// `GET`: how far it has come, for the waiting page's script.
pub(crate) async fn tell_progress(
    State(gateway): State<Arc<Gateway>>,
    InteractionId(interaction_id): InteractionId,
    headers: HeaderMap,
) -> Response {
    match gateway.own_sign_in(&headers, &interaction_id).await {
        Ok(own) => {
            let progress = Progress::of(&own.sign_in, gateway.now());
            let state = progress.map_or("none", Progress::word);
            with_outcome(
                json_answer(StatusCode::OK, &json!({ "state": state })),
                state,
            )
        }
        Err(problem) => json_error(problem.status(), problem.rule(), "see the page itself"),
    }
}

impl Gateway {
    async fn offer_code(
        &self,
        headers: &HeaderMap,
        interaction_id: &str,
        form: &Parameters,
    ) -> Result<Response, PageProblem> {
        let own = self.own_sign_in(headers, interaction_id).await?;
        own.require_own_form(headers, form)?;
        if !own.client.cross_device() {
            return Err(PageProblem::SameDeviceOnly);
        }
        let qr_random: [u8; 32] = random_octets()?;
        let now = self.now();
        let code = devices::qr_secret(&own.browser, &qr_random, interaction_id);
        let offer = QrOffer {
            browser_hash: &own.browser.hash(),
            qr_random: &qr_random,
            qr_hash: &code.hash(),
            until: (now + self.lifetimes.challenge_seconds).min(own.sign_in.expires_at),
        };
        if self.state.offer_qr(interaction_id, &offer, now).await? {
            let page = self.endpoints.interaction_path(interaction_id);
            Ok(see_other(&page, "qr_code"))
        } else {
            Err(PageProblem::AlreadyDone)
        }
    }

    /// The waiting page, if this browser waits for another device.
    pub(crate) fn other_device_page(&self, own: &OwnSignIn, shown: &Shown<'_>) -> Option<Response> {
        if !own.client.cross_device() {
            return None;
        }
        let progress = Progress::of(&own.sign_in, self.now())?;
        let language = shown.language();
        let words = language.other_device();
        let (heading, status) = match progress {
            Progress::Shown => (words.heading, words.shown),
            Progress::Opened => (words.heading_opened, words.opened),
            Progress::Checking => (words.heading_opened, words.checking),
            Progress::Over | Progress::Ready => return None,
        };
        let qr_random = own.sign_in.qr_random.as_deref().unwrap_or_default();
        let drawing = (progress == Progress::Shown)
            .then(|| self.drawing(own, qr_random, words.drawing))
            .flatten();
        let page = WaitingPage {
            frame: self.frame(language),
            words,
            heading,
            client_name: own.client.name().in_language(language),
            client_host: &shown.client_host(),
            script: &self.endpoints.waiting_script,
            state_url: &shown.step_url(self, "state"),
            state: progress.word(),
            status,
            drawing,
            short_code: &devices::short_code(qr_random, &own.sign_in.interaction_id),
            qr_url: &shown.step_url(self, "qr"),
            decision_url: &shown.decision_url(self),
            csrf: shown.csrf,
        };
        let mut response = render(&page, StatusCode::OK);
        let policy = content_security_policy_with_script(&form_targets(&own.sign_in.redirect_uri));
        response
            .headers_mut()
            .insert(header::CONTENT_SECURITY_POLICY, policy);
        Some(with_outcome(response, progress.word()))
    }

    fn drawing(&self, own: &OwnSignIn, qr_random: &[u8], label: &str) -> Option<String> {
        let interaction_id = &own.sign_in.interaction_id;
        let code = devices::qr_secret(&own.browser, qr_random, interaction_id);
        let address = format!(
            "{}?interaction={interaction_id}&qr={}",
            self.reader_app_url,
            code.reveal()
        );
        qr_code::svg(&address, label)
    }

    /// The card was read on another device: the browser that began makes that device's secret again and goes on.
    pub(crate) async fn come_back_from_device(
        &self,
        own: OwnSignIn,
    ) -> Result<Response, PageProblem> {
        let SignIn {
            interaction_id,
            qr_random,
            card_random,
            ..
        } = &own.sign_in;
        let (Some(qr_random), Some(card_random)) = (qr_random, card_random) else {
            return Err(PageProblem::NoSignIn);
        };
        let code = devices::qr_secret(&own.browser, qr_random, interaction_id);
        let device = devices::device_secret(&code, card_random, interaction_id);
        let page = self.endpoints.interaction_path(interaction_id);
        match self.bring_back(&own, &device).await {
            // The page was loaded twice, and the other one brought the browser's new secret.
            Err(PageProblem::AlreadyDone) => Ok(see_other(&page, "back_already")),
            brought => brought,
        }
    }
}
