//! Writes everything an installation of Akashi needs into one folder: trust anchors, service certificates, secrets, and
//! one configuration file a role, with the keys that `deploy/config/*.toml` explain.
//!
//! Secrets that name people (the holder key, the pairwise secret) and the ID token key are kept when the folder is
//! written again, so that a second start knows everybody it knew; service certificates are new each time.

mod plan;
mod role_files;
mod service_certificates;
mod world;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};

use crate::mint::{EcKey, pem};

pub use plan::{
    Authority, Client, Databases, ForwardedAgency, OcspPorts, OcspSigner, Pace, Ports, Reader,
    Recipient, RolePorts, Signatures, Source, SourceKind, Surroundings, identity, is_free,
};
pub use service_certificates::{ServiceAuthority, ServiceCertificate};
pub use world::Lists;

/// A folder with everything an installation needs.
#[derive(Clone, Debug)]
pub struct Deployment {
    folder: PathBuf,
    ports: Ports,
}

/// The files of one identity, in a deployment.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// Its certificate, PEM.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub private_key: PathBuf,
    /// The authority that issued the certificate, PEM.
    pub authority: PathBuf,
}

impl Deployment {
    /// Writes the folder.
    pub fn write(
        folder: &Path,
        surroundings: &Surroundings,
        databases: &Databases,
        ports: Ports,
        pace: Pace,
    ) -> Result<Self> {
        Self::write_files(folder, surroundings, databases, ports, pace, |_| true)
    }

    /// Writes the folder with the configuration files of these roles and no others.
    pub fn write_roles(
        folder: &Path,
        surroundings: &Surroundings,
        ports: Ports,
        pace: Pace,
        roles: &[&str],
    ) -> Result<Self> {
        let wanted = |name: &str| {
            let role = name.trim_end_matches(".toml");
            roles.contains(&role)
        };
        let databases = &Databases::Sqlite;
        Self::write_files(folder, surroundings, databases, ports, pace, wanted)
    }

    fn write_files(
        folder: &Path,
        surroundings: &Surroundings,
        databases: &Databases,
        ports: Ports,
        pace: Pace,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Self> {
        let deployment = Self {
            folder: folder.to_owned(),
            ports,
        };
        for part in ["anchors", "tls", "secrets", "data", "ocsp"] {
            fs::create_dir_all(folder.join(part))?;
        }
        for (authority, generation, der) in anchors(surroundings) {
            fs::write(folder.join(anchor_file(authority, generation)), der)?;
        }
        deployment.write_certificates()?;
        deployment.write_ocsp(surroundings)?;
        deployment.write_secrets()?;
        let files = role_files::RoleFiles {
            folder,
            surroundings,
            databases,
            ports,
            pace,
        };
        for (name, table) in files.all().into_iter().filter(|(name, _)| wanted(name)) {
            let text = toml::to_string(&table).with_context(|| format!("writing {name}"))?;
            fs::write(folder.join(name), text)?;
        }
        Ok(deployment)
    }

    /// The folder; `akashi all --config` takes it.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The configuration file of a role, such as `crl-sync`.
    pub fn config_file(&self, role: &str) -> PathBuf {
        self.folder.join(format!("{role}.toml"))
    }

    /// The ports.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// The TLS files of one of [`identity::ALL`].
    pub fn tls_files(&self, identity: &str) -> TlsFiles {
        let tls = self.folder.join("tls");
        TlsFiles {
            certificate: tls.join(format!("{identity}.pem")),
            private_key: tls.join(format!("{identity}.key")),
            authority: tls.join("services-ca.pem"),
        }
    }

    fn write_certificates(&self) -> Result<()> {
        let authority = ServiceAuthority::generate("Akashi sandbox services")?;
        let tls = self.folder.join("tls");
        fs::write(tls.join("services-ca.pem"), authority.certificate_pem())?;
        for identity in identity::ALL {
            let issued = authority.issue(identity)?;
            let files = self.tls_files(identity);
            fs::write(files.certificate, issued.certificate_pem)?;
            write_secret(&files.private_key, &issued.private_key_pem)?;
        }
        Ok(())
    }

    /// The files of the OCSP signers, and for clients such as `openssl ocsp` the anchors in PEM.
    fn write_ocsp(&self, surroundings: &Surroundings) -> Result<()> {
        for authority in &surroundings.authorities {
            let generations = (1..).zip(authority.anchors.iter().zip(&authority.ocsp_signers));
            for (generation, (anchor, signer)) in generations {
                let files = self.ocsp_files(&authority.name, generation);
                fs::write(files.authority, pem("CERTIFICATE", anchor))?;
                fs::write(files.certificate, &signer.certificate_pem)?;
                write_secret(&files.private_key, &signer.private_key_pem)?;
            }
        }
        Ok(())
    }

    /// The files of the OCSP signer of one generation, counted from 1, of an authority.
    pub fn ocsp_files(&self, authority: &str, generation: usize) -> TlsFiles {
        let file = |end: &str| {
            let name = format!("ocsp/{authority}-{generation}{end}");
            self.folder.join(name)
        };
        TlsFiles {
            certificate: file(".pem"),
            private_key: file(".key"),
            authority: file("-ca.pem"),
        }
    }

    fn write_secrets(&self) -> Result<()> {
        let secrets = self.folder.join("secrets");
        let keep = |name: &str, make: &dyn Fn() -> Result<String>| -> Result<()> {
            let path = secrets.join(name);
            if path.exists() {
                Ok(())
            } else {
                write_secret(&path, &make()?)
            }
        };
        keep("holder-key", &|| Ok(format!("{}\n", random_hex()?)))?;
        keep("pairwise", &|| Ok(format!("1:{}\n", random_hex()?)))?;
        keep("id-token.pem", &signing_key_pem)
    }
}

/// Every anchor with its authority's name and its generation, counted from 1.
fn anchors(surroundings: &Surroundings) -> impl Iterator<Item = (&str, usize, &[u8])> {
    surroundings.authorities.iter().flat_map(|authority| {
        (1..)
            .zip(&authority.anchors)
            .map(|(generation, der)| (authority.name.as_str(), generation, der.as_slice()))
    })
}

fn anchor_file(authority: &str, generation: usize) -> String {
    format!("anchors/{authority}-{generation}.cer")
}

fn random_hex() -> Result<String> {
    let mut octets = [0_u8; 32];
    SystemRandom::new()
        .fill(&mut octets)
        .context("no randomness")?;
    Ok(hex::encode(octets))
}

fn signing_key_pem() -> Result<String> {
    Ok(EcKey::generate()?.pkcs8_pem())
}

fn write_secret(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(())
}
