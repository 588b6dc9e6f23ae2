//! What a deployment is made from: the authorities, sources, relying parties and readers it knows, the databases it
//! uses and the ports it listens on.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

/// Identities of the services and of their callers: each the one dNSName of a certificate.
pub mod identity {
    /// signature-verification.
    pub const SIGNATURE_VERIFICATION: &str = "signature-verification.akashi.test";
    /// revocation-lookup.
    pub const REVOCATION_LOOKUP: &str = "revocation-lookup.akashi.test";
    /// signing-certificate.
    pub const SIGNING_CERTIFICATE: &str = "signing-certificate.akashi.test";
    /// oidc-gateway.
    pub const OIDC_GATEWAY: &str = "oidc-gateway.akashi.test";
    /// An authentication backend: may verify signatures by user-authentication certificates.
    pub const AUTHENTICATION_BACKEND: &str = "authentication-backend.akashi.test";
    /// An administrative agency: may check signing certificates.
    pub const CITY_OFFICE: &str = "city-office.agency.test";
    /// Whoever asks by OCSP over loopback: a name to count under, without a certificate.
    pub const OCSP_PROXY: &str = "ocsp-proxy.akashi.test";
    /// Whoever watches the services.
    pub const SRE: &str = "sre.akashi.test";
    /// Somebody with a good certificate whom no configuration file names.
    pub const STRANGER: &str = "stranger.akashi.test";
    /// Everybody who gets a certificate.
    pub const ALL: [&str; 8] = [
        SIGNATURE_VERIFICATION,
        REVOCATION_LOOKUP,
        SIGNING_CERTIFICATE,
        OIDC_GATEWAY,
        AUTHENTICATION_BACKEND,
        CITY_OFFICE,
        SRE,
        STRANGER,
    ];
}

/// One certification authority as the services' files name it.
#[derive(Clone, Debug)]
pub struct Authority {
    /// `user-authentication` or `digital-signature`.
    pub name: String,
    /// The profile of its leaves, such as `jpki-user-authentication`.
    pub profile: String,
    /// `own_key` or `newest_key`.
    pub crl_signer: String,
    /// The self-signed certificates, DER, oldest generation first.
    pub anchors: Vec<Vec<u8>>,
    /// What each generation's key appointed to sign OCSP, in the same order; none: no OCSP responder.
    pub ocsp_signers: Vec<OcspSigner>,
}

/// The delegated OCSP signer of one key of an authority.
#[derive(Clone, Debug)]
pub struct OcspSigner {
    /// Its certificate, PEM.
    pub certificate_pem: String,
    /// Its private key, PKCS#8 PEM.
    pub private_key_pem: String,
}

/// One thing that crl-sync fetches.
#[derive(Clone, Debug)]
pub struct Source {
    /// 1 to 64 of `a-z 0-9 - .`, unique.
    pub name: String,
    /// The authority's name.
    pub authority: String,
    /// Where it is.
    pub url: String,
    /// What it is.
    pub kind: SourceKind,
    /// The most that is read of it, where that is not crl-sync's default.
    pub max_bytes: Option<u64>,
}

/// What a source delivers.
#[derive(Clone, Debug)]
pub enum SourceKind {
    /// A revocation list.
    Crl {
        /// The DistributionPointName that its issuing distribution point must have, DER; `None`: a full list.
        distribution_point: Option<Vec<u8>>,
        /// The key that must sign, where each generation has lists of its own.
        signer_key_id: Option<Vec<u8>>,
    },
    /// Which serial number succeeded which.
    SerialLinks,
}

/// One relying party's registration.
#[derive(Clone, Debug)]
pub struct Client {
    /// Digits and letters.
    pub client_id: String,
    /// Shown to the holder, in Japanese.
    pub name_ja: String,
    /// Shown to the holder, in English.
    pub name_en: String,
    /// Exact redirect addresses.
    pub redirect_uris: Vec<String>,
    /// Clients of one sector see the same `sub`.
    pub sector: String,
    /// Whether its assertions may name the token endpoint as their audience.
    pub legacy_audience: bool,
    /// Whether the card may be read on another device.
    pub cross_device: bool,
    /// Scopes beyond `openid`.
    pub scopes: Vec<String>,
    /// The public key of its assertions as a JWK with `kid`, `kty`, `crv`, `x`, `y`.
    pub jwk: serde_json::Value,
    /// Who receives the signatures it may ask for.
    pub signatures: Signatures,
}

/// Whether a relying party may ask for signatures, and who receives them.
#[derive(Clone, Debug)]
pub enum Signatures {
    /// It may not.
    None,
    /// A private client's platform operator, by its `recipient_id`.
    To(String),
    /// An administrative client itself: the public key as a JWK whose `use` is `enc`.
    Own(serde_json::Value),
}

/// A platform operator that receives signatures.
#[derive(Clone, Debug)]
pub struct Recipient {
    /// What registrations call it.
    pub recipient_id: String,
    /// Shown to the holder, in Japanese.
    pub name_ja: String,
    /// Shown to the holder, in English.
    pub name_en: String,
    /// The public key as a JWK whose `use` is `enc`.
    pub jwk: serde_json::Value,
}

