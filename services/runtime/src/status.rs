//! Errors become gRPC statuses here and nowhere else.
//!
//! A status says that we could not answer or that the question was wrong; a negative answer is data
//! in a response. What a caller reads names the field or the part that failed and nothing personal;
//! internal detail goes to the log of the place that knows it.

use tonic::{Code, Status};

/// The sorts of failure a caller can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The question itself is wrong; asking again does not help.
    InvalidArgument,
    /// The caller may not ask.
    PermissionDenied,
    /// Nothing has this name.
    NotFound,
    /// The state of the system does not allow it now.
    FailedPrecondition,
    /// Over a limit or a quota.
    ResourceExhausted,
    /// Something we depend on did not answer; asking again may help.
    Unavailable,
    /// A defect of ours.
    Internal,
}

/// An error that a caller may be told about.
pub trait Failure: std::error::Error {
    /// What sort of failure it is.
    fn kind(&self) -> Kind;

    /// The sentence for the caller: which field or part, and what is wrong. Nothing personal, and
    /// nothing about our inside.
    fn message(&self) -> String {
        self.to_string()
    }
}

/// The gRPC status of a failure.
pub fn status(failure: &dyn Failure) -> Status {
    new(failure.kind(), failure.message())
}

/// A status of a kind with a sentence for the caller.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that builds statuses"
)]
pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Status {
    Status::new(code(kind), message)
}

const fn code(kind: Kind) -> Code {
    match kind {
        Kind::InvalidArgument => Code::InvalidArgument,
        Kind::PermissionDenied => Code::PermissionDenied,
        Kind::NotFound => Code::NotFound,
        Kind::FailedPrecondition => Code::FailedPrecondition,
        Kind::ResourceExhausted => Code::ResourceExhausted,
        Kind::Unavailable => Code::Unavailable,
        Kind::Internal => Code::Internal,
    }
}

/// The name of a status code in metrics, as in the gRPC specification.
pub(crate) const fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

/// How the transport begins to say that a request was not one readable message in one frame.
const BROKEN_REQUEST: [&str; 4] = [
    "failed to decode Protobuf message",
    "Missing request message.",
    "Unexpected EOF decoding stream.",
    "protocol error: received message with",
];

/// What the transport says about a broken request, put into the words of our contract: a message over
/// the size limit is RESOURCE_EXHAUSTED (the transport says OUT_OF_RANGE), one that is not the
/// protobuf in the frame it should be is INVALID_ARGUMENT (the transport says INTERNAL, which is for our defects: an
/// alarm on them must not be anybody's to ring).
pub(crate) fn of_transport(code: Code, message: &str) -> Option<Kind> {
    match code {
        Code::OutOfRange => Some(Kind::ResourceExhausted),
        Code::Internal
            if BROKEN_REQUEST
                .iter()
                .any(|words| message.starts_with(words)) =>
        {
            Some(Kind::InvalidArgument)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Failure, Kind, status};
    use tonic::Code;

    #[derive(Debug, thiserror::Error)]
    #[error("certificate: 9000 octets, at most 8192 are read")]
    struct TooLarge;

    impl Failure for TooLarge {
        fn kind(&self) -> Kind {
            Kind::InvalidArgument
        }
    }

    #[test]
    fn a_failure_becomes_its_code_and_its_sentence() {
        let status = status(&TooLarge);
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(
            status.message(),
            "certificate: 9000 octets, at most 8192 are read"
        );
    }
}
