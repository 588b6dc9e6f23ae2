//! The configuration files, as tables.

use std::path::Path;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::plan::{
    Authority, Databases, Pace, Part, Ports, RolePorts, Signatures, SourceKind, Surroundings,
    identity,
};

const GET_STATUS: &str = "/akashi.revocation.v1.RevocationLookupService/GetRevocationStatus";
const STREAM_STATUS: &str = "/akashi.revocation.v1.RevocationLookupService/StreamRevocationStatus";
const GET_STATUS_AS_OF: &str =
    "/akashi.revocation.v1.RevocationLookupService/GetRevocationStatusAsOf";
const GET_FRESHNESS: &str = "/akashi.revocation.v1.RevocationLookupService/GetFreshness";
const VERIFY: &str = "/akashi.verification.v1.SignatureVerificationService/VerifySignature";
const CHECK: &str = "/akashi.signing.v1.SigningCertificateService/CheckSigningCertificate";
const FORWARDED: &str =
    "/akashi.signing.v1.SigningCertificateService/CheckForwardedSigningCertificate";
const HEALTH: &str = "/grpc.health.v1.Health/Check";
const REFLECTION: &str = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const USER_AUTHENTICATION: &str = "user-authentication";
const DIGITAL_SIGNATURE: &str = "digital-signature";

pub(super) struct RoleFiles<'a> {
    pub(super) folder: &'a Path,
    pub(super) surroundings: &'a Surroundings,
    pub(super) databases: &'a Databases,
    pub(super) ports: Ports,
    pub(super) pace: Pace,
}

