//! The card leg: what the reader app asks for, and the card's answer that it brings.

mod signing;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use store::{Acceptance, OpenedByQr, SignIn};
use zeroize::Zeroizing;

use crate::authentication_context::RevocationMethod;
use crate::bearer::{BearerSecret, random_octets};
use crate::challenge::{ChallengeInputs, challenge};
use crate::devices::{OpenedBy, Opener, device_secret, presented_secret, short_code};
use crate::gateway::Gateway;
use crate::http_exchange::{
    BodyError, is_identifier, json_answer, json_error, random_identifier, read_body, with_outcome,
};
use crate::identity::{FourInformation, Identity, SealedUnder};
use crate::interaction_id::InteractionId;
use crate::limits;
use crate::readers::{CardSurface, Vouching};
use crate::scope::Scopes;
use crate::signature::{PostedSigningLeg, SigningLeg};
use crate::verification::{CardRefusal, verify_card};

/// Why the reader app is not answered.
#[derive(Debug, Clone, Copy)]
enum CardProblem {
    Body(BodyError),
    /// The answer is not of the contract's form; the rule.
    Malformed(&'static str),
    /// No sign-in waits for this card any more, or not for who asks; why is not told.
    Gone,
    /// The secret is of one way of opening the app, and the app was opened in the other.
    Relayed,
    /// The client does not let cards be read on another device.
    SameDeviceOnly,
    Unavailable,
}

/// The body that the reader app posts.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostedAnswer {
    certificate: String,
    signature: String,
    #[serde(default)]
    four_information: Option<CardSurface>,
    #[serde(default)]
    reader: Option<PostedReader>,
    #[serde(default)]
    signing: Option<PostedSigningLeg>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PostedReader {
    key_id: String,
    signature: String,
}

/// The same, decoded and within its limits.
struct CardAnswer {
    certificate: Vec<u8>,
    signature: Vec<u8>,
    vouched: Option<Vouched>,
    signing: Option<SigningLeg>,
}

struct Vouched {
    surface: CardSurface,
    key_id: String,
    signature: Vec<u8>,
}

/// `GET`: what the card is to sign, and for whom.
pub(crate) async fn ask(
    State(gateway): State<Arc<Gateway>>,
    InteractionId(interaction_id): InteractionId,
    request: Request,
) -> Response {
    let described = match OpenedBy::of_query(request.uri().query()) {
        Some(opened_by) => {
            let secret = presented_secret(request.headers());
            gateway
                .describe_challenge(&interaction_id, secret, opened_by)
                .await
        }
        None => Err(CardProblem::Malformed("opened_by is neither link nor qr")),
    };
    described.unwrap_or_else(CardProblem::answer)
}

/// `POST`: the card's answer.
pub(crate) async fn answer(
    State(gateway): State<Arc<Gateway>>,
    InteractionId(interaction_id): InteractionId,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let answer = match read_body(&parts.headers, body, "application/json").await {
        Ok(body) => CardAnswer::parse(&Zeroizing::new(body)),
        Err(error) => Err(CardProblem::Body(error)),
    };
    let answer = match answer {
        Ok(answer) => answer,
        Err(problem) => return problem.answer(),
    };
    let secret = presented_secret(&parts.headers);
    // In a task of its own: once the challenge is spent the verdict is recorded, even if the app hangs up meanwhile.
    let judged = tokio::spawn(async move { gateway.judge(&interaction_id, secret, answer).await });
    judged
        .await
        .unwrap_or(Err(CardProblem::Unavailable))
        .unwrap_or_else(CardProblem::answer)
}

impl Gateway {
    /// What the secret opens. Nothing is written, so nothing is spent on who may not go on.
    async fn opener(
        &self,
        interaction_id: &str,
        secret: Option<BearerSecret>,
    ) -> Result<(BearerSecret, Opener, SignIn), CardProblem> {
        require_identifier(interaction_id)?;
        let secret = secret.ok_or(CardProblem::Gone)?;
        let now = self.now();
        let sign_in = self.state.sign_in(interaction_id, now).await;
        let sign_in = sign_in
            .map_err(CardProblem::of_store)?
            .ok_or(CardProblem::Gone)?;
        let opener = Opener::of(&sign_in, &secret, now).ok_or(CardProblem::Gone)?;
        let client = self.clients.by_id(&sign_in.client_id);
        let client = client.ok_or(CardProblem::Gone)?;
        if opener != Opener::Link && !client.cross_device() {
            return Err(CardProblem::SameDeviceOnly);
        }
        Ok((secret, opener, sign_in))
    }

