//! The limit of a verification's arithmetic: one bare RSA-2048 signature check, key read already, nothing around it.

use std::time::Duration;

use anyhow::{Result, anyhow};
use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use sandbox::mint::{RsaKey, sha256};

use crate::cpu;

/// Signatures that are checked in turn: more than one, so that no branch predictor learns the one by heart.
const SIGNATURES: usize = 64;

/// A key with signatures by it.
pub struct BareVerification {
    key: ParsedPublicKey,
    signed: Vec<([u8; 32], Vec<u8>)>,
}

impl BareVerification {
    /// Makes a key and signatures.
    ///
    /// # Errors
    /// When the library makes none.
    pub fn new() -> Result<Self> {
        let key = RsaKey::generate()?;
        let sign = |number: usize| {
            let digest = sha256(&number.to_be_bytes());
            (digest, key.sign_digest(&digest))
        };
        let signed = (0..SIGNATURES).map(sign).collect();
        let info = key.subject_public_key_info();
        let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, info)
            .map_err(|error| anyhow!("the RSA key cannot be read: {error}"))?;
        Ok(Self { key, signed })
    }

    /// The CPU time of one check, over at least `time` of them.
    ///
    /// # Errors
    /// When a signature is refused or the kernel counts no CPU time.
    pub fn measure(&self, time: Duration) -> Result<Duration> {
        let began = cpu::of_this_thread()?;
        let mut checks = 0_u32;
        loop {
            for (digest, signature) in &self.signed {
                let digest = Digest::import_less_safe(digest, &SHA256)?;
                self.key.verify_digest_sig(&digest, signature)?;
                checks += 1;
            }
            let spent = cpu::of_this_thread()?.saturating_sub(began);
            if spent >= time {
                return Ok(spent / checks);
            }
        }
    }
}
