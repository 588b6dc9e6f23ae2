//! Octets that are not the message they should be, and messages that only look odd.

use anyhow::Result;
use e2e::callers;
use e2e::findings::Findings;
use e2e::system::System;
use e2e::wire::{self, number_field, octets_field};
use prost::Message as _;
use proto::revocation::v1::{
    GetFreshnessRequest, GetFreshnessResponse, GetRevocationStatusResponse,
};
use proto::signing::v1::CheckSigningCertificateResponse;
use proto::verification::v1::VerifySignatureResponse;
use proto::verification::v1::verify_signature_request::Signed;
use sandbox::deployment::identity;
use sandbox::mint::CaKind;
use tonic::Code;
use tonic::transport::Channel;

use super::holder::Holder;
use super::{fields, revocation, signing, verification};

/// A protobuf field number that no message of ours has.
const UNKNOWN_FIELD: u64 = 1_000;

/// A method, and the octets of a request that passes.
struct Method {
    name: &'static str,
    channel: Channel,
    good: Vec<u8>,
    /// A field of octets or text that the message has; GetFreshness has none.
    field: Option<u64>,
    passes: fn(&[u8]) -> bool,
    private: Vec<String>,
}

pub(super) async fn run(system: &System, findings: &mut Findings) -> Result<()> {
    for method in methods(system)? {
        method.malformed(findings).await?;
        method.odd(findings).await?;
        method.altered(findings).await?;
    }
    both_of_one(system, findings).await
}

fn methods(system: &System) -> Result<[Method; 4]> {
    let person = Holder::of(system, "good", CaKind::UserAuthentication)?;
    let signer = Holder::of(system, "good", CaKind::DigitalSignature)?;
    let channel = |from, to| callers::channel(&system.deployment, from, to);
    let backend = identity::AUTHENTICATION_BACKEND;
    Ok([
        Method {
            name: verification::METHOD,
            channel: channel(backend, identity::SIGNATURE_VERIFICATION)?,
            good: verification::good(&person).encode_to_vec(),
            field: Some(1),
            passes: |octets| {
                VerifySignatureResponse::decode(octets).is_ok_and(|answer| answer.holder.is_some())
            },
            private: fields::private(&person),
        },
        Method {
            name: revocation::METHOD,
            channel: channel(backend, identity::REVOCATION_LOOKUP)?,
            good: revocation::good(&person).encode_to_vec(),
            field: Some(1),
            passes: |octets| {
                GetRevocationStatusResponse::decode(octets).is_ok_and(|answer| answer.status == 1)
            },
            private: fields::private(&person),
        },
        Method {
            name: signing::METHOD,
            channel: channel(identity::CITY_OFFICE, identity::SIGNING_CERTIFICATE)?,
            good: signing::good(&signer).encode_to_vec(),
            field: Some(1),
            passes: |octets| {
                CheckSigningCertificateResponse::decode(octets)
                    .is_ok_and(|answer| answer.result == 1)
            },
            private: fields::private(&signer),
        },
        Method {
            name: revocation::GET_FRESHNESS,
            channel: channel(identity::SRE, identity::REVOCATION_LOOKUP)?,
            good: GetFreshnessRequest {}.encode_to_vec(),
            field: None,
            passes: |octets| {
                GetFreshnessResponse::decode(octets).is_ok_and(|answer| !answer.sources.is_empty())
            },
            private: Vec::new(),
        },
    ])
}

impl Method {
    /// Octets that cannot be read: INVALID_ARGUMENT, and the next call passes.
    async fn malformed(&self, findings: &mut Findings) -> Result<()> {
        // Within a field that nobody knows, so that every message can have them.
        let key = number_field(UNKNOWN_FIELD, 1);
        let key = &key[..key.len() - 1];
        let length_past_the_end = octets_field(UNKNOWN_FIELD, b"abc");
        let mut nested = Vec::new();
        for _ in 0..1_000 {
            // A group begins, which never ends.
            nested.extend([0xc3, 0x3e]);
        }
        let mut cases = vec![
            ("ones".to_owned(), vec![0xff; 100]),
            ("a key without a value".to_owned(), key.to_vec()),
            (
                "a number that never ends".to_owned(),
                [key, &[0xff; 20]].concat(),
            ),
            ("field number zero".to_owned(), vec![0, 0]),
            ("a wire type that does not exist".to_owned(), vec![0x0f, 0]),
            (
                "a length past the end".to_owned(),
                length_past_the_end[..length_past_the_end.len() - 1].to_vec(),
            ),
            ("a length of 2^63".to_owned(), {
                let mut octets = octets_field(UNKNOWN_FIELD, b"");
                octets.pop();
                octets.extend([0xff; 9]);
                octets.push(0x01);
                octets
            }),
            ("1,000 groups in each other".to_owned(), nested),
        ];
        if let Some(field) = self.field {
            cases.push((
                "octets where a number is meant, and the reverse".to_owned(),
                number_field(field, 5),
            ));
            cases.push((
                "text that is no UTF-8".to_owned(),
                [
                    octets_field(3, &[0xff, 0xfe]),
                    octets_field(5, &[0xff, 0xfe]),
                    octets_field(8, &[0xff, 0xfe]),
                ]
                .concat(),
            ));
        }
        for length in (1..self.good.len()).step_by((self.good.len() / 16).max(1)) {
            let name = format!("the first {length} octets");
            cases.push((name, self.good[..length].to_vec()));
        }
        for (name, octets) in cases {
            let name = format!("{}, {name}", self.name);
            let answer = self.call(octets).await?;
            let refused = answer.as_ref().err().map(tonic::Status::code);
            let found = format!("{refused:?}");
            findings.check(&name, refused == Some(Code::InvalidArgument), found);
            self.check_words(&name, &answer, findings);
            self.check_twin(&name, findings).await?;
        }
        let large = self.call(vec![0; 10_000_000]).await?;
        let code = large.err().map(|status| status.code());
        let name = format!("{}, 10 MB of zeros", self.name);
        let refused = code == Some(Code::ResourceExhausted);
        findings.check(&name, refused, format!("{code:?}"));
        self.check_twin(&name, findings).await
    }