    /// A QR code is opened by one device, which is given a secret of its own.
    async fn open_code(
        &self,
        interaction_id: &str,
        code: &BearerSecret,
    ) -> Result<BearerSecret, CardProblem> {
        let card_random: [u8; 32] = random_octets().map_err(|_| CardProblem::Unavailable)?;
        let device = device_secret(code, &card_random, interaction_id);
        let now = self.now();
        let opened = OpenedByQr {
            qr_hash: &code.hash(),
            card_random: &card_random,
            card_hash: &device.hash(),
            until: now + self.lifetimes.challenge_seconds,
        };
        let opened = self.state.open_by_qr(interaction_id, &opened, now).await;
        opened
            .map_err(CardProblem::of_store)?
            .ok_or(CardProblem::Gone)?;
        Ok(device)
    }

    async fn describe_challenge(
        &self,
        interaction_id: &str,
        secret: Option<BearerSecret>,
        opened_by: OpenedBy,
    ) -> Result<Response, CardProblem> {
        let (mut secret, opener, _) = self.opener(interaction_id, secret).await?;
        // A link that was scanned came from another screen than its own device's, and a code that was not scanned was
        // passed on as an address. The device that opened the code says how that was.
        let was_scanned = opened_by == OpenedBy::Scan;
        if was_scanned != (opener != Opener::Link) {
            return Err(CardProblem::Relayed);
        }
        let now = self.now();
        let mut device = None;
        if opener == Opener::QrCode {
            secret = self.open_code(interaction_id, &secret).await?;
            device = Some(secret.reveal());
        }
        let random = random_octets().map_err(|_| CardProblem::Unavailable)?;
        let challenge_expires_at = now + self.lifetimes.challenge_seconds;
        let sign_in = self
            .state
            .issue_challenge(
                interaction_id,
                &secret.hash(),
                &random,
                challenge_expires_at,
                now,
            )
            .await
            .map_err(CardProblem::of_store)?
            .ok_or(CardProblem::Gone)?;
        let client = self
            .clients
            .by_id(&sign_in.client_id)
            .ok_or(CardProblem::Gone)?;
        let scopes = Scopes::parse(&sign_in.scope).map_err(|_| CardProblem::Gone)?;
        let signing = self.pending_signature(&sign_in, &scopes).await?;
        let mut body = json!({
            "interaction_id": sign_in.interaction_id,
            "issuer": self.endpoints.issuer,
            "client_id": sign_in.client_id,
            "client_name": { "ja": client.name().ja, "en": client.name().en },
            "redirect_uri": sign_in.redirect_uri,
            "nonce": sign_in.nonce,
            "scopes": scopes.names(),
            "random": URL_SAFE_NO_PAD.encode(&sign_in.challenge_random),
            "expires_at": sign_in.challenge_expires_at,
            "four_information": !scopes.claims().is_empty(),
            "device": opener.device(),
            "short_code": (opener != Opener::Link)
                .then(|| short_code(sign_in.qr_random.as_deref().unwrap_or_default(), interaction_id)),
            "device_secret": device,
        });
        if let Some(signing) = signing {
            body["signing"] = signing.described();
        }
        Ok(with_outcome(
            json_answer(StatusCode::OK, &body),
            "challenge",
        ))
    }

