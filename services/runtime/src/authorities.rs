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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use pki::UnixTime;

    use super::load;
    use crate::config::{
        CertificationAuthorityConfig, ConfigPath, CrlSignerConfig, Environment, TrustAnchorConfig,
    };

    /// Published certificates of JPKI's production (authca03) and test (authca-test-2023) authorities.
    const PRODUCTION: (&str, &str) = (
        "authca03.cer",
        "64114f29620c24ed2631d46476a040e7ee740d956089c00b036a6a8118c322b5",
    );

    /// 2026-11-23.
    const NOW: UnixTime = UnixTime::from_secs(1_795_392_000);

    fn fixture(file: &str) -> ConfigPath {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/conformance/fixtures/myna-card"
        );
        ConfigPath::new(Path::new(folder).join(file))
    }

    fn authority(profile: &str, anchors: &[(&str, &str)]) -> CertificationAuthorityConfig {
        let anchor = |(file, sha256): &(&str, &str)| TrustAnchorConfig {
            file: fixture(file),
            sha256: (*sha256).to_owned(),
        };
        CertificationAuthorityConfig {
            name: "user-authentication".to_owned(),
            profile: profile.to_owned(),
            crl_signer: CrlSignerConfig::NewestKey,
            trust_anchor: anchors.iter().map(anchor).collect(),
        }
    }

    fn sha256_of(file: &str) -> String {
        let der = fixture(file).read(super::ANCHOR_FILE_OCTETS).unwrap();
        hex::encode(
            pki::TrustAnchor::from_der(&der)
                .unwrap()
                .sha256_fingerprint(),
        )
    }

    fn loaded(
        config: CertificationAuthorityConfig,
        environment: Environment,
        now: UnixTime,
    ) -> Result<usize, String> {
        load(&[config], environment, now)
            .map(|authorities| authorities[0].anchors().len())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn production_takes_a_published_root_and_nothing_else() {
        let genuine = authority("jpki-user-authentication", &[PRODUCTION]);
        assert_eq!(loaded(genuine, Environment::Production, NOW), Ok(1));
        let sha256 = sha256_of("authca-test-2023.cer");
        let other = authority(
            "jpki-user-authentication",
            &[("authca-test-2023.cer", &sha256)],
        );
        assert_eq!(loaded(other.clone(), Environment::Test, NOW), Ok(1));
        let refused = loaded(other, Environment::Production, NOW).unwrap_err();
        assert!(
            refused.ends_with("is none of JPKI's production roots"),
            "{refused}"
        );
    }

    #[test]
    fn production_has_no_test_profile() {
        let config = authority("jpki-test-user-authentication", &[PRODUCTION]);
        assert_eq!(loaded(config.clone(), Environment::Test, NOW), Ok(1));
        let refused = loaded(config, Environment::Production, NOW).unwrap_err();
        assert!(refused.contains("no profile of production"), "{refused}");
    }

    #[test]
    fn a_file_with_another_fingerprint_is_refused() {
        let other = ("authca02.cer", PRODUCTION.1);
        let config = authority("jpki-user-authentication", &[other]);
        let refused = loaded(config, Environment::Production, NOW).unwrap_err();
        assert!(
            refused.contains("authca02.cer: its SHA-256 is 0d98de47"),
            "{refused}"
        );
    }

    #[test]
    fn an_anchor_outside_its_validity_is_left_out_and_the_last_one_is_refused() {
        let sha256 = sha256_of("authca02.cer");
        let both = authority(
            "jpki-user-authentication",
            &[PRODUCTION, ("authca02.cer", sha256.as_str())],
        );
        assert_eq!(loaded(both.clone(), Environment::Production, NOW), Ok(2));
        // 2021-01-01: the third generation was made later.
        let then = UnixTime::from_secs(1_609_459_200);
        assert_eq!(loaded(both.clone(), Environment::Production, then), Ok(1));
        let never = UnixTime::from_secs(0);
        let refused = loaded(both, Environment::Production, never).unwrap_err();
        assert!(
            refused.contains("no trust anchor is within its validity"),
            "{refused}"
        );
    }

    #[test]
    fn an_authority_is_named_plainly_and_once() {
        let config = authority("jpki-user-authentication", &[PRODUCTION]);
        let twice = load(
            &[config.clone(), config.clone()],
            Environment::Production,
            NOW,
        );
        assert!(twice.unwrap_err().to_string().contains("configured twice"));
        for name in ["", "User", "a b", "a/b"] {
            let named = CertificationAuthorityConfig {
                name: name.to_owned(),
                ..config.clone()
            };
            assert!(
                loaded(named, Environment::Production, NOW).is_err(),
                "{name:?}"
            );
        }
        assert!(load(&[], Environment::Sandbox, NOW).is_err());
    }

    #[test]
    fn an_unknown_profile_is_refused() {
        let config = authority("jpki-authentication", &[PRODUCTION]);
        let refused = loaded(config, Environment::Sandbox, NOW).unwrap_err();
        assert!(
            refused.contains("there is no profile \"jpki-authentication\""),
            "{refused}"
        );
    }
}
