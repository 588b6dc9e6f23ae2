//! `errors.md` is held against the code, in both directions: an error that is not in it fails, and so does a row that is no
//! error.

use std::collections::BTreeSet;

use axum::response::Response;

use crate::language::Language;
use crate::problem::PageProblem;
use crate::verification::CardRefusal;
use crate::{card, protected_resource, signature, token};

const TABLE: &str = include_str!("../errors.md");

/// The first two columns of the rows below a heading.
fn rows(heading: &str) -> BTreeSet<(String, String)> {
    let section = TABLE
        .split("\n## ")
        .find(|section| section.starts_with(heading));
    let section = section.unwrap_or_else(|| panic!("errors.md has no section {heading:?}"));
    let cells = section.lines().filter(|line| line.starts_with("| `"));
    cells
        .map(|line| {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
            assert!(
                cells.len() >= 4 && cells.iter().all(|cell| !cell.is_empty()),
                "a row says code, status, when and what to do: {line}"
            );
            (cells[0].trim_matches('`').to_owned(), cells[1].to_owned())
        })
        .collect()
}

async fn told(responses: Vec<Response>) -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for response in responses {
        let status = response.status().as_u16().to_string();
        let body = axum::body::to_bytes(response.into_body(), usize::MAX).await;
        let body: serde_json::Value = serde_json::from_slice(&body.unwrap()).unwrap_or_default();
        let error = body["error"].as_str().unwrap_or("none").to_owned();
        all.insert((error, status));
    }
    all
}

#[tokio::test]
async fn every_error_of_the_endpoints_is_in_the_table_and_nothing_else() {
    assert_eq!(
        rows("Token, revocation and pushed authorization request endpoint"),
        told(token::error_answers()).await
    );
    assert_eq!(
        rows("Access tokens"),
        told(protected_resource::error_answers()).await
    );
    assert_eq!(
        rows("Signature API"),
        told(signature::error_answers()).await
    );
    assert_eq!(
        rows("Reader app: requests"),
        told(card::error_answers()).await
    );
}

#[test]
fn every_refusal_of_a_card_is_in_the_table_with_what_the_client_hears() {
    let refusals = CardRefusal::ALL.map(|refusal| {
        (
            refusal.code().to_owned(),
            refusal.oauth_error().0.to_owned(),
        )
    });
    assert_eq!(rows("Reader app: refused cards"), BTreeSet::from(refusals));
}

#[test]
fn every_problem_that_a_page_shows_is_in_the_table_with_its_words() {
    let problems = PageProblem::ALL;
    for problem in problems {
        // A new kind does not compile until it stands here, and in the list.
        match problem {
            PageProblem::Request(_)
            | PageProblem::Unreadable
            | PageProblem::NoSignIn
            | PageProblem::OtherBrowser
            | PageProblem::AlreadyDone
            | PageProblem::ForeignForm
            | PageProblem::SameDeviceOnly
            | PageProblem::NotFound
            | PageProblem::Method
            | PageProblem::TooLarge
            | PageProblem::TooSlow
            | PageProblem::Crowded
            | PageProblem::Full
            | PageProblem::Unavailable => {}
        }
        let what = problem.notice(Language::English).what;
        let row = format!(
            "| `{}` | {} | {what} |",
            problem.rule(),
            problem.status().as_u16()
        );
        assert!(TABLE.contains(&row), "errors.md lacks: {row}");
        for language in [Language::Japanese, Language::English] {
            let notice = problem.notice(language);
            assert!(!notice.heading.is_empty() && !notice.advice.is_empty());
        }
    }
    let listed = problems.map(|problem| {
        (
            problem.rule().to_owned(),
            problem.status().as_u16().to_string(),
        )
    });
    assert_eq!(rows("Pages"), BTreeSet::from(listed));
}

/// The errors that are sent to the client with the browser: those that the request's check names, those of a refused card,
/// and the person's own no.
#[test]
fn every_error_that_goes_to_the_client_s_address_is_in_the_table() {
    let source = include_str!("authorization_request.rs");
    let named = source.split("ClientError(").skip(1).filter_map(|after| {
        let literal = after.trim_start().strip_prefix('"')?;
        literal.split('"').next()
    });
    let mut errors: BTreeSet<String> = named.map(str::to_owned).collect();
    assert!(errors.len() > 5, "{errors:?}");
    errors.extend(CardRefusal::ALL.map(|refusal| refusal.oauth_error().0.to_owned()));
    errors.insert("access_denied".to_owned());
    let listed = rows("Authorization endpoint: errors at the redirect URI");
    assert_eq!(
        listed
            .into_iter()
            .map(|(error, _)| error)
            .collect::<BTreeSet<_>>(),
        errors
    );
}
