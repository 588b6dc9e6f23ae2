use std::net::Ipv4Addr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use futures_util::{Stream, StreamExt as _};
use proto::revocation::v1::revocation_lookup_service_server::{
    RevocationLookupService, RevocationLookupServiceServer,
};
use proto::revocation::v1::{LookupFailure, RevocationStatus};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Response, Status};

use super::*;

const PATIENCE: Duration = Duration::from_millis(500);

type Answers = Pin<Box<dyn Stream<Item = Result<StreamRevocationStatusResponse, Status>> + Send>>;

/// How the server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Answers,
    /// Ends each stream in place of the second message's answers.
    EndsEachStream,
    /// Takes messages and answers none.
    IsSilent,
    /// Answers one question fewer than it was asked.
    ForgetsOne,
    RefusesStreams(Code),
}

/// Answers good where the serial number is even, and fails where it is not.
#[derive(Clone)]
struct StandIn {
    mood: Arc<Mutex<Mood>>,
    /// How many questions each message had.
    messages: Arc<Mutex<Vec<usize>>>,
    streams: Arc<Mutex<usize>>,
}

impl StandIn {
    fn new(mood: Mood) -> Self {
        Self {
            mood: Arc::new(Mutex::new(mood)),
            messages: Arc::default(),
            streams: Arc::default(),
        }
    }

    fn mood(&self) -> Mood {
        *self.mood.lock().unwrap()
    }

    /// A hop to it. The server goes with the test's runtime.
    async fn hop(&self) -> Hop {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .unwrap();
        let address = listener.local_addr().unwrap();
        let service = RevocationLookupServiceServer::new(self.clone());
        let serving = Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(serving);
        let channel = Endpoint::from_shared(format!("http://{address}"))
            .unwrap()
            .connect_lazy();
        Hop::start(RevocationLookupServiceClient::new(channel), PATIENCE)
    }
}

fn answer(lookup: &GetRevocationStatusRequest) -> StreamedRevocationStatus {
    let is_even = lookup.serial_number[0].is_multiple_of(2);
    let answer = if is_even {
        Answer::Status(GetRevocationStatusResponse {
            status: RevocationStatus::Good.into(),
            // Tells the test whose answer it is.
            generation: lookup.serial_number[0].into(),
            ..Default::default()
        })
    } else {
        Answer::Failure(LookupFailure {
            code: Code::ResourceExhausted.into(),
            message: "odd".to_owned(),
        })
    };
    StreamedRevocationStatus {
        answer: Some(answer),
    }
}

#[tonic::async_trait]
impl RevocationLookupService for StandIn {
    #[expect(
        clippy::disallowed_methods,
        reason = "a stand-in says what any server may"
    )]
    async fn stream_revocation_status(
        &self,
        request: Request<Streaming<StreamRevocationStatusRequest>>,
    ) -> Result<Response<Answers>, Status> {
        if let Mood::RefusesStreams(code) = self.mood() {
            return Err(match code {
                Code::Unimplemented => Status::unimplemented("no"),
                Code::PermissionDenied => Status::permission_denied("no"),
                _ => Status::unavailable("no"),
            });
        }
        *self.streams.lock().unwrap() += 1;
        let this = self.clone();
        let answers = request
            .into_inner()
            .enumerate()
            .filter_map(move |(place, message)| {
                let lookups = message.unwrap().lookups;
                this.messages.lock().unwrap().push(lookups.len());
                let mut answers: Vec<_> = lookups.iter().map(answer).collect();
                let answered = match this.mood() {
                    Mood::IsSilent => None,
                    Mood::EndsEachStream if place == 1 => Some(None),
                    Mood::ForgetsOne => {
                        answers.pop();
                        Some(Some(answers))
                    }
                    _ => Some(Some(answers)),
                };
                std::future::ready(answered)
            });
        let until_the_end = answers
            .take_while(|answered| std::future::ready(answered.is_some()))
            .filter_map(std::future::ready)
            .map(|answers| Ok(StreamRevocationStatusResponse { answers }));
        Ok(Response::new(Box::pin(until_the_end)))
    }
}