    /// What a newer client might send passes.
    async fn odd(&self, findings: &mut Findings) -> Result<()> {
        for (name, after) in [
            ("an unknown number", number_field(UNKNOWN_FIELD, u64::MAX)),
            ("unknown octets", octets_field(UNKNOWN_FIELD, &[0xff; 100])),
            ("unknown octets, empty", octets_field(UNKNOWN_FIELD, b"")),
        ] {
            let answer = self.call([&self.good[..], &after].concat()).await?;
            let passes = answer.is_ok_and(|answer| (self.passes)(&answer));
            findings.check(format!("{}, {name}", self.name), passes, "refused");
        }
        Ok(())
    }

    /// Single octets changed, everywhere: an answer or INVALID_ARGUMENT, never a defect of ours.
    async fn altered(&self, findings: &mut Findings) -> Result<()> {
        let step = (self.good.len() / 60).max(1);
        for at in (0..self.good.len()).step_by(step) {
            for mask in [0x01, 0x80, 0xff] {
                let mut octets = self.good.clone();
                octets[at] ^= mask;
                let answer = self.call(octets).await?;
                let name = format!("{}, octet {at} xor {mask:#x}", self.name);
                let code = answer.as_ref().err().map(tonic::Status::code);
                let expected = matches!(
                    code,
                    None | Some(Code::InvalidArgument | Code::PermissionDenied)
                );
                findings.check(&name, expected, format!("{code:?}"));
                self.check_words(&name, &answer, findings);
            }
        }
        self.check_twin("after all alterations", findings).await
    }

    async fn call(&self, octets: Vec<u8>) -> Result<Result<Vec<u8>, tonic::Status>> {
        wire::call(&self.channel, self.name, octets).await
    }

    fn check_words(
        &self,
        name: &str,
        answer: &Result<Vec<u8>, tonic::Status>,
        findings: &mut Findings,
    ) {
        let words = match answer {
            Ok(octets) => String::from_utf8_lossy(octets).into_owned(),
            Err(status) => format!("{} {:?}", status.message(), status.metadata()),
        };
        let repeated = self.private.iter().find(|text| words.contains(*text));
        findings.check(name, repeated.is_none(), format!("repeats {repeated:?}"));
    }

    async fn check_twin(&self, name: &str, findings: &mut Findings) -> Result<()> {
        let twin = self.call(self.good.clone()).await?;
        let passes = twin.as_ref().is_ok_and(|answer| (self.passes)(answer));
        let found = twin
            .err()
            .map_or_else(String::new, |status| status.to_string());
        findings.check(format!("{name}, its twin"), passes, found);
        Ok(())
    }
}

/// Message and digest in one request: protobuf lets the last one win, and only that one is verified.
async fn both_of_one(system: &System, findings: &mut Findings) -> Result<()> {
    let holder = Holder::of(system, "good", CaKind::UserAuthentication)?;
    let backend = identity::AUTHENTICATION_BACKEND;
    let channel = callers::channel(
        &system.deployment,
        backend,
        identity::SIGNATURE_VERIFICATION,
    )?;
    let good = verification::good(&holder);
    let Some(Signed::Message(message)) = &good.signed else {
        anyhow::bail!("the good request has a message");
    };
    let mut neither = good.clone();
    neither.signed = None;
    let neither = neither.encode_to_vec();
    let right = octets_field(5, message);
    let wrong = octets_field(6, &[7; 32]);
    for (name, fields, expected) in [
        (
            "the right one last",
            [&neither[..], &wrong, &right].concat(),
            true,
        ),
        (
            "the wrong one last",
            [&neither[..], &right, &wrong].concat(),
            false,
        ),
    ] {
        let answer = wire::call(&channel, verification::METHOD, fields).await??;
        let answer = VerifySignatureResponse::decode(&answer[..])?;
        let result = answer.result().as_str_name();
        let name = format!("message and digest, {name}");
        findings.check(name, answer.holder.is_some() == expected, result);
    }
    Ok(())
}
