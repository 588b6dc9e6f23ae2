//! What can go wrong with a repository, on purpose.

use super::{Publication, Subject};
use crate::mint::{
    CaKind, Extension, Extensions as _, Jpki, ListKind, ListSigner, MUNICIPALITIES, links_payload,
    serial_hex, sign_links,
};
use pki::UnixTime;

/// One way to be wrong.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, clap::ValueEnum,
)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum FaultKind {
    /// Nothing is wrong.
    None,
    /// The server is gone: connections are refused.
    Stop,
    /// 503 for every file.
    Unavailable,
    /// 404 for every file.
    NotFound,
    /// Half of the file, then nothing, with the connection open.
    Stall,
    /// Half of the file, then the connection closes although more was announced.
    Truncate,
    /// Half of the file announced as the whole of it.
    CutShort,
    /// A body that does not end.
    Endless,
    /// A redirect to the same file at another host name.
    Redirect,
    /// A page of HTML with status 200.
    Html,
    /// One bit of the signature is wrong.
    WrongSignature,
    /// A number lower than any published before, properly signed.
    LowerNumber,
    /// The next update has passed, properly signed.
    Expired,
    /// thisUpdate is tomorrow, properly signed.
    FromTheFuture,
    /// No next update at all, properly signed.
    NoNextUpdate,
    /// Another municipality's list, or one municipality's instead of the full one.
    WrongPartition,
    /// The other authority's list.
    WrongAuthority,
    /// The list signed by the other generation's key.
    WrongSigner,
    /// A delta, properly signed.
    Delta,
    /// A critical extension that nobody knows, properly signed.
    UnknownCriticalExtension,
    /// Entries that say removeFromCRL in a list that is complete.
    RemoveFromCrl,
    /// An octet after the end of the list.
    TrailingOctet,
    /// No entries at all, properly signed and with the right number.
    Emptied,
}

/// A way to be wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// Only at files whose path begins like this, such as `/crl/user-authentication/`; absent: at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
}

impl Fault {
    /// Nothing is wrong.
    pub fn none() -> Self {
        Self {
            kind: FaultKind::None,
            path: None,
        }
    }

    /// This goes wrong everywhere.
    pub fn everywhere(kind: FaultKind) -> Self {
        Self { kind, path: None }
    }

    /// What goes wrong with the file at a path.
    pub(super) fn kind_at(&self, path: &str) -> Option<FaultKind> {
        let here = self
            .path
            .as_deref()
            .is_none_or(|prefix| path.starts_with(prefix));
        (here && self.kind != FaultKind::None).then_some(self.kind)
    }
}

/// The file minted again and wrong; `None` where the contents are not what is wrong.
pub(super) fn mint_wrong(
    kind: FaultKind,
    jpki: &Jpki,
    subject: Subject,
    publication: Publication,
) -> Option<Vec<u8>> {
    match subject {
        Subject::List(authority, list) => wrong_list(kind, jpki, authority, &list, publication),
        Subject::Links(authority) => wrong_links(kind, jpki, authority, publication),
    }
}

fn wrong_list(
    kind: FaultKind,
    jpki: &Jpki,
    authority: CaKind,
    list: &ListKind,
    publication: Publication,
) -> Option<Vec<u8>> {
    let this_update = UnixTime::from_secs(publication.this_update);
    let next_update = UnixTime::from_secs(publication.next_update);
    let number = publication.number;
    let mut spec = jpki
        .authority(authority)
        .list(list, number, this_update, next_update);
    let mut signer = super::signer_of(jpki, authority, list);
    match kind {
        FaultKind::WrongSignature => return Some(spec.sign_wrongly(&signer)),
        FaultKind::TrailingOctet => spec.trailing.push(0),
        FaultKind::LowerNumber => spec = spec.with_number(1),
        FaultKind::Expired => {
            spec.this_update = this_update.plus_secs(-172_800);
            spec.next_update = Some(this_update.plus_secs(-86_400));
        }
        FaultKind::FromTheFuture => {
            spec.this_update = this_update.plus_secs(86_400);
            spec.next_update = Some(this_update.plus_secs(172_800));
        }
        FaultKind::NoNextUpdate => spec.next_update = None,
        FaultKind::WrongPartition => {
            let other = MUNICIPALITIES
                .iter()
                .find(|other| Some(*other) != list.municipality);
            let other = ListKind {
                municipality: other,
                ..*list
            };
            spec = jpki
                .authority(authority)
                .list(&other, number, this_update, next_update);
        }
        FaultKind::WrongAuthority => {
            let other = CaKind::ALL.into_iter().find(|other| *other != authority)?;
            signer = super::signer_of(jpki, other, list);
            spec = jpki
                .authority(other)
                .list(list, number, this_update, next_update);
        }
        FaultKind::WrongSigner => {
            signer = jpki
                .authority(authority)
                .list_signer(other_signer(list.signer))
                .key
                .clone();
            spec = spec.with_extension(Extension::signer_key_identifier(&signer.key_id()));
        }
        FaultKind::Delta => spec = spec.as_delta_of(number.saturating_sub(1)),
        FaultKind::UnknownCriticalExtension => {
            spec = spec.with_extension(Extension::unknown_critical());
        }
        FaultKind::RemoveFromCrl => {
            for entry in &mut spec.entries {
                entry.extensions = vec![Extension::reason(8)];
            }
        }
        FaultKind::Emptied => spec.entries.clear(),
        _ => return None,
    }
    Some(spec.sign(&signer))
}

fn other_signer(signer: ListSigner) -> ListSigner {
    match signer {
        ListSigner::Own(2) | ListSigner::Newest => ListSigner::Own(1),
        ListSigner::Own(_) => ListSigner::Own(2),
    }
}

fn wrong_links(
    kind: FaultKind,
    jpki: &Jpki,
    authority: CaKind,
    publication: Publication,
) -> Option<Vec<u8>> {
    let mut authority = jpki.authority(authority).clone();
    let issued_at = UnixTime::from_secs(publication.this_update);
    let mut number = publication.number;
    let mut key = authority.newest().key.clone();
    match kind {
        // Signed by the right key, but what is signed is not what is sent.
        FaultKind::WrongSignature => {
            let payload = links_payload(&authority, number, issued_at);
            let text = String::from_utf8_lossy(&payload);
            let old = serial_hex(authority.links.first()?.old);
            let forged = text.replace(&old, &serial_hex(authority.newest().serial));
            let file: serde_json::Value =
                serde_json::from_slice(&sign_links(&payload, &key)).ok()?;
            let mut wrong: serde_json::Value =
                serde_json::from_slice(&sign_links(forged.as_bytes(), &key)).ok()?;
            wrong["signature"] = file["signature"].clone();
            return Some(wrong.to_string().into_bytes());
        }
        FaultKind::WrongSigner => key = authority.generation(1).key.clone(),
        FaultKind::LowerNumber => number = 1,
        FaultKind::WrongAuthority => {
            authority.kind = CaKind::ALL
                .into_iter()
                .find(|other| *other != authority.kind)?;
        }
        FaultKind::Emptied => authority.links.clear(),
        _ => return None,
    }
    Some(sign_links(
        &links_payload(&authority, number, issued_at),
        &key,
    ))
}
