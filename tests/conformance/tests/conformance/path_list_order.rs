//! The order of lists decides nothing, also where their issuers vouch for each other in a long chain.

use conformance::issuer::NOW;
use pki::{
    CrossCheck, PathAnchor, PathRequest, PolicySettings, Profile, RevocationMode, Verdict,
    Verifier, validate_path,
};
use sandbox::der;
use sandbox::mint::{
    CaKind, CertificateSpec, CrlEntry, CrlSpec, Extension, Extensions as _, RsaKey, names,
};

/// Somebody with a name and a key.
struct Party {
    name: Vec<u8>,
    key: RsaKey,
}

impl Party {
    fn new(name: &str) -> Self {
        Self {
            name: names::name([names::utf8("2.5.4.3", name)]),
            key: RsaKey::generate().unwrap(),
        }
    }

    /// A certificate of this party by an issuer, with these extensions.
    fn certificate(&self, issuer: &Self, serial: u64, extensions: Vec<Extension>) -> Vec<u8> {
        let kind = CaKind::UserAuthentication;
        let certificate = CertificateSpec {
            issuer: issuer.name.clone(),
            subject: self.name.clone(),
            subject_public_key_info: self.key.subject_public_key_info(),
            extensions,
            ..CertificateSpec::root(kind, serial, &self.key)
        };
        let validity = (NOW.plus_secs(-86_400), NOW.plus_secs(86_400));
        certificate
            .with_validity(validity.0, validity.1)
            .sign(&issuer.key)
    }

    /// A list by this party over certificates of others, with these entries.
    fn indirect_list(&self, entries: Vec<CrlEntry>) -> Vec<u8> {
        let indirect = der::sequence([der::context_primitive(4, &[0xff])]);
        self.list(entries)
            .with_extension(Extension::critical(
                names::ISSUING_DISTRIBUTION_POINT,
                indirect,
            ))
            .sign(&self.key)
    }

    fn list(&self, entries: Vec<CrlEntry>) -> CrlSpec {
        let (this_update, next_update) = (NOW.plus_secs(-3_600), NOW.plus_secs(3_600));
        let kind = CaKind::UserAuthentication;
        CrlSpec {
            issuer: self.name.clone(),
            entries,
            ..CrlSpec::full(kind, &self.key, 1, this_update, next_update)
        }
    }
}

/// The lists of one certificate come from these.
fn lists_from(parties: &[&Party]) -> Extension {
    let points = parties.iter().map(|party| {
        let issuer = names::directory_name(&party.name);
        der::sequence([der::context_constructed(2, &issuer)])
    });
    Extension::plain(names::CRL_DISTRIBUTION_POINTS, der::sequence(points))
}

/// `length` issuers of lists, each vouched for by the list of the next and the last by the root's. The
/// first one's list revokes the certificate asked about, that of the one before the last does not.
fn verdicts(length: usize) -> [Verdict; 2] {
    let root = Party::new("root");
    let anchor = PathAnchor::from_der(&root.certificate(&root, 1, Vec::new())).unwrap();
    let chain: Vec<_> = (0..length)
        .map(|number| Party::new(&format!("issuer {number}")))
        .collect();
    // The root's list answers for nobody else.
    let end = names::name([names::utf8("2.5.4.3", "for the last")]);
    let certificates: Vec<_> = (0..length)
        .map(|number| {
            let mut extensions = vec![Extension::key_usage(&[6])];
            extensions.push(match chain.get(number + 1) {
                Some(next) => lists_from(&[next]),
                None => Extension::crl_distribution_point_named(&end),
            });
            let serial = 10 + u64::try_from(number).unwrap();
            chain[number].certificate(&root, serial, extensions)
        })
        .collect();
    let (first, near_the_end) = (&chain[0], &chain[length - 2]);
    let leaf = Party::new("leaf");
    let leaf = leaf.certificate(&root, 7, vec![lists_from(&[first, near_the_end])]);
    let issuer = der::sequence([names::directory_name(&root.name)]);
    let mut entry = CrlEntry::new(7, NOW.plus_secs(-7_200), None);
    entry
        .extensions
        .push(Extension::critical(names::CERTIFICATE_ISSUER, issuer));
    let mut lists = vec![first.indirect_list(vec![entry])];
    lists.extend(
        chain[1..]
            .iter()
            .map(|party| party.indirect_list(Vec::new())),
    );
    let of_root = root.list(Vec::new()).for_distribution_point(&end);
    lists.push(of_root.sign(&root.key));
    let intermediates: Vec<_> = certificates.iter().map(Vec::as_slice).collect();
    let mut lists: Vec<_> = lists.iter().map(Vec::as_slice).collect();
    [(), ()].map(|()| {
        lists.reverse();
        let request = PathRequest {
            profile: Profile::rfc5280(),
            certificate: &leaf,
            intermediates: &intermediates,
            trust_anchors: std::slice::from_ref(&anchor),
            crls: &lists,
            at: NOW,
            policies: PolicySettings::default(),
            revocation: RevocationMode::Require,
        };
        let report = validate_path(&request, &Verifier::new(CrossCheck::Off));
        report.verdict
    })
}

#[test]
fn a_chain_of_list_issuers_is_followed_so_far_whatever_was_asked_before() {
    // Each of four is shown to be good, so the first one's list is believed.
    assert_eq!(verdicts(4), [Verdict::Invalid; 2]);
    // Five are too many. That a part of the chain was shown before makes it no shorter.
    assert_eq!(verdicts(5), [Verdict::Valid; 2]);
}
