//! Lookups in a stream. Each message is answered before the next one is read, so a caller that does not read its answers
//! is not read either: nothing piles up here.

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
use crate::request;
use crate::service::Shared;

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
    let answered = messages.map(move |message| answer(&shared, &caller, &message?));
    Box::pin(answered.take_until(Box::pin(end)))
}

fn answer(
    shared: &Shared,
    caller: &Caller,
    message: &StreamRevocationStatusRequest,
) -> Result<StreamRevocationStatusResponse, Status> {
    request::check_lookups(message.lookups.len()).map_err(|error| status(&error))?;
    let one = |lookup| {
        let answer = match shared.look_up(caller, Method::Stream, lookup) {
            Ok(answer) => Answer::Status(answer),
            Err(error) => {
                let failure = status(&error);
                Answer::Failure(LookupFailure {
                    code: failure.code().into(),
                    message: failure.message().to_owned(),
                })
            }
        };
        StreamedRevocationStatus {
            answer: Some(answer),
        }
    };
    let answers = message.lookups.iter().map(one).collect();
    Ok(StreamRevocationStatusResponse { answers })
}