fn question(serial: u8) -> GetRevocationStatusRequest {
    GetRevocationStatusRequest {
        serial_number: vec![serial],
        ..Default::default()
    }
}

fn generation(asked: &Asked) -> u64 {
    match asked {
        Asked::Answered(answer) => answer.generation,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn questions_that_wait_go_together_and_everybody_gets_the_own_answer() {
    let server = StandIn::new(Mood::Answers);
    let hop = server.hop().await;
    let many = (0..200).map(|number| {
        let hop = hop.clone();
        async move { hop.ask(question(number)).await }
    });
    let asked = futures_util::future::join_all(many).await;
    for (number, asked) in asked.iter().enumerate() {
        if number.is_multiple_of(2) {
            assert_eq!(generation(asked), number as u64);
        } else {
            let failed = matches!(asked, Asked::Failed(Code::ResourceExhausted));
            assert!(failed, "{number}: {asked:?}");
        }
    }
    let messages = server.messages.lock().unwrap().clone();
    assert_eq!(messages.iter().sum::<usize>(), 200);
    assert!(messages.len() <= 3, "{messages:?}");
    assert_eq!(*server.streams.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_lonely_question_goes_at_once() {
    let server = StandIn::new(Mood::Answers);
    let hop = server.hop().await;
    for number in [2, 4, 6] {
        assert_eq!(
            generation(&hop.ask(question(number)).await),
            u64::from(number)
        );
    }
    assert_eq!(*server.messages.lock().unwrap(), [1, 1, 1]);
}

#[tokio::test]
async fn a_stream_that_ended_is_opened_again() {
    let server = StandIn::new(Mood::EndsEachStream);
    let hop = server.hop().await;
    assert_eq!(generation(&hop.ask(question(2)).await), 2);
    assert!(matches!(hop.ask(question(4)).await, Asked::Interrupted));
    assert_eq!(generation(&hop.ask(question(4)).await), 4);
    assert_eq!(*server.streams.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_stream_that_brings_nothing_is_given_up() {
    let server = StandIn::new(Mood::IsSilent);
    let hop = server.hop().await;
    let began = Instant::now();
    assert!(matches!(hop.ask(question(2)).await, Asked::Interrupted));
    assert!(began.elapsed() >= PATIENCE);
    *server.mood.lock().unwrap() = Mood::Answers;
    assert_eq!(generation(&hop.ask(question(2)).await), 2);
}

#[tokio::test]
async fn answers_that_do_not_fit_their_questions_are_nobodys() {
    let server = StandIn::new(Mood::ForgetsOne);
    let hop = server.hop().await;
    let (one, other) = tokio::join!(hop.ask(question(2)), hop.ask(question(4)));
    for asked in [one, other] {
        assert!(matches!(asked, Asked::Failed(Code::Internal)), "{asked:?}");
    }
    *server.mood.lock().unwrap() = Mood::Answers;
    assert_eq!(generation(&hop.ask(question(2)).await), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_without_streams_is_called_for_a_minute() {
    for code in [Code::Unimplemented, Code::PermissionDenied] {
        let server = StandIn::new(Mood::RefusesStreams(code));
        let hop = server.hop().await;
        assert!(matches!(hop.ask(question(2)).await, Asked::CallInstead));
        *server.mood.lock().unwrap() = Mood::Answers;
        assert!(matches!(hop.ask(question(2)).await, Asked::CallInstead));
        tokio::time::advance(SINGLE_CALLS).await;
        assert_eq!(generation(&hop.ask(question(2)).await), 2);
    }
}

#[tokio::test]
async fn another_failure_is_told_and_tried_again_with_the_next_question() {
    let server = StandIn::new(Mood::RefusesStreams(Code::Unavailable));
    let hop = server.hop().await;
    let asked = hop.ask(question(2)).await;
    assert!(
        matches!(asked, Asked::Failed(Code::Unavailable)),
        "{asked:?}"
    );
    *server.mood.lock().unwrap() = Mood::Answers;
    assert_eq!(generation(&hop.ask(question(2)).await), 2);
}
