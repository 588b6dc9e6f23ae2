//! What a fuzzer does with bytes, as plain functions: `tests/fuzz` drives them with libFuzzer, the
//! mutation tests of `tests/conformance` with a small mutator on the stable toolchain.
//!
//! An input carries everything it needs, keys included, so that it says the same tomorrow and no
//! key has to be kept. Parts are DER elements one after the other; what is attacked comes last and
//! is the rest of the input, whatever it is.

mod certificate;
mod digest_info;
pub mod input;
mod ocsp_response;

use pki::{CrossCheck, UnixTime, Verifier};

/// The moment at which every input is judged: 2026-11-23T00:00:00Z.
pub const NOW: UnixTime = UnixTime::from_secs(1_795_392_000);

/// One thing that is fuzzed.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name in files and commands.
    pub name: &'static str,
    /// Judges an input and tells whether it was accepted. A panic is a finding.
    pub run: fn(&[u8]) -> bool,
}

/// All targets, by name.
pub const TARGETS: [Target; 3] = [
    Target {
        name: "certificate",
        run: certificate::run,
    },
    Target {
        name: "digest_info",
        run: digest_info::run,
    },
    Target {
        name: "ocsp_response",
        run: ocsp_response::run,
    },
];

/// Judges an input of the target with this name.
///
/// # Panics
/// If there is none, or if the input is a finding.
pub fn run(name: &str, data: &[u8]) -> bool {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.expect("a target of this name");
    (target.run)(data)
}

/// Both implementations judge every signature; that they never disagree is part of every target.
fn verifier() -> Verifier {
    Verifier::new(CrossCheck::All)
}

fn check_agreement(verifier: &Verifier) {
    assert_eq!(
        verifier.disagreements(),
        0,
        "the two signature implementations disagree"
    );
}
