//! A hierarchy, its lists and a question about it, with everything open to a test.

use pki::{
    CrossCheck, PathAnchor, PathReport, PathRequest, PolicySettings, Profile, RevocationMode,
    UnixTime, Verifier, validate_path,
};
use sandbox::mint::{CertificateSpec, CrlSpec, Extension, Extensions as _};

use super::key::Key;
use super::party::{Party, revoked};
use crate::issuer::NOW;

/// Seconds.
pub const HOUR: i64 = 3_600;

/// One certificate of the hierarchy.
#[derive(Clone)]
pub struct Tier {
    /// Its subject.
    pub party: Party,
    /// The certificate, which the party before signs.
    pub certificate: CertificateSpec,
    /// The list of the party before, which covers the certificate.
    pub list: Option<CrlSpec>,
}

/// A root, a chain of parties below it, and a question about the last one. The methods change one
/// thing each.
#[derive(Clone)]
pub struct World {
    /// The root.
    pub root: Party,
    /// From the root's side to the end entity.
    pub tiers: Vec<Tier>,
    /// Further certificates, DER.
    pub certificates: Vec<Vec<u8>>,
    /// Further lists, DER.
    pub lists: Vec<Vec<u8>>,
    /// The trust anchors, DER.
    pub anchors: Vec<Vec<u8>>,
    /// The moment to judge at.
    pub at: UnixTime,
    /// What is asked of policies.
    pub policies: PolicySettings,
    /// Whether lists are consulted.
    pub revocation: RevocationMode,
    /// The profile.
    pub profile: &'static Profile,
    /// Instead of the last party's certificate, DER.
    pub target: Option<Vec<u8>>,
}

impl World {
    /// Parties with these common names, each certified by the one before it, the first by a root. All
    /// but the last are authorities. Each authority has a complete list without entries.
    pub fn of(common_names: &[&str]) -> Self {
        Self::under(&Party::new("root"), common_names)
    }

    /// The same below another root.
    pub fn under(root: &Party, common_names: &[&str]) -> Self {
        let mut issuer = root.clone();
        let mut tiers = Vec::new();
        for (index, common_name) in common_names.iter().enumerate() {
            let party = Party::new(common_name);
            let certificate = if index + 1 == common_names.len() {
                issuer.certify(&party)
            } else {
                issuer.certify_authority(&party)
            };
            let list = Some(issuer.list());
            issuer = party.clone();
            tiers.push(Tier {
                party,
                certificate,
                list,
            });
        }
        Self {
            root: root.clone(),
            tiers,
            certificates: Vec::new(),
            lists: Vec::new(),
            anchors: vec![root.root()],
            at: NOW,
            policies: PolicySettings::default(),
            revocation: RevocationMode::Require,
            profile: Profile::rfc5280(),
            target: None,
        }
    }

    /// Root, one authority, one end entity.
    pub fn small() -> Self {
        Self::of(&["authority", "leaf"])
    }

    /// Root, two authorities, one end entity.
    pub fn medium() -> Self {
        Self::of(&["upper", "authority", "leaf"])
    }

    /// Who certifies the party at this position.
    pub fn issuer(&self, index: usize) -> &Party {
        match index.checked_sub(1) {
            Some(above) => &self.tiers[above].party,
            None => &self.root,
        }
    }

    /// Changes a certificate.
    #[must_use]
    pub fn certificate(
        mut self,
        index: usize,
        change: impl FnOnce(CertificateSpec) -> CertificateSpec,
    ) -> Self {
        let tier = &mut self.tiers[index];
        tier.certificate = change(tier.certificate.clone());
        self
    }

    /// Changes the end entity's certificate.
    #[must_use]
    pub fn leaf(self, change: impl FnOnce(CertificateSpec) -> CertificateSpec) -> Self {
        let last = self.tiers.len() - 1;
        self.certificate(last, change)
    }

    /// Changes the list that covers the certificate at this position.
    #[must_use]
    pub fn list(mut self, index: usize, change: impl FnOnce(CrlSpec) -> CrlSpec) -> Self {
        let list = &mut self.tiers[index].list;
        *list = list.take().map(change);
        self
    }

    /// Changes the list that covers the end entity's certificate.
    #[must_use]
    pub fn leaf_list(self, change: impl FnOnce(CrlSpec) -> CrlSpec) -> Self {
        let last = self.tiers.len() - 1;
        self.list(last, change)
    }

