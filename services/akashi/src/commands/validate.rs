//! `akashi validate`: is this certificate valid, by these files and no others? Offline: no server is asked, nothing fetched.
//!
//! | file | what |
//! |---|---|
//! | `arguments`, `lists` | the command line |
//! | `manifest`, `row` | many questions, one a line |
//! | `question` | a question and what its files hold |
//! | `file`, `pem`, `cache` | files |
//! | `moment` | RFC 3339 |
//! | `answer`, `values` | what was found, and the values that were compared |
//! | `words`, `json` | how it is told |

mod answer;
mod arguments;
mod cache;
mod file;
mod json;
mod lists;
mod manifest;
pub(super) mod moment;
mod pem;
mod question;
mod row;
mod values;
mod words;

use std::path::Path;
use std::process::ExitCode;

use pki::{CrossCheck, Verdict, Verifier};
use runtime::clock::{Clock as _, SystemClock};

use super::{UNUSABLE, print, unusable};
use answer::Answer;
pub use arguments::ValidateArguments;
use cache::Files;
use question::Question;

/// Answers one question or a manifest of them. Exit code 0: valid, or all rows were processed; 1: invalid or indeterminate;
/// 2: the files or arguments cannot be used.
pub fn run(arguments: &ValidateArguments) -> ExitCode {
    // Nobody waits for microseconds here, and both implementations must agree before anything is called valid.
    let verifier = Verifier::new(CrossCheck::All);
    let now = SystemClock.now();
    if let Some(path) = &arguments.manifest {
        return run_manifest(path, &verifier, now);
    }
    match arguments.question(now) {
        Some(question) => run_one(&question, arguments, &verifier),
        // clap refuses this already; this is for whoever builds the arguments another way.
        None => unusable(&"name a certificate or a manifest"),
    }
}

fn run_manifest(path: &Path, verifier: &Verifier, now: pki::UnixTime) -> ExitCode {
    let mut output = std::io::stdout().lock();
    match manifest::answer_all(path, &mut output, verifier, now) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => unusable(&problem),
    }
}

/// The certificate is invalid, or something about it could not be found out.
const NOT_VALID: u8 = 1;

fn run_one(question: &Question, arguments: &ValidateArguments, verifier: &Verifier) -> ExitCode {
    let material = match question.load(Path::new(""), &mut Files::new()) {
        Ok(material) => material,
        Err(problem) => return unusable(&problem.for_people()),
    };
    let report = material.ask(&question.settings, verifier);
    let answer = Answer {
        question,
        material: &material,
        report: &report,
        is_moment_given: arguments.at.is_some(),
    };
    let printed = if arguments.json {
        print(&answer.json())
    } else {
        print(&answer.words())
    };
    match report.verdict {
        _ if printed.is_err() => ExitCode::from(UNUSABLE),
        Verdict::Valid => ExitCode::SUCCESS,
        Verdict::Invalid | Verdict::Indeterminate => ExitCode::from(NOT_VALID),
    }
}
