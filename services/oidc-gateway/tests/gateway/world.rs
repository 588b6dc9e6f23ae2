//! A gateway on a database of its own, with six relying parties, a reader and a stand-in for signature-verification.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair,
};
use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use oidc_gateway::{Config, Gateway, Quotas, StateStore};
use pki::UnixTime;
use runtime::clock::ManualClock;
use runtime::metrics::Metrics;
use sandbox::jwe::RecipientKey;
use sandbox::mint::{EcKey, RsaKey};
use sandbox::postgres::Postgres;
use store::{DatabaseUrl, GatewayState};
use tempfile::TempDir;

use crate::card::StandIn;
use crate::signature_validity::Agency;

pub(crate) const PUBLIC_URL: &str = "https://op.example";
pub(crate) const ISSUER: &str = "https://op.example/api/realms/main";
pub(crate) const NOW: i64 = 1_800_000_000;

/// Those of this run: making one takes longer than most tests do.
static RSA_KEYS: LazyLock<[RsaKey; 4]> =
    LazyLock::new(|| std::array::from_fn(|_| RsaKey::generate().unwrap()));

/// A relying party with its private key.
pub(crate) struct RelyingParty {
    pub(crate) client_id: &'static str,
    pub(crate) redirect_uri: &'static str,
    pub(crate) key: ClientKey,
}

pub(crate) enum ClientKey {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
    Ps256(RsaKeyPair),
}

