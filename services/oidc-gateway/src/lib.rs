//! The OIDC gateway: signs people in at relying parties with their My Number card.
//!
//! A relying party sends the browser to `authorization`; the browser shows the sign-in's page (`interaction`) and
//! the person's reader app fetches the challenge and brings the card's answer (`card`), which signature-verification
//! judges (`verification`). Back in the browser that began, the person consents, the relying party redeems the code at
//! `token` and asks `userinfo` for the claims. Where a signature is asked for (`signature`), the card makes it in the same
//! sign-in.
//!
//! Between requests everything is in `store::GatewayState`: the gateway itself remembers nothing, so any number of them
//! serve one issuer. Bearer secrets are stored as hashes (`bearer`), what is known of the person only encrypted under
//! them (`identity`).

mod authentication_context;
mod authorization;
mod authorization_request;
mod bearer;
mod card;
mod challenge;
mod claims;
mod client_authentication;
mod client_proof;
mod clients;
mod config;
mod devices;
mod discovery;
mod dpop;
mod dpop_nonce;
#[cfg(test)]
mod error_table;
mod gateway;
mod http_exchange;
mod identity;
mod interaction;
mod interaction_id;
mod jwe;
mod jws;
mod language;
mod limits;
mod observation;
mod other_device;
mod pages;
mod pairwise;
mod parameters;
mod problem;
mod protected_resource;
mod pushed_request;
mod qr_code;
mod quota;
mod readers;
mod recipients;
mod router;
mod scope;
mod server;
mod signature;
mod signing_certificates;
mod signing_keys;
mod source;
mod state_store;
mod token;
mod userinfo;
mod verification;
mod words;

use std::sync::Arc;
use std::time::Duration;

use runtime::{Context, ServeError};

pub use authentication_context::RevocationMethod;
pub use clients::{
    AddressForm, BirthdateForm, ClaimForms, ClientName, ClientRefused, ClientRegistration,
    ClientRule, ClientSummary, ClientsCheck, ClientsFile, GenderForm, JsonWebKeySet, NonceRule,
    Profile, SignatureRegistration, check_clients,
};
pub use config::{Config, Lifetimes, ListenConfig, Quotas, StoreConfig, WebTlsConfig};
pub use gateway::Gateway;
pub use jws::{Algorithm, JsonWebKey, KeyError};
pub use readers::{ReaderRefused, ReaderRegistration, ReadersFile};
pub use recipients::{RecipientRefused, RecipientRegistration, RecipientRule, RecipientsFile};
pub use router::router;
pub use scope::Claim;
pub use signing_certificates::{RemoteSigningCertificates, SigningCertificates};
pub use signing_keys::{Pkcs11Config, SigningKeyEntry, SigningKeysFile};
pub use source::{Network, NetworkError, PeerAddress};
pub use state_store::StateStore;
pub use verification::{RemoteSignatureVerification, SignatureVerification};

/// Reads the files that the configuration names and checks them as [`serve`] would, without starting anything.
///
/// # Errors
/// Naming the file and what is wrong with it.
pub fn check_files(config: &Config) -> Result<(), ServeError> {
    gateway::check_files(config)?;
    if let Some(tls) = &config.tls {
        runtime::WebTls::load(&tls.certificate, &tls.private_key)?;
    }
    runtime::client::check_tls(&config.signature_verification.tls())?;
    if let Some(service) = &config.signing_certificate {
        runtime::client::check_tls(&service.tls())?;
    }
    Ok(())
}

/// Reads the signing keys file and the keys that it names, and has each sign once.
///
/// # Errors
/// Naming the file and what is wrong with it.
pub fn check_signing_keys(path: &runtime::config::ConfigPath) -> Result<(), ServeError> {
    Ok(signing_keys::check(path)?)
}

/// Serves until the context's shutdown, then drains. Announces its address as `http`.
///
/// # Errors
/// When the configuration or a file it names does not hold, the store cannot be opened or the address cannot be listened
/// on.
pub async fn serve(config: Config, context: Context) -> Result<(), ServeError> {
    config.check()?;
    let metrics =
        runtime::metrics::serve_http(config.observability.metrics_listen, &context).await?;
    let outcome = serve_web(&config, &context).await;
    metrics.abort();
    outcome
}

async fn serve_web(config: &Config, context: &Context) -> Result<(), ServeError> {
    let state = config
        .store
        .gateway
        .open()
        .await
        .map_err(ServeError::role)?;
    let channel = runtime::client::channel_of(&config.signature_verification)?;
    let gateway = Gateway::new(
        config,
        state.clone(),
        RemoteSignatureVerification::new(channel),
        Arc::clone(&context.clock),
        &context.metrics,
    )?;
    if let Some(service) = &config.signing_certificate {
        let channel = runtime::client::channel_of(service)?;
        gateway.forward_checks_to(RemoteSigningCertificates::new(channel));
    }
    gateway.sweep().await.map_err(ServeError::role)?;
    let ready = gateway.refresh_signing_keys().await?;
    if state.forgets_on_restart() {
        wait_for_fresh_assertions(context).await;
    }
    let server = server::Server::bind(config).await?;
    if let Some(address) = server.address() {
        context.addresses.announce("http", address);
        tracing::info!(%address, issuer = config.issuer(), "the gateway listens");
    }
    context.health.set("", ready).await;
    let upkeep = tokio::spawn(keep_up(
        Arc::clone(&gateway),
        server.tls(),
        context.health.clone(),
    ));
    let outcome = server
        .serve(router(gateway), context.shutdown.clone())
        .await;
    upkeep.abort();
    context.health.set("", false).await;
    state.close().await;
    outcome.map(drop)
}

/// What was used before this process began is not remembered, so that assertions from then are refused. Whoever made one
/// just now would be refused too: better that nobody is let in yet.
async fn wait_for_fresh_assertions(context: &Context) {
    let seconds = limits::ASSERTION_SKEW_SECONDS + 1;
    tracing::warn!(
        seconds,
        "the state is kept in memory: it serves this one process, ends with it, and listening begins a little later"
    );
    let pause = Duration::from_secs(seconds.unsigned_abs());
    tokio::select! {
        () = tokio::time::sleep(pause) => {}
        () = context.shutdown.requested() => {}
    }
}

/// Sweeps what has ended, looks whether clients, signing keys and TLS files changed, and says whether tokens can be signed.
async fn keep_up(
    gateway: Arc<Gateway>,
    tls: Option<Arc<runtime::WebTls>>,
    health: runtime::health::Health,
) {
    let mut interval = tokio::time::interval(limits::SWEEP_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        interval.tick().await;
        if let Err(error) = gateway.sweep().await {
            tracing::error!(%error, "what has ended could not be swept");
        }
        match gateway.refresh_signing_keys().await {
            Ok(ready) => health.set("", ready).await,
            Err(error) => tracing::error!(%error, "the signing keys could not be looked after"),
        }
        let (gateway, tls) = (Arc::clone(&gateway), tls.clone());
        // Reading files blocks; the panic of a reader is no reason to stop sweeping.
        let _ = tokio::task::spawn_blocking(move || {
            gateway.refresh_clients();
            if let Some(tls) = tls {
                tls.refresh();
            }
        })
        .await;
    }
}
