//! The roles of the binary, and what each is made of.

use std::path::Path;

use runtime::clock::{Clock as _, SystemClock};
use runtime::config::{
    CertificationAuthorityConfig, ConfigError, Environment, ObservabilityConfig,
};
use runtime::{Context, ServeError};

/// One of the roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Fetches and stores lists.
    CrlSync,
    /// Answers whether a certificate is on a list.
    RevocationLookup,
    /// Verifies signatures.
    SignatureVerification,
    /// Checks signing certificates.
    SigningCertificate,
    /// Signs people in at relying parties.
    OidcGateway,
}

impl Role {
    /// Every role, in the order in which they start: what others ask comes first.
    pub const ALL: [Self; 5] = [
        Self::CrlSync,
        Self::RevocationLookup,
        Self::SignatureVerification,
        Self::SigningCertificate,
        Self::OidcGateway,
    ];

    /// Its name on the command line, in metrics, and of its file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CrlSync => "crl-sync",
            Self::RevocationLookup => "revocation-lookup",
            Self::SignatureVerification => "signature-verification",
            Self::SigningCertificate => "signing-certificate",
            Self::OidcGateway => "oidc-gateway",
        }
    }

    /// The role whose file has this name: `revocation-lookup.toml`.
    pub fn of_file(path: &Path) -> Option<Self> {
        let stem = path.file_stem()?.to_str()?;
        Self::ALL.into_iter().find(|role| role.name() == stem)
    }
}

/// A role's configuration, read and checked.
#[derive(Debug)]
pub enum RoleConfig {
    /// crl-sync's.
    CrlSync(Box<crl_sync::Config>),
    /// revocation-lookup's.
    RevocationLookup(Box<revocation_lookup::Config>),
    /// signature-verification's.
    SignatureVerification(Box<signature_verification::Config>),
    /// signing-certificate's.
    SigningCertificate(Box<signing_certificate::Config>),
    /// oidc-gateway's.
    OidcGateway(Box<oidc_gateway::Config>),
}

/// The same expression for the configuration of every role.
macro_rules! each {
    ($self:expr, $config:ident => $expression:expr) => {
        match $self {
            RoleConfig::CrlSync($config) => $expression,
            RoleConfig::RevocationLookup($config) => $expression,
            RoleConfig::SignatureVerification($config) => $expression,
            RoleConfig::SigningCertificate($config) => $expression,
            RoleConfig::OidcGateway($config) => $expression,
        }
    };
}

impl RoleConfig {
    /// Reads a role's file and checks every value in it.
    ///
    /// # Errors
    /// Naming the file, and the line or the key.
    pub fn load(role: Role, path: &Path) -> Result<Self, ConfigError> {
        use runtime::config::load;
        let config = match role {
            Role::CrlSync => Self::CrlSync(load(path)?),
            Role::RevocationLookup => Self::RevocationLookup(load(path)?),
            Role::SignatureVerification => Self::SignatureVerification(load(path)?),
            Role::SigningCertificate => Self::SigningCertificate(load(path)?),
            Role::OidcGateway => Self::OidcGateway(load(path)?),
        };
        each!(&config, config => config.check()).map_err(|error| error.within(path))?;
        Ok(config)
    }

    /// Metrics and logs.
    pub fn observability(&self) -> &ObservabilityConfig {
        each!(self, config => &config.observability)
    }

    /// Serves until the context's shutdown.
    ///
    /// # Errors
    /// When the role cannot start or has to stop.
    pub async fn serve(self, context: Context) -> Result<(), ServeError> {
        match self {
            Self::CrlSync(config) => crl_sync::serve(*config, context).await,
            Self::RevocationLookup(config) => revocation_lookup::serve(*config, context).await,
            Self::SignatureVerification(config) => {
                signature_verification::serve(*config, context).await
            }
            Self::SigningCertificate(config) => signing_certificate::serve(*config, context).await,
            Self::OidcGateway(config) => oidc_gateway::serve(*config, context).await,
        }
    }

    /// Reads the files that the configuration names: trust anchors, certificates, keys.
    ///
    /// # Errors
    /// Naming the file and what is wrong with it.
    pub fn check_files(&self) -> Result<(), ServeError> {
        match self {
            Self::CrlSync(config) => {
                check_anchors(&config.certification_authority, config.environment)?;
                if let Some(file) = &config.holder_key_file {
                    file.read_key()?;
                }
            }
            Self::RevocationLookup(config) => {
                check_anchors(&config.certification_authority, config.environment)?;
                runtime::server::check_tls(&config.tls)?;
                revocation_lookup::check_files(config)?;
            }
            Self::SignatureVerification(config) => {
                check_anchors(&config.certification_authority, config.environment)?;
                config.holder_key_file.read_key()?;
                runtime::server::check_tls(&config.tls)?;
                runtime::client::check_tls(&config.revocation.tls())?;
            }
            Self::SigningCertificate(config) => {
                check_anchors(&config.certification_authority, config.environment)?;
                runtime::server::check_tls(&config.tls)?;
                runtime::client::check_tls(&config.revocation.tls())?;
            }
            Self::OidcGateway(config) => oidc_gateway::check_files(config)?,
        }
        Ok(())
    }
}

fn check_anchors(
    authorities: &[CertificationAuthorityConfig],
    environment: Environment,
) -> Result<(), ServeError> {
    runtime::authorities::load(authorities, environment, SystemClock.now())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Role;

    #[test]
    fn a_file_belongs_to_the_role_it_is_named_after() {
        for role in Role::ALL {
            let path = format!("/etc/akashi/{}.toml", role.name());
            assert_eq!(Role::of_file(Path::new(&path)), Some(role));
        }
        assert_eq!(Role::of_file(Path::new("/etc/akashi/agency.toml")), None);
    }
}