/// An agency whose signed questions about signing certificates are forwarded by the gateway.
#[derive(Clone, Debug)]
pub struct ForwardedAgency {
    /// Its name in assertions and the audit log.
    pub identity: String,
    /// The `kid` of its assertions.
    pub key_id: String,
    /// Its P-256 public key, SubjectPublicKeyInfo PEM.
    pub public_key_pem: String,
}

/// One registered card reader.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Its key's name.
    pub key_id: String,
    /// Its P-256 public key, SubjectPublicKeyInfo PEM.
    pub public_key_pem: String,
}

/// Everything a deployment knows about the world around it.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// The certification authorities.
    pub authorities: Vec<Authority>,
    /// What crl-sync fetches.
    pub sources: Vec<Source>,
    /// The relying parties.
    pub clients: Vec<Client>,
    /// The card readers.
    pub readers: Vec<Reader>,
    /// The platform operators.
    pub recipients: Vec<Recipient>,
    /// The agencies that ask through the gateway.
    pub forwarded_agencies: Vec<ForwardedAgency>,
    /// The address of the app that reads cards; `?interaction=...` is appended.
    pub reader_app_url: String,
}

/// Where the roles keep their data.
#[derive(Clone, Debug)]
pub enum Databases {
    /// One SQLite file for each authority over data, in the deployment's `data` folder.
    Sqlite,
    /// The same, but for the gateway, which keeps its state in memory.
    SqliteAndMemory,
    /// One PostgreSQL role for each.
    Postgres {
        /// crl-sync's.
        crl_writer: String,
        /// revocation-lookup's, read only.
        crl_reader: String,
        /// The audit log's.
        audit: String,
        /// The holder links'.
        holder_links: String,
        /// The gateway's.
        gateway: String,
    },
}

impl Databases {
    pub(super) fn url(&self, part: Part, folder: &Path) -> String {
        match (self, part) {
            (Self::SqliteAndMemory, Part::Gateway) => "memory:".to_owned(),
            (Self::Sqlite | Self::SqliteAndMemory, part) => format!(
                "sqlite://{}",
                folder.join("data").join(part.file()).display()
            ),
            (Self::Postgres { crl_writer, .. }, Part::CrlWriter) => crl_writer.clone(),
            (Self::Postgres { crl_reader, .. }, Part::CrlReader) => crl_reader.clone(),
            (Self::Postgres { audit, .. }, Part::Audit) => audit.clone(),
            (Self::Postgres { holder_links, .. }, Part::HolderLinks) => holder_links.clone(),
            (Self::Postgres { gateway, .. }, Part::Gateway) => gateway.clone(),
        }
    }
}

#[derive(Clone, Copy)]
pub(super) enum Part {
    CrlWriter,
    CrlReader,
    Audit,
    HolderLinks,
    Gateway,
}

impl Part {
    fn file(self) -> &'static str {
        match self {
            Self::CrlWriter | Self::CrlReader => "crl.db",
            Self::Audit => "audit.db",
            Self::HolderLinks => "holder-links.db",
            Self::Gateway => "gateway.db",
        }
    }
}

/// The ports of one role: its service, and its metrics.
#[derive(Clone, Copy, Debug)]
pub struct RolePorts {
    /// The service's; unused by crl-sync.
    pub service: u16,
    /// `/metrics`, `/healthz`, `/readyz`.
    pub metrics: u16,
}

/// Every port of a deployment, on loopback.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// signature-verification.
    pub signature_verification: RolePorts,
    /// revocation-lookup.
    pub revocation_lookup: RolePorts,
    /// signing-certificate.
    pub signing_certificate: RolePorts,
    /// oidc-gateway.
    pub oidc_gateway: RolePorts,
    /// crl-sync.
    pub crl_sync: RolePorts,
    /// revocation-lookup's OCSP responders, where there are any.
    pub ocsp: OcspPorts,
}

/// The port of each authority's OCSP responder.
#[derive(Clone, Copy, Debug)]
pub struct OcspPorts {
    /// For user-authentication certificates.
    pub user_authentication: u16,
    /// For signing certificates: answers only requests that an agency signed.
    pub digital_signature: u16,
}

impl Ports {
    /// Ports that are free now, from `first` upwards and below the range from which the kernel takes outgoing ports.
    pub fn free_from(first: u16) -> Option<Self> {
        let mut free = (first..32_700).filter(|port| is_free(*port));
        let mut pair = || {
            Some(RolePorts {
                service: free.next()?,
                metrics: free.next()?,
            })
        };
        Some(Self {
            oidc_gateway: pair()?,
            signature_verification: pair()?,
            revocation_lookup: pair()?,
            signing_certificate: pair()?,
            crl_sync: pair()?,
            ocsp: OcspPorts {
                user_authentication: free.next()?,
                digital_signature: free.next()?,
            },
        })
    }

    /// The gateway's address as browsers see it.
    pub fn public_url(&self) -> String {
        format!("http://localhost:{}", self.oidc_gateway.service)
    }
}

/// Whether nobody listens on `port` of the loopback interface.
pub fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// How often things happen: a demo's pace, or a test's.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Seconds from one fetch of a list to the next.
    pub sync_interval_seconds: u32,
    /// Seconds between two looks at the store for a newer generation.
    pub poll_interval_seconds: u32,
}