    /// Spends the challenge, then verifies: an answer is judged once, whatever becomes of it.
    async fn judge(
        &self,
        interaction_id: &str,
        secret: Option<BearerSecret>,
        mut answer: CardAnswer,
    ) -> Result<Response, CardProblem> {
        let (secret, opener, waiting) = self.opener(interaction_id, secret).await?;
        let signing = self.due_signature(&waiting, &mut answer).await?;
        let sign_in = self
            .state
            .consume_challenge(interaction_id, &secret.hash(), self.now())
            .await
            .map_err(CardProblem::of_store)?
            .ok_or(CardProblem::Gone)?;
        let case_reference = random_identifier().map_err(|_| CardProblem::Unavailable)?;
        // What the browser must bring: from the same device in the address that the app opens; from another one what it
        // can make itself.
        let token = match opener {
            Opener::Link => BearerSecret::generate().map_err(|_| CardProblem::Unavailable)?,
            Opener::QrCode | Opener::OtherDevice => secret,
        };
        let verdict = self.verify(&sign_in, answer, &case_reference).await;
        let refusal = verdict.as_ref().err().map(|refusal| refusal.code());
        tracing::info!(
            case_reference,
            client_id = sign_in.client_id,
            refusal,
            "a card's answer was judged"
        );
        let recorded = match verdict {
            Ok(identity) => {
                let sealed = identity
                    .seal(&token, SealedUnder::ReturnToken, interaction_id)
                    .map_err(|_| CardProblem::Unavailable)?;
                let acceptance = Acceptance {
                    return_token_hash: &token.hash(),
                    authenticated_at: self.now(),
                    sealed_identity: &sealed,
                };
                match &signing {
                    None => {
                        self.state
                            .record_acceptance(interaction_id, &acceptance)
                            .await
                    }
                    Some(signed) => self.record_signed(&sign_in, &acceptance, signed).await?,
                }
            }
            Err(refusal) => {
                self.state
                    .record_refusal(interaction_id, &token.hash(), refusal.code())
                    .await
            }
        };
        // The person may have cancelled in the browser while the card was being verified.
        if !recorded.map_err(CardProblem::of_store)? {
            return Err(CardProblem::Gone);
        }
        let body = json!({
            "outcome": if refusal.is_none() { "accepted" } else { "refused" },
            "reason": refusal,
            "return_url": (opener == Opener::Link)
                .then(|| self.endpoints.return_url(interaction_id, &token.reveal())),
        });
        Ok(with_outcome(
            json_answer(StatusCode::OK, &body),
            refusal.unwrap_or("accepted"),
        ))
    }

    async fn verify(
        &self,
        sign_in: &SignIn,
        answer: CardAnswer,
        case_reference: &str,
    ) -> Result<Identity, CardRefusal> {
        let client = self.clients.by_id(&sign_in.client_id);
        let client = client.ok_or(CardRefusal::VerificationUnavailable)?;
        let scopes = Scopes::parse(&sign_in.scope);
        let scopes = scopes.map_err(|_| CardRefusal::VerificationUnavailable)?;
        let challenge = challenge(
            &sign_in.challenge_random,
            &ChallengeInputs {
                issuer: &self.endpoints.issuer,
                client_id: &sign_in.client_id,
                redirect_uri: &sign_in.redirect_uri,
                nonce: &sign_in.nonce,
                scope: &sign_in.scope,
                interaction_id: &sign_in.interaction_id,
            },
        );
        let four_information = self
            .vouched_information(&answer, &challenge)?
            .map(|four| four.restricted_to(&scopes));
        let holder_id = verify_card(
            self.verification.as_ref(),
            answer.certificate,
            answer.signature,
            challenge,
            case_reference.to_owned(),
            RevocationMethod::by_name(&sign_in.revocation_method),
        )
        .await?;
        let version = client.pairwise_secret_version();
        let subject = self.pairwise.subject(version, client.sector(), &holder_id);
        let subject = subject.ok_or(CardRefusal::VerificationUnavailable)?;
        Ok(Identity {
            subject,
            four_information,
        })
    }

