//! The two ways in which a leaf is judged.

use pki::{
    CertificationAuthority, CrlError, CrlLimits, CrlOutcome, CrlStream, CrossCheck,
    DistributionPointName, PathAnchor, PathError, PathReport, PathRequest, PolicySettings,
    RevocationMode, TrustAnchor, ValidatedLeaf, Verdict, VerifiedCrl, Verifier, validate_leaf,
    validate_path, verify_crl,
};

use crate::scene::{Scene, Signed};
use crate::table::Ruling;
use crate::world::generation;

/// As the services do it: the leaf, its dates, each list, then which list answers.
pub(crate) fn services(scene: &Scene) -> Ruling {
    let verifier = Verifier::new(CrossCheck::All);
    let roots = roots(scene);
    let anchors = roots
        .iter()
        .map(|root| TrustAnchor::from_der(root).unwrap());
    let name = scene.authority.name();
    let authority =
        CertificationAuthority::new(name, scene.profile(), anchors.collect(), scene.setting)
            .unwrap();
    let leaf = validate_leaf(&scene.leaf.der(), &authority, &verifier);
    let leaf = match leaf.and_then(|leaf| leaf.validity_at(scene.now).map(|()| leaf)) {
        Ok(leaf) => leaf,
        Err(error) => return Ruling::Refused(error.rule()),
    };
    let read = |list: &Signed<_>| read_list(&list.der(), &authority, &verifier);
    let lists: Vec<_> = scene.lists.iter().map(read).collect();
    decide(scene, &leaf, &authority, &lists)
}

/// Reads a list whole and in pieces; both must say the same.
fn read_list(
    der: &[u8],
    authority: &CertificationAuthority,
    verifier: &Verifier,
) -> Result<VerifiedCrl, CrlError> {
    let limits = CrlLimits::default();
    let whole = verify_crl(der, authority, &limits, verifier);
    let mut stream = CrlStream::new(&limits);
    let pushed = der.chunks(100).try_for_each(|chunk| stream.push(chunk));
    let streamed = pushed.and_then(|()| stream.finish(authority, verifier));
    match (&whole, &streamed) {
        (Ok(whole), Ok(streamed)) => {
            assert_eq!(whole.facts(), streamed.facts());
            assert_eq!(whole.entries(), streamed.entries());
        }
        (Err(whole), Err(streamed)) => assert_eq!(whole.rule(), streamed.rule()),
        _ => panic!("{whole:?} and in pieces {streamed:?}"),
    }
    whole
}

/// The rules of the revocation service: a list answers if the expected key signed it and its scope
/// is the leaf's or all; any such list proves a revocation, a current one the contrary.
fn decide(
    scene: &Scene,
    leaf: &ValidatedLeaf,
    authority: &CertificationAuthority,
    lists: &[Result<VerifiedCrl, CrlError>],
) -> Ruling {
    let signer = authority.expected_crl_signer(leaf.issuer_key_id());
    let point = leaf.distribution_point().and_then(|point| point.name());
    let point = point.map(DistributionPointName::scope_key);
    let answers = |list: &&VerifiedCrl| {
        let scope = list.facts().scope.key();
        signer == Some(&list.facts().signer_key_id)
            && (scope.is_empty() || Some(&scope) == point.as_ref())
    };
    let held: Vec<&VerifiedCrl> = lists.iter().flatten().filter(answers).collect();
    let entry = |list: &&VerifiedCrl| {
        let mut entries = list.entries().iter();
        let found = entries.find(|entry| entry.serial == *leaf.serial())?;
        Some((list.facts().this_update, found.reason))
    };
    if let Some((_, reason)) = held.iter().filter_map(entry).max() {
        return Ruling::Revoked(reason);
    }
    let current: Vec<_> = held.iter().map(|list| list.current_at(scene.now)).collect();
    if current.iter().any(Result::is_ok) {
        return Ruling::Accepted;
    }
    let stale = current.iter().find_map(|current| current.as_ref().err());
    let unread = lists.iter().find_map(|list| list.as_ref().err());
    Ruling::Unknown(stale.or(unread).map_or("no_list", CrlError::rule))
}

/// As the offline tool does it: a path to an anchor, with the lists.
pub(crate) fn offline(scene: &Scene) -> Ruling {
    let leaf = scene.leaf.der();
    let roots = roots(scene);
    let anchors: Vec<_> = roots
        .iter()
        .map(|root| PathAnchor::from_der(root).unwrap())
        .collect();
    let intermediates: Vec<&[u8]> = scene.intermediates.iter().map(Vec::as_slice).collect();
    let lists: Vec<Vec<u8>> = scene.lists.iter().map(Signed::der).collect();
    let crls: Vec<&[u8]> = lists.iter().map(Vec::as_slice).collect();
    let request = PathRequest {
        profile: scene.profile(),
        certificate: &leaf,
        intermediates: &intermediates,
        trust_anchors: &anchors,
        crls: &crls,
        at: scene.now,
        policies: PolicySettings::default(),
        revocation: RevocationMode::Require,
    };
    let report = validate_path(&request, &Verifier::new(CrossCheck::All));
    match &report.error {
        None => {
            assert_eq!(report.verdict, Verdict::Valid);
            Ruling::Accepted
        }
        Some(PathError::Revoked { reason, .. }) => Ruling::Revoked(*reason),
        Some(PathError::RevocationUndetermined) => {
            assert_eq!(report.verdict, Verdict::Indeterminate);
            Ruling::Unknown(first_refusal(&report))
        }
        Some(error) => {
            assert_eq!(report.verdict, Verdict::Invalid);
            Ruling::Refused(error.rule())
        }
    }
}

/// The rule that the first list breaks that says nothing about the leaf.
fn first_refusal(report: &PathReport) -> &'static str {
    let evidence = report.path.iter().flat_map(|on_path| &on_path.revocation);
    let refused = evidence.filter_map(|found| match &found.outcome {
        CrlOutcome::Refused(refusal) => Some((found.crl, refusal.rule())),
        _ => None,
    });
    let unread = report.unreadable_crls.iter();
    let unread = unread.map(|(crl, error)| (*crl, error.rule()));
    refused
        .chain(unread)
        .min()
        .map_or("no_list", |(_, rule)| rule)
}

fn roots(scene: &Scene) -> Vec<&'static [u8]> {
    let root = |ordinal: &u8| generation(scene.authority, *ordinal).certificate.as_slice();
    scene.anchors.iter().map(root).collect()
}
