//! What a source is shown so that it answers: a user and password, a client certificate; and whose certificates are
//! believed of it. Everything comes from files, which are read for every attempt, so that they may be replaced at any
//! time. Passwords and keys are in no log and no error.

use runtime::config::{ConfigError, ConfigPath, SecretFile};
use zeroize::Zeroizing;

use crate::config::SourceConfig;
use crate::limits;

/// The files of one source.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Access {
    password: Option<(String, SecretFile)>,
    identity: Option<(ConfigPath, SecretFile)>,
    ca: Option<ConfigPath>,
}

/// What was in them.
pub(crate) struct Credentials {
    /// User and password.
    pub(crate) password: Option<(String, Zeroizing<String>)>,
    /// A certificate chain and its key, both PEM.
    pub(crate) identity: Option<(Vec<u8>, Zeroizing<Vec<u8>>)>,
    /// The only authorities that are believed, PEM.
    pub(crate) ca: Option<Vec<u8>>,
}

impl Access {
    /// Checks what one `[[source]]` says about it.
    pub(crate) fn from_config(config: &SourceConfig) -> Result<Self, (&'static str, &'static str)> {
        let password = match (&config.user, &config.password_file) {
            (Some(user), Some(file)) if !user.is_empty() && !user.contains(char::is_control) => {
                Some((user.clone(), file.clone()))
            }
            (None, None) => None,
            (Some(_), _) => return Err(("user", "needs a name and a password_file")),
            (None, Some(_)) => return Err(("password_file", "needs a user")),
        };
        let identity = match (&config.client_certificate, &config.client_key) {
            (Some(certificate), Some(key)) => Some((certificate.clone(), key.clone())),
            (None, None) => None,
            (Some(_), None) => return Err(("client_certificate", "needs a client_key")),
            (None, Some(_)) => return Err(("client_key", "needs a client_certificate")),
        };
        Ok(Self {
            password,
            identity,
            ca: config.ca.clone(),
        })
    }

    /// Whether nothing is shown and the machine's authorities are believed.
    pub(crate) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Whether its own authorities are believed.
    pub(crate) const fn has_ca(&self) -> bool {
        self.ca.is_some()
    }

    /// Reads the files. One that is open to every user of the machine is warned of.
    pub(crate) fn read(&self) -> Result<Credentials, ConfigError> {
        let password = match &self.password {
            None => None,
            Some((user, file)) => Some((user.clone(), password(file)?)),
        };
        let identity = match &self.identity {
            None => None,
            Some((certificate, key)) => {
                Some((certificate.read(limits::PEM_FILE_OCTETS)?, key.read()?))
            }
        };
        let ca = match &self.ca {
            None => None,
            Some(file) => Some(file.read(limits::PEM_FILE_OCTETS)?),
        };
        Ok(Credentials {
            password,
            identity,
            ca,
        })
    }
}

/// A password is the file's text without the line end.
fn password(file: &SecretFile) -> Result<Zeroizing<String>, ConfigError> {
    let octets = file.read()?;
    let text = std::str::from_utf8(&octets).map(|text| text.trim_end_matches(['\r', '\n']));
    match text {
        Ok(text) if !text.is_empty() => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(ConfigError::file(file.path(), "holds no password in UTF-8")),
    }
}
