//! `akashi check`: an administrative agency asks whether signing certificates are valid.
//!
//! One question a file over mutual TLS. A file that cannot be read or asked about is reported and the others go on; the
//! exit code tells a script which of the three it was: 0 every certificate is valid, 1 some are not (or it is unknown),
//! 2 some file or answer was unusable, so that the result is incomplete.

mod answer;
mod certificate_file;
mod json;
mod report;
mod settings;
pub(super) mod wording;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use lookup::CaseReference;
use pki::UnixTime;
use proto::signing::v1::CheckSigningCertificateRequest;
use proto::signing::v1::signing_certificate_service_client::SigningCertificateServiceClient;
use tonic::Code;
use tonic::transport::Channel;

use answer::{Answer, Outcome};
use certificate_file::CertificateFile;
use report::{Report, Unchecked};
use settings::{Purpose, Settings};

use super::validate::moment;
use super::{UNUSABLE, print, unusable};

/// What `akashi check` is told.
#[derive(Args, Debug)]
pub struct CheckArguments {
    /// The signing certificates to check, DER or PEM, one a file.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The agency's reference for the case, recorded with every check: 1 to 64 characters of A-Z a-z 0-9 . _ : -, no name,
    /// no address, no individual number.
    #[arg(long, value_name = "REF")]
    case_reference: String,
    /// Why the certificates are checked, recorded with every check. Without it, the settings' purpose, or
    /// validity-confirmation.
    #[arg(long, value_enum)]
    purpose: Option<Purpose>,
    /// Asks about a moment in the past, such as that of a signature, instead of now: RFC 3339, with its offset.
    #[arg(long, value_name = "MOMENT", value_parser = moment::parse)]
    at: Option<UnixTime>,
    /// One JSON object a line instead of words.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    connection: settings::Connection,
}

/// Checks every file and prints what was found.
pub async fn run(arguments: CheckArguments) -> ExitCode {
    let case_reference = match CaseReference::parse(&arguments.case_reference) {
        Ok(case_reference) => case_reference,
        Err(problem) => return unusable(&problem),
    };
    let prepared = Settings::new(arguments.connection, arguments.purpose)
        .map(|settings| settings.patient(arguments.at.is_some()))
        .and_then(|settings| Ok((settings.client()?, settings.purpose)));
    let (client, purpose) = match prepared {
        Ok(prepared) => prepared,
        Err(problem) => return unusable(&problem),
    };
    let mut session = Session {
        client,
        purpose,
        case_reference,
        at: arguments.at,
        unanswered_in_a_row: 0,
    };
    let mut tally = Tally::default();
    for file in &arguments.files {
        let report = session.check(file).await;
        tally.count(&report);
        let text = if arguments.json {
            report.json_line()
        } else {
            report.words()
        };
        if print(&text).is_err() {
            return ExitCode::from(UNUSABLE);
        }
    }
    if !arguments.json && arguments.files.len() > 1 && print(&tally.sentence()).is_err() {
        return ExitCode::from(UNUSABLE);
    }
    ExitCode::from(tally.exit_code())
}

/// Some certificate is not valid, or it is unknown whether it is.
const NOT_VALID: u8 = 1;

/// After so many questions in a row without any answer the service is taken to be away: the rest is not asked, so that a
/// night's list does not wait for a time-out each.
const UNANSWERED_LIMIT: u32 = 3;

/// An answer has some 500 octets of evidence and a sentence.
const LARGEST_ANSWER: usize = 64 * 1024;

struct Session {
    client: SigningCertificateServiceClient<Channel>,
    purpose: Purpose,
    case_reference: CaseReference,
    at: Option<UnixTime>,
    unanswered_in_a_row: u32,
}

impl Session {
    async fn check(&mut self, path: &Path) -> Report {
        let name = path.display().to_string();
        match CertificateFile::read(path) {
            Ok(file) => {
                let answer = self.ask(&file).await;
                Report {
                    name,
                    validity: file.validity(),
                    result: answer,
                }
            }
            Err(problem) => Report {
                name,
                validity: None,
                result: Err(Unchecked::File(problem)),
            },
        }
    }

    async fn ask(&mut self, file: &CertificateFile) -> Result<Answer, Unchecked> {
        if self.unanswered_in_a_row >= UNANSWERED_LIMIT {
            return Err(Unchecked::NotAsked);
        }
        let request = CheckSigningCertificateRequest {
            certificate: file.der().to_vec(),
            purpose: proto::revocation::v1::Purpose::from(self.purpose).into(),
            case_reference: self.case_reference.to_string(),
            at: self.at.map_or(0, UnixTime::secs),
        };
        match self.client.check_signing_certificate(request).await {
            Ok(response) => {
                self.unanswered_in_a_row = 0;
                Answer::read(response.into_inner(), self.at).map_err(Unchecked::Answer)
            }
            Err(status) => {
                let away = matches!(
                    status.code(),
                    Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled | Code::Unknown
                );
                self.unanswered_in_a_row = if away {
                    self.unanswered_in_a_row + 1
                } else {
                    0
                };
                Err(Unchecked::Service(Box::new(status)))
            }
        }
    }
}

/// How many of each.
#[derive(Default)]
struct Tally {
    valid: usize,
    not_valid: usize,
    unchecked: usize,
}

impl Tally {
    fn count(&mut self, report: &Report) {
        match &report.result {
            Ok(answer) if answer.outcome == Outcome::Valid => self.valid += 1,
            Ok(_) => self.not_valid += 1,
            Err(_) => self.unchecked += 1,
        }
    }

    /// An incomplete result weighs more than a negative one: a script that reads 1 may rely on every file having been
    /// checked.
    fn exit_code(&self) -> u8 {
        match self {
            Self { unchecked: 1.., .. } => UNUSABLE,
            Self { not_valid: 1.., .. } => NOT_VALID,
            _ => 0,
        }
    }

    fn sentence(&self) -> String {
        let Self {
            valid,
            not_valid,
            unchecked,
        } = self;
        let files = valid + not_valid + unchecked;
        format!(
            "{files} files: {valid} valid, {not_valid} not confirmed as valid, {unchecked} not checked"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn the_exit_code_is_that_of_the_gravest_file() {
        let code = |valid, not_valid, unchecked| {
            Tally {
                valid,
                not_valid,
                unchecked,
            }
            .exit_code()
        };
        assert_eq!(code(3, 0, 0), 0);
        assert_eq!(code(3, 1, 0), 1);
        assert_eq!(code(3, 0, 1), 2);
        assert_eq!(code(3, 1, 1), 2);
    }

    #[test]
    fn the_sum_says_how_many_of_each() {
        let tally = Tally {
            valid: 2,
            not_valid: 1,
            unchecked: 0,
        };
        assert_eq!(
            tally.sentence(),
            "3 files: 2 valid, 1 not confirmed as valid, 0 not checked"
        );
    }
}
