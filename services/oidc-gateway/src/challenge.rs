//! The challenge that the card signs.
//!
//! It binds the card's signature to one sign-in: the reader's app receives the inputs, recomputes the challenge and shows
//! the client *from those inputs*, so that a page in between cannot show one client and have the card sign for another.

use crate::bearer::{length_prefixed, sha256};

/// What the challenge is about.
pub(crate) struct ChallengeInputs<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) nonce: &'a str,
    /// The scopes joined by single spaces.
    pub(crate) scope: &'a str,
    pub(crate) interaction_id: &'a str,
}

/// `SHA-256("akashi-card-v1" || random || SHA-256(length-prefixed inputs))`.
pub(crate) fn challenge(random: &[u8], inputs: &ChallengeInputs<'_>) -> [u8; 32] {
    let context = [
        inputs.issuer,
        inputs.client_id,
        inputs.redirect_uri,
        inputs.nonce,
        inputs.scope,
        inputs.interaction_id,
    ]
    .map(|input| length_prefixed(input.as_bytes()))
    .concat();
    sha256(&[b"akashi-card-v1", random, &sha256(&[&context])])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs() -> ChallengeInputs<'static> {
        ChallengeInputs {
            issuer: "https://op.example/api/realms/main",
            client_id: "RP1",
            redirect_uri: "https://rp.example/cb",
            nonce: "n",
            scope: "openid name",
            interaction_id: "i",
        }
    }

    #[test]
    fn the_challenge_is_the_documented_hash() {
        assert_eq!(
            hex::encode(challenge(&[9; 32], &inputs())),
            "96d6451bf5820846138a816f12a6a4ad0e0ad68cc639bc4e88f2555403d52d1d"
        );
    }

    #[test]
    fn every_input_changes_the_challenge() {
        let original = challenge(&[9; 32], &inputs());
        let changed = [
            ChallengeInputs {
                issuer: "https://op.example/api/realms/other",
                ..inputs()
            },
            ChallengeInputs {
                client_id: "RP2",
                ..inputs()
            },
            ChallengeInputs {
                redirect_uri: "https://rp.example/cb2",
                ..inputs()
            },
            ChallengeInputs {
                nonce: "m",
                ..inputs()
            },
            ChallengeInputs {
                scope: "openid",
                ..inputs()
            },
            ChallengeInputs {
                interaction_id: "j",
                ..inputs()
            },
            // The same text cut elsewhere.
            ChallengeInputs {
                client_id: "RP1h",
                redirect_uri: "ttps://rp.example/cb",
                ..inputs()
            },
        ];
        for inputs in changed {
            assert_ne!(challenge(&[9; 32], &inputs), original);
        }
        assert_ne!(challenge(&[8; 32], &inputs()), original);
    }
}
