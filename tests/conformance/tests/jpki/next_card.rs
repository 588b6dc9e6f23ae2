//! The next card needs no new code: a profile of another algorithm, key and policy is data.

use conformance::issuer::NOW;
use pki::{
    AuthorityError, CertificationAuthority, CrlError, CrlLimits, CrlSigner, CrlStream, CrossCheck,
    HashAlgorithm, KeyAlgorithm, KeyRule, ObjectIdentifier, PathAnchor, PathError, PathReport,
    PathRequest, PolicySettings, Profile, RevocationMode, SignatureAlgorithm, SignatureEncoding,
    TrustAnchor, Verdict, VerifiedCrl, Verifier, validate_leaf, validate_path, verify_crl,
};
use sandbox::mint::{CaKind, CertificateSpec, CrlSpec, Extension, Extensions as _, P384Key};

use crate::scene::{SERIAL, authentication, entry, partition, replace};
use crate::world::{generation, world};

const KIND: CaKind = CaKind::UserAuthentication;
/// A policy of the test arc that no card has.
const POLICY: &str = "1.2.392.200149.8.5.1.0.99";
const TEN_YEARS_SECS: i64 = 10 * 365 * 86_400;

/// ECDSA on P-384 with SHA-384.
static NEXT_CARD: std::sync::LazyLock<Profile> = std::sync::LazyLock::new(|| {
    const ALGORITHMS: &[SignatureAlgorithm] = &[SignatureAlgorithm {
        encoding: SignatureEncoding::EcdsaDer,
        hash: HashAlgorithm::Sha384,
    }];
    // 1.2.392.200149.8.5.1.0.99
    const POLICY: ObjectIdentifier = ObjectIdentifier::from_der_contents(&[
        0x2a, 0x83, 0x08, 0x8c, 0x9b, 0x55, 0x08, 0x05, 0x01, 0x00, 0x63,
    ]);
    let today = Profile::by_name("jpki-user-authentication").unwrap();
    today.variant("next-card", POLICY, ALGORITHMS, &[KeyRule::EcP384])
});

fn today() -> &'static Profile {
    Profile::by_name("jpki-user-authentication").unwrap()
}

/// An authority and a card whose keys are on P-384.
struct Next {
    authority: P384Key,
    root: Vec<u8>,
    leaf: CertificateSpec,
    list: CrlSpec,
}

impl Next {
    fn mint() -> Self {
        let (authority, card) = (P384Key::generate().unwrap(), P384Key::generate().unwrap());
        let year = 365 * 86_400;
        let root = CertificateSpec::root(KIND, 1, &world().stranger)
            .with_validity(NOW.plus_secs(-year), NOW.plus_secs(19 * year))
            .with_extension(Extension::subject_key_identifier(&authority.key_id()));
        let leaf = authentication().leaf.spec;
        let leaf = leaf
            .with_validity(NOW.plus_secs(-1), NOW.plus_secs(TEN_YEARS_SECS))
            .with_extension(Extension::certificate_policies(POLICY))
            .with_extension(Extension::signer_key_identifier(&authority.key_id()))
            .with_extension(Extension::subject_key_identifier(&card.key_id()));
        let mut list = partition(KIND, 3).spec;
        list.inner_algorithm = P384Key::signature_algorithm();
        list.outer_algorithm = P384Key::signature_algorithm();
        let list = list.with_extension(Extension::signer_key_identifier(&authority.key_id()));
        Self {
            root: sign(&with_key(root, &authority), &authority),
            leaf: with_key(leaf, &card),
            list,
            authority,
        }
    }

    fn leaf(&self) -> Vec<u8> {
        sign(&self.leaf, &self.authority)
    }

    fn list(&self) -> Vec<u8> {
        let signature = self.authority.sign(&self.list.to_be_signed());
        self.list.with_signature(&signature)
    }

    fn authority(
        &self,
        profile: &'static Profile,
    ) -> Result<CertificationAuthority, AuthorityError> {
        let anchor = TrustAnchor::from_der(&self.root).unwrap();
        CertificationAuthority::new("next", profile, vec![anchor], CrlSigner::OwnKey)
    }

    fn path(&self, leaf: &[u8], list: &[u8], profile: &'static Profile) -> PathReport {
        let anchor = PathAnchor::from_der(&self.root).unwrap();
        let request = PathRequest {
            profile,
            certificate: leaf,
            intermediates: &[],
            trust_anchors: &[anchor],
            crls: &[list],
            at: NOW,
            policies: PolicySettings::default(),
            revocation: RevocationMode::Require,
        };
        validate_path(&request, &Verifier::new(CrossCheck::All))
    }
}

fn with_key(spec: CertificateSpec, key: &P384Key) -> CertificateSpec {
    CertificateSpec {
        inner_algorithm: P384Key::signature_algorithm(),
        outer_algorithm: P384Key::signature_algorithm(),
        subject_public_key_info: key.subject_public_key_info(),
        ..spec
    }
}

fn sign(spec: &CertificateSpec, key: &P384Key) -> Vec<u8> {
    spec.with_signature(&key.sign(&spec.to_be_signed()))
}

