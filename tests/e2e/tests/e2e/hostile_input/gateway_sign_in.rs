//! A sign-in with every step done wrongly first: nothing is spent by what was refused.

use anyhow::{Context as _, Result};
use e2e::by_hand::{Begun, ByHand, PREFIX};
use serde_json::{Value, json};

use super::fields::CANARY;
use super::gateway::{Door, Expected, Sent, protocol};
use super::parameters::{Change, changed, encoded, set};

pub(super) async fn run(door: &mut Door<'_>) -> Result<()> {
    let by_hand = ByHand::new(door.system)?;
    let mut begun = by_hand.begin().await?;
    let stranger = by_hand.begin().await?;
    card_leg(door, &by_hand, &mut begun, &stranger).await?;
    Ok(())
}

async fn card_leg(
    door: &mut Door<'_>,
    by_hand: &ByHand<'_>,
    begun: &mut Begun,
    stranger: &Begun,
) -> Result<()> {
    let page = format!("{PREFIX}/interactions/{}", begun.interaction_id);
    let foreign: &[(&str, &[u8])] = &[("Cookie", stranger.cookie.as_bytes())];
    let own_name = begun.cookie.split('=').next().unwrap_or_default();
    let forged = format!("{own_name}={}", "A".repeat(43));
    let forged: &[(&str, &[u8])] = &[("Cookie", forged.as_bytes())];
    let own = begun.cookie.clone();
    let own: &[(&str, &[u8])] = &[("Cookie", own.as_bytes())];
    let target = ("GET", page.as_bytes());
    door.try_all(vec![
        Sent::new(
            "the page without a cookie",
            Expected::Status(403),
            target,
            &[],
            b"",
        ),
        Sent::new(
            "the page with another's cookie",
            Expected::Status(403),
            target,
            foreign,
            b"",
        ),
        Sent::new(
            "the page with a made-up cookie",
            Expected::Status(403),
            target,
            forged,
            b"",
        ),
        Sent::new(
            "the page with its cookie",
            Expected::Served,
            target,
            own,
            b"",
        ),
    ])
    .await?;
    let asked = by_hand.ask(begun).await?;
    let answer = by_hand.read_card(&asked, "good")?;
    wrong_answers(door, begun, &answer).await?;
    let verdict = by_hand.present(begun, &answer).await?;
    let accepted = verdict["outcome"] == "accepted";
    door.findings
        .check("the right answer after the wrong ones", accepted, &verdict);
    wrong_returns(door, begun, stranger, &verdict).await?;
    let consent = by_hand.come_back(begun, &verdict).await?;
    wrong_decisions(door, begun, stranger, &ByHand::csrf(&consent)?).await?;
    let code = by_hand.approve(begun, &consent).await?;
    wrong_redemptions(door, by_hand, begun, &code).await?;
    let tokens = by_hand
        .redeem(&code, &begun.verifier, &by_hand.assertion()?)
        .await?;
    let token = tokens["access_token"].as_str().context("an access token")?;
    let person: Value = by_hand.user_info(token).await?.json().await?;
    let told = person["sub"].is_string() && person["name"] == "海野　花子";
    door.findings.check("userinfo at the end", told, &person);
    Ok(())
}

/// Malformed answers of a card to a sign-in that waits for one: 400, and the challenge is not spent.
async fn wrong_answers(door: &mut Door<'_>, begun: &Begun, right: &Value) -> Result<()> {
    let path = format!("/card/interactions/{}/response", begun.interaction_id);
    let mut requests = Vec::new();
    let mut with = |name: &str, change: &dyn Fn(&mut Value)| {
        let mut answer = right.clone();
        change(&mut answer);
        let headers: &[(&str, &[u8])] = &[("Content-Type", b"application/json")];
        let body = answer.to_string().into_bytes();
        let target = ("POST", path.as_bytes());
        let name = format!("a card's answer, {name}");
        requests.push(Sent::new(
            name,
            Expected::Status(400),
            target,
            headers,
            &body,
        ));
    };
    for member in ["certificate", "signature"] {
        with(&format!("{member} missing"), &|answer| {
            answer.as_object_mut().map(|object| object.remove(member));
        });
        with(&format!("{member} null"), &|answer| {
            answer[member] = Value::Null;
        });
        with(&format!("{member} empty"), &|answer| {
            answer[member] = json!("");
        });
        with(&format!("{member} in Japanese"), &|answer| {
            answer[member] = json!(CANARY);
        });
        with(&format!("{member} of 20 KB"), &|answer| {
            answer[member] = json!("A".repeat(20_000));
        });
        with(&format!("{member} cut"), &|answer| {
            let text = answer[member].as_str().unwrap_or_default();
            answer[member] = json!(text[..text.len() - 1].trim_end_matches('='));
        });
    }
    with("the reader without its word", &|answer| {
        answer
            .as_object_mut()
            .map(|object| object.remove("four_information"));
    });
    with("a reader's signature of 63 octets", &|answer| {
        answer["reader"]["signature"] = json!("A".repeat(84));
    });
    with("a birth date that is none", &|answer| {
        answer["four_information"]["birthdate"] = json!("hostile-canary");
    });
    with("an unknown member", &|answer| answer["pin"] = json!("1234"));
    door.try_all(requests).await
}

