//! `akashi inspect`: shows a certificate or a revocation list readably, and judges nothing.
//!
//! What leads to the holder of a certificate is shown only to whoever asks for it, so that a terminal's
//! history or a ticket does not fill with personal data by accident. Of a list no entry is ever shown: lists
//! may only be used to look up the certificate that somebody presents.

mod certificate;
mod file;
mod json;
mod list;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use file::Inspected;

use super::{UNUSABLE, print, unusable};

/// What `akashi inspect` is told.
#[derive(Args, Debug)]
pub struct InspectArguments {
    /// The certificate or revocation list, DER or PEM.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Show also what leads to the holder: subject, serial, other names with the four information, the day on
    /// which the certificate ends, distribution point.
    #[arg(long)]
    personal: bool,
    /// One JSON object instead of words.
    #[arg(long)]
    json: bool,
}

/// Shows a file. Exit code 0; 2 when it is no certificate and no list.
pub fn run(arguments: &InspectArguments) -> ExitCode {
    let report = match Inspected::read(&arguments.file) {
        Ok(Inspected::Certificate(der, facts)) => {
            certificate::report(&der, &facts, arguments.personal)
        }
        Ok(Inspected::List(facts)) => list::report(&facts),
        Err(problem) => {
            return unusable(&format!("{}: {problem}", arguments.file.display()));
        }
    };
    let text = if arguments.json {
        json::object(&report)
    } else {
        report.words()
    };
    match print(&text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::from(UNUSABLE),
    }
}
