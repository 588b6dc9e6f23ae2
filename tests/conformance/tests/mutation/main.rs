//! Mutates what is right, for a minute, and looks whether anything panics or hangs: fuzzing without a
//! fuzzer, on the stable toolchain. `tests/fuzz/run` does the same with libFuzzer, which sees where the
//! code goes; what either finds is kept in `tests/fuzz/regressions` and replayed here.
//!
//! `AKASHI_MUTATION_SECS` says how many seconds of work all targets together get.

#![expect(clippy::unwrap_used, reason = "a test ends where something fails")]

mod mutator;
mod random;
mod tree;

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mutator::Mutator;

/// All targets together.
const SECONDS: u64 = 60;

/// An input that takes longer hangs: a right one takes a millisecond in an unoptimised build.
const HANGS_AFTER: Duration = Duration::from_secs(5);

macro_rules! targets {
    ($($name:ident),*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];
        $(
            #[test]
            fn $name() {
                exercise(stringify!($name));
            }
        )*
    };
}

targets!(certificate, digest_info, ocsp_response);

#[test]
fn every_target_is_mutated() {
    let targets: Vec<_> = fuzz_targets::TARGETS.map(|target| target.name).to_vec();
    assert_eq!(NAMES, targets);
}

fn exercise(target: &str) {
    let seeds = conformance::seeds::seeds(target);
    let accepted = seeds.iter().filter(|seed| judge(target, seed)).count();
    assert!(
        accepted > 0,
        "{target}: no seed is accepted, so nothing deep is reached"
    );
    let regressions = regressions(target);
    for (path, input) in &regressions {
        say(&format!("{target}: replaying {}\n", path.display()));
        judge(target, input);
    }
    let share = Duration::from_secs(seconds()) / u32::try_from(NAMES.len()).unwrap();
    let until = Instant::now() + share;
    let mut mutator = Mutator::new(random::seed(), &seeds);
    let mut executions = 0_u64;
    let mut still_accepted = 0_u64;
    while Instant::now() < until {
        still_accepted += u64::from(judge(target, &mutator.next_input()));
        executions += 1;
    }
    assert!(
        executions > 0 || share.is_zero(),
        "{target}: nothing was tried"
    );
    say(&format!(
        "{target}: {} seeds ({accepted} accepted), {} regressions, {executions} mutations ({still_accepted} accepted) \
         in {} s\n",
        seeds.len(),
        regressions.len(),
        share.as_secs(),
    ));
}

/// Whether an input is accepted. A panic or a hang keeps the input and ends the test.
fn judge(target: &str, input: &[u8]) -> bool {
    let begun = Instant::now();
    let verdict = catch_unwind(AssertUnwindSafe(|| fuzz_targets::run(target, input)));
    let hangs = begun.elapsed() > HANGS_AFTER;
    match verdict {
        Ok(accepted) if !hangs => accepted,
        verdict => {
            let what = if verdict.is_err() { "panics" } else { "hangs" };
            let path = keep(target, input);
            panic!(
                "{target} {what}; move {} to tests/fuzz/regressions/{target}/",
                path.display()
            );
        }
    }
}

fn keep(target: &str, input: &[u8]) -> PathBuf {
    let name = sandbox::mint::sha256(input);
    let name: u64 = name[..8]
        .iter()
        .fold(0, |sum, octet| sum << 8 | u64::from(*octet));
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{target}-{name:016x}"));
    std::fs::write(&path, input).unwrap();
    path
}

/// What was found once.
fn regressions(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/regressions")
        .join(target);
    let Ok(files) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = files.map(|file| file.unwrap().path());
    paths
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect()
}

/// Past the capture of the test harness: how much was tried is the result.
fn say(line: &str) {
    std::io::stderr().write_all(line.as_bytes()).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "a test's own setting")]
fn seconds() -> u64 {
    std::env::var("AKASHI_MUTATION_SECS").map_or(SECONDS, |text| {
        text.parse().expect("AKASHI_MUTATION_SECS is a number")
    })
}
