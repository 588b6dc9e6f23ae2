//! What reading and storing lists is compared with: a bare hash, a bare file, each with what it took when the goals were
//! set.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use aws_lc_rs::digest::{SHA256, digest};

use crate::cpu;

/// SHA-256 of long octets, in megabytes a second.
pub const REFERENCE_SHA256: f64 = 1_950.0;
/// One file written and fsynced, in megabytes a second.
pub const REFERENCE_FILE: f64 = 612.0;
/// Blobs read back from a database, in megabytes a second.
pub const REFERENCE_CHUNKS: f64 = 1_090.0;

/// How long something took.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, serde::Serialize)]
pub struct Took {
    /// Seconds on the clock.
    pub wall: f64,
    /// Seconds of CPU time.
    pub cpu: f64,
}

/// Runs work on this thread.
///
/// # Errors
/// The work's, or when the kernel counts no CPU time.
pub fn timed<T>(work: impl FnOnce() -> Result<T>) -> Result<(T, Took)> {
    let (began, cpu) = (Instant::now(), cpu::of_this_thread()?);
    let outcome = work()?;
    let took = Took {
        wall: began.elapsed().as_secs_f64(),
        cpu: cpu::of_this_thread()?.saturating_sub(cpu).as_secs_f64(),
    };
    Ok((outcome, took))
}

/// Hashes octets.
///
/// # Errors
/// When the kernel counts no CPU time.
pub fn sha256(octets: &[u8]) -> Result<Took> {
    let (hash, took) = timed(|| Ok(digest(&SHA256, octets)))?;
    std::hint::black_box(hash);
    Ok(took)
}

/// Writes octets into one file, waits until they are on the disk, and removes it.
///
/// # Errors
/// When the disk does not.
pub fn write_and_sync(folder: &Path, octets: &[u8]) -> Result<Took> {
    let path = folder.join("limit");
    let write = || {
        let mut file = File::create(&path)?;
        file.write_all(octets)?;
        Ok(file.sync_all()?)
    };
    let ((), took) = timed(write).context("writing the file that is the limit")?;
    fs::remove_file(&path)?;
    Ok(took)
}

/// Octets as megabytes a second.
pub fn megabytes_a_second(octets: usize, seconds: f64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "less than 2^52")]
    let octets = octets as f64;
    octets / 1e6 / seconds
}

/// Milliseconds.
pub fn milliseconds(seconds: f64) -> f64 {
    seconds * 1e3
}

/// Seconds of a duration, for a sum of many short ones.
pub fn seconds(each: Duration, times: usize) -> f64 {
    each.as_secs_f64() * f64::from(u32::try_from(times).unwrap_or(u32::MAX))
}
