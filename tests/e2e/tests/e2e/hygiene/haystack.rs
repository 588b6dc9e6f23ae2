//! Everything that the processes wrote.

use anyhow::{Context as _, Result, ensure};
use e2e::system::{System, reqwest_client};

/// One file or page.
pub(super) struct Place {
    pub(super) name: String,
    pub(super) octets: Vec<u8>,
}

/// All of them.
pub(super) struct Haystack(Vec<Place>);

impl Haystack {
    /// The log, every page of the metrics ports, every file of every database as it lies on the disk, and the errors that
    /// callers were told.
    pub(super) async fn collect(system: &mut System, errors: &[String]) -> Result<Self> {
        let mut places = vec![Place {
            name: "the errors that callers were told".to_owned(),
            octets: errors.join("\n").into_bytes(),
        }];
        let ports = system.deployment.ports();
        for (role, port) in [
            ("oidc-gateway", ports.oidc_gateway),
            ("signature-verification", ports.signature_verification),
            ("revocation-lookup", ports.revocation_lookup),
            ("signing-certificate", ports.signing_certificate),
            ("crl-sync", ports.crl_sync),
        ] {
            for page in ["metrics", "readyz"] {
                let url = format!("http://127.0.0.1:{}/{page}", port.metrics);
                let answer = reqwest_client()?
                    .get(url)
                    .send()
                    .await?
                    .error_for_status()?;
                places.push(Place {
                    name: format!("{page} of {role}"),
                    octets: answer.bytes().await?.to_vec(),
                });
            }
        }
        let data = system.deployment.folder().join("data");
        for entry in std::fs::read_dir(&data)? {
            let path = entry?.path();
            ensure!(path.is_file(), "{} is searched", path.display());
            let name = path.file_name().context("a name")?;
            places.push(Place {
                name: name.to_string_lossy().into_owned(),
                octets: std::fs::read(&path)?,
            });
        }
        let log = system.process("all")?.log();
        ensure!(log.len() > 1_000, "the log is there");
        places.push(Place {
            name: "the log".to_owned(),
            octets: log.into_bytes(),
        });
        Ok(Self(places))
    }

    pub(super) fn places(&self) -> &[Place] {
        &self.0
    }

    /// All places whose names begin so: a database with the files beside it.
    pub(super) fn joined(&self, name: &str) -> Result<Vec<u8>> {
        let octets: Vec<u8> = self
            .0
            .iter()
            .filter(|place| place.name.starts_with(name))
            .flat_map(|place| place.octets.iter().copied())
            .collect();
        ensure!(!octets.is_empty(), "there is no {name}");
        Ok(octets)
    }
}
