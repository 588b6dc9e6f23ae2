//! What a request at the gateway costs: token, userinfo, key set and pushed request of the shipped binary with its state in
//! memory, on SQLite and on PostgreSQL, beside their bare statements and beside another provider that does the same work
//! with its state in memory.

mod bare;
mod node;
mod party;
mod requests;
mod stand_in;
mod subject;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use futures_util::StreamExt as _;
use sandbox::postgres::{Postgres, PostgresError};

use crate::client::{Caller, Until};
use crate::ratios::{Goal, Line, RatioReport, Reference};
use crate::report::{Figure, REFERENCE_RSA};
use crate::rounds::sample;
use crate::rsa::BareVerification;
use crate::turns;
use bare::BareCost;
use node::NodeProvider;
use party::{Endpoints, Party, Pusher, Reader, Redeemer};
use requests::REQUESTS;
use subject::Subject;

pub use stand_in::{StandInOptions, serve as serve_stand_in};

/// Megabytes that the gateway may have resident, and beside them so many for a live code.
const RESIDENT: f64 = 40.0;
const RESIDENT_PER_CODE: f64 = 1.0 / 1024.0;
/// What a gateway is called that keeps its state there.
const MEMORY: &str = "memory";
/// Requests for claims and keys for each code that is redeemed.
const READS: usize = 10;
/// Sign-ins that go on at once.
const SIGN_INS: usize = 16;

/// What is measured.
#[derive(Clone, Debug)]
pub struct GatewayPlan {
    /// The shipped binary.
    pub akashi: PathBuf,
    /// This program.
    pub program: PathBuf,
    /// Codes that are redeemed in a round, at each provider.
    pub codes: usize,
    /// How often.
    pub rounds: u32,
}

/// Microseconds of CPU time of a provider's process for one request.
#[derive(Clone, Copy)]
struct Costs {
    token: f64,
    userinfo: f64,
    key_set: f64,
    pushed: f64,
}

/// A gateway on one database, in one round.
struct OnStore {
    costs: Costs,
    bare: BareCost,
    resident: f64,
}

struct Round {
    stores: Vec<OnStore>,
    node: Costs,
    rsa: f64,
}

/// Measures in a folder of its own.
///
/// # Errors
/// When something fails or an answer is wrong.
pub fn measure(plan: &GatewayPlan, folder: &Path, load_before: String) -> Result<RatioReport> {
    let postgres = match Postgres::start_durable() {
        Ok(postgres) => Some(postgres),
        Err(PostgresError::NotInstalled | PostgresError::NoUser) => None,
        Err(error) => return Err(error.into()),
    };
    // One thread, whose CPU time and that of the drivers' threads is what bare statements take.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    turns::begin("starting")?;
    let mut subjects = vec![
        runtime.block_on(Subject::in_memory(plan, folder))?,
        runtime.block_on(Subject::on_sqlite(plan, folder))?,
    ];
    if let Some(postgres) = &postgres {
        subjects.push(runtime.block_on(Subject::on_postgres(plan, folder, postgres))?);
    }
    let (party, jwk) = subject::party(&subjects)?;
    let mut node = NodeProvider::start(folder, &jwk)?;
    let rsa = BareVerification::new()?;
    let rounds = turns::rounds(plan.rounds, || {
        let mut stores = Vec::new();
        for subject in &mut subjects {
            stores.push(runtime.block_on(on_store(plan, subject))?);
        }
        let codes = node.codes(plan.codes)?;
        let costs = costs(&party, &node.endpoints, &codes, &node.process);
        Ok(Round {
            stores,
            node: runtime.block_on(costs)?,
            rsa: rsa.measure(Duration::from_millis(100))?.as_secs_f64() * 1e6,
        })
    })?;
    let names: Vec<_> = subjects.iter().map(|subject| subject.name).collect();
    Ok(report(plan, load_before, &names, &rounds))
}

