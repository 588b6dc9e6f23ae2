//! The statements of a token request and of a userinfo request, bare: on the database that the gateway uses, by the
//! driver that it uses, with nothing around them.

use std::time::Duration;

use anyhow::{Result, ensure};
use sqlx::AnyPool;
use sqlx::any::AnyPoolOptions;

use crate::cpu::CpuTime;

const COLUMNS: &str = "interaction_id, stage, client_id, redirect_uri, state, nonce, scope, code_challenge, language, \
    browser_hash, challenge_random, challenge_expires_at, return_token_hash, refusal, authenticated_at, \
    sealed_identity, expires_at, pushed_request_hash, dpop_jkt, revocation_method, link_hash, qr_random, qr_hash, \
    card_random, card_hash, other_device_until";

const MIGRATIONS: &[&str] = &[
    include_str!("../../../../services/store/migrations/gateway/0001_gateway_state.sql"),
    include_str!("../../../../services/store/migrations/gateway/0002_pushed_requests.sql"),
    include_str!("../../../../services/store/migrations/gateway/0003_signatures.sql"),
    include_str!("../../../../services/store/migrations/gateway/0004_devices_and_signing_keys.sql"),
];
/// Characters of the parameters of a pushed request, about.
const PARAMETERS: usize = 320;

/// Microseconds of this process's CPU time that the statements of one request take.
#[derive(Clone, Copy, Debug)]
pub(super) struct BareCost {
    /// Of a token request: the assertion is used up, the code is read, the code is redeemed.
    pub(super) token: f64,
    /// Of a userinfo request: the sign-in of a token is read.
    pub(super) userinfo: f64,
    /// Of a pushed request: the assertion is used up, the request is stored.
    pub(super) pushed: f64,
}

impl BareCost {
    /// Of state in memory.
    pub(super) const NONE: Self = Self {
        token: 0.0,
        userinfo: 0.0,
        pushed: 0.0,
    };
}

/// A database with a table as the gateway's, and rows in it.
pub(super) struct BareStatements {
    writer: AnyPool,
    reader: AnyPool,
    next: u64,
}