/// Everything a test needs. Dropped, it is gone.
pub(crate) struct World {
    pub(crate) router: Router,
    pub(crate) gateway: Arc<Gateway>,
    pub(crate) state: GatewayState,
    pub(crate) clock: ManualClock,
    pub(crate) verification: Arc<StandIn>,
    pub(crate) metrics: Metrics,
    pub(crate) signing_certificates: Arc<Agency>,
    /// ES256, sector a.example, the card's forms.
    pub(crate) alpha: RelyingParty,
    /// ES256, the same sector, the forms of OpenID Connect Core, the token endpoint as audience too.
    pub(crate) sister: RelyingParty,
    /// RS256, sector b.example, may ask for the date of birth only; cards may be read on another device.
    pub(crate) beta: RelyingParty,
    /// PS256, sector p.example, may leave the nonce out.
    pub(crate) gamma: RelyingParty,
    /// ES256, sector d.example, FAPI 2.0.
    pub(crate) delta: RelyingParty,
    /// PS256, sector e.example, FAPI 2.0.
    pub(crate) epsilon: RelyingParty,
    /// ES256, sector bank.example, may ask for signatures, which `operator` receives.
    pub(crate) bank: RelyingParty,
    /// The same at sector notary.example.
    pub(crate) notary: RelyingParty,
    /// ES256, sector ministry.example, administrative: receives its signatures itself, under `ministry_key`.
    pub(crate) ministry: RelyingParty,
    pub(crate) operator: RecipientKey,
    pub(crate) ministry_key: RecipientKey,
    pub(crate) reader: EcdsaKeyPair,
    pub(crate) config: Config,
    pub(crate) folder: TempDir,
    /// What each sign-in's page gives the reader app.
    pub(crate) links: Mutex<HashMap<String, String>>,
    /// The server and the database's name on it; none for SQLite.
    postgres: Option<(Arc<Postgres>, String)>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::configured(|_| {}).await
    }

    pub(crate) async fn with_quotas(quotas: Quotas) -> Self {
        Self::configured(|config| config.quotas = quotas).await
    }

    /// With a configuration that differs.
    pub(crate) async fn configured(change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = DatabaseUrl::sqlite(&folder.path().join("gateway.db")).unwrap();
        Self::on(folder, database, None, change).await
    }

    pub(crate) async fn in_memory() -> Self {
        Self::configured(|config| config.store.gateway = StateStore::Memory).await
    }

    pub(crate) async fn on_postgres() -> Self {
        let (server, name) = tokio::task::spawn_blocking(|| {
            let server = Postgres::shared().unwrap_or_else(|error| panic!("{error}"));
            let name = server.fresh_database().unwrap();
            (server, name)
        })
        .await
        .unwrap();
        let database = server.url_in(&name, "gateway").parse().unwrap();
        let postgres = Some((server, name));
        Self::on(tempfile::tempdir().unwrap(), database, postgres, |_| {}).await
    }

    async fn on(
        folder: TempDir,
        database: DatabaseUrl,
        postgres: Option<(Arc<Postgres>, String)>,
        change: impl FnOnce(&mut Config),
    ) -> Self {
        crate::log::collect();
        let [alpha, sister] = [
            es256("RPALPHA", "https://a.example/callback"),
            es256("RPSISTER", "https://sister.example/cb?tenant=1"),
        ];
        let beta = rsa("RPBETA", "https://b.example/callback", 0, ClientKey::Rs256);
        let gamma = rsa("RPGAMMA", "https://p.example/callback", 1, ClientKey::Ps256);
        let delta = es256("RPDELTA", "https://d.example/callback");
        let epsilon = rsa(
            "RPEPSILON",
            "https://e.example/callback",
            2,
            ClientKey::Ps256,
        );
        let [bank, notary, ministry] = [
            es256("RPBANK", "https://bank.example/callback"),
            es256("RPNOTARY", "https://notary.example/callback"),
            es256("GOVMINISTRY", "https://ministry.example/callback"),
        ];
        let operator = RecipientKey::Ec(EcKey::generate().unwrap());
        let ministry_key = RecipientKey::Rsa(RSA_KEYS[3].clone());
        let reader = fresh_ec();
        let parties = [
            &alpha, &sister, &beta, &gamma, &delta, &epsilon, &bank, &notary, &ministry,
        ];
        write_files(folder.path(), &parties, &ministry_key, &reader);
        write_recipients(folder.path(), &operator);
        let mut config = config(folder.path(), &database);
        change(&mut config);
        let verification = Arc::new(StandIn::default());
        let metrics = Metrics::new("oidc-gateway");
        let (gateway, state, clock) = begin(&config, verification.clone(), &metrics).await;
        let signing_certificates = Arc::new(Agency::default());
        gateway.forward_checks_to(signing_certificates.clone());
        Self {
            router: oidc_gateway::router(gateway.clone()),
            gateway,
            state,
            clock,
            verification,
            metrics,
            signing_certificates,
            alpha,
            sister,
            beta,
            gamma,
            delta,
            epsilon,
            bank,
            notary,
            ministry,
            operator,
            ministry_key,
            reader,
            config,
            folder,
            links: Mutex::default(),
            postgres,
        }
    }

    /// All that is stored: SQLite's files octet by octet as they lie there, or PostgreSQL's tables as text.
    pub(crate) fn stored(&self) -> Vec<u8> {
        if let Some((server, name)) = &self.postgres {
            return server.dump(name).unwrap_or_else(|error| panic!("{error}"));
        }
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        let paths = files.map(|file| file.unwrap().path()).filter(|path| {
            let name = path.file_name().unwrap().to_string_lossy();
            name.starts_with("gateway.db")
        });
        paths
            .flat_map(|path| std::fs::read(path).unwrap())
            .collect()
    }

    /// Another gateway on the same database, as a second process or after a restart; in memory, after a restart.
    pub(crate) async fn replica(&self) -> Router {
        oidc_gateway::router(self.replica_with(&self.config).await)
    }

    /// The same with a configuration of its own.
    pub(crate) async fn replica_with(&self, config: &Config) -> Arc<Gateway> {
        let state = match &config.store.gateway {
            StateStore::Memory => GatewayState::in_memory(),
            StateStore::Database(url) => GatewayState::open(url).await.unwrap(),
        };
        let gateway = Gateway::new(
            config,
            state,
            self.verification.clone(),
            Arc::new(self.clock.clone()),
            &Metrics::new("replica"),
        );
        gateway.unwrap()
    }
}

