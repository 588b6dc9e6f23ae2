//! The certification authorities a role trusts: files, their fingerprints, and the world they are for.

use pki::{CertificationAuthority, CrlSigner, PRODUCTION_ROOTS, Profile, TrustAnchor, UnixTime};

use crate::config::{
    CertificationAuthorityConfig, ConfigError, CrlSignerConfig, Environment, TrustAnchorConfig,
};

/// A self-signed certificate of a certification authority has 1.3 KB.
const ANCHOR_FILE_OCTETS: u64 = 16 * 1024;

/// The only profiles of the real JPKI's certificates.
const PRODUCTION_PROFILES: [&str; 2] = ["jpki-user-authentication", "jpki-signing"];

/// Why the authorities cannot be trusted.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// A file or a value.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// Without an authority nothing can be validated.
    #[error("certification_authority: at least one is needed")]
    None,
    /// One authority is wrong.
    #[error("certification_authority {name:?}: {problem}")]
    Authority {
        /// Its name in the configuration.
        name: String,
        /// What is wrong.
        problem: String,
    },
}

/// Loads the authorities of a configuration: every file is compared with its fingerprint, and
/// production takes no anchor but the published production roots.
///
/// An anchor outside its validity is left out with a warning and not refused: the day an old
/// generation's certificate ends must not be the day a restart fails. An authority of which nothing is
/// left is refused.
///
/// # Errors
/// Naming the authority and what is wrong with it.
pub fn load(
    configs: &[CertificationAuthorityConfig],
    environment: Environment,
    now: UnixTime,
) -> Result<Vec<CertificationAuthority>, AuthoritiesError> {
    if configs.is_empty() {
        return Err(AuthoritiesError::None);
    }
    let mut authorities: Vec<CertificationAuthority> = Vec::with_capacity(configs.len());
    for config in configs {
        let wrong = |problem: String| AuthoritiesError::Authority {
            name: config.name.clone(),
            problem,
        };
        check_name(&config.name).map_err(wrong)?;
        if authorities.iter().any(|other| other.name() == config.name) {
            return Err(wrong("is configured twice".to_owned()));
        }
        let profile = Profile::by_name(&config.profile)
            .ok_or_else(|| wrong(format!("there is no profile {:?}", config.profile)))?;
        if environment == Environment::Production
            && !PRODUCTION_PROFILES.contains(&config.profile.as_str())
        {
            return Err(wrong(format!(
                "{:?} is no profile of production",
                config.profile
            )));
        }
        let anchors = anchors(config, environment, now)?;
        let signer = match config.crl_signer {
            CrlSignerConfig::OwnKey => CrlSigner::OwnKey,
            CrlSignerConfig::NewestKey => CrlSigner::NewestKey,
        };
        let authority = CertificationAuthority::new(&config.name, profile, anchors, signer)
            .map_err(|error| wrong(error.to_string()))?;
        authorities.push(authority);
    }
    Ok(authorities)
}

/// A name becomes a metric label, a health name and part of a keyed hash: it is kept plain.
fn check_name(name: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        Ok(())
    } else {
        Err("a name is 1 to 64 lowercase letters, digits and hyphens".to_owned())
    }
}

fn anchors(
    config: &CertificationAuthorityConfig,
    environment: Environment,
    now: UnixTime,
) -> Result<Vec<TrustAnchor>, AuthoritiesError> {
    let mut anchors = Vec::with_capacity(config.trust_anchor.len());
    for anchor_config in &config.trust_anchor {
        let anchor = anchor(anchor_config, environment)?;
        if anchor.not_before() <= now && now <= anchor.not_after() {
            anchors.push(anchor);
        } else {
            tracing::warn!(
                certification_authority = config.name,
                file = %anchor_config.file,
                not_before = %anchor.not_before(),
                not_after = %anchor.not_after(),
                "a trust anchor is outside its validity and is left out"
            );
        }
    }
    if anchors.is_empty() {
        return Err(AuthoritiesError::Authority {
            name: config.name.clone(),
            problem: "no trust anchor is within its validity".to_owned(),
        });
    }
    Ok(anchors)
}

fn anchor(
    config: &TrustAnchorConfig,
    environment: Environment,
) -> Result<TrustAnchor, AuthoritiesError> {
    let wrong = |problem: String| ConfigError::file(&config.file, problem);
    let anchor = TrustAnchor::from_pem_or_der(&config.file.read(ANCHOR_FILE_OCTETS)?)
        .map_err(|error| wrong(error.to_string()))?;
    let found = anchor.sha256_fingerprint();
    let mut expected = [0; 32];
    if hex::decode_to_slice(&config.sha256, &mut expected).is_err() {
        return Err(wrong("sha256 is not 64 hexadecimal digits".to_owned()).into());
    }
    if found != expected {
        let found = hex::encode(found);
        return Err(wrong(format!("its SHA-256 is {found}, configured is another")).into());
    }
    let is_production_root = PRODUCTION_ROOTS
        .iter()
        .any(|root| root.sha256_fingerprint == found);
    if environment == Environment::Production && !is_production_root {
        return Err(wrong("is none of JPKI's production roots".to_owned()).into());
    }
    Ok(anchor)
}
