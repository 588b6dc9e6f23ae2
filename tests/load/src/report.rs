//! The figures of a run, as tables or as JSON.

use std::fmt::{self, Display, Formatter};

use crate::rounds::{Round, Sample};
use crate::transport::Transport;

/// CPU microseconds of an empty unary echo over mutual TLS at the same load, as it was measured when the goals were
/// set: same CPU model, a quiet machine, a bare tonic server, link-time optimisation and mimalloc.
pub const REFERENCE_ECHO: f64 = 3.7;
/// CPU microseconds of one bare RSA-2048 signature check, measured there and then.
pub const REFERENCE_RSA: f64 = 12.0;
/// What a verification cost there with a unary call to revocation-lookup, without a holder to look up.
pub const REFERENCE_VERIFICATION: f64 = 30.1;
/// CPU microseconds that a unary lookup without TLS may take at most.
pub const MOST_PLAINTEXT_CPU: f64 = 4.5;
/// A limit that does not come so near to its reference was measured on a machine that was busy or slow: void.
pub const LEAST_SHARE_OF_REFERENCE: f64 = 0.75;

/// What a run with limits says, in words.
pub fn verdict(void: bool, is_within_limits: bool) -> &'static str {
    match (void, is_within_limits) {
        (true, _) => "VOID: the machine was too busy or too slow for these figures to say anything",
        (false, true) => "valid, and within the limits",
        (false, false) => "valid, and NOT within the limits",
    }
}

/// What was run on what.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Conditions {
    /// How octets got from one process to another.
    pub transport: Transport,
    /// Cargo's profile of both programs.
    pub profile: String,
    /// Cores.
    pub cores: usize,
    /// Connections.
    pub connections: usize,
    /// Calls in flight on each.
    pub streams: usize,
    /// Serving threads of each process.
    pub threads: usize,
    /// Revoked certificates on the list.
    pub revoked: u32,
    /// Seconds of one stretch of load.
    pub seconds: f64,
    /// Load average of the last minute before the run.
    pub load_before: String,
    /// The same after it; the run itself is part of it.
    pub load_after: String,
}

/// A figure over the rounds.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Figure {
    /// The median.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub greatest: f64,
}

impl Figure {
    /// Over these rounds.
    pub fn of<R>(rounds: &[R], figure: impl Fn(&R) -> f64) -> Self {
        let mut figures: Vec<f64> = rounds.iter().map(figure).collect();
        figures.sort_by(f64::total_cmp);
        let at = |place: usize| figures.get(place).copied().unwrap_or(f64::NAN);
        let last = figures.len().saturating_sub(1);
        Self {
            median: f64::midpoint(at(last / 2), at(last.div_ceil(2))),
            least: at(0),
            greatest: at(last),
        }
    }
}

/// One row of a table: medians over the rounds, times in microseconds.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Row {
    /// What it is.
    pub name: &'static str,
    /// Requests a second.
    pub requests_per_second: f64,
    /// CPU of each server process for one request.
    pub server_cpu: Vec<f64>,
    /// CPU of all server processes for one request.
    pub total_cpu: Figure,
    /// CPU of the client for one request.
    pub client_cpu: f64,
    /// Half of the requests took no longer.
    pub p50: f64,
    /// 99 of 100 requests took no longer.
    pub p99: f64,
}

impl Row {
    fn of(name: &'static str, rounds: &[Round], sample: impl Fn(&Round) -> &Sample) -> Self {
        let median = |figure: &dyn Fn(&Sample) -> f64| {
            Figure::of(rounds, |round| figure(sample(round))).median
        };
        let servers = rounds
            .first()
            .map_or(0, |round| sample(round).server_cpu.len());
        Self {
            name,
            requests_per_second: median(&|it| it.requests_per_second),
            server_cpu: (0..servers)
                .map(|server| median(&|it| it.server_cpu[server]))
                .collect(),
            total_cpu: Figure::of(rounds, |round| sample(round).total_cpu()),
            client_cpu: median(&|it| it.client_cpu),
            p50: median(&|it| it.p50),
            p99: median(&|it| it.p99),
        }
    }
}

