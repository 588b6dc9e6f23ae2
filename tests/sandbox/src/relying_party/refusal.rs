//! Why a sign-in did not happen, in a code for tests and in words for people.

use super::id_token::IdTokenFault;
use super::limits::ERROR_CHARACTERS;

/// One reason for not signing somebody in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The provider said no, in the words of RFC 6749 sections 4.1.2.1 and 5.2.
    Provider { error: String, description: String },
    /// The provider did not answer, or not with what was asked for.
    Unreachable(&'static str),
    /// The provider's metadata describe another provider, or one this site cannot use.
    Metadata(&'static str),
    /// The answer belongs to no sign-in that this browser began.
    StateMismatch,
    /// The answer names another provider, or none (RFC 9207).
    IssuerMismatch,
    /// The answer has neither a code nor an error, or both, or something twice.
    MalformedAnswer,
    /// The ID token broke a rule.
    IdToken(IdTokenFault),
    /// ID token and userinfo speak of two people (OpenID Connect Core section 5.3.2).
    SubjectMismatch,
    /// Something of ours failed.
    Internal(&'static str),
}

/// A sentence in both languages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words {
    pub(super) english: &'static str,
    pub(super) japanese: &'static str,
}

/// The same in both languages.
pub(super) const fn words(english: &'static str, japanese: &'static str) -> Words {
    Words { english, japanese }
}

impl Refusal {
    /// The provider's error, with only as much of its texts as a page should repeat.
    pub(super) fn from_provider(error: &str, description: Option<&str>) -> Self {
        Self::Provider {
            error: printable(error),
            description: printable(description.unwrap_or_default()),
        }
    }

    /// The machine-readable word.
    pub(super) fn code(&self) -> &str {
        match self {
            Self::Provider { error, .. } => error,
            Self::Unreachable(_) => "provider_unreachable",
            Self::Metadata(_) => "provider_unsuitable",
            Self::StateMismatch => "state_mismatch",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::MalformedAnswer => "malformed_answer",
            Self::IdToken(fault) => id_token_code(*fault),
            Self::SubjectMismatch => "subject_mismatch",
            Self::Internal(_) => "internal_error",
        }
    }

    /// The word for our log. The provider's own came through the browser, so it is not repeated.
    pub(super) fn label(&self) -> &str {
        match self {
            Self::Provider { .. } => "provider_error",
            ours => ours.code(),
        }
    }

    /// What exactly happened: the provider's own description, or ours.
    pub(super) fn description(&self) -> &str {
        match self {
            Self::Provider { description, .. } => description,
            Self::Unreachable(what) | Self::Metadata(what) | Self::Internal(what) => what,
            Self::StateMismatch => "the answer belongs to no sign-in this browser began",
            Self::IssuerMismatch => "the answer does not name the provider that was asked",
            Self::MalformedAnswer => "the answer has no code, or more than one thing to say",
            Self::IdToken(fault) => id_token_description(*fault),
            Self::SubjectMismatch => "ID token and userinfo name two different people",
        }
    }

    /// What a person should know.
    pub(super) fn words(&self) -> Words {
        match self {
            Self::Provider { error, .. } => provider_words(error),
            Self::Unreachable(_) => Words {
                english: "The sign-in service cannot be reached at the moment. Please try again \
                          in a few minutes.",
                japanese: "現在、サインインサービスに接続できません。数分後にもう一度お試し\
                           ください。",
            },
            Self::StateMismatch => Words {
                english: "This sign-in was not begun in this browser, or it took too long. \
                          Please begin again.",
                japanese: "このブラウザーで開始されたサインインではないか、時間がかかり\
                           すぎました。もう一度はじめからお試しください。",
            },
            Self::Metadata(_)
            | Self::IssuerMismatch
            | Self::MalformedAnswer
            | Self::IdToken(_)
            | Self::SubjectMismatch => Words {
                english: "The answer to this sign-in cannot be trusted, so you were not signed \
                          in. Your card is not the reason.",
                japanese: "サインインの応答を信頼できないため、サインインしませんでした。\
                           カードに問題があるわけではありません。",
            },
            Self::Internal(_) => Words {
                english: "Something went wrong on this site. Please try again.",
                japanese: "このサイトで問題が発生しました。もう一度お試しください。",
            },
        }
    }
}

fn provider_words(error: &str) -> Words {
    match error {
        "access_denied" => Words {
            english: "Sign-in was refused or cancelled.",
            japanese: "サインインは拒否されたか、取り消されました。",
        },
        "temporarily_unavailable" => Words {
            english: "The service cannot confirm at the moment whether the card is valid. \
                      Nothing is wrong with your card; please try again later.",
            japanese: "現在、カードの有効性を確認できません。カードの問題ではありません。\
                       しばらくしてからもう一度お試しください。",
        },
        "unmet_authentication_requirements" => Words {
            english: "The sign-in was not strong enough for this page. Please sign in with the \
                      card itself.",
            japanese: "このページに必要な認証の強度を満たしていません。カードを使って\
                       サインインしてください。",
        },
        "server_error" => Words {
            english: "The sign-in service had a problem. Please try again later.",
            japanese: "サインインサービスで問題が発生しました。しばらくしてからもう一度\
                       お試しください。",
        },
        _ => Words {
            english: "The sign-in service did not accept this site's request. This is a fault \
                      of the site, not of your card.",
            japanese: "サインインサービスがこのサイトの要求を受け付けませんでした。\
                       カードではなく、サイトの問題です。",
        },
    }
}

const fn id_token_code(fault: IdTokenFault) -> &'static str {
    match fault {
        IdTokenFault::Malformed => "id_token_malformed",
        IdTokenFault::Algorithm => "id_token_algorithm",
        IdTokenFault::UnknownKey => "id_token_unknown_key",
        IdTokenFault::Signature => "id_token_signature",
        IdTokenFault::Issuer => "id_token_issuer",
        IdTokenFault::Audience => "id_token_audience",
        IdTokenFault::Expired => "id_token_expired",
        IdTokenFault::IssuedInFuture => "id_token_issued_in_future",
        IdTokenFault::Nonce => "id_token_nonce",
        IdTokenFault::AccessTokenHash => "id_token_access_token_hash",
    }
}

