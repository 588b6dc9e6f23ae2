//! What the routes do: read the cookie, do one thing, answer with a page or a redirect.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ORIGIN, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};

use super::claims::Address;
use super::refusal::Refusal;
use super::sessions::{CityAccount, Outcome};
use super::sign_in::{self, Answer, SignedIn};
use super::{Registration, RelyingParty, Use, age, application, contract, pages};

/// The name is the site's own: cookies are shared by all ports of a host, so another part of the
/// sandbox on 127.0.0.1 must not be able to overwrite it by chance.
const COOKIE: &str = "demo_relying_party_session";

/// No script, no style but our own file, no frame around us, no form to anywhere else.
const SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const STYLE_SHEET: &str = include_str!("../../assets/relying_party.css");

type Shared = State<Arc<RelyingParty>>;

pub(super) async fn home(State(site): Shared, jar: CookieJar) -> Response {
    pages::home(&site, site.is_signed_in(&jar))
}

pub(super) fn use_page(purpose: Use, State(site): Shared, jar: &CookieJar) -> Response {
    let outcome = session_id(jar).and_then(|id| site.sessions.outcome(id, purpose, now()));
    pages::use_page(&site, purpose, outcome.as_ref(), site.is_signed_in(jar))
}

pub(super) async fn begin_sign_in(purpose: Use, State(site): Shared, jar: CookieJar) -> Response {
    let now = now();
    let client = site.client(purpose.registration());
    let begun = sign_in::begin(&site.provider, client, purpose, now).await;
    match (begun, sign_in::random()) {
        (Ok((pending, address)), Ok(fresh_id)) => {
            let id = site
                .sessions
                .remember(session_id(&jar), fresh_id, pending, now);
            (jar.add(site.cookie(id)), Redirect::to(address.as_str())).into_response()
        }
        (Err(refusal), _) | (_, Err(refusal)) => refuse(&site, &jar, purpose, &refusal),
    }
}

pub(super) async fn callback(
    registration: Registration,
    State(site): Shared,
    jar: CookieJar,
    answer: Result<Query<Answer>, QueryRejection>,
) -> Response {
    let now = now();
    let Ok(Query(answer)) = answer else {
        return pages::refused(
            &Refusal::MalformedAnswer,
            site.is_signed_in(&jar),
            StatusCode::BAD_REQUEST,
        );
    };
    // An answer that this browser did not ask for changes nothing, whoever sent the browser here.
    let asked_for = session_id(&jar)
        .zip(answer.state.as_deref())
        .and_then(|(id, state)| {
            let pending = site.sessions.take(id, state, now)?;
            (pending.purpose.registration() == registration).then_some((id.to_owned(), pending))
        });
    let Some((id, pending)) = asked_for else {
        tracing::warn!(reason = Refusal::StateMismatch.label(), "sign-in refused");
        return pages::refused(
            &Refusal::StateMismatch,
            site.is_signed_in(&jar),
            StatusCode::BAD_REQUEST,
        );
    };
    let client = site.client(registration);
    let signed_in = sign_in::complete(&site.provider, client, &pending, answer, now).await;
    let outcome = match signed_in {
        Ok(signed_in) => Ok(site.outcome(pending.purpose, signed_in, now).await),
        Err(refusal) => Err(refusal),
    };
    if let Err(refusal) = &outcome {
        tracing::warn!(reason = refusal.label(), "sign-in refused");
    }
    match sign_in::random() {
        Ok(new_id) => {
            site.sessions
                .finish(&id, new_id.clone(), pending.purpose, outcome, now);
            // A redirect takes the code out of the address bar, and a reload asks nothing again.
            (
                jar.add(site.cookie(new_id)),
                Redirect::to(pending.purpose.path()),
            )
                .into_response()
        }
        Err(refusal) => refuse(&site, &jar, pending.purpose, &refusal),
    }
}

pub(super) async fn sign_out(State(site): Shared, jar: CookieJar, headers: HeaderMap) -> Response {
    // SameSite=Lax keeps other sites' forms out; this also keeps out the other ports of this host.
    if headers
        .get(ORIGIN)
        .is_some_and(|origin| origin != site.origin.as_str())
    {
        return pages::refused(
            &Refusal::StateMismatch,
            site.is_signed_in(&jar),
            StatusCode::FORBIDDEN,
        );
    }
    if let Some(id) = session_id(&jar) {
        site.sessions.forget(id);
    }
    let expired = Cookie::build((COOKIE, "")).path("/");
    (jar.remove(expired), Redirect::to("/")).into_response()
}

pub(super) async fn style_sheet() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], STYLE_SHEET).into_response()
}

pub(super) async fn not_found(State(site): Shared, jar: CookieJar) -> Response {
    pages::not_found(site.is_signed_in(&jar))
}

pub(super) async fn add_security_headers(mut response: Response) -> Response {
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, SECURITY_POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Within the site the origin must be sent, or a signed-out form would not be recognised.
        (REFERRER_POLICY, "same-origin"),
        (CACHE_CONTROL, "no-store"),
    ] {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

impl RelyingParty {
    fn is_signed_in(&self, jar: &CookieJar) -> bool {
        session_id(jar).is_some_and(|id| self.sessions.is_signed_in(id, now()))
    }

    fn cookie(&self, id: String) -> Cookie<'static> {
        Cookie::build((COOKIE, id))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.origin.starts_with("https://"))
            .build()
    }

    /// Keeps of a signed-in person what the page needs, and drops the rest here.
    async fn outcome(&self, purpose: Use, signed_in: SignedIn, now: i64) -> Outcome {
        let SignedIn {
            id_token,
            user_info,
            signature,
        } = signed_in;
        match purpose {
            Use::City => Outcome::City(CityAccount {
                id_token,
                name: user_info.name,
                address: user_info.address.map(Address::into_line),
                birthdate: user_info.birthdate,
                gender: user_info.gender,
            }),
            Use::Premium => Outcome::Premium {
                answer: self.premium_items.ask(&id_token.subject),
                subject: id_token.subject,
            },
            Use::Age => Outcome::Age(age::answer(user_info.birthdate.as_deref(), now)),
            Use::Contract => {
                let fetched = signature.unwrap_or_default();
                let operator = self.operator.as_ref();
                Outcome::Contract(Box::new(contract::signed(id_token, &fetched, operator)))
            }
            Use::Application => {
                let fetched = signature.unwrap_or_default();
                let (provider, agency) = (&self.provider, self.agency.as_ref());
                let application =
                    application::receive(provider, agency, id_token, &fetched, now).await;
                Outcome::Application(Box::new(application))
            }
        }
    }
}

/// A refusal before there is anything to remember it by.
fn refuse(site: &RelyingParty, jar: &CookieJar, purpose: Use, refusal: &Refusal) -> Response {
    tracing::warn!(reason = refusal.label(), "sign-in refused");
    let signed_in = site.is_signed_in(jar);
    let page = pages::use_page(site, purpose, Some(&Err(refusal.clone())), signed_in);
    (StatusCode::BAD_GATEWAY, page).into_response()
}

fn session_id(jar: &CookieJar) -> Option<&str> {
    jar.get(COOKIE)
        .map(Cookie::value)
        .filter(|id| !id.is_empty())
}

fn now() -> i64 {
    crate::now().secs()
}