impl RoleFiles<'_> {
    pub(super) fn all(&self) -> [(&'static str, Value); 10] {
        [
            ("crl-sync.toml", self.crl_sync()),
            ("revocation-lookup.toml", self.revocation_lookup()),
            ("signature-verification.toml", self.signature_verification()),
            ("signing-certificate.toml", self.signing_certificate()),
            ("oidc-gateway.toml", self.oidc_gateway()),
            ("clients.toml", self.clients()),
            ("readers.toml", self.readers()),
            ("recipients.toml", self.recipients()),
            (
                "signing-keys.toml",
                json!({ "signing_key": [{ "key_id": "sandbox-1", "file": "secrets/id-token.pem" }] }),
            ),
            ("agency.toml", self.agency()),
        ]
    }

    fn crl_sync(&self) -> Value {
        json!({
            "environment": "sandbox",
            "holder_key_file": "secrets/holder-key",
            "state_directory": "state",
            "store": { "crl": self.database(Part::CrlWriter), "holder_links": self.database(Part::HolderLinks) },
            "fetch": { "connect_timeout_seconds": 5, "read_timeout_seconds": 5 },
            "certification_authority": self.authorities(|_| true),
            "source": self.sources(),
            "observability": observability(self.ports.crl_sync),
        })
    }

    fn sources(&self) -> Vec<Value> {
        let interval = self.pace.sync_interval_seconds;
        let common = |source: &super::Source, kind: &str| {
            let mut table = json!({
                "name": source.name, "certification_authority": source.authority, "url": source.url, "kind": kind,
                "interval_seconds": interval, "jitter_seconds": 0, "retry_seconds": interval, "timeout_seconds": 30,
            });
            if let Some(max_bytes) = source.max_bytes {
                table["max_bytes"] = json!(max_bytes);
                table["timeout_seconds"] = json!(600);
            }
            table
        };
        let table = |source: &super::Source| match &source.kind {
            SourceKind::SerialLinks => common(source, "serial_links"),
            SourceKind::Crl {
                distribution_point,
                signer_key_id,
            } => {
                let mut table = common(source, "crl");
                if let Some(der) = distribution_point {
                    table["distribution_point"] = json!(STANDARD.encode(der));
                }
                if let Some(key_id) = signer_key_id {
                    table["signer_key_id"] = json!(hex::encode(key_id));
                }
                table
            }
        };
        self.surroundings.sources.iter().map(table).collect()
    }

    fn revocation_lookup(&self) -> Value {
        let caller = |identity: &str, methods: &[&str], authorities: &[&str]| json!({ "identity": identity, "methods": methods, "certification_authorities": authorities });
        let mut table = json!({
            "environment": "sandbox",
            "poll_interval_seconds": self.pace.poll_interval_seconds,
            "state_directory": "state",
            "reflection": true,
            "listen": listen(self.ports.revocation_lookup),
            "tls": server_tls(identity::REVOCATION_LOOKUP),
            "store": { "crl": self.database(Part::CrlReader), "audit": self.database(Part::Audit) },
            "observability": observability(self.ports.revocation_lookup),
            "certification_authority": self.authorities(|_| true),
            "caller": [
                caller(identity::SIGNATURE_VERIFICATION, &[GET_STATUS, STREAM_STATUS, GET_FRESHNESS], &[USER_AUTHENTICATION]),
                caller(identity::AUTHENTICATION_BACKEND, &[GET_STATUS, REFLECTION], &[USER_AUTHENTICATION]),
                caller(identity::SIGNING_CERTIFICATE, &[GET_STATUS, STREAM_STATUS, GET_STATUS_AS_OF], &[DIGITAL_SIGNATURE]),
                caller(identity::SRE, &[HEALTH, GET_FRESHNESS], &[USER_AUTHENTICATION, DIGITAL_SIGNATURE]),
            ],
        });
        let ocsp = self.ocsp();
        if !ocsp.is_empty() {
            table["ocsp"] = json!(ocsp);
        }
        table
    }

    /// A responder for each authority whose keys have appointed one.
    fn ocsp(&self) -> Vec<Value> {
        let table = |authority: &Authority| {
            let signers = (1..=authority.ocsp_signers.len()).map(|generation| {
                let file = format!("ocsp/{}-{generation}", authority.name);
                json!({ "certificate": format!("{file}.pem"), "private_key": format!("{file}.key") })
            });
            let signers: Vec<Value> = signers.collect();
            let mut table = json!({ "certification_authority": authority.name, "signer": signers });
            if authority.name == DIGITAL_SIGNATURE {
                let agency = identity::CITY_OFFICE;
                table["address"] = loopback(self.ports.ocsp.digital_signature);
                table["purpose"] = json!("validity_confirmation");
                table["requester"] =
                    json!([{ "identity": agency, "certificate": format!("tls/{agency}.pem") }]);
            } else {
                table["address"] = loopback(self.ports.ocsp.user_authentication);
                table["purpose"] = json!("user_authentication");
                table["callers"] = json!([identity::OCSP_PROXY]);
            }
            table
        };
        let authorities = self.surroundings.authorities.iter();
        authorities
            .filter(|authority| !authority.ocsp_signers.is_empty())
            .map(table)
            .collect()
    }

    fn signature_verification(&self) -> Value {
        json!({
            "environment": "sandbox",
            "holder_key_file": "secrets/holder-key",
            "cross_check": "all",
            "reflection": true,
            "listen": listen(self.ports.signature_verification),
            "tls": server_tls(identity::SIGNATURE_VERIFICATION),
            "revocation": self.revocation(identity::SIGNATURE_VERIFICATION),
            "store": { "holder_links": self.database(Part::HolderLinks) },
            "observability": observability(self.ports.signature_verification),
            "certification_authority": self.authorities(|authority| authority.name == USER_AUTHENTICATION),
            "caller": [
                { "identity": identity::OIDC_GATEWAY, "methods": [VERIFY] },
                { "identity": identity::AUTHENTICATION_BACKEND, "methods": [VERIFY, REFLECTION] },
                { "identity": identity::SRE, "methods": [HEALTH] },
            ],
        })
    }

    fn signing_certificate(&self) -> Value {
        let mut table = json!({
            "environment": "sandbox",
            "cross_check": "all",
            "reflection": true,
            "listen": listen(self.ports.signing_certificate),
            "tls": server_tls(identity::SIGNING_CERTIFICATE),
            "revocation": self.revocation(identity::SIGNING_CERTIFICATE),
            "store": { "audit": self.database(Part::Audit) },
            "observability": observability(self.ports.signing_certificate),
            "certification_authority": self.authorities(|authority| authority.name == DIGITAL_SIGNATURE),
            "caller": [
                { "identity": identity::CITY_OFFICE, "methods": [CHECK, REFLECTION] },
                { "identity": identity::SRE, "methods": [HEALTH] },
            ],
        });
        let agencies = self.surroundings.forwarded_agencies.iter();
        let agencies: Vec<Value> = agencies
            .map(|agency| {
                let key = json!({ "key_id": agency.key_id, "public_key": agency.public_key_pem });
                json!({ "identity": agency.identity, "key": [key] })
            })
            .collect();
        if !agencies.is_empty() {
            let gateway = json!({ "identity": identity::OIDC_GATEWAY, "methods": [FORWARDED] });
            if let Some(callers) = table["caller"].as_array_mut() {
                callers.push(gateway);
            }
            table["forwarded"] =
                json!({ "audience": identity::SIGNING_CERTIFICATE, "agency": agencies });
        }
        table
    }

    fn oidc_gateway(&self) -> Value {
        let mut verification = client_tls(identity::OIDC_GATEWAY, identity::SIGNATURE_VERIFICATION);
        verification["uri"] = uri(self.ports.signature_verification);
        let mut signing = client_tls(identity::OIDC_GATEWAY, identity::SIGNING_CERTIFICATE);
        signing["uri"] = uri(self.ports.signing_certificate);
        json!({
            "environment": "sandbox",
            "public_url": self.ports.public_url(),
            "reader_app_url": self.surroundings.reader_app_url,
            "clients": "clients.toml",
            "readers": "readers.toml",
            "recipients": "recipients.toml",
            "pairwise_secret_file": "secrets/pairwise",
            "signing_keys": "signing-keys.toml",
            "listen": listen(self.ports.oidc_gateway),
            "signature_verification": verification,
            "signing_certificate": signing,
            "store": { "gateway": self.database(Part::Gateway) },
            "observability": observability(self.ports.oidc_gateway),
        })
    }

    fn clients(&self) -> Value {
        let clients: Vec<Value> = self
            .surroundings
            .clients
            .iter()
            .map(|client| {
                let mut table = json!({
                    "client_id": client.client_id,
                    "name": { "ja": client.name_ja, "en": client.name_en },
                    "redirect_uris": client.redirect_uris,
                    "sector": client.sector,
                    "scopes": client.scopes,
                    "assertion_algorithm": "ES256",
                    "legacy_audience": client.legacy_audience,
                    "cross_device": client.cross_device,
                    "claims": { "address": "string", "birthdate": "iso", "gender": "word" },
                    "jwks": { "keys": [client.jwk] },
                });
                match &client.signatures {
                    Signatures::None => {}
                    Signatures::To(recipient) => {
                        table["signature"] = json!({ "recipient": recipient });
                    }
                    Signatures::Own(jwk) => {
                        table["administrative"] = json!(true);
                        table["signature"] = json!({});
                        table["jwks"] = json!({ "keys": [client.jwk, jwk] });
                    }
                }
                table
            })
            .collect();
        json!({ "client": clients })
    }

    fn readers(&self) -> Value {
        let readers: Vec<Value> = self
            .surroundings
            .readers
            .iter()
            .map(|reader| json!({ "key_id": reader.key_id, "public_key": reader.public_key_pem }))
            .collect();
        json!({ "reader": readers })
    }

    fn recipients(&self) -> Value {
        let recipients = self.surroundings.recipients.iter().map(|recipient| {
            json!({
                "recipient_id": recipient.recipient_id,
                "name": { "ja": recipient.name_ja, "en": recipient.name_en },
                "jwk": recipient.jwk,
            })
        });
        json!({ "recipient": recipients.collect::<Vec<Value>>() })
    }

    fn agency(&self) -> Value {
        let mut connection = client_tls(identity::CITY_OFFICE, identity::SIGNING_CERTIFICATE);
        connection["uri"] = uri(self.ports.signing_certificate);
        connection["timeout_milliseconds"] = json!(10_000);
        json!({ "purpose": "validity-confirmation", "signing_certificate": connection })
    }

    fn revocation(&self, from: &str) -> Value {
        let mut revocation = client_tls(from, identity::REVOCATION_LOOKUP);
        revocation["uri"] = uri(self.ports.revocation_lookup);
        revocation
    }

    fn database(&self, part: Part) -> String {
        self.databases.url(part, self.folder)
    }

    fn authorities(&self, wanted: impl Fn(&Authority) -> bool) -> Vec<Value> {
        let table = |authority: &Authority| {
            let anchors: Vec<Value> = (1..)
                .zip(&authority.anchors)
                .map(|(generation, der)| {
                    let sha256 = hex::encode(digest::digest(&digest::SHA256, der));
                    json!({ "file": super::anchor_file(&authority.name, generation), "sha256": sha256 })
                })
                .collect();
            json!({
                "name": authority.name, "profile": authority.profile, "crl_signer": authority.crl_signer,
                "trust_anchor": anchors,
            })
        };
        self.surroundings
            .authorities
            .iter()
            .filter(|authority| wanted(authority))
            .map(table)
            .collect()
    }
}

fn uri(ports: RolePorts) -> Value {
    json!(format!("https://127.0.0.1:{}", ports.service))
}

fn loopback(port: u16) -> Value {
    json!(format!("127.0.0.1:{port}"))
}

fn listen(ports: RolePorts) -> Value {
    json!({ "address": format!("127.0.0.1:{}", ports.service) })
}

fn observability(ports: RolePorts) -> Value {
    json!({ "metrics_listen": format!("127.0.0.1:{}", ports.metrics), "log": "info", "log_format": "json" })
}

fn server_tls(identity: &str) -> Value {
    json!({
        "certificate": format!("tls/{identity}.pem"),
        "private_key": format!("tls/{identity}.key"),
        "client_ca": "tls/services-ca.pem",
    })
}

fn client_tls(from: &str, to: &str) -> Value {
    json!({
        "certificate": format!("tls/{from}.pem"),
        "private_key": format!("tls/{from}.key"),
        "server_ca": "tls/services-ca.pem",
        "server_name": to,
    })
}
