//! Who may call which gRPC method, decided before a byte of the request's body is read.
//!
//! A method without an entry refuses everybody, so that a method added tomorrow is closed until
//! somebody opens it. Handlers cannot forget the check: the only server builder installs it.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};

use foldhash::{HashMap, HashSet};
use futures_util::future::{BoxFuture, Either, FutureExt as _};
use pki::UnixTime;
use prometheus::IntCounterVec;
use tonic::body::Body;
use tower::{Layer, Service};

use crate::clock::Clock;
use crate::config::{Caller, ConfigError};
use crate::peer::Peer;
use crate::status::{self, Kind};

/// What every server has beside its own methods. These need an entry like any other: health tells how current the lists
/// of an authority are, and that is nobody's business but of those who watch.
const COMMON_METHODS: [&str; 3] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
];

/// Which identities may call which method.
#[derive(Clone, Debug, Default)]
pub struct AccessTable {
    methods: HashMap<String, HashSet<Arc<str>>>,
}

impl AccessTable {
    /// A table of the methods a server has and the callers its configuration names. A method of a
    /// caller that the server does not have is refused: it is a spelling mistake or a wrong file.
    ///
    /// # Errors
    /// Naming the caller and what is wrong with its entry.
    pub fn new(methods: &[&str], callers: &[Caller]) -> Result<Self, ConfigError> {
        let allowances = callers
            .iter()
            .map(|caller| (caller.identity.as_str(), &caller.methods[..]));
        Self::from_allowances(methods, allowances)
    }

    /// The same for callers tables of other shapes: identities with the methods they may call.
    ///
    /// # Errors
    /// Naming the caller and what is wrong with its entry.
    pub fn from_allowances<'a>(
        methods: &[&str],
        allowances: impl IntoIterator<Item = (&'a str, &'a [String])>,
    ) -> Result<Self, ConfigError> {
        let mut table = Self {
            methods: methods
                .iter()
                .chain(&COMMON_METHODS)
                .map(|name| ((*name).to_owned(), HashSet::default()))
                .collect(),
        };
        let mut seen = HashSet::default();
        for (identity, allowed) in allowances {
            Caller::check_identity(identity)?;
            if !seen.insert(identity) {
                let problem = format!("{identity} has two entries");
                return Err(ConfigError::invalid("caller.identity", problem));
            }
            let identity: Arc<str> = identity.into();
            for method in allowed {
                let Some(callers) = table.methods.get_mut(method) else {
                    let problem = format!("{identity}: this server has no method {method:?}");
                    return Err(ConfigError::invalid("caller.methods", problem));
                };
                callers.insert(identity.clone());
            }
        }
        Ok(table)
    }

    /// Whether this identity may call this method.
    pub fn allows(&self, identity: Option<&str>, method: &str) -> bool {
        let (Some(identity), Some(callers)) = (identity, self.methods.get(method)) else {
            return false;
        };
        callers.contains(identity)
    }

    /// Every method of the server, by its full name.
    pub(crate) fn methods(&self) -> impl Iterator<Item = &str> {
        self.methods.keys().map(String::as_str)
    }

    /// The short name of a method for a metric label; whatever a caller makes up is one word.
    pub(crate) fn label(&self, method: &str) -> &str {
        let known = self.methods.get_key_value(method);
        known
            .and_then(|(name, _)| name.rsplit('/').next())
            .unwrap_or("unknown")
    }
}

/// Somebody called a method without permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The verified identity; absent without a client certificate.
    pub identity: Option<Arc<str>>,
    /// The full method name as known to the server; `unknown` for one it does not have.
    pub method: Arc<str>,
    /// When.
    pub at: UnixTime,
}

/// Is told of every refusal before the caller is.
pub trait RefusalSink: Send + Sync + 'static {
    /// Takes note of a refusal. The caller is answered when the future ends, and is refused either
    /// way: a sink that fails says so in its own log and metric.
    fn refused(&self, refusal: Refusal) -> BoxFuture<'_, ()>;
}

/// Writes refusals to the log only.
#[derive(Clone, Copy, Debug, Default)]
pub struct LogRefusals;

impl RefusalSink for LogRefusals {
    fn refused(&self, refusal: Refusal) -> BoxFuture<'_, ()> {
        let identity = refusal.identity.as_deref().unwrap_or("none");
        tracing::warn!(identity, method = %refusal.method, "a caller without permission was refused");
        std::future::ready(()).boxed()
    }
}

/// Puts the check before a server's methods.
#[derive(Clone)]
pub struct AccessLayer {
    shared: Arc<Shared>,
}

struct Shared {
    table: AccessTable,
    sink: Arc<dyn RefusalSink>,
    clock: Arc<dyn Clock>,
    refused: IntCounterVec,
}

