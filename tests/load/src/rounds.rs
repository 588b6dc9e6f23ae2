//! The rounds: everything that is compared is measured in turns, so that what changes on the machine meets all of it.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::child::Process;
use crate::client::{Caller, Until, drive};
use crate::cpu::{self, CpuTime};
use crate::installation::Installation;
use crate::rsa::BareVerification;

/// CPU time of bare signature checks in a round.
const RSA_TIME: Duration = Duration::from_millis(300);

/// How long and how often.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Rounds.
    pub rounds: u32,
    /// One stretch of load in a round.
    pub window: Until,
}

/// One stretch of load, as figures. Times are in microseconds.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Sample {
    /// Requests a second.
    pub requests_per_second: f64,
    /// CPU time for one request, of each server process in the order of the table.
    pub server_cpu: Vec<f64>,
    /// CPU time for one request, of the client.
    pub client_cpu: f64,
    /// Half of the requests took no longer.
    pub p50: f64,
    /// 99 of 100 requests took no longer.
    pub p99: f64,
}

impl Sample {
    /// CPU time for one request, of all server processes together.
    pub fn total_cpu(&self) -> f64 {
        self.server_cpu.iter().sum()
    }
}

/// One round.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Round {
    /// revocation-lookup.
    pub lookup: Sample,
    /// The echo with the same messages.
    pub echo: Sample,
    /// The echo with empty messages.
    pub empty_echo: Sample,
    /// One bare signature check, in microseconds of CPU time.
    pub rsa: f64,
    /// signature-verification and revocation-lookup, without the second implementation.
    pub verification: Sample,
    /// The same with every signature checked twice.
    pub cross_checked: Sample,
}

/// Measures round after round. revocation-lookup's own count of its answers has to agree with the client's.
///
/// # Errors
/// When a call failed, an answer was wrong or the counts differ.
pub async fn measure(
    installation: &mut Installation,
    pace: Pace,
    mut told: impl FnMut(&str),
) -> Result<Vec<Round>> {
    let rsa = BareVerification::new()?;
    let before = installation.lookups_counted().await?;
    let mut asked = 0;
    told("warming up");
    round(installation, &rsa, pace.window, &mut asked).await?;
    let mut rounds = Vec::new();
    for number in 1..=pace.rounds {
        told(&format!("round {number} of {}", pace.rounds));
        rounds.push(round(installation, &rsa, pace.window, &mut asked).await?);
    }
    let counted = installation.lookups_counted().await? - before;
    ensure!(
        counted == asked,
        "revocation-lookup counts {counted} lookups, the client {asked}"
    );
    Ok(rounds)
}

async fn round(
    installation: &mut Installation,
    rsa: &BareVerification,
    until: Until,
    asked: &mut u64,
) -> Result<Round> {
    let it = &*installation;
    let (lookup, calls) = sample(&it.lookups()?, &[&it.lookup], until).await?;
    *asked += calls;
    let (echo, _) = sample(&it.echoes()?, &[&it.echo], until).await?;
    let rsa = microseconds(rsa.measure(RSA_TIME)?);
    let servers = [&it.verification, &it.lookup];
    let (verification, calls) = sample(&it.verifications()?, &servers, until).await?;
    *asked += calls;
    let (empty_echo, _) = sample(&it.empty_echoes()?, &[&it.echo], until).await?;
    let servers = [&it.cross_checked, &it.lookup];
    let callers = it.cross_checked_verifications()?;
    let (cross_checked, calls) = sample(&callers, &servers, until).await?;
    *asked += calls;
    Ok(Round {
        lookup,
        echo,
        empty_echo,
        rsa,
        verification,
        cross_checked,
    })
}

/// A stretch of load, and how many calls were made in all.
pub(crate) async fn sample<C: Caller>(
    callers: &[C],
    servers: &[&Process],
    until: Until,
) -> Result<(Sample, u64)> {
    // The connections are made before the clock starts.
    let mut calls = 0;
    for caller in callers {
        caller.clone().call(0).await?;
        calls += 1;
    }
    let before = read(servers)?;
    let client = cpu::of_this_thread()?;
    let window = drive(callers, until).await?;
    let client = cpu::of_this_thread()?.saturating_sub(client);
    let after = read(servers)?;
    ensure!(window.calls > 0, "not one call was made");
    let each = |time: Duration| microseconds(time) / f64::from(window.calls);
    let sample = Sample {
        requests_per_second: window.calls_per_second(),
        server_cpu: before
            .iter()
            .zip(&after)
            .map(|(before, after)| each(after.since(before)))
            .collect(),
        client_cpu: each(client),
        p50: microseconds(window.percentile(50)),
        p99: microseconds(window.percentile(99)),
    };
    Ok((sample, calls + u64::from(window.calls)))
}

fn read(servers: &[&Process]) -> Result<Vec<CpuTime>> {
    let read = servers.iter().map(|server| server.cpu());
    read.collect::<Result<_>>()
        .context("reading the servers' CPU time")
}

fn microseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
