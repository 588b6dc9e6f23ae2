//! Keys in a PKCS#11 token: the private half never leaves it.
//!
//! The vendor's library blocks, so it is called on threads that may block, as many at a time as there are sessions; a call
//! that does not come back keeps its place, and callers are told after [`SIGNING_TIMEOUT`]. A session that is lost (the
//! token was taken out, or restarted) is opened again, once for each signature. A PIN that the token refused is not tried
//! again: tokens lock after a few.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;
use runtime::config::ConfigError;
use tokio::sync::Semaphore;

use super::file::Pkcs11Config;
use crate::bearer::sha256;

/// How long a signature may take, waiting for a session included. A relying party's request waits for it.
const SIGNING_TIMEOUT: Duration = Duration::from_secs(5);

/// OBJECT IDENTIFIER prime256v1 (RFC 5480 section 2.1.1.1), the CKA_EC_PARAMS of a P-256 key.
const P256: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// What a token is asked to sign when its key is loaded: no token of ours begins so.
const TRIAL: &[u8] = b"akashi-trial-signature";

/// Libraries are initialised once in a process (PKCS#11 section 5.4) and stay so.
static MODULES: Mutex<BTreeMap<PathBuf, Pkcs11>> = Mutex::new(BTreeMap::new());

/// SHA-256 of token and PIN that were refused together.
static REFUSED_PINS: LazyLock<Mutex<BTreeSet<[u8; 32]>>> = LazyLock::new(Mutex::default);

/// Why the token did not do what it should.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum TokenError {
    /// No slot has the token.
    #[error("the token is not there")]
    Away,
    /// The PIN.
    #[error("the PIN was refused and is not tried again until pin_file changes")]
    Pin,
    /// The key is not there, or there are several.
    #[error("there must be exactly one {0} key with this label")]
    Key(&'static str),
    /// Not a P-256 key.
    #[error("the key is not on the curve P-256")]
    Curve,
    /// A private key that belongs to no or another public one.
    #[error("the public key does not verify what the private key signs")]
    Halves,
    /// It took too long.
    #[error("it did not answer in time")]
    Slow,
    /// Something else; the library's own words hold no secret.
    #[error("{0}")]
    Library(String),
}

/// A token, opened when it is needed.
pub(super) struct Token {
    config: Pkcs11Config,
    module: Pkcs11,
    /// Sessions that are logged in and idle.
    idle: Mutex<Vec<Session>>,
    places: Arc<Semaphore>,
}

/// A key in a token.
pub(crate) struct TokenKey {
    token: Arc<Token>,
    label: String,
    point: Vec<u8>,
}

impl Token {
    pub(super) fn open(config: &Pkcs11Config) -> Result<Arc<Self>, ConfigError> {
        let module = module(config).map_err(|error| ConfigError::file(&config.module, error))?;
        Ok(Arc::new(Self {
            module,
            idle: Mutex::default(),
            places: Arc::new(Semaphore::new(config.sessions)),
            config: config.clone(),
        }))
    }

    /// The key of this label, after a trial signature.
    pub(super) fn key(self: Arc<Self>, label: &str) -> Result<TokenKey, TokenError> {
        let point = self.with_session(|session| public_point(session, label))?;
        let signature = self.sign(label, &sha256(&[TRIAL]))?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point)
            .verify(TRIAL, &signature)
            .map_err(|_| TokenError::Halves)?;
        Ok(TokenKey {
            token: self,
            label: label.to_owned(),
            point,
        })
    }

    /// The signature of a digest, r || s (PKCS#11 section 6.3.1).
    fn sign(&self, label: &str, digest: &[u8; 32]) -> Result<Vec<u8>, TokenError> {
        let signature = self.with_session(|session| {
            let key = private_key(session, label)?;
            Ok(session.sign(&Mechanism::Ecdsa, key, digest)?)
        })?;
        if signature.len() == 64 {
            Ok(signature)
        } else {
            Err(TokenError::Library(
                "a signature of another length".to_owned(),
            ))
        }
    }

    /// Runs something in a session. With one that was lost it is run again in a new one, once.
    fn with_session<T>(
        &self,
        run: impl Fn(&Session) -> Result<T, Problem>,
    ) -> Result<T, TokenError> {
        let kept = self.idle().pop();
        if let Some(session) = kept {
            match run(&session) {
                Ok(value) => {
                    self.keep(session);
                    return Ok(value);
                }
                Err(Problem::Told(error)) => {
                    self.keep(session);
                    return Err(error);
                }
                // The others are lost too, most likely.
                Err(Problem::Session(error)) => {
                    tracing::warn!(%error, "a session with the PKCS#11 token was lost");
                    self.idle().clear();
                }
            }
        }
        let session = self.log_in()?;
        let value = run(&session)?;
        self.keep(session);
        Ok(value)
    }

    fn log_in(&self) -> Result<Session, TokenError> {
        let slot = self.slot()?;
        let session = self.module.open_ro_session(slot).map_err(told)?;
        let pin = self.config.pin_file.read();
        let pin = pin.map_err(|error| TokenError::Library(error.to_string()))?;
        let pin = pin.trim_ascii_end();
        let attempt = sha256(&[
            self.config.module.as_os_str().as_encoded_bytes(),
            &slot.id().to_be_bytes(),
            pin,
        ]);
        let mut refused = REFUSED_PINS.lock().unwrap_or_else(PoisonError::into_inner);
        if refused.contains(&attempt) {
            return Err(TokenError::Pin);
        }
        let text = std::str::from_utf8(pin).map_err(|_| TokenError::Pin)?;
        match session.login(UserType::User, Some(&AuthPin::new(text.into()))) {
            // Logging in is for the whole process: another session may have done it.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(session),
            Err(Error::Pkcs11(
                RvError::PinIncorrect
                | RvError::PinInvalid
                | RvError::PinLenRange
                | RvError::PinLocked,
                _,
            )) => {
                refused.insert(attempt);
                Err(TokenError::Pin)
            }
            Err(error) => Err(told(error)),
        }
    }

    fn slot(&self) -> Result<Slot, TokenError> {
        let slots = self
            .module
            .get_slots_with_initialized_token()
            .map_err(told)?;
        let is_it = |slot: &Slot| match &self.config.token_label {
            Some(label) => {
                let token = self.module.get_token_info(*slot);
                token.is_ok_and(|token| token.label().trim_end() == label)
            }
            None => self.config.slot == Some(slot.id()),
        };
        let mut found = slots.into_iter().filter(is_it);
        match (found.next(), found.next()) {
            (Some(slot), None) => Ok(slot),
            (None, _) => Err(TokenError::Away),
            (Some(_), Some(_)) => Err(TokenError::Library(
                "several tokens have this label: name the slot instead".to_owned(),
            )),
        }
    }

    fn keep(&self, session: Session) {
        let mut idle = self.idle();
        if idle.len() < self.config.sessions {
            idle.push(session);
        }
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Session>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TokenKey {
    pub(super) fn point(&self) -> &[u8] {
        &self.point
    }

    /// Signs on a thread that may block.
    pub(super) async fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let (token, label) = (Arc::clone(&self.token), self.label.clone());
        let digest = sha256(&[message]);
        let signing = async move {
            let place = Arc::clone(&token.places).acquire_owned().await;
            let place = place.map_err(|_| TokenError::Slow)?;
            let signed = tokio::task::spawn_blocking(move || {
                let signed = token.sign(&label, &digest);
                drop(place);
                signed
            });
            signed.await.unwrap_or(Err(TokenError::Slow))
        };
        tokio::time::timeout(SIGNING_TIMEOUT, signing)
            .await
            .unwrap_or(Err(TokenError::Slow))
    }

    /// Is the private key there? Blocks.
    pub(super) fn probe(&self) -> Result<(), TokenError> {
        // The slot list is asked too: an open session of some libraries outlives its token.
        self.token.slot()?;
        let found = self
            .token
            .with_session(|session| private_key(session, &self.label));
        found.map(drop)
    }
}

