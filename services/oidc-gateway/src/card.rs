//! The card leg: what the reader app asks for, and the card's answer that it brings.

mod answer;
mod problem;
mod signing;

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use serde_json::json;
use store::{Acceptance, OpenedByQr, SignIn};
use zeroize::Zeroizing;

use crate::authentication_context::RevocationMethod;
use crate::bearer::{BearerSecret, random_octets};
use crate::challenge::{ChallengeInputs, challenge};
use crate::devices::{OpenedBy, Opener, device_secret, presented_secret, short_code};
use crate::gateway::Gateway;
use crate::http_exchange::{
    is_identifier, json_answer, random_identifier, read_body, with_outcome,
};
use crate::identity::{FourInformation, Identity, SealedUnder};
use crate::interaction_id::InteractionId;
use crate::readers::Vouching;
use crate::scope::Scopes;
use crate::verification::{CardRefusal, verify_card};
use answer::{CardAnswer, Vouched};
use problem::CardProblem;
#[cfg(test)]
pub(crate) use problem::error_answers;

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

fn require_identifier(interaction_id: &str) -> Result<(), CardProblem> {
    if is_identifier(interaction_id) {
        Ok(())
    } else {
        Err(CardProblem::Gone)
    }
}