async fn wrong_returns(
    door: &mut Door<'_>,
    begun: &Begun,
    stranger: &Begun,
    verdict: &Value,
) -> Result<()> {
    let address = verdict["return_url"].as_str().context("a return_url")?;
    let token = address.split_once("&token=").context("a token")?.1;
    let id = &begun.interaction_id;
    let own: &[(&str, &[u8])] = &[("Cookie", begun.cookie.as_bytes())];
    let foreign: &[(&str, &[u8])] = &[("Cookie", stranger.cookie.as_bytes())];
    let made_up = "A".repeat(43);
    let mut requests = Vec::new();
    for (name, query, headers) in [
        ("nothing", String::new(), own),
        ("no token", format!("interaction={id}"), own),
        ("no interaction", format!("token={token}"), own),
        (
            "the token twice",
            format!("interaction={id}&token={token}&token={token}"),
            own,
        ),
        (
            "a made-up token",
            format!("interaction={id}&token={made_up}"),
            own,
        ),
        (
            "a NUL in the token",
            format!("interaction={id}&token={token}%00"),
            own,
        ),
        (
            "another spelling",
            format!("interaction={id}&token={token}="),
            own,
        ),
        (
            "another sign-in's",
            format!("interaction={}&token={token}", stranger.interaction_id),
            foreign,
        ),
        (
            "another browser",
            format!("interaction={id}&token={token}"),
            foreign,
        ),
        ("no cookie", format!("interaction={id}&token={token}"), &[]),
    ] {
        let target = format!("/card/return?{query}");
        let name = format!("the way back with {name}");
        let target = ("GET", target.as_bytes());
        requests.push(Sent::new(name, Expected::Refused, target, headers, b""));
    }
    door.try_all(requests).await
}

async fn wrong_decisions(
    door: &mut Door<'_>,
    begun: &Begun,
    stranger: &Begun,
    csrf: &str,
) -> Result<()> {
    let path = format!("{PREFIX}/interactions/{}/decision", begun.interaction_id);
    let kind: (&str, &[u8]) = ("Content-Type", b"application/x-www-form-urlencoded");
    let own = [kind, ("Cookie", begun.cookie.as_bytes())];
    let foreign = [kind, ("Cookie", stranger.cookie.as_bytes())];
    let cross_site = [kind, own[1], ("Sec-Fetch-Site", &b"cross-site"[..])];
    let good = format!("csrf={csrf}&decision=approve");
    let mut requests = Vec::new();
    for (name, body, headers) in [
        ("nothing", String::new(), &own[..]),
        ("no csrf", "decision=approve".to_owned(), &own),
        (
            "a made-up csrf",
            format!("csrf={}&decision=approve", "0".repeat(64)),
            &own,
        ),
        (
            "the csrf twice",
            format!("csrf={csrf}&csrf={csrf}&decision=approve"),
            &own,
        ),
        ("no decision", format!("csrf={csrf}"), &own),
        (
            "both decisions",
            format!("csrf={csrf}&decision=approve&decision=deny"),
            &own,
        ),
        (
            "another decision",
            format!("csrf={csrf}&decision=hostile-canary"),
            &own,
        ),
        ("another browser", good.clone(), &foreign),
        ("no cookie", good.clone(), &[kind]),
        ("another site's page", good.clone(), &cross_site),
        (
            "another type",
            good,
            &[("Content-Type", b"text/plain"), own[1]],
        ),
    ] {
        let name = format!("the decision with {name}");
        let target = ("POST", path.as_bytes());
        requests.push(Sent::new(
            name,
            Expected::Refused,
            target,
            headers,
            body.as_bytes(),
        ));
    }
    door.try_all(requests).await
}

/// By a client that proves itself each time: whatever is wrong spends neither the code nor anything else.
async fn wrong_redemptions(
    door: &mut Door<'_>,
    by_hand: &ByHand<'_>,
    begun: &Begun,
    code: &str,
) -> Result<()> {
    let headers: &[(&str, &[u8])] = &[("Content-Type", b"application/x-www-form-urlencoded")];
    let mut requests = Vec::new();
    for (name, _) in by_hand.redemption(code, &begun.verifier, "") {
        let mut changes: Vec<Change> = changed(5_000);
        changes.push((
            "another",
            Box::new(|all, name| set(all, name, &"hostile-canary".repeat(4))),
        ));
        for (what, change) in changes {
            let assertion = by_hand.assertion()?;
            let mut form = by_hand.redemption(code, &begun.verifier, &assertion);
            change(&mut form, &name);
            let name = format!("a redemption, {name} {what}");
            let target = ("POST", &protocol("token")[..]);
            let body = encoded(&form);
            requests.push(Sent::new(name, Expected::Refused, target, headers, &body));
        }
    }
    door.try_all(requests).await
}
