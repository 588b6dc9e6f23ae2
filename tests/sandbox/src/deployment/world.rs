//! The surroundings that the sandbox itself is: its authorities, its list repository, its reader.

use pki::{CrlSigner, UnixTime};

use super::plan::{Authority, Client, OcspSigner, Reader, Source, SourceKind, Surroundings};

use crate::mint::names::{CaKind, MUNICIPALITIES, Municipality, full_name};
use crate::mint::{CertificateSpec, Jpki, KeyError, ListKind, ListSigner, RsaKey, pem};

const HOUR: i64 = 3_600;

/// How long the sandbox's OCSP signers are appointed for: longer than anybody runs one.
const OCSP_SIGNER_SECS: i64 = 90 * 24 * HOUR;

/// Which lists are fetched.
#[derive(Clone, Debug)]
pub struct Lists {
    /// Whose key must have signed them.
    pub crl_signer: CrlSigner,
    /// Whether the full lists are fetched.
    pub full: bool,
    /// The municipalities whose partitions are fetched.
    pub municipalities: Vec<&'static Municipality>,
}

impl Lists {
    /// Every list of the repository, signed by the newest key.
    pub fn all() -> Self {
        Self {
            crl_signer: CrlSigner::NewestKey,
            full: true,
            municipalities: MUNICIPALITIES.iter().collect(),
        }
    }

    /// Partitions only, so that each certificate depends on its own municipality's list.
    pub fn partitions() -> Self {
        Self {
            full: false,
            ..Self::all()
        }
    }

    /// The same without one municipality's partition.
    #[must_use]
    pub fn without(mut self, slug: &str) -> Self {
        self.municipalities
            .retain(|municipality| municipality.slug != slug);
        self
    }

    /// The same with every generation's lists signed by its own key.
    #[must_use]
    pub fn signed_by_own_key(mut self) -> Self {
        self.crl_signer = CrlSigner::OwnKey;
        self
    }

    fn kinds(&self) -> Vec<ListKind> {
        let signers = match self.crl_signer {
            CrlSigner::OwnKey => vec![ListSigner::Own(1), ListSigner::Own(2)],
            CrlSigner::NewestKey => vec![ListSigner::Newest],
        };
        let scopes = || {
            let full = self.full.then_some(None);
            full.into_iter()
                .chain(self.municipalities.iter().copied().map(Some))
        };
        signers
            .into_iter()
            .flat_map(|signer| {
                scopes().map(move |municipality| ListKind {
                    signer,
                    municipality,
                })
            })
            .collect()
    }
}

impl Surroundings {
    /// The sandbox's authorities and reader, its repository at `repository_url` and its card origin at `card_url`.
    pub fn of(
        jpki: &Jpki,
        lists: &Lists,
        repository_url: &str,
        card_url: &str,
        clients: Vec<Client>,
    ) -> Self {
        Self {
            authorities: CaKind::ALL
                .map(|kind| authority(jpki, kind, lists.crl_signer))
                .into(),
            sources: CaKind::ALL
                .into_iter()
                .flat_map(|kind| sources(jpki, kind, lists, repository_url))
                .collect(),
            clients,
            readers: vec![Reader {
                key_id: jpki.reader_key_id.clone(),
                public_key_pem: pem("PUBLIC KEY", &jpki.reader_key.subject_public_key_info()),
            }],
            recipients: Vec::new(),
            forwarded_agencies: Vec::new(),
            reader_app_url: format!("{card_url}/"),
        }
    }
}

impl Surroundings {
    /// The same with an OCSP responder for each authority: every generation's key appoints one and the same signer.
    pub fn with_ocsp(mut self, jpki: &Jpki, now: UnixTime) -> Result<Self, KeyError> {
        let key = RsaKey::generate()?;
        let private_key_pem = pem("PRIVATE KEY", key.pkcs8());
        let validity = (now.plus_secs(-HOUR), now.plus_secs(OCSP_SIGNER_SECS));
        for kind in CaKind::ALL {
            let generations = &jpki.authority(kind).generations;
            let signers = generations.iter().map(|generation| {
                let issuer = &generation.key;
                let certificate = CertificateSpec::ocsp_responder(kind, issuer, &key, validity);
                OcspSigner {
                    certificate_pem: pem("CERTIFICATE", &certificate.sign(issuer)),
                    private_key_pem: private_key_pem.clone(),
                }
            });
            let signers: Vec<_> = signers.collect();
            let mut authorities = self.authorities.iter_mut();
            if let Some(authority) = authorities.find(|authority| authority.name == kind.name()) {
                authority.ocsp_signers = signers;
            }
        }
        Ok(self)
    }
}

fn authority(jpki: &Jpki, kind: CaKind, crl_signer: CrlSigner) -> Authority {
    let crl_signer = match crl_signer {
        CrlSigner::OwnKey => "own_key",
        CrlSigner::NewestKey => "newest_key",
    };
    Authority {
        name: kind.name().to_owned(),
        profile: kind.profile_name().to_owned(),
        crl_signer: crl_signer.to_owned(),
        anchors: jpki
            .authority(kind)
            .generations
            .iter()
            .map(|generation| generation.certificate.clone())
            .collect(),
        ocsp_signers: Vec::new(),
    }
}

fn sources(jpki: &Jpki, kind: CaKind, lists: &Lists, repository_url: &str) -> Vec<Source> {
    let authority = kind.name();
    let source = |name: String, path: String, kind| Source {
        name,
        authority: authority.to_owned(),
        url: format!("{repository_url}/{path}"),
        kind,
        max_bytes: None,
    };
    let crl = |list: &ListKind| {
        let path = list.path();
        let signer_key_id = matches!(list.signer, ListSigner::Own(_))
            .then(|| jpki.authority(kind).list_signer(list.signer).key.key_id());
        let distribution_point = list
            .municipality
            .map(|municipality| full_name(&kind.distribution_point_name(municipality)));
        let name = format!(
            "{authority}.{}",
            path.trim_end_matches(".crl").replace('/', ".")
        );
        source(
            name,
            format!("crl/{authority}/{path}"),
            SourceKind::Crl {
                distribution_point,
                signer_key_id,
            },
        )
    };
    let mut sources: Vec<Source> = lists.kinds().iter().map(crl).collect();
    if kind == CaKind::UserAuthentication {
        let name = format!("{authority}.links");
        sources.push(source(
            name,
            format!("links/{authority}.json"),
            SourceKind::SerialLinks,
        ));
    }
    sources
}