/// Whether `needle` stands in `hay`.
pub(crate) fn contains(hay: &[u8], needle: &[u8]) -> bool {
    hay.windows(needle.len()).any(|window| window == needle)
}

/// A gateway that has just begun to listen, at [`NOW`].
async fn begin(
    config: &Config,
    verification: Arc<StandIn>,
    metrics: &Metrics,
) -> (Arc<Gateway>, GatewayState, ManualClock) {
    let (state, began) = match &config.store.gateway {
        // In memory it listens only once no assertion can be about that it does not remember.
        StateStore::Memory => (GatewayState::in_memory(), NOW - 11),
        StateStore::Database(url) => (GatewayState::open(url).await.unwrap(), NOW),
    };
    let clock = ManualClock::at(UnixTime::from_secs(began));
    let at = Arc::new(clock.clone());
    let gateway = Gateway::new(config, state.clone(), verification, at, metrics).unwrap();
    clock.advance(NOW - began);
    (gateway, state, clock)
}

fn config(folder: &Path, database: &DatabaseUrl) -> Config {
    let text = include_str!("../../../../deploy/config/oidc-gateway.toml")
        .replace("https://auth.example.jp", PUBLIC_URL);
    let path = folder.join("oidc-gateway.toml");
    std::fs::write(&path, text).unwrap();
    let mut config: Config = runtime::config::load(&path).unwrap();
    config.store.gateway = StateStore::Database(database.clone());
    config
}

/// The platform operator that `bank` and `notary` are registered with.
fn write_recipients(folder: &Path, operator: &RecipientKey) {
    let text = format!(
        "[[recipient]]\nrecipient_id = \"operator\"\nname = {{ ja = \"見本 <運営者>\", en = \"Sample <Operator>\" }}\n\
         [recipient.jwk]\n{}",
        toml_lines(&operator.public_jwk("operator-key"))
    );
    std::fs::write(folder.join("recipients.toml"), text).unwrap();
}

/// The members of an object of texts, as lines of TOML.
fn toml_lines(object: &serde_json::Value) -> String {
    let members = object.as_object().unwrap().iter();
    members.fold(String::new(), |lines, (name, value)| {
        lines + &format!("{name} = {value}\n")
    })
}

fn write_files(
    folder: &Path,
    parties: &[&RelyingParty],
    ministry_key: &RecipientKey,
    reader: &EcdsaKeyPair,
) {
    std::fs::create_dir(folder.join("secrets")).unwrap();
    std::fs::write(
        folder.join("secrets/pairwise"),
        format!("1:{}\n", "5a".repeat(32)),
    )
    .unwrap();
    std::fs::write(
        folder.join("secrets/id-token-2026-11.pem"),
        private_pem(&fresh_ec()),
    )
    .unwrap();
    std::fs::write(
        folder.join("signing-keys.toml"),
        include_str!("../../../../deploy/config/signing-keys.toml"),
    )
    .unwrap();
    let mut registrations: String = parties.iter().map(|party| registration(party)).collect();
    // The ministry's, which is the last.
    registrations.push_str("[[client.jwks.keys]]\n");
    registrations.push_str(&toml_lines(&ministry_key.public_jwk("ministry-key")));
    std::fs::write(folder.join("clients.toml"), registrations).unwrap();
    let readers = format!(
        "[[reader]]\nkey_id = \"reader-1\"\npublic_key = \"{}\"\n",
        spki_base64(reader)
    );
    std::fs::write(folder.join("readers.toml"), readers).unwrap();
}