impl AccessLayer {
    /// A check by this table; `refused` counts by method.
    pub(crate) fn new(
        table: AccessTable,
        sink: Arc<dyn RefusalSink>,
        clock: Arc<dyn Clock>,
        refused: IntCounterVec,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                table,
                sink,
                clock,
                refused,
            }),
        }
    }
}

impl<S> Layer<S> for AccessLayer {
    type Service = Access<S>;

    fn layer(&self, inner: S) -> Access<S> {
        Access {
            inner,
            shared: self.shared.clone(),
        }
    }
}

/// A service behind the check.
#[derive(Clone)]
pub struct Access<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<http::Request<Body>> for Access<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Result<http::Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let identity = request
            .extensions()
            .get::<Peer>()
            .and_then(|peer| peer.identity.clone());
        let method = request.uri().path();
        if self.shared.table.allows(identity.as_deref(), method) {
            return Either::Left(self.inner.call(request));
        }
        let known = self.shared.table.label(method) != "unknown";
        let method: Arc<str> = if known {
            method.into()
        } else {
            "unknown".into()
        };
        drop(request);
        Either::Right(refuse(self.shared.clone(), identity, method).boxed())
    }
}

async fn refuse(
    shared: Arc<Shared>,
    identity: Option<Arc<str>>,
    method: Arc<str>,
) -> Result<http::Response<Body>, Infallible> {
    shared
        .refused
        .with_label_values(&[shared.table.label(&method)])
        .inc();
    let at = shared.clock.now();
    shared
        .sink
        .refused(Refusal {
            identity,
            method,
            at,
        })
        .await;
    // One sentence for every reason: whether a method or an entry exists is not the caller's business.
    Ok(status::new(
        Kind::PermissionDenied,
        "this caller may not call this method",
    )
    .into_http())
}

#[cfg(test)]
mod tests {
    use super::AccessTable;
    use crate::config::Caller;

    const CHECK: &str = "/akashi.signing.v1.SigningCertificateService/CheckSigningCertificate";

    fn caller(methods: &[&str]) -> Caller {
        Caller {
            identity: "city-office.agency.test".to_owned(),
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
        }
    }

    #[test]
    fn a_method_refuses_everybody_until_a_caller_is_named() {
        let closed = AccessTable::new(&[CHECK], &[caller(&[])]).unwrap();
        assert!(!closed.allows(Some("city-office.agency.test"), CHECK));
        let opened = AccessTable::new(&[CHECK], &[caller(&[CHECK])]).unwrap();
        assert!(opened.allows(Some("city-office.agency.test"), CHECK));
    }

    #[test]
    fn another_identity_or_none_is_refused() {
        let table = AccessTable::new(&[CHECK], &[caller(&[CHECK])]).unwrap();
        assert!(!table.allows(Some("oidc-gateway.akashi.test"), CHECK));
        assert!(!table.allows(None, CHECK));
    }

    #[test]
    fn a_method_the_server_does_not_have_refuses_everybody() {
        let table = AccessTable::new(&[CHECK], &[caller(&[CHECK])]).unwrap();
        assert!(!table.allows(Some("city-office.agency.test"), &format!("{CHECK}s")));
    }

    #[test]
    fn health_and_reflection_need_an_entry_like_any_method() {
        for method in super::COMMON_METHODS {
            let closed = AccessTable::new(&[CHECK], &[caller(&[CHECK])]).unwrap();
            assert!(!closed.allows(Some("city-office.agency.test"), method));
            let opened = AccessTable::new(&[CHECK], &[caller(&[method])]).unwrap();
            assert!(opened.allows(Some("city-office.agency.test"), method));
            assert!(!opened.allows(None, method));
        }
    }

    #[test]
    fn a_misspelt_method_in_the_configuration_is_refused() {
        let error = AccessTable::new(&[CHECK], &[caller(&["/akashi.Signing/Check"])]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "caller.methods: city-office.agency.test: this server has no method \
             \"/akashi.Signing/Check\""
        );
    }

    #[test]
    fn an_identity_has_one_entry() {
        assert!(AccessTable::new(&[CHECK], &[caller(&[]), caller(&[CHECK])]).is_err());
        assert!(AccessTable::new(&[CHECK], &[caller(&[CHECK])]).is_ok());
    }

    #[test]
    fn labels_are_the_servers_own_words() {
        let table = AccessTable::new(&[CHECK], &[]).unwrap();
        assert_eq!(table.label(CHECK), "CheckSigningCertificate");
        assert_eq!(table.label("/grpc.health.v1.Health/Check"), "Check");
        assert_eq!(table.label("/anything/a caller sent"), "unknown");
    }
}