/// What a list is verified as, whole and in pieces.
fn read_list(
    der: &[u8],
    authority: &CertificationAuthority,
) -> (Result<VerifiedCrl, CrlError>, Result<VerifiedCrl, CrlError>) {
    let (limits, verifier) = (CrlLimits::default(), Verifier::new(CrossCheck::All));
    let mut stream = CrlStream::new(&limits);
    let pushed = der.chunks(64).try_for_each(|chunk| stream.push(chunk));
    (
        verify_crl(der, authority, &limits, &verifier),
        pushed.and_then(|()| stream.finish(authority, &verifier)),
    )
}

#[test]
fn a_leaf_of_the_next_card_is_valid_both_ways() {
    let mut next = Next::mint();
    let authority = next.authority(&NEXT_CARD).unwrap();
    let verifier = Verifier::new(CrossCheck::All);
    let leaf = validate_leaf(&next.leaf(), &authority, &verifier).unwrap();
    assert_eq!(leaf.public_key().algorithm(), KeyAlgorithm::EcP384);
    assert_eq!(leaf.profile().name(), "next-card");
    assert_eq!(leaf.validity_at(NOW.plus_secs(TEN_YEARS_SECS)), Ok(()));
    let (whole, streamed) = read_list(&next.list(), &authority);
    assert_eq!(whole.unwrap().facts(), streamed.unwrap().facts());
    let report = next.path(&next.leaf(), &next.list(), &NEXT_CARD);
    assert_eq!(report.verdict, Verdict::Valid, "{:?}", report.error);
    // Revoked on the same list, signed anew.
    next.list.entries.push(entry(SERIAL, Some(1)));
    let (whole, _) = read_list(&next.list(), &authority);
    let listed = |entry: &pki::RevokedEntry| entry.serial == *leaf.serial();
    assert!(whole.unwrap().entries().iter().any(listed));
    let report = next.path(&next.leaf(), &next.list(), &NEXT_CARD);
    assert!(
        matches!(report.error, Some(PathError::Revoked { .. })),
        "{:?}",
        report.error
    );
    assert_eq!(verifier.disagreements(), 0);
}

#[test]
fn a_leaf_of_the_next_card_is_refused_today_and_today_s_is_refused_next() {
    let next = Next::mint();
    let refused = next.authority(today()).unwrap_err();
    assert!(
        matches!(
            refused,
            AuthorityError::KeyNotInProfile {
                found: KeyAlgorithm::EcP384,
                ..
            }
        ),
        "{refused}"
    );
    let report = next.path(&next.leaf(), &next.list(), today());
    assert_eq!(report.error.unwrap().rule(), "signature_algorithm");
    // Under today's roots the leaf is not even read as far as its issuer.
    let verifier = Verifier::new(CrossCheck::All);
    let trusted = world().authority(KIND).trusted(CrlSigner::OwnKey);
    let refused = validate_leaf(&next.leaf(), &trusted, &verifier).unwrap_err();
    assert_eq!(refused.rule(), "signature_algorithm");
    let authority = next.authority(&NEXT_CARD).unwrap();
    let today_s = authentication().leaf.der();
    let refused = validate_leaf(&today_s, &authority, &verifier).unwrap_err();
    assert_eq!(refused.rule(), "signature_algorithm");
}

#[test]
fn a_list_of_another_algorithm_than_the_profile_s_is_refused() {
    let next = Next::mint();
    let authority = next.authority(&NEXT_CARD).unwrap();
    // The other way round: a list on P-384 for today's authority, named by today's key.
    let mut list = next.list.clone();
    let today_s = generation(KIND, 3).key.key_id();
    replace(&mut list, |list| {
        list.with_extension(Extension::signer_key_identifier(&today_s))
    });
    let der = list.with_signature(&next.authority.sign(&list.to_be_signed()));
    let trusted = world().authority(KIND).trusted(CrlSigner::OwnKey);
    for (der, authority) in [(der, &trusted), (partition(KIND, 3).der(), &authority)] {
        let (whole, streamed) = read_list(&der, authority);
        assert_eq!(whole.unwrap_err(), CrlError::SignatureAlgorithm);
        assert_eq!(streamed.unwrap_err(), CrlError::SignatureAlgorithm);
    }
    let rsa = partition(KIND, 3).der();
    let report = next.path(&next.leaf(), &rsa, &NEXT_CARD);
    assert_eq!(report.unreadable_crls, [(0, CrlError::SignatureAlgorithm)]);
    assert_eq!(report.verdict, Verdict::Indeterminate);
}

#[test]
fn the_next_card_is_of_its_own_policy_and_its_own_municipality_s_list() {
    let next = Next::mint();
    let verifier = Verifier::new(CrossCheck::All);
    let authority = next.authority(&NEXT_CARD).unwrap();
    let other = next
        .leaf
        .clone()
        .with_extension(Extension::certificate_policies(KIND.policy()));
    let other = sign(&other, &next.authority);
    let refused = validate_leaf(&other, &authority, &verifier).unwrap_err();
    assert_eq!(refused.rule(), "policy");
    let report = next.path(&other, &next.list(), &NEXT_CARD);
    assert_eq!(report.error.unwrap().rule(), "policy");
    let leaf = validate_leaf(&next.leaf(), &authority, &verifier).unwrap();
    let (list, _) = read_list(&next.list(), &authority);
    let scope = list.unwrap().facts().scope.key();
    let point = leaf.distribution_point().and_then(|point| point.name());
    assert_eq!(
        Some(scope),
        point.map(pki::DistributionPointName::scope_key)
    );
}