fn registration(party: &RelyingParty) -> String {
    let (sector, scopes, extra) = match party.client_id {
        "RPALPHA" => (
            "a.example",
            r#"["name", "address", "birthdate", "gender"]"#,
            "",
        ),
        "RPSISTER" => (
            "a.example",
            r#"["name", "address", "birthdate", "gender"]"#,
            "legacy_audience = true\n[client.claims]\naddress = \"object\"\nbirthdate = \"iso\"\ngender = \"word\"\n",
        ),
        "RPBETA" => (
            "b.example",
            r#"["birthdate"]"#,
            "assertion_lifetime_seconds = 86400\ncross_device = true\n",
        ),
        "RPDELTA" => (
            "d.example",
            r#"["name", "address", "birthdate", "gender"]"#,
            "profile = \"fapi2\"\n",
        ),
        "RPEPSILON" => ("e.example", "[]", "profile = \"fapi2\"\n"),
        "RPBANK" => (
            "bank.example",
            r#"["name"]"#,
            "[client.signature]\nrecipient = \"operator\"\n",
        ),
        "RPNOTARY" => (
            "notary.example",
            "[]",
            "[client.signature]\nrecipient = \"operator\"\n",
        ),
        "GOVMINISTRY" => (
            "ministry.example",
            r#"["name"]"#,
            "administrative = true\n[client.signature]\n",
        ),
        _ => ("p.example", "[]", "nonce = \"optional\"\n"),
    };
    let (algorithm, jwk) = match &party.key {
        ClientKey::Es256(pair) => ("ES256", ec_jwk(pair)),
        ClientKey::Rs256(pair) => ("RS256", rsa_jwk(pair)),
        ClientKey::Ps256(pair) => ("PS256", rsa_jwk(pair)),
    };
    format!(
        "[[client]]\nclient_id = \"{}\"\nname = {{ ja = \"見本 <{}>\", en = \"Sample <{}>\" }}\n\
         redirect_uris = [\"{}\"]\nsector = \"{sector}\"\nscopes = {scopes}\n\
         assertion_algorithm = \"{algorithm}\"\n{extra}[[client.jwks.keys]]\nkid = \"key-1\"\n{jwk}\n",
        party.client_id, party.client_id, party.client_id, party.redirect_uri
    )
}

fn es256(client_id: &'static str, redirect_uri: &'static str) -> RelyingParty {
    RelyingParty {
        client_id,
        redirect_uri,
        key: ClientKey::Es256(fresh_ec()),
    }
}

fn rsa(
    client_id: &'static str,
    redirect_uri: &'static str,
    number: usize,
    key: fn(RsaKeyPair) -> ClientKey,
) -> RelyingParty {
    let pair = RsaKeyPair::from_pkcs8(RSA_KEYS[number].pkcs8()).unwrap();
    RelyingParty {
        client_id,
        redirect_uri,
        key: key(pair),
    }
}

pub(crate) fn fresh_ec() -> EcdsaKeyPair {
    EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap()
}

pub(crate) fn ec_jwk(pair: &EcdsaKeyPair) -> String {
    let point = pair.public_key().as_ref();
    let (x, y) = (
        URL_SAFE_NO_PAD.encode(&point[1..33]),
        URL_SAFE_NO_PAD.encode(&point[33..]),
    );
    format!("kty = \"EC\"\ncrv = \"P-256\"\nx = \"{x}\"\ny = \"{y}\"\n")
}

/// The modulus out of the RSAPublicKey structure: a sequence of two integers, the first of 257 octets with its zero.
pub(crate) fn rsa_jwk(pair: &RsaKeyPair) -> String {
    let der = pair.public_key().as_ref();
    let modulus = &der[9..9 + 256];
    format!(
        "kty = \"RSA\"\nn = \"{}\"\ne = \"AQAB\"\n",
        URL_SAFE_NO_PAD.encode(modulus)
    )
}

fn spki_base64(pair: &EcdsaKeyPair) -> String {
    let prefix = hex::decode("3059301306072a8648ce3d020106082a8648ce3d030107034200").unwrap();
    STANDARD.encode([prefix.as_slice(), pair.public_key().as_ref()].concat())
}

pub(crate) fn private_pem(pair: &EcdsaKeyPair) -> String {
    let der = pair.to_pkcs8v1().unwrap();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    )
}
