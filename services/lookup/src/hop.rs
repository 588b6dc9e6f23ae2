//! The way to revocation-lookup: one long-lived stream for each serving core, and on it, in one message, whatever waits
//! when the message before it has gone. Nobody waits for others to come, so a lonely question is as fast as a call of its
//! own, and many together cost a fraction of it.
//!
//! Every question has its own deadline, the queue has an end, and a stream that brings nothing is given up. A question on
//! a stream that ended before its answer came is asked once more. A server without the method, or without an allowlist
//! entry for it, is asked by single calls: the two services need not be updated at the same moment.

use std::collections::VecDeque;
use std::time::Duration;

use proto::revocation::v1::revocation_lookup_service_client::RevocationLookupServiceClient;
use proto::revocation::v1::streamed_revocation_status::Answer;
use proto::revocation::v1::{
    GetRevocationStatusRequest, GetRevocationStatusResponse, StreamRevocationStatusRequest,
    StreamRevocationStatusResponse, StreamedRevocationStatus,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Code, Streaming};

/// Questions that wait to be sent. More than that, and whoever asks next waits in its own time.
const QUEUE: usize = 1_024;

/// Questions in one message: the contract's limit.
const TOGETHER: usize = 256;

/// Messages without an answer yet. The server answers one after the other, so a few keep it busy.
const MESSAGES_UNDER_WAY: usize = 4;

/// For how long a server that refused the stream is asked by single calls before it is tried again.
const SINGLE_CALLS: Duration = Duration::from_mins(1);

/// What became of a question.
#[derive(Debug)]
pub(crate) enum Asked {
    /// An answer; what it says is not looked at here.
    Answered(GetRevocationStatusResponse),
    /// No answer, with the code of the failure.
    Failed(Code),
    /// The stream ended before the answer came.
    Interrupted,
    /// There is no stream with this server: call.
    CallInstead,
}

type Waiting = oneshot::Sender<Asked>;

/// A question that waits.
#[derive(Debug)]
struct Item {
    question: GetRevocationStatusRequest,
    waiting: Waiting,
}

/// Where questions go in. Clones are the same stream, which ends with the last of them.
#[derive(Clone, Debug)]
pub(crate) struct Hop(mpsc::Sender<Item>);

impl Hop {
    /// A stream over this channel, on the runtime that calls this; opened when the first question comes.
    pub(crate) fn start(
        client: RevocationLookupServiceClient<Channel>,
        patience: Duration,
    ) -> Self {
        let (questions, queue) = mpsc::channel(QUEUE);
        let worker = Worker {
            client,
            queue,
            patience,
            single_calls_until: None,
        };
        tokio::spawn(worker.run());
        Self(questions)
    }

    /// Asks once. The caller's own deadline is around it.
    pub(crate) async fn ask(&self, question: GetRevocationStatusRequest) -> Asked {
        let (waiting, asked) = oneshot::channel();
        if self.0.send(Item { question, waiting }).await.is_err() {
            return Asked::CallInstead;
        }
        asked.await.unwrap_or(Asked::Interrupted)
    }
}

struct Worker {
    client: RevocationLookupServiceClient<Channel>,
    queue: mpsc::Receiver<Item>,
    /// How long opening a stream and each of its messages may take.
    patience: Duration,
    single_calls_until: Option<Instant>,
}

impl Worker {
    async fn run(mut self) {
        let mut items = Vec::new();
        // Without a stream: the first to wait opens one.
        while self.queue.recv_many(&mut items, TOGETHER).await > 0 {
            if self
                .single_calls_until
                .is_some_and(|end| Instant::now() < end)
            {
                tell_items(&mut items, || Asked::CallInstead);
                continue;
            }
            match self.open().await {
                Ok(mut stream) => {
                    stream.send(&mut items);
                    self.follow(stream).await;
                }
                Err(code @ (Code::Unimplemented | Code::PermissionDenied)) => {
                    tracing::warn!(
                        ?code,
                        "revocation-lookup takes no stream of lookups; it is called one by one"
                    );
                    self.single_calls_until = Some(Instant::now() + SINGLE_CALLS);
                    tell_items(&mut items, || Asked::CallInstead);
                }
                Err(code) => {
                    tell_items(&mut items, || Asked::Failed(code));
                }
            }
        }
    }

