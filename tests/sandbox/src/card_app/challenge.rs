//! What the card signs, computed from what the app shows.

use crate::mint::sha256;

/// What a challenge is about.
#[derive(Clone, Copy, Debug)]
pub struct ChallengeInputs<'a> {
    /// The gateway's issuer.
    pub issuer: &'a str,
    /// Who asks.
    pub client_id: &'a str,
    /// Where the person is sent back to.
    pub redirect_uri: &'a str,
    /// The relying party's nonce.
    pub nonce: &'a str,
    /// What is asked for, in the gateway's order.
    pub scopes: &'a [String],
    /// The sign-in at the gateway.
    pub interaction_id: &'a str,
}

/// `SHA-256("akashi-card-v1" || random || SHA-256(length-prefixed inputs))`.
pub fn challenge(random: &[u8], inputs: &ChallengeInputs<'_>) -> [u8; 32] {
    let scopes = inputs.scopes.join(" ");
    let context = [
        inputs.issuer,
        inputs.client_id,
        inputs.redirect_uri,
        inputs.nonce,
        &scopes,
        inputs.interaction_id,
    ]
    .map(length_prefixed)
    .concat();
    sha256(&[b"akashi-card-v1", random, &sha256(&context)].concat())
}

/// The length in octets as a big-endian u32, then the text: no two lists of texts look the same.
pub fn length_prefixed(text: &str) -> Vec<u8> {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    [&length.to_be_bytes(), text.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_one_that_the_contract_writes_out() {
        let scopes = ["openid".to_owned(), "name".to_owned()];
        let inputs = ChallengeInputs {
            issuer: "https://op.example/api/realms/main",
            client_id: "RP1",
            redirect_uri: "https://rp.example/cb",
            nonce: "n",
            scopes: &scopes,
            interaction_id: "i",
        };
        // Computed with Python's hashlib and struct.
        let expected = "96d6451bf5820846138a816f12a6a4ad0e0ad68cc639bc4e88f2555403d52d1d";
        assert_eq!(hex::encode(challenge(&[9; 32], &inputs)), expected);
    }

    #[test]
    fn a_length_prefix_counts_octets() {
        assert_eq!(length_prefixed("証")[..4], [0, 0, 0, 3]);
    }
}
