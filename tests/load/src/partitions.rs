//! The lists of every municipality: all verified and indexed anew, beside a bare hash of the same octets and as many bare
//! signature checks.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use pki::{CertificationAuthority, CrlSigner, CrossCheck, Verifier};
use sandbox::deployment::{Deployment, Ports};
use sandbox::mint::CaKind;
use sandbox::nation::{Nation, Plan, Serials};

use crate::limits::{self, Took, megabytes_a_second, milliseconds, timed};
use crate::list_source::Reader;
use crate::ratios::{Goal, Line, RatioReport, Reference};
use crate::report::{Figure, REFERENCE_RSA};
use crate::rsa::BareVerification;
use crate::sync_once::{self, SyncRun};
use crate::turns;

/// What crl-sync reads of a file at once.
const PIECE: usize = 256 * 1024;
/// How much longer than the limit it may take.
const AT_MOST: f64 = 1.6;

/// What is measured.
#[derive(Clone, Debug)]
pub struct PartitionsPlan {
    /// This program.
    pub program: PathBuf,
    /// Entries of all lists together.
    pub revoked: u64,
    /// Municipalities, each with a list of each authority.
    pub partitions: u32,
    /// What serial numbers look like.
    pub serials: Serials,
    /// How often.
    pub rounds: u32,
}

/// One round, in CPU time of one thread; the last two are whole runs.
struct Round {
    sha256: f64,
    rsa: f64,
    once: f64,
    cross_checked: f64,
    stored: SyncRun,
}

/// Measures in a folder of its own.
///
/// # Errors
/// When something fails or a list is refused.
pub fn measure(plan: &PartitionsPlan, folder: &Path, load_before: String) -> Result<RatioReport> {
    let subject = Subject::new(plan, folder)?;
    let rounds = turns::rounds(plan.rounds, || subject.round())?;
    Ok(subject.report(plan, load_before, &rounds))
}

struct Subject {
    program: PathBuf,
    folder: PathBuf,
    deployment: Deployment,
    authorities: [CertificationAuthority; 2],
    /// The files with the place of their authority.
    files: Vec<(usize, PathBuf)>,
    octets: usize,
    rsa: BareVerification,
}

impl Subject {
    fn new(plan: &PartitionsPlan, folder: &Path) -> Result<Self> {
        turns::begin("minting")?;
        let nation = Nation::mint(
            &folder.join("nation"),
            Plan {
                revoked: plan.revoked,
                partitions: plan.partitions,
                full: false,
                serials: plan.serials,
                seed: 1,
                days: 1,
            },
            sandbox::now(),
            |_| {},
        )?;
        let place = |kind| usize::from(kind != CaKind::UserAuthentication);
        let lists = nation.all_lists().into_iter();
        let files: Vec<_> = lists
            .map(|list| (place(list.kind), nation.file(list)))
            .collect();
        let mut octets = 0;
        for (_, file) in &files {
            octets += usize::try_from(fs::metadata(file)?.len())?;
        }
        Ok(Self {
            program: plan.program.clone(),
            folder: folder.to_owned(),
            deployment: nation.deploy(Ports::free_from(13_100).context("no free ports")?)?,
            authorities: CaKind::ALL
                .map(|kind| nation.authority(kind).trusted(CrlSigner::NewestKey)),
            files,
            octets,
            rsa: BareVerification::new()?,
        })
    }

    fn round(&self) -> Result<Round> {
        let ((), hashed) = timed(|| {
            self.files.iter().try_for_each(|(_, file)| {
                limits::sha256(&fs::read(file)?)?;
                Ok(())
            })
        })?;
        let once = self.rebuild(CrossCheck::Off)?;
        let each = self.rsa.measure(Duration::from_millis(50))?;
        let cross_checked = self.rebuild(CrossCheck::All)?;
        for file in ["crl.db", "crl.db-wal", "crl.db-shm"] {
            let _ = fs::remove_file(self.deployment.folder().join("data").join(file));
        }
        let config = self.deployment.config_file("crl-sync");
        Ok(Round {
            sha256: hashed.cpu,
            rsa: limits::seconds(each, self.files.len()),
            once: once.cpu,
            cross_checked: cross_checked.cpu,
            stored: sync_once::start(&self.program, &config, &self.folder)?,
        })
    }

    /// Reads, verifies and indexes every list.
    fn rebuild(&self, cross_check: CrossCheck) -> Result<Took> {
        let verifier = Verifier::new(cross_check);
        let (segments, took) = timed(|| {
            let segments = self.files.iter().map(|(place, file)| {
                let reader = Reader {
                    authority: &self.authorities[*place],
                    verifier: &verifier,
                };
                let list = fs::read(file)?;
                reader.index(list.chunks(PIECE))
            });
            segments.collect::<Result<Vec<_>>>()
        })?;
        ensure!(segments.len() == self.files.len(), "lists are missing");
        Ok(took)
    }

    fn report(&self, plan: &PartitionsPlan, load_before: String, rounds: &[Round]) -> RatioReport {
        let limit = format!("SHA-256 + {} bare RSA checks (CPU)", self.files.len());
        let line = |name: &str, measured: &dyn Fn(&Round) -> f64, goal| {
            let round = |round: &Round| {
                let bare = round.sha256 + round.rsa;
                (milliseconds(measured(round)), milliseconds(bare))
            };
            let rounds: Vec<_> = rounds.iter().map(round).collect();
            Line::new(name, limit.as_str(), "ms", &rounds, goal)
        };
        let rsa = |round: &Round| {
            round.rsa * 1e6 / limits::seconds(Duration::from_secs(1), self.files.len())
        };
        let sha256 = |round: &Round| megabytes_a_second(self.octets, round.sha256);
        RatioReport {
            title: format!(
                "{} lists of {} entries together, {:?} serial numbers, {} octets",
                self.files.len(),
                plan.revoked,
                plan.serials,
                self.octets
            ),
            rounds: plan.rounds,
            load_before,
            lines: vec![
                line(
                    "verified and rebuilt (CPU)",
                    &|it| it.once,
                    Goal::AtMost(AT_MOST),
                ),
                line(
                    "the same, signatures cross-checked (CPU)",
                    &|it| it.cross_checked,
                    Goal::Untold,
                ),
                line(
                    "crl-sync into SQLite, cross-checked (CPU)",
                    &|it| it.stored.took.cpu,
                    Goal::Untold,
                ),
                line(
                    "crl-sync into SQLite, cross-checked (clock)",
                    &|it| it.stored.took.wall,
                    Goal::Untold,
                ),
            ],
            references: vec![
                Reference::rate(
                    "SHA-256, files read",
                    "MB/s",
                    limits::REFERENCE_SHA256,
                    Figure::of(rounds, sha256),
                ),
                Reference::time(
                    "Bare RSA-2048 check",
                    "us",
                    REFERENCE_RSA,
                    Figure::of(rounds, rsa),
                ),
            ],
            notes: Vec::new(),
        }
    }
}