/// A run.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Report {
    /// What was run on what.
    pub conditions: Conditions,
    /// Unary lookups and their limit.
    pub lookups: Vec<Row>,
    /// CPU of the echo with the same messages to CPU of a lookup: 1 is the limit.
    pub lookup_cpu_ratio: Figure,
    /// Lookups a second to echoes a second: 1 is the limit.
    pub lookup_rate_ratio: Figure,
    /// Verifications with their lookup.
    pub verifications: Vec<Row>,
    /// One bare signature check, in microseconds of CPU time.
    pub rsa: Figure,
    /// One bare signature check and two empty echoes, in microseconds of CPU time.
    pub verification_limit: Figure,
    /// The limit to what a verification costs: 1 is the limit.
    pub verification_ratio: Figure,
    /// The same where every signature is checked twice.
    pub cross_checked_ratio: Figure,
    /// The reference to the echo measured: 1 is the reference, less is slower.
    pub limit_to_reference: f64,
    /// Whether the limit was too slow for the run to say anything.
    pub void: bool,
    /// Every round.
    pub rounds: Vec<Round>,
}

impl Report {
    /// The report of these rounds.
    pub fn new(conditions: Conditions, rounds: Vec<Round>) -> Self {
        let limit = |round: &Round| round.rsa + 2.0 * round.empty_echo.total_cpu();
        let empty_echo = Figure::of(&rounds, |round| round.empty_echo.total_cpu());
        let limit_to_reference = REFERENCE_ECHO / empty_echo.median;
        Self {
            conditions,
            lookups: vec![
                Row::of("revocation-lookup", &rounds, |round| &round.lookup),
                Row::of("limit: echo, same messages", &rounds, |round| &round.echo),
                Row::of("echo, empty messages", &rounds, |round| &round.empty_echo),
            ],
            lookup_cpu_ratio: Figure::of(&rounds, |round| {
                round.echo.total_cpu() / round.lookup.total_cpu()
            }),
            lookup_rate_ratio: Figure::of(&rounds, |round| {
                round.lookup.requests_per_second / round.echo.requests_per_second
            }),
            verifications: vec![
                Row::of("one implementation", &rounds, |round| &round.verification),
                Row::of("cross-checked", &rounds, |round| &round.cross_checked),
            ],
            rsa: Figure::of(&rounds, |round| round.rsa),
            verification_limit: Figure::of(&rounds, limit),
            verification_ratio: Figure::of(&rounds, |round| {
                limit(round) / round.verification.total_cpu()
            }),
            cross_checked_ratio: Figure::of(&rounds, |round| {
                limit(round) / round.cross_checked.total_cpu()
            }),
            limit_to_reference,
            void: limit_to_reference.is_nan() || limit_to_reference < LEAST_SHARE_OF_REFERENCE,
            rounds,
        }
    }
}

impl Display for Figure {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            median,
            least,
            greatest,
        } = self;
        write!(out, "{median:.2} ({least:.2} to {greatest:.2})")
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let it = &self.conditions;
        writeln!(
            out,
            "{} connections x {} streams, {} serving thread(s) a process, {} on loopback, {} cores, profile {}",
            it.connections,
            it.streams,
            it.threads,
            it.transport.name(),
            it.cores,
            it.profile
        )?;
        writeln!(
            out,
            "{} rounds, {} s each stretch, medians; load average {} before, {} after",
            self.rounds.len(),
            it.seconds,
            it.load_before,
            it.load_after
        )?;
        self.write_lookups(out)?;
        self.write_verifications(out)?;
        let verdict = if self.void {
            "VOID: the machine was too busy or too slow for these figures to say anything"
        } else {
            "valid"
        };
        writeln!(
            out,
            "\nThe empty echo took {:.2} us of CPU, the reference {REFERENCE_ECHO} us: {:.2} of the reference; \
             at least {LEAST_SHARE_OF_REFERENCE} is needed: {verdict}.",
            self.lookups[2].total_cpu.median, self.limit_to_reference
        )
    }
}

