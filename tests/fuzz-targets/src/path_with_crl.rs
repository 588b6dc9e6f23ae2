//! Input: an OCTET STRING of settings, the anchor's certificate, the certificate asked about, the
//! intermediates, and lists to the end.

use pki::{
    CrlOutcome, CrossCheck, Oid, PathAnchor, PathError, PathReport, PathRequest, PolicySettings,
    Profile, RevocationMode, UnixTime, Verdict, Verifier, validate_path,
};

use crate::check_agreement;
use crate::input::{octets, split_element, split_octets};

/// More parts than this are left out: a question may have thousands, an input has no room for them.
const MAX_PARTS: usize = 64;

/// The policies that can be asked for: NIST's for tests, below this arc from 1.
const POLICY_ARC: &str = "2.16.840.1.101.3.2.1.48";

/// What an input asks beside its certificates and lists.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the flags of RFC 5280 section 6.1.1"
)]
pub struct Settings {
    /// The number of the profile among those of cards, from 1; 0 is RFC 5280 alone.
    pub profile: u8,
    /// How many of the parts are intermediates.
    pub intermediates: u8,
    /// Bit n of the initial policy set: NIST's test policy n + 1. No bit is any policy.
    pub policies: u8,
    /// RFC 5280 section 6.1.1 (f).
    pub require_explicit_policy: bool,
    /// RFC 5280 section 6.1.1 (e).
    pub inhibit_policy_mapping: bool,
    /// RFC 5280 section 6.1.1 (g).
    pub inhibit_any_policy: bool,
    /// Whether lists are consulted.
    pub revocation: bool,
    /// The moment to judge at, in seconds since 1970.
    pub at: u32,
}

impl Settings {
    /// As the first part of an input.
    pub fn to_part(self) -> Vec<u8> {
        let flags = [
            self.require_explicit_policy,
            self.inhibit_policy_mapping,
            self.inhibit_any_policy,
            self.revocation,
        ];
        let flags = (0..).zip(flags);
        let flags = flags.map(|(bit, set)| u8::from(set) << bit).sum();
        let [a, b, c, d] = self.at.to_be_bytes();
        octets(&[
            self.profile,
            self.intermediates,
            self.policies,
            flags,
            a,
            b,
            c,
            d,
        ])
    }

    fn read(part: &[u8]) -> Option<Self> {
        let &[profile, intermediates, policies, flags, a, b, c, d] = part else {
            return None;
        };
        Some(Self {
            profile,
            intermediates,
            policies,
            require_explicit_policy: flags & 1 != 0,
            inhibit_policy_mapping: flags & 2 != 0,
            inhibit_any_policy: flags & 4 != 0,
            revocation: flags & 8 != 0,
            at: u32::from_be_bytes([a, b, c, d]),
        })
    }

    fn policies(&self) -> PolicySettings {
        let asked = (0..8).filter(|bit| self.policies & 1 << bit != 0);
        let asked =
            asked.filter_map(|bit| Oid::from_dotted(&format!("{POLICY_ARC}.{}", bit + 1)).ok());
        PolicySettings {
            initial_policy_set: asked.collect(),
            require_explicit_policy: self.require_explicit_policy,
            inhibit_policy_mapping: self.inhibit_policy_mapping,
            inhibit_any_policy: self.inhibit_any_policy,
        }
    }
}

/// Validates the path; then again with everything the other way round, which must change nothing.
pub(crate) fn run(data: &[u8]) -> bool {
    let Some((settings, rest)) = split_octets(data) else {
        return false;
    };
    let Some(settings) = Settings::read(settings) else {
        return false;
    };
    let Some((anchor, rest)) = split_element(rest) else {
        return false;
    };
    let (Some((certificate, rest)), Ok(anchor)) =
        (split_element(rest), PathAnchor::from_der(anchor))
    else {
        return false;
    };
    let profile = match usize::from(settings.profile).checked_sub(1) {
        None => Some(Profile::rfc5280()),
        Some(number) => Profile::all().get(number),
    };
    let Some(profile) = profile else {
        return false;
    };
    let parts = parts(rest);
    let (intermediates, crls) = parts.split_at(parts.len().min(settings.intermediates.into()));
    let revocation = if settings.revocation {
        RevocationMode::Require
    } else {
        RevocationMode::Off
    };
    let request = PathRequest {
        profile,
        certificate,
        intermediates,
        trust_anchors: &[anchor],
        crls,
        at: UnixTime::from_secs(settings.at.into()),
        policies: settings.policies(),
        revocation,
    };
    // The second implementation repeats the first signature only: a path has many, and with all of
    // them one input would take the time of ten.
    let verifier = Verifier::new(CrossCheck::Sampled { one_in: 1 << 16 });
    let report = validate_path(&request, &verifier);
    check_agreement(&verifier);
    check_report(&request, &report);
    check_order(&request, &report);
    report.verdict == Verdict::Valid
}