const fn id_token_description(fault: IdTokenFault) -> &'static str {
    match fault {
        IdTokenFault::Malformed => "the ID token cannot be read",
        IdTokenFault::Algorithm => "the ID token is not signed with ES256",
        IdTokenFault::UnknownKey => "the ID token names a key the provider does not publish",
        IdTokenFault::Signature => "the ID token's signature does not verify",
        IdTokenFault::Issuer => "the ID token is from another issuer",
        IdTokenFault::Audience => "the ID token is for somebody else",
        IdTokenFault::Expired => "the ID token has expired",
        IdTokenFault::IssuedInFuture => "the ID token claims to be from the future",
        IdTokenFault::Nonce => "the ID token belongs to another sign-in",
        IdTokenFault::AccessTokenHash => "the ID token belongs to another access token",
    }
}

fn printable(text: &str) -> String {
    text.chars()
        .filter(|character| !character.is_control())
        .take(ERROR_CHARACTERS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_providers_text_is_cut_and_cleaned_before_a_page_repeats_it() {
        let refusal = Refusal::from_provider("access_denied", Some(&"a\n\u{1b}b".repeat(500)));
        assert_eq!(refusal.description().len(), ERROR_CHARACTERS);
        assert!(refusal.description().starts_with("abab"));
    }

    #[test]
    fn a_refused_card_and_an_unconfirmed_one_get_different_words() {
        let refused = Refusal::from_provider("access_denied", None).words();
        let unconfirmed = Refusal::from_provider("temporarily_unavailable", None).words();
        assert!(refused.english.contains("refused or cancelled"));
        assert!(unconfirmed.english.contains("cannot confirm at the moment"));
    }
}
