//! A body that is cut off is continued, and never mixed with another.

use super::tests::{answer, fetch};
use crate::fetch::FetchError;
use crate::fetch::test_server::{Server, Then, serve_each};
use crate::limits;

/// The first half of ten octets.
fn cut(tag: &str) -> String {
    let headers = format!("content-length: 10\r\n{tag}");
    answer("200 OK", &headers, "01234")
}

fn part(first: usize, body: &str, tag: &str) -> String {
    let (last, length) = (first + body.len() - 1, body.len());
    let headers =
        format!("content-length: {length}\r\ncontent-range: bytes {first}-{last}/10\r\n{tag}");
    answer("206 Partial Content", &headers, body)
}

async fn serve(answers: &[String]) -> Server {
    let answers = answers.iter().map(|answer| answer.clone().into_bytes());
    serve_each(answers.map(|answer| (answer, Then::Close)).collect()).await
}

const TAG: &str = "etag: \"7\"\r\n";

#[tokio::test]
async fn a_body_cut_off_is_continued_where_it_ended_as_often_as_it_takes_within_bounds() {
    let middle = "content-length: 5\r\ncontent-range: bytes 5-9/10\r\n";
    let middle = answer("206 Partial Content", middle, "567");
    let server = serve(&[cut(TAG), middle, part(8, "89", TAG)]).await;
    assert_eq!(fetch(&server.location()).await.unwrap(), b"0123456789");
    let requests = server.requests();
    assert_eq!(requests.len(), 3);
    assert!(!requests[0].contains("range"), "{}", requests[0]);
    for (request, range) in [
        (&requests[1], "range: bytes=5-\r\n"),
        (&requests[2], "range: bytes=8-\r\n"),
    ] {
        assert!(request.contains(range), "{request}");
        assert!(request.contains("if-range: \"7\"\r\n"), "{request}");
    }
}

#[tokio::test]
async fn a_body_that_is_cut_off_again_and_again_is_truncated_after_a_few_tries() {
    let server = serve(&[cut(TAG), part(5, "56789", TAG).replace("56789", "")]).await;
    let error = fetch(&server.location()).await.unwrap_err();
    assert_eq!(error, FetchError::Truncated);
    let tries = usize::try_from(limits::RESUMES).unwrap();
    assert_eq!(server.requests().len(), 1 + tries);
}

#[tokio::test]
async fn a_server_that_is_away_for_a_moment_is_asked_again() {
    let away = answer("503 Service Unavailable", "content-length: 0\r\n", "");
    let server = serve(&[cut(TAG), away, part(5, "56789", TAG)]).await;
    assert_eq!(fetch(&server.location()).await.unwrap(), b"0123456789");
}

#[tokio::test]
async fn without_a_strong_entity_tag_nothing_is_continued() {
    for tag in [
        "",
        "etag: W/\"7\"\r\n",
        "last-modified: Mon, 23 Nov 2026 00:00:00 GMT\r\n",
    ] {
        let server = serve(&[cut(tag)]).await;
        let error = fetch(&server.location()).await.unwrap_err();
        assert_eq!(error, FetchError::Truncated);
        assert_eq!(server.requests().len(), 1, "{tag}");
    }
}

#[tokio::test]
async fn a_server_that_changed_its_list_in_between_is_read_from_the_start() {
    let other = answer("200 OK", "content-length: 3\r\netag: \"8\"\r\n", "new");
    let server = serve(&[cut(TAG), other]).await;
    assert_eq!(fetch(&server.location()).await.unwrap(), b"new");
    // The other one is cut off too, and continued as what it is.
    let other = answer("200 OK", "content-length: 8\r\netag: \"8\"\r\n", "new");
    let rest = part(3, "er li", "etag: \"8\"\r\n");
    let server = serve(&[cut(TAG), other, rest]).await;
    assert_eq!(fetch(&server.location()).await.unwrap(), b"newer li");
    assert!(server.requests()[2].contains("if-range: \"8\"\r\n"));
}

#[tokio::test]
async fn a_part_of_something_else_is_refused() {
    let without_range = answer("206 Partial Content", "content-length: 5\r\n", "56789");
    for wrong in [
        part(4, "456789", TAG),
        part(5, "56789", "etag: \"8\"\r\n"),
        without_range,
    ] {
        let server = serve(&[cut(TAG), wrong.clone()]).await;
        let error = fetch(&server.location()).await.unwrap_err();
        assert_eq!(error, FetchError::RangeMismatch, "{wrong}");
        assert!(error.is_refusal());
    }
}

#[tokio::test]
async fn a_continued_body_has_no_more_octets_than_a_whole_one_may_have() {
    let more = "content-length: 6\r\ncontent-range: bytes 5-10/11\r\n";
    let server = serve(&[cut(TAG), answer("206 Partial Content", more, "567890")]).await;
    let error = fetch(&server.location()).await.unwrap_err();
    assert_eq!(error, FetchError::Oversized { limit: 10 });
}