/// Elements one after the other, and what is behind the last one.
fn parts(mut rest: &[u8]) -> Vec<&[u8]> {
    let mut parts = Vec::new();
    while !rest.is_empty() && parts.len() < MAX_PARTS {
        let (part, behind) = split_element(rest).unwrap_or((rest, &[]));
        parts.push(part);
        rest = behind;
    }
    parts
}

/// Valid is said only with everything shown.
fn check_report(request: &PathRequest<'_>, report: &PathReport) {
    assert_eq!(report.verdict == Verdict::Valid, report.error.is_none());
    assert!(report.refused_at.is_none_or(|at| at < report.path.len()));
    if report.verdict != Verdict::Valid {
        return;
    }
    assert_eq!((report.trust_anchor, report.refused_at), (Some(0), None));
    let last = report.path.last().expect("a valid path is one");
    assert_eq!(last.intermediate, None);
    let tolerance = request.profile.clock_tolerance_secs();
    for certificate in &report.path {
        let not_before = certificate.not_before.reveal().plus_secs(-tolerance);
        assert!(not_before <= request.at && request.at <= *certificate.not_after.reveal());
        match request.revocation {
            RevocationMode::Off => assert!(certificate.revocation.is_empty()),
            RevocationMode::Require => {
                let says = |wanted: fn(&CrlOutcome) -> bool| {
                    certificate
                        .revocation
                        .iter()
                        .any(|evidence| wanted(&evidence.outcome))
                };
                assert!(says(|outcome| *outcome == CrlOutcome::NotListed));
                assert!(!says(|outcome| matches!(
                    outcome,
                    CrlOutcome::Revoked { .. }
                )));
            }
        }
    }
}

fn check_order(request: &PathRequest<'_>, report: &PathReport) {
    // How far a budget reaches hangs on what was tried before.
    let is_comparable =
        |report: &PathReport| !matches!(report.error, Some(PathError::BudgetExhausted { .. }));
    if !is_comparable(report) {
        return;
    }
    let verifier = Verifier::new(CrossCheck::Off);
    let again = |intermediates, crls, revocation| {
        let again = PathRequest {
            intermediates,
            crls,
            revocation,
            policies: request.policies.clone(),
            ..*request
        };
        validate_path(&again, &verifier)
    };
    let mode = request.revocation;
    let reversed: Vec<_> = request.crls.iter().rev().copied().collect();
    if reversed.len() > 1 && mode == RevocationMode::Require {
        let other = again(request.intermediates, &reversed, mode);
        if is_comparable(&other) {
            assert_eq!(other.verdict, report.verdict, "by the order of lists");
        }
    }
    // Of several paths that fail, which one is told may hang on the order.
    let is_valid = report.verdict == Verdict::Valid;
    let reversed: Vec<_> = request.intermediates.iter().rev().copied().collect();
    if reversed.len() > 1 {
        let other = again(&reversed, request.crls, mode);
        if is_comparable(&other) {
            let other = other.verdict == Verdict::Valid;
            assert_eq!(other, is_valid, "by the order of intermediates");
        }
    }
    if is_valid && mode == RevocationMode::Require {
        let without = again(request.intermediates, &[], RevocationMode::Off);
        assert_eq!(without.verdict, Verdict::Valid, "lists make nothing valid");
        let without = again(request.intermediates, &[], mode);
        assert_eq!(without.verdict, Verdict::Indeterminate);
    }
}
