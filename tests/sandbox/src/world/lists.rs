//! Which of the published lists a deployment fetches, and how it is told.

use pki::CrlSigner;

use crate::deployment::{Authority, Source, SourceKind};
use crate::mint::{CaKind, Jpki, ListKind, ListSigner, MUNICIPALITIES, names};
use crate::repository::{links_path, list_path};

/// Which lists an authority's verifiers fetch.
#[derive(Clone, Copy, Debug)]
pub struct ListChoice {
    /// Whose key signs them.
    pub crl_signer: CrlSigner,
    /// The full list of each signer.
    pub full: bool,
    /// Every municipality's partition of each signer.
    pub partitions: bool,
}

/// Which lists are fetched of both authorities.
#[derive(Clone, Copy, Debug)]
pub struct ListChoices {
    /// Of user authentication.
    pub user_authentication: ListChoice,
    /// Of digital signature.
    pub digital_signature: ListChoice,
}

impl Default for ListChoices {
    /// Both forms at once: full lists signed by each generation's own key for one authority, partitions
    /// signed by the newest key for the other.
    fn default() -> Self {
        Self {
            user_authentication: ListChoice {
                crl_signer: CrlSigner::OwnKey,
                full: true,
                partitions: false,
            },
            digital_signature: ListChoice {
                crl_signer: CrlSigner::NewestKey,
                full: false,
                partitions: true,
            },
        }
    }
}

impl ListChoices {
    fn of(self, kind: CaKind) -> ListChoice {
        match kind {
            CaKind::UserAuthentication => self.user_authentication,
            CaKind::DigitalSignature => self.digital_signature,
        }
    }

    /// The lists that are fetched of an authority.
    pub fn lists(self, kind: CaKind) -> Vec<ListKind> {
        let choice = self.of(kind);
        let chosen = |list: &ListKind| {
            let signer = match choice.crl_signer {
                CrlSigner::OwnKey => list.signer != ListSigner::Newest,
                CrlSigner::NewestKey => list.signer == ListSigner::Newest,
            };
            signer
                && if list.municipality.is_none() {
                    choice.full
                } else {
                    choice.partitions
                }
        };
        ListKind::all().into_iter().filter(chosen).collect()
    }
}

pub(super) fn trusted(jpki: &Jpki, kind: CaKind, choices: ListChoices) -> Authority {
    let crl_signer = match choices.of(kind).crl_signer {
        CrlSigner::OwnKey => "own_key",
        CrlSigner::NewestKey => "newest_key",
    };
    let generations = &jpki.authority(kind).generations;
    Authority {
        name: kind.name().to_owned(),
        profile: kind.profile_name().to_owned(),
        crl_signer: crl_signer.to_owned(),
        anchors: generations
            .iter()
            .map(|generation| generation.certificate.clone())
            .collect(),
    }
}

pub(super) fn sources(jpki: &Jpki, choices: ListChoices, repository: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    for kind in CaKind::ALL {
        let authority = jpki.authority(kind);
        for list in choices.lists(kind) {
            let signer_key_id = match list.signer {
                ListSigner::Own(ordinal) => Some(authority.generation(ordinal).key.key_id()),
                ListSigner::Newest => None,
            };
            sources.push(Source {
                name: source_name(kind, &list),
                authority: kind.name().to_owned(),
                url: format!("{repository}{}", list_path(kind, &list)),
                kind: SourceKind::Crl {
                    distribution_point: list
                        .municipality
                        .map(|it| names::full_name(&kind.distribution_point_name(it))),
                    signer_key_id,
                },
            });
        }
    }
    // Only people who sign in have a holder id, so only that authority's links are of use.
    let kind = CaKind::UserAuthentication;
    sources.push(Source {
        name: format!("{}-links", kind.name()),
        authority: kind.name().to_owned(),
        url: format!("{repository}{}", links_path(kind)),
        kind: SourceKind::SerialLinks,
    });
    sources
}

/// The name of a list as a source of crl-sync: `user-authentication-own-2-full`.
pub fn source_name(kind: CaKind, list: &ListKind) -> String {
    let path = list.path();
    format!(
        "{}-{}",
        kind.name(),
        path.trim_end_matches(".crl").replace('/', "-")
    )
}

/// With fewer municipalities a mistaken partition could pass for the right one too easily.
const _: () = assert!(MUNICIPALITIES.len() >= 3);
