//! What the routes do.

use std::sync::Arc;

use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::CardApp;
use super::gateway::{GatewayProblem, Interaction, Opening, Signing};
use super::pages::{self, PinProblem};
use super::reader::reader_message;
use crate::card::PinKind;
use crate::mint::{Jpki, MintError};

const STYLE_SHEET: &str = include_str!("../../assets/card_app.css");

type Shared = State<Arc<CardApp>>;

#[derive(Deserialize)]
pub(super) struct Asked {
    #[serde(default)]
    interaction: String,
    /// What the link of the gateway's page carries.
    #[serde(default)]
    link: String,
    /// What its QR code carries: this page was opened by a camera.
    #[serde(default)]
    qr: String,
}

/// What the form sends. There is no `Debug`: it holds PINs.
#[derive(Deserialize)]
pub(super) struct Typed {
    interaction: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    scanned: bool,
    #[serde(default)]
    card: String,
    #[serde(default)]
    authentication_pin: String,
    #[serde(default)]
    card_surface_pin: String,
    #[serde(default)]
    signing_pin: String,
}

impl Asked {
    fn opening(&self) -> Opening {
        let scanned = !self.qr.is_empty();
        let secret = if scanned { &self.qr } else { &self.link };
        Opening {
            secret: secret.clone(),
            scanned,
        }
    }
}

impl Typed {
    fn opening(&self) -> Opening {
        Opening {
            secret: self.secret.clone(),
            scanned: self.scanned,
        }
    }
}

/// The page that shows who asks and for what, and takes the PINs.
pub(super) async fn ask(State(app): Shared, Query(asked): Query<Asked>) -> Response {
    if asked.interaction.is_empty() {
        return pages::nothing_to_sign();
    }
    let opening = asked.opening();
    match app.gateway.interaction(&asked.interaction, &opening).await {
        Ok(interaction) => page(&app, &interaction, &opening, None, None),
        Err(problem) => problem_page(problem),
    }
}

/// The form: the card signs, the reader vouches, the gateway judges, the browser goes back to it.
pub(super) async fn answer(
    State(app): Shared,
    headers: HeaderMap,
    typed: Result<Form<Typed>, FormRejection>,
) -> Response {
    // Another site must not be able to have a card sign, even a sandbox's whose PINs are public.
    let from_here = headers
        .get(ORIGIN)
        .is_none_or(|origin| origin == app.origin.as_str());
    let Ok(Form(typed)) = typed else {
        return pages::nothing_to_sign();
    };
    if !from_here {
        return pages::nothing_to_sign();
    }
    match app.present(&typed).await {
        Ok(Some(return_url)) => Redirect::to(&return_url).into_response(),
        // The browser that began is on another device and goes on by itself.
        Ok(None) => pages::go_on_there(),
        Err(Refused::Gateway(problem)) => problem_page(problem),
        Err(Refused::Pin(interaction, problem)) => page(
            &app,
            &interaction,
            &typed.opening(),
            Some(&typed.card),
            Some(problem),
        ),
        Err(Refused::Files(error)) => {
            tracing::error!(%error, "the cards cannot be kept");
            pages::gateway_unavailable()
        }
    }
}

pub(super) async fn style_sheet() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE_SHEET).into_response()
}

pub(super) async fn not_found() -> Response {
    pages::nothing_to_sign()
}

pub(super) async fn add_security_headers(State(app): Shared, mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, app.security_policy.clone());
    for (name, value) in [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // The address names the interaction. Within the site the origin must be sent, or our own form
        // would not be recognised.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Why nothing was sent to the gateway, or what it said.
enum Refused {
    Gateway(GatewayProblem),
    Pin(Box<Interaction>, PinProblem),
    Files(MintError),
}

impl From<GatewayProblem> for Refused {
    fn from(problem: GatewayProblem) -> Self {
        Self::Gateway(problem)
    }
}

impl CardApp {
    /// Has the card sign and brings its response to the gateway; the address to go back to, if there is one.
    async fn present(&self, typed: &Typed) -> Result<Option<String>, Refused> {
        let opening = typed.opening();
        let interaction = self
            .gateway
            .interaction(&typed.interaction, &opening)
            .await?;
        let opening = interaction.opening(&opening);
        let digest = interaction.challenge()?;
        let asked = AskedOfCard {
            digest,
            four_information: interaction.four_information,
            document: interaction
                .signing
                .as_ref()
                .map(Signing::digest_info)
                .transpose()?,
        };
        let signed = self
            .repository
            .change(|jpki| card_response(jpki, typed, &asked));
        let response = match signed.map_err(Refused::Files)? {
            Ok(response) => response,
            Err(problem) => return Err(Refused::Pin(Box::new(interaction), problem)),
        };
        Ok(self
            .gateway
            .respond(&typed.interaction, &opening, &response)
            .await?
            .return_url)
    }
}

/// What the card is to do.
struct AskedOfCard {
    digest: [u8; 32],
    four_information: bool,
    /// The DigestInfo for the signing key.
    document: Option<Vec<u8>>,
}

/// What the card and the reader say. Counters of PINs change on the way, so the caller keeps the JPKI.
fn card_response(jpki: &mut Jpki, typed: &Typed, asked: &AskedOfCard) -> Result<Value, PinProblem> {
    let digest = &asked.digest;
    let (reader_key_id, reader_key) = (jpki.reader_key_id.clone(), jpki.reader_key.clone());
    let card = jpki.card_mut(&typed.card).map_err(|_| PinProblem::NoCard)?;
    let signature = card
        .authenticate(&typed.authentication_pin, digest)
        .map_err(|error| PinProblem::Pin(PinKind::Authentication, error))?;
    let certificate = card.user_authentication.der.clone();
    let mut response = json!({
        "certificate": STANDARD.encode(&certificate),
        "signature": STANDARD.encode(signature),
    });
    if asked.four_information {
        let four = card
            .four_information(&typed.card_surface_pin)
            .map_err(|error| PinProblem::Pin(PinKind::CardSurface, error))?;
        let vouched = reader_key.sign(&reader_message(&four, digest, &certificate));
        response["four_information"] = json!(four);
        response["reader"] =
            json!({ "key_id": reader_key_id, "signature": STANDARD.encode(vouched) });
    }
    if let Some(info) = &asked.document {
        let signature = card
            .sign_digest_info(&typed.signing_pin, info)
            .map_err(|error| PinProblem::Pin(PinKind::Signing, error))?
            .ok_or(PinProblem::Unsignable)?;
        response["signing"] = json!({
            "certificate": STANDARD.encode(&card.digital_signature.der),
            "signature": STANDARD.encode(signature),
        });
    }
    Ok(response)
}

fn page(
    app: &CardApp,
    interaction: &Interaction,
    opening: &Opening,
    chosen: Option<&str>,
    problem: Option<PinProblem>,
) -> Response {
    app.repository.read(|jpki| {
        pages::ask(
            interaction,
            &interaction.opening(opening),
            jpki,
            chosen,
            problem,
        )
    })
}

fn problem_page(problem: GatewayProblem) -> Response {
    match problem {
        GatewayProblem::Gone => pages::nothing_to_sign(),
        GatewayProblem::Relayed => pages::relayed(),
        GatewayProblem::Unavailable => pages::gateway_unavailable(),
    }
}

/// Answers 422 to a form that was understood and refused: the person has to type something else.
pub(super) const REFUSED_FORM: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;
