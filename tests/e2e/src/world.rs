//! The sandbox's side of a test, within the test's own process and on ports that the system chooses.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use anyhow::{Result, anyhow};
use sandbox::deployment::{Lists, Surroundings};
use sandbox::mint::{Jpki, MintError};
use sandbox::repository::Repository;
use sandbox::world::{WorldOptions, WorldPorts};

/// Everything around Akashi, running.
pub struct World {
    /// The throw-away JPKI and its published lists.
    pub repository: Arc<Repository>,
    /// The demo relying party.
    pub relying_party_url: String,
    running: sandbox::world::World,
}

/// The JPKI of this run: its keys take seconds to make.
static JPKI: LazyLock<Result<Jpki, MintError>> = LazyLock::new(|| Jpki::mint(sandbox::now()));

/// Every installation gets a copy and goes its own way from there.
fn copy_jpki(folder: &Path) -> Result<()> {
    let jpki = JPKI.as_ref().map_err(|error| anyhow!("{error}"))?;
    std::fs::create_dir_all(folder)?;
    Ok(jpki.save(folder)?)
}

impl World {
    /// Puts a JPKI into `folder` and starts everything, for a gateway that will be at `gateway_url`. Lists are good
    /// for `list_lifetime_seconds` and are published anew well before they end.
    pub async fn start(
        folder: &Path,
        gateway_url: &str,
        list_lifetime_seconds: u32,
    ) -> Result<Self> {
        let data = folder.to_owned();
        tokio::task::spawn_blocking(move || copy_jpki(&data)).await??;
        let options = WorldOptions {
            data: folder.to_owned(),
            gateway_url: gateway_url.to_owned(),
            ports: WorldPorts::any(),
            list_lifetime_seconds,
        };
        let running = sandbox::world::World::start(options).await?;
        Ok(Self {
            repository: Arc::clone(running.repository()),
            relying_party_url: running.addresses().relying_party.clone(),
            running,
        })
    }

    /// What a deployment has to know about it.
    pub fn surroundings(&self, lists: &Lists) -> Surroundings {
        self.running.surroundings(lists)
    }

    /// The same with OCSP responders.
    pub fn surroundings_with_ocsp(&self, lists: &Lists) -> Result<Surroundings> {
        self.running.surroundings_with_ocsp(lists)
    }
}
