//! The two relying parties: their keys and their registrations.

use std::path::Path;

use anyhow::{Context as _, Result};
use rustls::pki_types::PrivatePkcs8KeyDer;
use rustls::pki_types::pem::PemObject as _;

use crate::deployment::{Client, ForwardedAgency, Recipient, Signatures, identity};
use crate::files::write_private;
use crate::jwe::RecipientKey;
use crate::mint::{EcKey, Jpki, pem};
use crate::recipient::SignatureRecipient;
use crate::relying_party::{Agency, ClientConfig, ClientKey, Registration};

/// The key id under which both relying parties sign.
const CLIENT_KEY_ID: &str = "sandbox-1";

/// What the shop's registration calls the platform operator.
const OPERATOR_ID: &str = "sandbox-operator";

/// Keys that are made once and kept, each in a file of its own.
fn kept(path: &Path) -> Result<EcKey> {
    if !path.exists() {
        write_private(path, EcKey::generate()?.pkcs8_pem().as_bytes())?;
    }
    let pem = std::fs::read(path).with_context(|| path.display().to_string())?;
    let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).context("not PKCS#8 in PEM")?;
    Ok(EcKey::from_pkcs8(der.secret_pkcs8_der())?)
}

/// Who receives signatures: the platform operator the shop's, and the city, which is an administrative agency, its own.
pub(super) struct Receivers {
    operator: RecipientKey,
    city: RecipientKey,
    /// What the city signs its questions about signing certificates with.
    city_assertions: EcKey,
}

impl Receivers {
    pub(super) fn kept(data: &Path) -> Result<Self> {
        let folder = data.join("relying-party");
        Ok(Self {
            operator: RecipientKey::Ec(kept(&folder.join("operator.pem"))?),
            city: RecipientKey::Ec(kept(&folder.join("city-signatures.pem"))?),
            city_assertions: kept(&folder.join("city-assertions.pem"))?,
        })
    }

    /// The platform operator, which trusts this JPKI.
    pub(super) fn operator(&self, jpki: &Jpki) -> Result<SignatureRecipient> {
        SignatureRecipient::new(self.operator.clone(), jpki)
    }

    /// The city as an agency.
    pub(super) fn city(&self, jpki: &Jpki) -> Result<Agency> {
        Ok(Agency {
            recipient: SignatureRecipient::new(self.city.clone(), jpki)?,
            identity: identity::CITY_OFFICE.to_owned(),
            audience: identity::SIGNING_CERTIFICATE.to_owned(),
            key_id: CLIENT_KEY_ID.to_owned(),
            key: self.city_assertions.clone(),
        })
    }

    pub(super) fn recipient(&self) -> Recipient {
        Recipient {
            recipient_id: OPERATOR_ID.to_owned(),
            name_ja: "みなとトラスト".to_owned(),
            name_en: "Harbour Trust".to_owned(),
            jwk: self.operator.public_jwk("operator-1"),
        }
    }

    pub(super) fn agency(&self) -> ForwardedAgency {
        let spki = self.city_assertions.subject_public_key_info();
        ForwardedAgency {
            identity: identity::CITY_OFFICE.to_owned(),
            key_id: CLIENT_KEY_ID.to_owned(),
            public_key_pem: pem("PUBLIC KEY", &spki),
        }
    }

    fn of(&self, registration: Registration) -> Signatures {
        match registration {
            Registration::City => Signatures::Own(self.city.public_jwk("city-signatures")),
            Registration::Shop => Signatures::To(OPERATOR_ID.to_owned()),
        }
    }
}

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

pub(super) fn registrations(
    clients: &[ClientConfig],
    origin: &str,
    receivers: &Receivers,
) -> Result<Vec<Client>> {
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
            signatures: receivers.of(registration),
        })
    })
    .collect()
}
