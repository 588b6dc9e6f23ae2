//! The gateway: everything a request needs, made once from the configuration.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use runtime::clock::Clock;
use runtime::config::{ConfigError, SecretFile};
use runtime::metrics::Metrics;
use runtime::{Refreshed, ServeError};
use store::{GatewayState, StoreError};

use crate::authentication_context::RevocationMethod;
use crate::client_authentication::{Audiences, ClientAuthenticator};
use crate::clients::LiveClients;
use crate::config::{Config, Lifetimes};
use crate::discovery::{self, Endpoints};
use crate::dpop_nonce::DpopNonces;
use crate::limits;
use crate::observation::Observation;
use crate::pairwise::PairwiseSecrets;
use crate::quota::{QuotaKeeper, SourceKeeper};
use crate::readers::{Readers, ReadersFile};
use crate::signing_certificates::SigningCertificates;
use crate::signing_keys::{self, KeysUnusable, SigningKeys};
use crate::source::Sources;
use crate::state_store::unremembered_until;
use crate::verification::SignatureVerification;

/// Everything a request needs.
pub struct Gateway {
    pub(crate) endpoints: Endpoints,
    /// As sent, shared by all answers.
    pub(crate) discovery_document: Bytes,
    pub(crate) clients: LiveClients,
    pub(crate) readers: Readers,
    pub(crate) signing_keys: SigningKeys,
    pub(crate) pairwise: PairwiseSecrets,
    pub(crate) authenticator: ClientAuthenticator,
    pub(crate) dpop_nonces: DpopNonces,
    pub(crate) state: GatewayState,
    pub(crate) verification: Arc<dyn SignatureVerification>,
    /// Empty where no agency can ask for validity.
    pub(crate) signing_certificates: OnceLock<Arc<dyn SigningCertificates>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) quotas: QuotaKeeper,
    pub(crate) sources: Sources,
    pub(crate) source_quota: SourceKeeper,
    pub(crate) revocation_methods: Vec<RevocationMethod>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) reader_app_url: String,
    pub(crate) is_sandbox: bool,
    pub(crate) observation: Observation,
}

impl std::fmt::Debug for Gateway {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Gateway")
            .field("issuer", &self.endpoints.issuer)
            .finish_non_exhaustive()
    }
}

impl Gateway {
    /// Reads the files the configuration names and checks them.
    pub fn new(
        config: &Config,
        state: GatewayState,
        verification: Arc<dyn SignatureVerification>,
        clock: Arc<dyn Clock>,
        metrics: &Metrics,
    ) -> Result<Arc<Self>, ServeError> {
        config.check()?;
        let endpoints = Endpoints::new(config);
        let Files {
            clients,
            readers,
            pairwise,
        } = Files::load(config)?;
        let signing_keys = SigningKeys::load(
            &config.signing_keys,
            config.lifetimes.id_token_seconds,
            metrics,
        )?;
        let audiences = Audiences {
            issuer: endpoints.issuer.clone(),
            token_endpoint: endpoints.token.clone(),
        };
        let unremembered_until = unremembered_until(&state, clock.now().secs());
        let authenticator = ClientAuthenticator::new(audiences, unremembered_until)
            .ok_or_else(|| ServeError::role("the cryptographic library made no keys"))?;
        Ok(Arc::new(Self {
            discovery_document: discovery::document(&endpoints).to_string().into(),
            endpoints,
            clients,
            readers,
            signing_keys,
            dpop_nonces: DpopNonces::new(&pairwise),
            pairwise,
            authenticator,
            state,
            verification,
            signing_certificates: OnceLock::new(),
            clock,
            quotas: QuotaKeeper::new(config.quotas),
            sources: Sources::new(config.listen.trusted_proxies.clone(), config.tls.is_some()),
            source_quota: SourceKeeper::new(
                config.quotas.sign_ins_per_address,
                config.lifetimes.interaction_seconds,
            ),
            revocation_methods: config.revocation_methods.clone(),
            lifetimes: config.lifetimes,
            reader_app_url: config.reader_app_url.clone(),
            is_sandbox: config.allows_loopback(),
            observation: Observation::new(metrics)?,
        }))
    }

    /// Lets administrative clients ask this service for validity; said once, before the gateway serves.
    pub fn forward_checks_to(&self, service: Arc<dyn SigningCertificates>) {
        // A second one would be a mistake of the caller; the first stays.
        let _ = self.signing_certificates.set(service);
    }

    /// Removes what has ended and counts what is left, for the quotas.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let before = self.now() - limits::SWEEP_MARGIN_SECONDS;
        while self.state.sweep(before, limits::SWEEP_ROWS).await? > 0 {}
        self.state.empty_log().await?;
        self.quotas.recount(self.state.occupancy().await?);
        Ok(())
    }

    /// Looks whether the clients file changed, and takes it if all of it holds. Blocks on the file system.
    pub fn refresh_clients(&self) -> Refreshed {
        let refreshed = self.clients.refresh();
        self.observation.clients_looked_at(refreshed);
        refreshed
    }

    /// Looks whether the signing keys changed, publishes them, and says whether the key that is due can sign.
    ///
    /// # Errors
    /// When the keys file is refused (the former keys stay in use) or the database does not answer.
    pub async fn refresh_signing_keys(self: &Arc<Self>) -> Result<bool, ServeError> {
        let gateway = Arc::clone(self);
        // Reading files and asking a token block; the panic of either is no reason to stop.
        let _ = tokio::task::spawn_blocking(move || gateway.signing_keys.look()).await;
        let published = self.publish_signing_keys().await;
        let gateway = Arc::clone(self);
        let probe = move || gateway.signing_keys.is_ready(gateway.now());
        let ready = tokio::task::spawn_blocking(probe).await.unwrap_or(false);
        published.map_err(ServeError::role)?;
        Ok(ready)
    }

    async fn publish_signing_keys(&self) -> Result<(), KeysUnusable> {
        self.signing_keys.publish(&self.state, self.now()).await
    }

    /// The present moment in seconds since 1970-01-01T00:00:00Z.
    pub(crate) fn now(&self) -> i64 {
        self.clock.now().secs()
    }
}

/// What is made of the files that the configuration names.
pub(crate) struct Files {
    clients: LiveClients,
    readers: Readers,
    pairwise: PairwiseSecrets,
}

/// Reads every file that the configuration names and checks it.
pub(crate) fn check_files(config: &Config) -> Result<(), ConfigError> {
    Files::load(config)?;
    signing_keys::check(&config.signing_keys)
}

impl Files {
    /// Reads and checks them whole.
    pub(crate) fn load(config: &Config) -> Result<Self, ConfigError> {
        let pairwise = load_pairwise(&config.pairwise_secret_file)?;
        let readers: ReadersFile = runtime::config::load(&config.readers)?;
        Ok(Self {
            clients: LiveClients::load(config, &pairwise)?,
            readers: Readers::check(readers)
                .map_err(|refused| ConfigError::file(&config.readers, refused))?,
            pairwise,
        })
    }
}

/// Reads a file of pairwise secrets.
pub(crate) fn load_pairwise(file: &SecretFile) -> Result<PairwiseSecrets, ConfigError> {
    let octets = file.read()?;
    let text = std::str::from_utf8(&octets)
        .map_err(|_| ConfigError::file(file.path(), "holds no text"))?;
    PairwiseSecrets::parse(text).map_err(|error| ConfigError::file(file.path(), error))
}