    /// Gives an authority another key, with which it signs what it signed with the first.
    #[must_use]
    pub fn rekey(mut self, index: usize, key: &Key) -> Self {
        let tier = &mut self.tiers[index];
        tier.party.key = key.clone();
        tier.certificate.subject_public_key_info = key.public().to_vec();
        let subject_key = Extension::subject_key_identifier(key.id());
        tier.certificate = tier.certificate.clone().with_extension(subject_key);
        if let Some(below) = self.tiers.get_mut(index + 1) {
            let named = || Extension::signer_key_identifier(key.id());
            let certificate = &mut below.certificate;
            certificate.inner_algorithm = key.algorithm().to_vec();
            certificate.outer_algorithm = key.algorithm().to_vec();
            *certificate = certificate.clone().with_extension(named());
            if let Some(list) = &mut below.list {
                list.inner_algorithm = key.algorithm().to_vec();
                list.outer_algorithm = key.algorithm().to_vec();
                *list = list.clone().with_extension(named());
            }
        }
        self
    }

    /// Gives an authority the name of the one above it, so that its certificate is self-issued.
    #[must_use]
    pub fn self_issued(mut self, index: usize) -> Self {
        let name = self.issuer(index).name.clone();
        self.tiers[index].party.name.clone_from(&name);
        self.tiers[index].certificate.subject.clone_from(&name);
        if let Some(below) = self.tiers.get_mut(index + 1) {
            below.certificate.issuer.clone_from(&name);
            if let Some(list) = &mut below.list {
                list.issuer.clone_from(&name);
            }
        }
        self
    }

    /// Lets somebody else sign the certificate asked about as it stands.
    #[must_use]
    pub fn signed_by(mut self, signer: &Party) -> Self {
        let last = self.tiers.last().map(|tier| &tier.certificate);
        self.target = last.map(|certificate| signer.sign(certificate));
        self
    }

    /// Revokes a certificate on the list that covers it.
    #[must_use]
    pub fn revoke(self, index: usize, reason: Option<u8>) -> Self {
        let entry = revoked(&self.tiers[index].certificate, reason);
        self.list(index, |list| list.with_entry(entry))
    }

    /// Leaves a list out.
    #[must_use]
    pub fn without_list(mut self, index: usize) -> Self {
        self.tiers[index].list = None;
        self
    }

    /// Gives one more certificate, DER.
    #[must_use]
    pub fn also(mut self, certificate: Vec<u8>) -> Self {
        self.certificates.push(certificate);
        self
    }

    /// Gives one more list, DER.
    #[must_use]
    pub fn also_list(mut self, list: Vec<u8>) -> Self {
        self.lists.push(list);
        self
    }

    /// Asks at another moment.
    #[must_use]
    pub fn at(mut self, at: UnixTime) -> Self {
        self.at = at;
        self
    }

    /// Consults no list.
    #[must_use]
    pub fn without_revocation(mut self) -> Self {
        self.revocation = RevocationMode::Off;
        self
    }

    /// Changes what is asked of policies.
    #[must_use]
    pub fn asking(mut self, change: impl FnOnce(&mut PolicySettings)) -> Self {
        change(&mut self.policies);
        self
    }

    /// The certificates of the chain, signed, the end entity's last.
    pub fn chain(&self) -> Vec<Vec<u8>> {
        let tiers = self.tiers.iter().enumerate();
        tiers
            .map(|(index, tier)| self.issuer(index).sign(&tier.certificate))
            .collect()
    }

    /// All lists, signed.
    pub fn signed_lists(&self) -> Vec<Vec<u8>> {
        let tiers = self.tiers.iter().enumerate();
        let own = tiers.filter_map(|(index, tier)| {
            let list = tier.list.as_ref()?;
            Some(self.issuer(index).sign_list(list))
        });
        own.chain(self.lists.iter().cloned()).collect()
    }

    /// The certificate asked about, and the others, DER.
    pub fn certificates(&self) -> (Vec<u8>, Vec<Vec<u8>>) {
        let mut chain = self.chain();
        let last = chain.pop().unwrap_or_default();
        chain.extend(self.certificates.iter().cloned());
        (self.target.clone().unwrap_or(last), chain)
    }

    /// The answer, with both signature implementations.
    pub fn ask(&self) -> PathReport {
        self.ask_with(&Verifier::new(CrossCheck::All))
    }

    /// The answer by a verifier.
    ///
    /// # Panics
    /// If an anchor cannot be read.
    pub fn ask_with(&self, verifier: &Verifier) -> PathReport {
        let (certificate, intermediates) = self.certificates();
        let lists = self.signed_lists();
        let anchors = self.anchors.iter().map(|der| PathAnchor::from_der(der));
        let anchors: Vec<PathAnchor> = anchors.collect::<Result<_, _>>().expect("anchors");
        let intermediates: Vec<&[u8]> = intermediates.iter().map(Vec::as_slice).collect();
        let crls: Vec<&[u8]> = lists.iter().map(Vec::as_slice).collect();
        let request = PathRequest {
            profile: self.profile,
            certificate: &certificate,
            intermediates: &intermediates,
            trust_anchors: &anchors,
            crls: &crls,
            at: self.at,
            policies: self.policies.clone(),
            revocation: self.revocation,
        };
        validate_path(&request, verifier)
    }
}