    /// The four information if a registered reader vouches for them. Without its word they are as good as not sent;
    /// a registered reader's *wrong* word means that something was changed on the way, and refuses.
    fn vouched_information(
        &self,
        answer: &CardAnswer,
        challenge: &[u8; 32],
    ) -> Result<Option<FourInformation>, CardRefusal> {
        let Some(Vouched {
            surface,
            key_id,
            signature,
        }) = &answer.vouched
        else {
            return Ok(None);
        };
        match self
            .readers
            .vouch(key_id, signature, surface, challenge, &answer.certificate)
        {
            Vouching::Vouched => Ok(Some(FourInformation {
                name: Some(surface.name.clone()),
                address: Some(surface.address.clone()),
                birthdate: Some(surface.birthdate.clone()),
                gender: Some(surface.gender.clone()),
            })),
            Vouching::Unregistered => Ok(None),
            Vouching::Mismatch => Err(CardRefusal::ReaderMismatch),
        }
    }
}

impl CardAnswer {
    /// Checks the form. Nothing is spent on an answer that is not of the contract's form.
    fn parse(body: &[u8]) -> Result<Self, CardProblem> {
        let posted: PostedAnswer = serde_json::from_slice(body)
            .map_err(|_| CardProblem::Malformed("the body is not the JSON of a card's answer"))?;
        let certificate = octets(
            &posted.certificate,
            1..=limits::CERTIFICATE_BYTES,
            "certificate",
        )?;
        let signature = octets(&posted.signature, 1..=limits::SIGNATURE_BYTES, "signature")?;
        if let Some(surface) = &posted.four_information {
            check_surface(surface)?;
        }
        let vouched = match (posted.four_information, posted.reader) {
            (Some(surface), Some(reader)) => Some(Vouched {
                surface,
                signature: octets(&reader.signature, 64..=64, "reader.signature")?,
                key_id: reader.key_id,
            }),
            (None, Some(_)) => {
                return Err(CardProblem::Malformed("reader without four_information"));
            }
            (_, None) => None,
        };
        let signing = posted
            .signing
            .as_ref()
            .map(|leg| SigningLeg::parse(leg, &certificate))
            .transpose()
            .map_err(CardProblem::Malformed)?;
        Ok(Self {
            certificate,
            signature,
            vouched,
            signing,
        })
    }
}

fn require_identifier(interaction_id: &str) -> Result<(), CardProblem> {
    if is_identifier(interaction_id) {
        Ok(())
    } else {
        Err(CardProblem::Gone)
    }
}

fn octets(
    text: &str,
    size: std::ops::RangeInclusive<usize>,
    member: &'static str,
) -> Result<Vec<u8>, CardProblem> {
    let octets = STANDARD
        .decode(text)
        .ok()
        .filter(|octets| size.contains(&octets.len()));
    octets.ok_or(CardProblem::Malformed(match member {
        "certificate" => "certificate is not base64 of 1 to 8192 octets",
        "signature" => "signature is not base64 of 1 to 512 octets",
        _ => "reader.signature is not base64 of 64 octets",
    }))
}

fn check_surface(surface: &CardSurface) -> Result<(), CardProblem> {
    let is_text = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && !text.chars().any(char::is_control)
    };
    if !is_text(&surface.name, limits::NAME_BYTES) {
        return Err(CardProblem::Malformed(
            "four_information.name is empty, too long or no text",
        ));
    }
    if !is_text(&surface.address, limits::ADDRESS_BYTES) {
        let rule = "four_information.address is empty, too long or no text";
        return Err(CardProblem::Malformed(rule));
    }
    if surface.birthdate.len() != 8 || !surface.birthdate.bytes().all(|b| b.is_ascii_digit()) {
        return Err(CardProblem::Malformed(
            "four_information.birthdate is not YYYYMMDD",
        ));
    }
    if !matches!(surface.gender.as_str(), "1" | "2" | "3" | "9") {
        return Err(CardProblem::Malformed(
            "four_information.gender is not 1, 2, 3 or 9",
        ));
    }
    Ok(())
}

impl CardProblem {
    #[expect(clippy::needless_pass_by_value, reason = "the form that map_err takes")]
    fn of_store(error: store::StoreError) -> Self {
        tracing::error!(%error, "the gateway's state cannot be used");
        Self::Unavailable
    }

    /// One of each; a test holds them against the documented table.
    #[cfg(test)]
    fn all() -> Vec<Self> {
        let mut all = vec![
            Self::Malformed("..."),
            Self::Gone,
            Self::Relayed,
            Self::SameDeviceOnly,
            Self::Unavailable,
        ];
        all.extend(BodyError::ALL.map(Self::Body));
        for problem in &all {
            // A new kind does not compile until it stands here, and above.
            match problem {
                Self::Body(_)
                | Self::Malformed(_)
                | Self::Gone
                | Self::Relayed
                | Self::SameDeviceOnly
                | Self::Unavailable => {}
            }
        }
        all
    }

    fn answer(self) -> Response {
        match self {
            Self::Body(error) => json_error(error.status(), "invalid_request", error.description()),
            Self::Malformed(rule) => json_error(StatusCode::BAD_REQUEST, "invalid_request", rule),
            Self::Gone => {
                let rule = "no sign-in waits for this card: it ended, was answered, was opened by another device or \
                            never was, or this is not what opens it";
                json_error(StatusCode::GONE, "gone", rule)
            }
            Self::Relayed => {
                let rule = "the reader app was opened in another way than the page offered: a link was scanned, or a QR \
                            code was passed on as a link; begin on the device in your hands";
                json_error(StatusCode::FORBIDDEN, "relayed", rule)
            }
            Self::SameDeviceOnly => {
                let rule =
                    "this service lets a card be read only on the device whose browser began";
                json_error(StatusCode::FORBIDDEN, "same_device_only", rule)
            }
            Self::Unavailable => json_error(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "please try again later",
            ),
        }
    }
}

/// Every answer to the reader app that is an error.
#[cfg(test)]
pub(crate) fn error_answers() -> Vec<Response> {
    CardProblem::all()
        .into_iter()
        .map(CardProblem::answer)
        .collect()
}
