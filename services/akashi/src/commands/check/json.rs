//! A line for a program: one object a certificate.

use serde::Serialize;

use super::answer::{List, Ocsp};

#[derive(Default, Serialize)]
pub(super) struct JsonLine<'a> {
    pub(super) file: &'a str,
    pub(super) outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failed_rule: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) explanation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issuer_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revoked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) revocation_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) unknown_reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) list: Option<JsonList<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) ocsp: Option<JsonOcsp<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) known_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) checked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) audit_record_id: Option<&'a str>,
}

impl<'a> JsonLine<'a> {
    pub(super) fn new(file: &'a str, outcome: &'static str) -> Self {
        Self {
            file,
            outcome,
            ..Self::default()
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonList<'a> {
    certification_authority: &'a str,
    signer_key_id: String,
    scope: &'static str,
    crl_number: &'a str,
    this_update: String,
    next_update: String,
    age_seconds: i64,
}

impl<'a> From<&'a List> for JsonList<'a> {
    fn from(list: &'a List) -> Self {
        Self {
            certification_authority: &list.certification_authority,
            signer_key_id: hex::encode(&list.signer_key_id),
            scope: if list.is_full { "full" } else { "partition" },
            crl_number: &list.number,
            this_update: list.this_update.to_string(),
            next_update: list.next_update.to_string(),
            age_seconds: list.age_seconds,
        }
    }
}

#[derive(Serialize)]
pub(super) struct JsonOcsp<'a> {
    certification_authority: &'a str,
    this_update: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_update: Option<String>,
    produced_at: String,
    age_seconds: i64,
}

impl<'a> From<&'a Ocsp> for JsonOcsp<'a> {
    fn from(ocsp: &'a Ocsp) -> Self {
        Self {
            certification_authority: &ocsp.certification_authority,
            this_update: ocsp.this_update.to_string(),
            next_update: ocsp.next_update.map(|moment| moment.to_string()),
            produced_at: ocsp.produced_at.to_string(),
            age_seconds: ocsp.age_seconds,
        }
    }
}