impl Report {
    fn write_lookups(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "\nA. Unary lookups, {} revoked certificates\n",
            self.conditions.revoked
        )?;
        writeln!(
            out,
            "| | requests/s | server CPU us/request | client CPU us | p50 us | p99 us |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|")?;
        for row in &self.lookups {
            writeln!(
                out,
                "| {} | {:.0} | {} | {:.2} | {:.0} | {:.0} |",
                row.name, row.requests_per_second, row.total_cpu, row.client_cpu, row.p50, row.p99
            )?;
        }
        writeln!(
            out,
            "\nCPU, limit / lookup: {}. Requests/s, lookup / limit: {}.",
            self.lookup_cpu_ratio, self.lookup_rate_ratio
        )?;
        let cpu = self.lookups[0].total_cpu.median;
        match self.conditions.transport {
            Transport::MutualTls => Ok(()),
            Transport::Plaintext => writeln!(
                out,
                "Server CPU {cpu:.2} us a request; at most {MOST_PLAINTEXT_CPU}: {}.",
                if cpu <= MOST_PLAINTEXT_CPU {
                    "met"
                } else {
                    "MISSED"
                }
            ),
        }
    }

    fn write_verifications(&self, out: &mut Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "\nB. Signature verification with its unary lookup and its holder (SQLite), certificate kept\n"
        )?;
        writeln!(
            out,
            "| | verifications/s | signature-verification CPU us | revocation-lookup CPU us | sum us | limit / sum | p50 us | p99 us |"
        )?;
        writeln!(out, "|---|---|---|---|---|---|---|---|")?;
        let ratios = [self.verification_ratio, self.cross_checked_ratio];
        for (row, ratio) in self.verifications.iter().zip(ratios) {
            writeln!(
                out,
                "| {} | {:.0} | {:.2} | {:.2} | {} | {} | {:.0} | {:.0} |",
                row.name,
                row.requests_per_second,
                row.server_cpu[0],
                row.server_cpu[1],
                row.total_cpu,
                ratio,
                row.p50,
                row.p99
            )?;
        }
        writeln!(
            out,
            "\nLimit: one bare RSA-2048 check {} us (reference {REFERENCE_RSA}) + two empty echoes = {} us.\n\
             The reference for the sum, without a holder: {REFERENCE_VERIFICATION} us.",
            self.rsa, self.verification_limit
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(requests_per_second: f64, server_cpu: &[f64]) -> Sample {
        Sample {
            requests_per_second,
            server_cpu: server_cpu.to_vec(),
            client_cpu: 4.0,
            p50: 500.0,
            p99: 800.0,
        }
    }

    fn round(echo_cpu: f64) -> Round {
        Round {
            lookup: sample(180_000.0, &[5.0]),
            echo: sample(200_000.0, &[4.0]),
            empty_echo: sample(240_000.0, &[echo_cpu]),
            rsa: 12.0,
            verification: sample(20_000.0, &[30.0, 10.0]),
            cross_checked: sample(10_000.0, &[70.0, 10.0]),
        }
    }

    fn report(echoes: &[f64]) -> Report {
        let conditions = Conditions {
            transport: Transport::Plaintext,
            profile: "release".to_owned(),
            cores: 2,
            connections: 2,
            streams: 64,
            threads: 1,
            revoked: 100,
            seconds: 1.0,
            load_before: "0.1".to_owned(),
            load_after: "2.0".to_owned(),
        };
        Report::new(conditions, echoes.iter().copied().map(round).collect())
    }

    #[track_caller]
    fn near(measured: f64, expected: f64) {
        assert!(
            (measured - expected).abs() < 1e-9,
            "{measured}, not {expected}"
        );
    }

    #[test]
    fn ratios_are_of_one_round_and_told_as_the_median() {
        let report = report(&[4.0, 3.0, 8.0]);
        near(report.lookup_cpu_ratio.median, 0.8);
        near(report.lookup_rate_ratio.median, 0.9);
        near(report.verification_limit.median, 20.0);
        near(report.verification_ratio.median, 0.5);
        near(report.verification_ratio.greatest, 0.7);
        near(report.cross_checked_ratio.least, 18.0 / 80.0);
        near(
            Figure::of(&report.rounds[..2], |it| it.empty_echo.total_cpu()).median,
            3.5,
        );
    }

    #[test]
    fn a_run_is_void_when_its_limit_is_below_three_quarters_of_the_reference() {
        assert!(!report(&[3.7, 4.9, 9.0]).void);
        assert!(report(&[3.7, 5.0, 9.0]).void);
        assert!(report(&[]).void);
        assert!(report(&[5.0]).to_string().contains("VOID"));
        assert!(!report(&[4.0]).to_string().contains("VOID"));
    }
}
