//! A bad request beside the one that differs from it by one thing and passes.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use e2e::findings::Findings;
use tonic::{Code, Status};

/// No answer may take longer, also in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);

/// What a bad request must be told.
#[derive(Clone, Copy, Debug)]
pub(super) enum Told {
    /// INVALID_ARGUMENT, with this field's name first.
    Field(&'static str),
    /// An answer with this result.
    Outcome(&'static str),
    /// RESOURCE_EXHAUSTED: larger than any message that is read.
    TooLarge,
}

/// The part of an answer that is judged.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) outcome: &'static str,
    /// Everything in it that a person could read.
    pub(super) words: String,
}

type Answering<'a> = Pin<Box<dyn Future<Output = Result<Answer, Status>> + Send + 'a>>;

/// A method, a request that passes, and how to ask.
pub(super) struct Subject<'a, R> {
    pub(super) method: &'static str,
    pub(super) good: R,
    /// The result of what passes.
    pub(super) passes: &'static str,
    pub(super) ask: Box<dyn Fn(R) -> Answering<'a> + Send + Sync + 'a>,
    /// What no answer may repeat.
    pub(super) private: Vec<String>,
}

struct Case<R> {
    name: String,
    bad: R,
    told: Told,
    twin: R,
}

/// A subject with the cases against it.
pub(super) struct Cases<'a, R> {
    subject: Subject<'a, R>,
    cases: Vec<Case<R>>,
}

impl<'a, R: Clone> Cases<'a, R> {
    pub(super) fn new(subject: Subject<'a, R>) -> Self {
        Self {
            subject,
            cases: Vec::new(),
        }
    }

    /// The good request with one change.
    pub(super) fn add(&mut self, name: impl Into<String>, told: Told, change: impl FnOnce(&mut R)) {
        self.add_beside(name, told, change, |_| {});
    }

    /// The same beside a nearer twin: the good request with another change, which passes.
    pub(super) fn add_beside(
        &mut self,
        name: impl Into<String>,
        told: Told,
        change: impl FnOnce(&mut R),
        twin: impl FnOnce(&mut R),
    ) {
        let (mut bad, mut good) = (self.subject.good.clone(), self.subject.good.clone());
        change(&mut bad);
        twin(&mut good);
        self.cases.push(Case {
            name: name.into(),
            bad,
            told,
            twin: good,
        });
    }

    /// Asks everything: the bad request, then its twin, which shows that the process still answers.
    pub(super) async fn run(self, findings: &mut Findings) {
        let subject = &self.subject;
        for case in self.cases {
            let name = format!("{}, {}", subject.method, case.name);
            let answer = subject.answer(case.bad).await;
            findings.check(
                &name,
                case.told.fits(answer.as_ref()),
                describe(answer.as_ref()),
            );
            for words in words(answer.as_ref()) {
                let repeated = subject.private.iter().find(|text| words.contains(*text));
                findings.check(&name, repeated.is_none(), format!("repeats {repeated:?}"));
            }
            let twin = subject.answer(case.twin).await;
            let passes = matches!(&twin, Some(Ok(answer)) if answer.outcome == subject.passes);
            findings.check(format!("{name}, its twin"), passes, describe(twin.as_ref()));
        }
    }
}

impl<R> Subject<'_, R> {
    /// `None`: no answer in time.
    async fn answer(&self, request: R) -> Option<Result<Answer, Status>> {
        tokio::time::timeout(PATIENCE, (self.ask)(request))
            .await
            .ok()
    }
}

impl Told {
    fn fits(self, answer: Option<&Result<Answer, Status>>) -> bool {
        match (self, answer) {
            (Self::Field(field), Some(Err(status))) => {
                status.code() == Code::InvalidArgument && status.message().starts_with(field)
            }
            (Self::TooLarge, Some(Err(status))) => status.code() == Code::ResourceExhausted,
            (Self::Outcome(outcome), Some(Ok(answer))) => answer.outcome == outcome,
            _ => false,
        }
    }
}

fn describe(answer: Option<&Result<Answer, Status>>) -> String {
    match answer {
        None => format!("no answer within {PATIENCE:?}"),
        Some(Ok(answer)) => format!("{} ({})", answer.outcome, answer.words),
        Some(Err(status)) => format!("{:?} {:?}", status.code(), status.message()),
    }
}

fn words(answer: Option<&Result<Answer, Status>>) -> Vec<String> {
    match answer {
        None => Vec::new(),
        Some(Ok(answer)) => vec![answer.words.clone()],
        Some(Err(status)) => vec![
            status.message().to_owned(),
            String::from_utf8_lossy(status.details()).into_owned(),
            format!("{:?}", status.metadata()),
        ],
    }
}