/// What went wrong in a session: with it, or with what was asked.
enum Problem {
    Session(TokenError),
    Told(TokenError),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Pkcs11(
                RvError::SessionHandleInvalid
                | RvError::SessionClosed
                | RvError::UserNotLoggedIn
                | RvError::DeviceRemoved
                | RvError::DeviceError
                | RvError::TokenNotPresent
                | RvError::KeyHandleInvalid
                | RvError::ObjectHandleInvalid
                | RvError::GeneralError
                | RvError::OperationActive,
                _,
            ) => Self::Session(told(error)),
            error => Self::Told(told(error)),
        }
    }
}

impl From<TokenError> for Problem {
    fn from(error: TokenError) -> Self {
        Self::Told(error)
    }
}

impl From<Problem> for TokenError {
    fn from(problem: Problem) -> Self {
        match problem {
            Problem::Session(error) | Problem::Told(error) => error,
        }
    }
}

fn told(error: Error) -> TokenError {
    match error {
        Error::Pkcs11(
            RvError::TokenNotPresent | RvError::DeviceRemoved | RvError::SlotIdInvalid,
            _,
        ) => TokenError::Away,
        error => TokenError::Library(error.to_string()),
    }
}

fn module(config: &Pkcs11Config) -> Result<Pkcs11, Error> {
    let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
    let path = config.module.as_path();
    if let Some(module) = modules.get(path) {
        return Ok(module.clone());
    }
    let module = Pkcs11::new(path)?;
    match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
        Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
        Err(error) => return Err(error),
    }
    modules.insert(path.to_owned(), module.clone());
    Ok(module)
}

fn private_key(session: &Session, label: &str) -> Result<ObjectHandle, Problem> {
    let key = one_key(session, ObjectClass::PRIVATE_KEY, label)?;
    // Nobody sees private keys but who is logged in, and a token that was away for a moment has logged everybody out.
    key.ok_or(Problem::Session(TokenError::Key("private")))
}

fn public_point(session: &Session, label: &str) -> Result<Vec<u8>, Problem> {
    let key = one_key(session, ObjectClass::PUBLIC_KEY, label)?.ok_or(TokenError::Key("public"))?;
    let wanted = [AttributeType::EcParams, AttributeType::EcPoint];
    let mut point = Vec::new();
    for attribute in session.get_attributes(key, &wanted)? {
        match attribute {
            Attribute::EcParams(curve) if curve != P256 => return Err(TokenError::Curve.into()),
            Attribute::EcPoint(octets) => point = octets,
            _ => {}
        }
    }
    // An OCTET STRING around the point, as the standard says, or the bare point, as some libraries have it.
    let bare = point.strip_prefix(&[0x04, 0x41]).unwrap_or(&point);
    if bare.len() == 65 && bare[0] == 0x04 {
        Ok(bare.to_vec())
    } else {
        Err(TokenError::Curve.into())
    }
}

fn one_key(
    session: &Session,
    class: ObjectClass,
    label: &str,
) -> Result<Option<ObjectHandle>, Problem> {
    let found = session.find_objects(&[
        Attribute::Class(class),
        Attribute::KeyType(KeyType::EC),
        Attribute::Label(label.as_bytes().to_vec()),
    ])?;
    Ok(match found.as_slice() {
        [key] => Some(*key),
        _ => None,
    })
}