    async fn open(&mut self) -> Result<LookupStream, Code> {
        let (messages, outgoing) = mpsc::channel(MESSAGES_UNDER_WAY);
        let opening = self
            .client
            .stream_revocation_status(ReceiverStream::new(outgoing));
        match tokio::time::timeout(self.patience, opening).await {
            Ok(Ok(answers)) => Ok(LookupStream {
                messages,
                answers: answers.into_inner(),
                under_way: VecDeque::new(),
            }),
            Ok(Err(status)) => Err(status.code()),
            Err(_) => Err(Code::DeadlineExceeded),
        }
    }

    /// Sends and receives until the stream ends.
    async fn follow(&mut self, mut stream: LookupStream) {
        let mut items = Vec::new();
        loop {
            let free = stream.under_way.len() < MESSAGES_UNDER_WAY;
            let overdue = stream.overdue(self.patience);
            tokio::select! {
                // Answers first: each makes room for a message.
                biased;
                answered = stream.answers.message() => match answered {
                    Ok(Some(message)) => {
                        if stream.answer(message).is_err() {
                            tracing::error!("revocation-lookup answered other questions than it was asked");
                            return stream.end();
                        }
                    }
                    Ok(None) => return stream.end(),
                    Err(status) => {
                        tracing::warn!(code = ?status.code(), "the stream of lookups broke");
                        return stream.end();
                    }
                },
                found = self.queue.recv_many(&mut items, TOGETHER), if free => match found {
                    0 => return,
                    _ => stream.send(&mut items),
                },
                () = tokio::time::sleep_until(overdue), if !stream.under_way.is_empty() => {
                    tracing::warn!("revocation-lookup leaves a stream of lookups unanswered; it is given up");
                    return stream.end();
                }
            }
        }
    }
}

/// An open stream.
struct LookupStream {
    messages: mpsc::Sender<StreamRevocationStatusRequest>,
    answers: Streaming<StreamRevocationStatusResponse>,
    /// Who waits for each message's answers, and since when.
    under_way: VecDeque<(Instant, Vec<Waiting>)>,
}

/// The number of answers is not that of the questions.
struct WrongAnswers;

impl LookupStream {
    /// Sends what waits as one message. There is room: no more are under way than the channel holds.
    fn send(&mut self, items: &mut Vec<Item>) {
        let (mut lookups, mut waiting) = (Vec::new(), Vec::new());
        for item in items.drain(..) {
            // Whoever gave up is not asked for.
            if !item.waiting.is_closed() {
                lookups.push(item.question);
                waiting.push(item.waiting);
            }
        }
        if lookups.is_empty() {
            return;
        }
        let message = StreamRevocationStatusRequest { lookups };
        if self.messages.try_send(message).is_ok() {
            self.under_way.push_back((Instant::now(), waiting));
        } else {
            tell(waiting, || Asked::Interrupted);
        }
    }

    /// Hands out the answers to the oldest message.
    fn answer(&mut self, message: StreamRevocationStatusResponse) -> Result<(), WrongAnswers> {
        let (_, waiting) = self.under_way.pop_front().ok_or(WrongAnswers)?;
        if waiting.len() != message.answers.len() {
            tell(waiting, || Asked::Failed(Code::Internal));
            return Err(WrongAnswers);
        }
        for (waiting, answer) in waiting.into_iter().zip(message.answers) {
            // Whoever gave up meanwhile does not listen.
            let _ = waiting.send(asked(answer));
        }
        Ok(())
    }

    /// When the oldest message has waited too long.
    fn overdue(&self, patience: Duration) -> Instant {
        let since = self.under_way.front().map(|(since, _)| *since);
        since.unwrap_or_else(Instant::now) + patience
    }

    fn end(self) {
        let waiting = self.under_way.into_iter().flat_map(|(_, waiting)| waiting);
        tell(waiting, || Asked::Interrupted);
    }
}

fn asked(answer: StreamedRevocationStatus) -> Asked {
    match answer.answer {
        Some(Answer::Status(status)) => Asked::Answered(status),
        Some(Answer::Failure(failure)) => Asked::Failed(Code::from(failure.code)),
        None => Asked::Failed(Code::Internal),
    }
}

/// Tells whoever waits with a question that was not sent.
fn tell_items(items: &mut Vec<Item>, what: impl Fn() -> Asked) {
    tell(items.drain(..).map(|item| item.waiting), what);
}

fn tell(all: impl IntoIterator<Item = Waiting>, what: impl Fn() -> Asked) {
    for waiting in all {
        let _ = waiting.send(what());
    }
}

#[cfg(test)]
#[path = "hop_tests.rs"]
mod tests;
