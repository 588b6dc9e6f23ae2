//! Along one path, from the anchor to its last certificate (RFC 5280 sections 6.1.2 to 6.1.5).

use crate::general_name::GeneralName;
use crate::path::email::email_addresses;
use crate::path::extensions::PathExtensions;
use crate::path::name_constraints::{Name, NameConstraints, NameForm};
use crate::path::node::{Node, NodeId, Nodes};
use crate::path::policy::PolicyState;
use crate::path::{Budget, PathError, PolicySettings};
use crate::{KeyUsage, Oid, UnixTime};

/// A path that keeps all rules but those about revocation.
pub(super) struct Walked {
    /// The policies it is valid for, of the initial set.
    pub(super) policies: Vec<Oid>,
}

/// The rule that a path breaks, and where.
#[derive(Clone, Debug)]
pub(super) struct Stumble {
    /// How many certificates of the path kept all rules before.
    pub(super) passed: usize,
    pub(super) error: PathError,
}

/// Walks `path`, anchor's side first. Signatures and names were chained when it was built.
pub(super) fn walk(
    nodes: &Nodes<'_>,
    path: &[NodeId],
    settings: &PolicySettings,
    at: UnixTime,
    budget: &mut Budget,
) -> Result<Walked, Stumble> {
    let mut state = State {
        policies: PolicyState::new(settings, path.len()),
        constraints: Vec::new(),
        max_path_length: path.len(),
        at,
    };
    for (passed, id) in path.iter().enumerate() {
        let node = &nodes[*id];
        let left = path.len() - passed - 1;
        let step = node.extensions().and_then(|extensions| {
            state.process(node, extensions, left == 0, budget)?;
            if left > 0 {
                let follow = path[passed + 1..path.len() - 1].iter();
                let follow = follow.filter(|id| !nodes[**id].certificate.is_self_issued());
                state.prepare_next(node, extensions, follow.count())?;
            }
            Ok(())
        });
        step.map_err(|error| Stumble { passed, error })?;
    }
    let last = path.last().map(|id| &nodes[*id]);
    let constraints = last
        .and_then(|node| node.extensions.as_ref().ok())
        .and_then(|extensions| extensions.policy_constraints.as_ref());
    let passed = path.len().saturating_sub(1);
    match state.policies.finish(settings, constraints) {
        Ok(policies) => Ok(Walked { policies }),
        Err(error) => Err(Stumble { passed, error }),
    }
}

/// The state variables (RFC 5280 section 6.1.2). The working key, its algorithm and the working
/// issuer's name are the certificate before, by which the path was built.
struct State<'n> {
    policies: PolicyState,
    /// The name constraints of all certificates before.
    constraints: Vec<&'n NameConstraints<'n>>,
    max_path_length: usize,
    at: UnixTime,
}

impl<'n> State<'n> {
    /// RFC 5280 section 6.1.3.
    fn process(
        &mut self,
        node: &Node<'_>,
        extensions: &PathExtensions<'_>,
        is_final: bool,
        budget: &mut Budget,
    ) -> Result<(), PathError> {
        check_validity(node, self.at)?;
        let is_self_issued = node.certificate.is_self_issued();
        // 6.1.3 (b) and (c): self-issued certificates are exempt, unless they are the last.
        if !self.constraints.is_empty() && (!is_self_issued || is_final) {
            check_names(&self.constraints, node, extensions, budget)?;
        }
        let policies = extensions.policies.as_ref();
        self.policies
            .enter(policies, is_final, is_self_issued, budget)
    }

    /// RFC 5280 section 6.1.4; `follow` certificates that are not self-issued stand between this
    /// one and the last.
    fn prepare_next(
        &mut self,
        node: &'n Node<'_>,
        extensions: &'n PathExtensions<'_>,
        follow: usize,
    ) -> Result<(), PathError> {
        self.policies.map(&extensions.policy_mappings)?;
        self.constraints
            .extend(extensions.name_constraints.as_ref());
        let is_self_issued = node.certificate.is_self_issued();
        self.policies.prepare_next(
            is_self_issued,
            extensions.policy_constraints.as_ref(),
            extensions.inhibit_any_policy,
        );
        check_authority(node, extensions)?;
        // (l): the anchor's own length is that of the path, so only a certificate's can run out.
        if !is_self_issued {
            self.max_path_length =
                self.max_path_length
                    .checked_sub(1)
                    .ok_or(PathError::PathLength {
                        allowed: 0,
                        follow: follow + 1,
                    })?;
        }
        // (m)
        let own = extensions
            .basic_constraints
            .and_then(|constraints| constraints.path_length);
        self.max_path_length =
            own.map_or(self.max_path_length, |own| own.min(self.max_path_length));
        if follow > self.max_path_length {
            let allowed = self.max_path_length;
            return Err(PathError::PathLength { allowed, follow });
        }
        // (n): where there is a key usage.
        match extensions.key_usage {
            Some(found) if !found.contains(KeyUsage::KEY_CERT_SIGN) => {
                Err(PathError::KeyCertSign { found })
            }
            _ => Ok(()),
        }
    }
}

/// 6.1.3 (a) (2), both ends included.
fn check_validity(node: &Node<'_>, at: UnixTime) -> Result<(), PathError> {
    let certificate = &node.certificate;
    if at < certificate.not_before {
        let not_before = super::Withheld::new(certificate.not_before);
        return Err(PathError::NotYetValid { at, not_before });
    }
    if at > certificate.not_after {
        let not_after = super::Withheld::new(certificate.not_after);
        return Err(PathError::Expired { at, not_after });
    }
    Ok(())
}

/// 6.1.4 (k). A version 1 or 2 certificate cannot say that it is an authority, and nobody told us
/// so by another way.
fn check_authority(node: &Node<'_>, extensions: &PathExtensions<'_>) -> Result<(), PathError> {
    let version = node.certificate.version;
    if version != 3 {
        return Err(PathError::IssuerVersion { version });
    }
    if extensions.is_authority() {
        Ok(())
    } else {
        Err(PathError::NotAuthority)
    }
}

/// The subject, if it is not empty, each alternative name, and the subject's e-mail addresses
/// where there are no alternative names (RFC 5280 section 4.2.1.10).
fn check_names(
    constraints: &[&NameConstraints<'_>],
    node: &Node<'_>,
    extensions: &PathExtensions<'_>,
    budget: &mut Budget,
) -> Result<(), PathError> {
    let certificate = &node.certificate;
    let mut names = Vec::new();
    if !certificate.canonical_subject.is_empty() {
        names.push(Name::new(GeneralName::Directory(certificate.subject)));
    }
    if let Some(alternative) = &extensions.alternative_names {
        names.extend(alternative.iter().copied().map(Name::new));
    } else if constraints.iter().any(|constraints| constraints.has_mail()) {
        let form = NameForm::Rfc822Name;
        let addresses =
            email_addresses(certificate.subject).map_err(|_| PathError::NameMalformed { form })?;
        names.extend(
            addresses
                .into_iter()
                .map(GeneralName::Rfc822)
                .map(Name::new),
        );
    }
    for constraints in constraints {
        for name in &names {
            constraints.check(name, budget)?;
        }
    }
    Ok(())
}