async fn on_store(plan: &GatewayPlan, subject: &mut Subject) -> Result<OnStore> {
    let sign_ins = (0..plan.codes).map(|_| subject.party.sign_in(&subject.origin, subject::PREFIX));
    let codes: Vec<_> = futures_util::stream::iter(sign_ins)
        .buffer_unordered(SIGN_INS)
        .collect()
        .await;
    let codes = codes.into_iter().collect::<Result<Vec<_>>>()?;
    let resident = subject.resident_megabytes()?;
    let costs = costs(&subject.party, &subject.endpoints, &codes, &subject.gateway).await?;
    let bare = match &mut subject.bare {
        Some(bare) => bare.measure(u32::try_from(plan.codes)?).await?,
        None => BareCost::NONE,
    };
    Ok(OnStore {
        costs,
        bare,
        resident,
    })
}

/// Redeems every code, then asks for the claims of every token and for the keys.
async fn costs(
    party: &Party,
    at: &Endpoints,
    codes: &[String],
    server: &crate::child::Process,
) -> Result<Costs> {
    let redeemer = Redeemer::new(party, at, codes)?;
    // One is redeemed before the clock starts.
    let left = redeemer.left().saturating_sub(1);
    let token = cost(&redeemer, server, left).await?;
    let claims = Reader::of_claims(party, at, redeemer.tokens());
    let reads = codes.len() * READS;
    let userinfo = cost(&claims, server, reads).await?;
    let key_set = cost(&Reader::of_keys(party, at), server, reads).await?;
    let pusher = Pusher::new(party, at, codes.len() + 1)?;
    Ok(Costs {
        token,
        userinfo,
        key_set,
        pushed: cost(&pusher, server, codes.len()).await?,
    })
}

async fn cost<C: Caller>(caller: &C, server: &crate::child::Process, calls: usize) -> Result<f64> {
    let until = Until::Calls(u32::try_from(calls)?);
    let (sample, _) = sample(std::slice::from_ref(caller), &[server], until).await?;
    Ok(sample.total_cpu())
}

fn report(
    plan: &GatewayPlan,
    load_before: String,
    names: &[&'static str],
    rounds: &[Round],
) -> RatioReport {
    let codes = f64::from(u32::try_from(plan.codes).unwrap_or(u32::MAX));
    let most_resident = RESIDENT + codes * RESIDENT_PER_CODE;
    let mut lines = Vec::new();
    for (place, name) in names.iter().enumerate() {
        lines.extend(lines_of(name, most_resident, rounds, &|round| {
            &round.stores[place]
        }));
    }
    RatioReport {
        title: format!(
            "CPU time of a request in the gateway's process; {} codes a round, ES256 both ways, opaque access tokens, the \
             four claims, both databases wait for the disk",
            plan.codes
        ),
        rounds: plan.rounds,
        load_before,
        lines,
        references: vec![Reference::time(
            "Bare RSA-2048 check",
            "us",
            REFERENCE_RSA,
            Figure::of(rounds, |round| round.rsa),
        )],
        notes: vec![
            "oidc-provider keeps its state in a Map of its process, and loses it with it, as the gateway does in memory; on \
             a database it survives."
                .to_owned(),
        ],
    }
}

fn lines_of<'a>(
    name: &str,
    most_resident: f64,
    rounds: &'a [Round],
    store: &dyn Fn(&'a Round) -> &'a OnStore,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for request in &REQUESTS {
        let limits = request.limits(name);
        lines.extend(limits.into_iter().map(|limit| {
            let pair = |round| {
                let it = store(round);
                let measured = (request.cost)(&it.costs);
                (measured, (limit.of)(request, &it.bare, &round.node))
            };
            let pairs: Vec<_> = rounds.iter().map(pair).collect();
            let measured = format!("{}, {name}", request.name);
            Line::new(measured, limit.name, "us", &pairs, limit.goal)
        }));
    }
    let resident: Vec<_> = rounds
        .iter()
        .map(|round| (store(round).resident, most_resident))
        .collect();
    lines.push(Line::new(
        format!("resident, {name}"),
        "40 MB and 1 KB a live code",
        "MB",
        &resident,
        Goal::AtMost(1.0),
    ));
    lines
}