impl BareStatements {
    /// Opens the database at this address, which must be empty, and makes the tables.
    ///
    /// # Errors
    /// When the database does not.
    pub(super) async fn open(url: &str) -> Result<Self> {
        sqlx::any::install_default_drivers();
        let is_sqlite = url.starts_with("sqlite");
        let pool = |connections| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        if is_sqlite {
                            let settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                                            PRAGMA busy_timeout = 5000";
                            sqlx::raw_sql(settings).execute(connection).await?;
                        }
                        Ok(())
                    })
                })
        };
        let (writers, readers) = if is_sqlite { (1, 4) } else { (8, 8) };
        let writer = pool(writers).connect(url).await?;
        for migration in MIGRATIONS {
            sqlx::raw_sql(*migration).execute(&writer).await?;
        }
        Ok(Self {
            writer,
            reader: pool(readers).connect(url).await?,
            next: 0,
        })
    }

    /// Makes so many rows with codes, then redeems and reads each.
    ///
    /// # Errors
    /// When a statement fails or does not do what it should.
    pub(super) async fn measure(&mut self, requests: u32) -> Result<BareCost> {
        let numbers = self.next..self.next + u64::from(requests);
        self.next = numbers.end;
        for number in numbers.clone() {
            self.begin(number).await?;
        }
        let process = std::process::id();
        let before = CpuTime::of_process(process)?;
        for number in numbers.clone() {
            self.token(number).await?;
        }
        let between = CpuTime::of_process(process)?;
        for number in numbers.clone() {
            self.userinfo(number).await?;
        }
        let read = CpuTime::of_process(process)?;
        for number in numbers {
            self.push(number).await?;
        }
        let after = CpuTime::of_process(process)?;
        let each = |time: Duration| time.as_secs_f64() * 1e6 / f64::from(requests.max(1));
        Ok(BareCost {
            token: each(between.since(&before)),
            userinfo: each(read.since(&between)),
            pushed: each(after.since(&read)),
        })
    }

    async fn begin(&self, number: u64) -> Result<()> {
        sqlx::query(
            "INSERT INTO sign_in (interaction_id, stage, client_id, redirect_uri, state, nonce, scope, code_challenge, \
             language, browser_hash, challenge_random, challenge_expires_at, refusal, authenticated_at, \
             sealed_identity, code_hash, expires_at) \
             VALUES ($1, 'code_issued', 'RPLOAD', 'https://load.example/callback', 'state', 'nonce', 'openid', \
             'challenge', 'ja', $2, $2, 0, '', 0, $3, $2, 4000000000)",
        )
        .bind(number.to_string())
        .bind(hash(number, 1))
        .bind(vec![0_u8; 300])
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn use_assertion(&self, assertion: Vec<u8>) -> Result<()> {
        sqlx::query(
            "INSERT INTO assertion_id (assertion_hash, client_id, expires_at) VALUES ($1, $2, $3) \
             ON CONFLICT (assertion_hash) DO NOTHING",
        )
        .bind(assertion)
        .bind("RPLOAD")
        .bind(4_000_000_000_i64)
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn push(&self, number: u64) -> Result<()> {
        self.use_assertion(hash(number, 4)).await?;
        sqlx::query(
            "INSERT INTO pushed_request (request_uri_hash, client_id, parameters, dpop_jkt, answered_by, expires_at, \
             kept_until) VALUES ($1, 'RPLOAD', $2, '', '', 4000000000, 4000000000)",
        )
        .bind(hash(number, 5))
        .bind("p".repeat(PARAMETERS))
        .execute(&self.writer)
        .await?;
        Ok(())
    }

    async fn token(&self, number: u64) -> Result<()> {
        self.use_assertion(hash(number, 2)).await?;
        let select = format!("SELECT {COLUMNS} FROM sign_in WHERE code_hash = $1");
        let row = sqlx::query(sqlx::AssertSqlSafe(select)).bind(hash(number, 1));
        ensure!(
            row.fetch_optional(&self.reader).await?.is_some(),
            "no such code"
        );
        let redeemed = sqlx::query(
            "UPDATE sign_in SET stage = 'redeemed', access_token_hash = $5, sealed_identity = $6, expires_at = $7, \
             dpop_jkt = $9 WHERE code_hash = $1 AND stage = 'code_issued' AND client_id = $2 AND redirect_uri = $3 \
             AND code_challenge = $4 AND dpop_jkt IN ('', $9) AND expires_at > $8",
        )
        .bind(hash(number, 1))
        .bind("RPLOAD")
        .bind("https://load.example/callback")
        .bind("challenge")
        .bind(hash(number, 3))
        .bind(vec![1_u8; 300])
        .bind(4_000_000_000_i64)
        .bind(1_i64)
        .bind("")
        .execute(&self.writer)
        .await?;
        ensure!(redeemed.rows_affected() == 1, "the code was not redeemed");
        Ok(())
    }

    async fn userinfo(&self, number: u64) -> Result<()> {
        let select = format!(
            "SELECT {COLUMNS} FROM sign_in WHERE access_token_hash = $1 AND stage = 'redeemed' AND expires_at > $2"
        );
        let row = sqlx::query(sqlx::AssertSqlSafe(select)).bind(hash(number, 3));
        let row = row.bind(1_i64).fetch_optional(&self.reader).await?;
        ensure!(row.is_some(), "no such token");
        Ok(())
    }
}

/// 32 octets that nobody could guess as little as a hash.
fn hash(number: u64, of: u8) -> Vec<u8> {
    sandbox::mint::sha256(&[number.to_be_bytes().as_slice(), &[of]].concat()).to_vec()
}
