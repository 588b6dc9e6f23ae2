//! Many questions, one JSON object a line, answered in their order.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use pki::{UnixTime, Verdict, Verifier};
use serde::Serialize;
use serde_json::value::RawValue;

use super::answer::verdict_name;
use super::cache::Files;
use super::row::Row;

/// Octets of one line: as many lists as are looked at, with paths of a thousand characters.
const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// Why a manifest was not answered to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum ManifestError {
    #[error("{path}: the manifest cannot be read: {error}")]
    Read { path: String, error: io::Error },
    #[error("{path}: this is a folder; name a file of JSON objects, one a line")]
    Folder { path: String },
    #[error("standard output cannot be written: {0}")]
    Write(io::Error),
}

/// Answers every line of a manifest, or of standard input where it is `-`.
pub(super) fn answer_all(
    path: &Path,
    output: &mut impl Write,
    verifier: &Verifier,
    now: UnixTime,
) -> Result<(), ManifestError> {
    let name = || pki::EscapedText::new(&path.display().to_string()).to_string();
    let failed = |error| ManifestError::Read {
        path: name(),
        error,
    };
    if path == Path::new("-") {
        let folder = Path::new("");
        return Answering::new(folder, verifier, now).run(&mut io::stdin().lock(), output, &failed);
    }
    let file = File::open(path).map_err(failed)?;
    if file.metadata().map_err(failed)?.is_dir() {
        return Err(ManifestError::Folder { path: name() });
    }
    let folder = path.parent().unwrap_or(Path::new(""));
    Answering::new(folder, verifier, now).run(&mut BufReader::new(file), output, &failed)
}

struct Answering<'a> {
    folder: &'a Path,
    verifier: &'a Verifier,
    now: UnixTime,
    files: Files,
}

/// One line of output.
#[derive(Serialize)]
struct Line<'a> {
    id: Option<&'a RawValue>,
    verdict: &'static str,
    reason: String,
}

impl<'a> Answering<'a> {
    fn new(folder: &'a Path, verifier: &'a Verifier, now: UnixTime) -> Self {
        Self {
            folder,
            verifier,
            now,
            files: Files::new(),
        }
    }

    fn run(
        &mut self,
        input: &mut impl BufRead,
        output: &mut impl Write,
        failed: &dyn Fn(io::Error) -> ManifestError,
    ) -> Result<(), ManifestError> {
        let mut line = Vec::new();
        let mut number = 0_u64;
        while let Some(length) = next_line(input, &mut line).map_err(failed)? {
            number += 1;
            let mut text = line.as_slice();
            if number == 1 {
                text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
            }
            let text = text.trim_ascii();
            if text.is_empty() && length == Length::Whole {
                continue;
            }
            let answered = match (length, std::str::from_utf8(text)) {
                (Length::TooLong, _) => write(output, &line_too_long(number)),
                (Length::Whole, Err(_)) => write(output, &not_utf8(number)),
                (Length::Whole, Ok(text)) => self.answer_line(number, text, output),
            };
            answered.map_err(ManifestError::Write)?;
        }
        Ok(())
    }

    fn answer_line(&mut self, number: u64, text: &str, output: &mut impl Write) -> io::Result<()> {
        let answer = match Row::parse(text) {
            Ok(row) => self.answer(&row),
            Err(error) => invalid(None, error.rule(), &format!("line {number}: {error}")),
        };
        write(output, &answer)
    }

    fn answer<'r>(&mut self, row: &Row<'r>) -> Line<'r> {
        let id = row.id;
        let question = match row.question(self.now) {
            Ok(question) => question,
            Err(error) => return invalid(id, error.rule(), &error),
        };
        let material = match question.load(self.folder, &mut self.files) {
            Ok(material) => material,
            Err(error) => return invalid(id, error.problem.rule(), &error),
        };
        let report = material.ask(&question.settings, self.verifier);
        let reason = match &report.error {
            None => String::new(),
            Some(error) => format!("{}: {error}", error.rule()),
        };
        Line {
            id,
            verdict: verdict_name(report.verdict),
            reason,
        }
    }
}

fn invalid<'r>(id: Option<&'r RawValue>, rule: &str, problem: &dyn std::fmt::Display) -> Line<'r> {
    Line {
        id,
        verdict: verdict_name(Verdict::Invalid),
        reason: format!("{rule}: {problem}"),
    }
}

