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
use store::{Acceptance, SignIn};
use zeroize::Zeroizing;

use crate::authentication_context::RevocationMethod;
use crate::bearer::{BearerSecret, random_octets};
use crate::challenge::{ChallengeInputs, challenge};
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
    /// No sign-in waits for this card any more; why is not told.
    Gone,
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
) -> Response {
    gateway
        .describe_challenge(&interaction_id)
        .await
        .unwrap_or_else(CardProblem::answer)
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
    // In a task of its own: once the challenge is spent the verdict is recorded, even if the app hangs up meanwhile.
    let judged = tokio::spawn(async move { gateway.judge(&interaction_id, answer).await });
    judged
        .await
        .unwrap_or(Err(CardProblem::Unavailable))
        .unwrap_or_else(CardProblem::answer)
}

impl Gateway {
    async fn describe_challenge(&self, interaction_id: &str) -> Result<Response, CardProblem> {
        require_identifier(interaction_id)?;
        let now = self.now();
        let random = random_octets().map_err(|_| CardProblem::Unavailable)?;
        let challenge_expires_at = now + self.lifetimes.challenge_seconds;
        let sign_in = self
            .state
            .issue_challenge(interaction_id, &random, challenge_expires_at, now)
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
        mut answer: CardAnswer,
    ) -> Result<Response, CardProblem> {
        require_identifier(interaction_id)?;
        let signing = self.due_signature(interaction_id, &mut answer).await?;
        let sign_in = self
            .state
            .consume_challenge(interaction_id, self.now())
            .await
            .map_err(CardProblem::of_store)?
            .ok_or(CardProblem::Gone)?;
        let case_reference = random_identifier().map_err(|_| CardProblem::Unavailable)?;
        let token = BearerSecret::generate().map_err(|_| CardProblem::Unavailable)?;
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
            "return_url": self.endpoints.return_url(interaction_id, &token.reveal()),
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

    fn answer(self) -> Response {
        match self {
            Self::Body(error) => json_error(error.status(), "invalid_request", error.description()),
            Self::Malformed(rule) => json_error(StatusCode::BAD_REQUEST, "invalid_request", rule),
            Self::Gone => {
                let rule = "no sign-in waits for this card: it ended, was answered or never was";
                json_error(StatusCode::GONE, "gone", rule)
            }
            Self::Unavailable => json_error(
                StatusCode::SERVICE_UNAVAILABLE,
                "temporarily_unavailable",
                "please try again later",
            ),
        }
    }
}
