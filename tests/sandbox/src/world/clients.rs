//! The two relying parties: their keys and their registrations.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::deployment::Client;
use crate::files::write_private;
use crate::relying_party::{ClientConfig, ClientKey, Registration};

/// The key id under which both relying parties sign.
const CLIENT_KEY_ID: &str = "sandbox-1";

/// The relying parties' keys, made once and kept.
pub(super) fn client_configs(data: &Path) -> Result<Vec<ClientConfig>> {
    let config = |client_id: &str, file: &str, name: &str| -> Result<ClientConfig> {
        let path = data.join("relying-party").join(file);
        if !path.exists() {
            write_private(&path, ClientKey::generate()?.to_pkcs8_pem()?.as_bytes())?;
        }
        Ok(ClientConfig {
            client_id: client_id.to_owned(),
            key_id: CLIENT_KEY_ID.to_owned(),
            private_key_pem: std::fs::read_to_string(&path)
                .with_context(|| path.display().to_string())?,
            name: name.to_owned(),
        })
    };
    Ok(vec![
        config("RP00000001", "city.pem", "Harbour City e-services")?,
        config("RP00000002", "shop.pem", "Harbour Market")?,
    ])
}

pub(super) fn registrations(clients: &[ClientConfig], origin: &str) -> Result<Vec<Client>> {
    let japanese = ["みなと市 電子申請", "みなと市場"];
    let sectors = ["city.example", "market.example"];
    let rows = clients
        .iter()
        .zip(Registration::ALL)
        .zip(japanese.into_iter().zip(sectors));
    rows.map(|((client, registration), (name_ja, sector))| {
        let key = ClientKey::from_pem(&client.private_key_pem)?;
        Ok(Client {
            client_id: client.client_id.clone(),
            name_ja: name_ja.to_owned(),
            name_en: client.name.clone(),
            redirect_uris: vec![registration.redirect_uri(origin)],
            sector: sector.to_owned(),
            // As relying parties of the national service do it.
            legacy_audience: sector == "market.example",
            // The city's people sit at a computer; in the market they have their phone in the hand.
            cross_device: sector == "city.example",
            scopes: registration
                .scopes()
                .iter()
                .map(|scope| (*scope).to_owned())
                .collect(),
            jwk: serde_json::to_value(key.public_jwk(&client.key_id))?,
        })
    })
    .collect()
}
