//! Lookups in a stream. A few messages are read ahead of their answers, so that those with lookups that wait for a
//! responder do not wait for each other; a caller that does not read its answers is not read either: nothing piles up here.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::{Stream, StreamExt as _};
use proto::revocation::v1::streamed_revocation_status::Answer;
use proto::revocation::v1::{
    LookupFailure, StreamRevocationStatusRequest, StreamRevocationStatusResponse,
    StreamedRevocationStatus,
};
use runtime::status::status;
use tonic::{Status, Streaming};

use crate::access::Caller;
use crate::metrics::Method;
use crate::ocsp_client::Looked;
use crate::request;
use crate::service::Shared;

/// Messages whose answers are worked on at the same time: the contract's number.
const MESSAGES_AT_ONCE: usize = 4;

/// The answers of one stream.
pub(crate) type Answers =
    Pin<Box<dyn Stream<Item = Result<StreamRevocationStatusResponse, Status>> + Send>>;

/// Answers message by message, until the caller ends, the server drains, or the stream is old.
pub(crate) fn answers(
    shared: Arc<Shared>,
    caller: Arc<Caller>,
    messages: Streaming<StreamRevocationStatusRequest>,
) -> Answers {
    let (shutdown, longest) = (shared.shutdown.clone(), shared.longest_stream);
    let end = async move {
        tokio::select! {
            () = shutdown.requested() => {}
            () = tokio::time::sleep(longest) => {}
        }
    };
    let answered = messages
        .take_until(Box::pin(end))
        .map(move |message| message.and_then(|message| begin(&shared, &caller, &message)))
        .map(answer);
    Box::pin(answered.buffered(MESSAGES_AT_ONCE))
}

/// Answers every lookup of a message that waits for nobody, and has responders asked for the others, all at once.
fn begin(
    shared: &Arc<Shared>,
    caller: &Arc<Caller>,
    message: &StreamRevocationStatusRequest,
) -> Result<Vec<Looked>, Status> {
    request::check_lookups(message.lookups.len()).map_err(|error| status(&error))?;
    let one = |lookup| shared.look_up(caller, Method::Stream, lookup);
    Ok(message.lookups.iter().map(one).collect())
}

async fn answer(
    lookups: Result<Vec<Looked>, Status>,
) -> Result<StreamRevocationStatusResponse, Status> {
    let lookups = lookups?;
    let mut answers = Vec::with_capacity(lookups.len());
    for looked in lookups {
        let answer = match looked.answer().await {
            Ok(answer) => Answer::Status(answer),
            Err(error) => {
                let failure = status(&error);
                Answer::Failure(LookupFailure {
                    code: failure.code().into(),
                    message: failure.message().to_owned(),
                })
            }
        };
        answers.push(StreamedRevocationStatus {
            answer: Some(answer),
        });
    }
    Ok(StreamRevocationStatusResponse { answers })
}