fn line_too_long(number: u64) -> Line<'static> {
    let problem = format!("line {number} has more than {MAX_LINE_BYTES} octets");
    invalid(None, "manifest_line_too_long", &problem)
}

fn not_utf8(number: u64) -> Line<'static> {
    let problem = format!("line {number} is not UTF-8");
    invalid(None, "manifest_not_json", &problem)
}

/// Each answer goes out at once: whoever reads may be waiting for it.
fn write(output: &mut impl Write, answer: &Line<'_>) -> io::Result<()> {
    serde_json::to_writer(&mut *output, answer)?;
    output.write_all(b"\n")?;
    output.flush()
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Length {
    Whole,
    TooLong,
}

/// Reads a line; one that is too long is passed over to its end. None at the end of the input.
fn next_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Option<Length>> {
    line.clear();
    let most = u64::try_from(MAX_LINE_BYTES).unwrap_or(u64::MAX);
    let read = input.by_ref().take(most + 1).read_until(b'\n', line)?;
    if read == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') || line.len() <= MAX_LINE_BYTES {
        return Ok(Some(Length::Whole));
    }
    line.clear();
    input.skip_until(b'\n')?;
    Ok(Some(Length::TooLong))
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::path::Path;

    use pki::{CrossCheck, UnixTime, Verifier};
    use serde_json::Value;

    use super::{Answering, MAX_LINE_BYTES, ManifestError};

    fn answers(manifest: &[u8]) -> Vec<Value> {
        let verifier = Verifier::new(CrossCheck::All);
        let mut output = Vec::new();
        let failed = |error: io::Error| ManifestError::Read {
            path: String::new(),
            error,
        };
        Answering::new(Path::new("/nonexistent"), &verifier, UnixTime::from_secs(0))
            .run(&mut &*manifest, &mut output, &failed)
            .unwrap();
        let text = String::from_utf8(output).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    #[test]
    fn every_line_but_empty_ones_has_an_answer_in_its_place() {
        let manifest = "\u{feff}{\"id\":1}\n\n  \r\nrubbish\n{\"id\":\"b\",\"certificate\":\"x\"}\r\n[]\n{\"id\":3}";
        let answers = answers(manifest.as_bytes());
        let ids: Vec<_> = answers.iter().map(|answer| answer["id"].clone()).collect();
        let expected = serde_json::json!([1, null, "b", null, 3]);
        assert_eq!(Value::from(ids), expected);
        for (answer, words) in answers.iter().zip([
            "manifest_key_missing: key certificate is missing",
            "manifest_not_json: line 4: the line is not JSON",
            "file_unreadable: certificate: the file cannot be read: No such file",
            "manifest_not_an_object: line 6: ",
            "manifest_key_missing: ",
        ]) {
            assert_eq!(answer["verdict"], "invalid");
            let reason = answer["reason"].as_str().unwrap();
            assert!(reason.starts_with(words), "{reason}");
            assert!(!reason.contains("nonexistent"), "{reason}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_or_not_utf8_does_not_hide_the_next() {
        let longest = format!("{{\"id\":1,\"x\":\"{}\"}}", "x".repeat(MAX_LINE_BYTES - 15));
        assert_eq!(longest.len(), MAX_LINE_BYTES);
        let mut manifest = format!("{longest}\n{longest} \n").into_bytes();
        manifest.extend_from_slice(b"{\"id\":\"\xff\"}\n{\"id\":4}\n");
        let answers = answers(&manifest);
        let ids: Vec<_> = answers.iter().map(|answer| answer["id"].clone()).collect();
        assert_eq!(Value::from(ids), serde_json::json!([1, null, null, 4]));
        let reason = |index: usize| answers[index]["reason"].as_str().unwrap();
        assert!(
            reason(1).starts_with("manifest_line_too_long: line 2 "),
            "{}",
            reason(1)
        );
        assert!(
            reason(2).starts_with("manifest_not_json: line 3 "),
            "{}",
            reason(2)
        );
    }

    #[test]
    fn a_last_line_that_is_too_long_ends_the_manifest() {
        let answers = answers(" x".repeat(MAX_LINE_BYTES).as_bytes());
        assert_eq!(answers.len(), 1);
    }
}
