//! Certificate policies (RFC 5280 sections 6.1.2 to 6.1.5, with the policy graph of RFC 9618).
//!
//! RFC 5280 keeps a tree, which a hostile path makes exponentially large. RFC 9618 keeps a graph,
//! with one node a policy and depth. Two more facts make even that small: a node depends on the
//! depth before it only, so one level is kept; and at the end only the policies *below an
//! anyPolicy node* are compared with the initial set (RFC 9618 section 5.6), so each node carries
//! those instead of its parents.

use std::collections::{BTreeMap, BTreeSet};

use crate::path::Budget;
use crate::path::extensions::{Policies, PolicyConstraints, PolicyMapping};
use crate::{Oid, PathError};

/// What the caller asks of policies (RFC 5280 section 6.1.1 c and e to g).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PolicySettings {
    /// The initial policy set; empty means any policy.
    pub initial_policy_set: Vec<Oid>,
    /// Whether the path must be valid for at least one of them.
    pub require_explicit_policy: bool,
    /// Whether mappings are not to be followed.
    pub inhibit_policy_mapping: bool,
    /// Whether anyPolicy in a certificate stands for nothing.
    pub inhibit_any_policy: bool,
}

impl PolicySettings {
    fn accepts(&self, policy: &Oid) -> bool {
        self.accepts_any() || self.initial_policy_set.contains(policy)
    }

    fn accepts_any(&self) -> bool {
        self.initial_policy_set.is_empty() || self.initial_policy_set.contains(&Oid::any_policy())
    }
}

/// A node of the policy graph.
#[derive(Clone, Debug)]
struct Node {
    /// The policies that satisfy it in the next certificate.
    expected: BTreeSet<Oid>,
    /// The policies of the first nodes below an anyPolicy node on all ways to this one: what the
    /// anchor's domain calls this policy.
    origins: BTreeSet<Oid>,
}

/// The state variables about policies (RFC 5280 section 6.1.2 a and d to f).
#[derive(Debug)]
pub(super) struct PolicyState {
    /// The nodes of the current depth.
    level: BTreeMap<Oid, Node>,
    explicit_policy: usize,
    inhibit_any_policy: usize,
    policy_mapping: usize,
}

impl PolicyState {
    /// RFC 5280 section 6.1.2, for a path of this many certificates.
    pub(super) fn new(settings: &PolicySettings, certificates: usize) -> Self {
        let unless = |set: bool| if set { 0 } else { certificates + 1 };
        let any = Oid::any_policy();
        let root = Node {
            expected: BTreeSet::from([any.clone()]),
            origins: BTreeSet::from([any.clone()]),
        };
        Self {
            level: BTreeMap::from([(any, root)]),
            explicit_policy: unless(settings.require_explicit_policy),
            inhibit_any_policy: unless(settings.inhibit_any_policy),
            policy_mapping: unless(settings.inhibit_policy_mapping),
        }
    }

    /// RFC 5280 section 6.1.3 (d) to (f): takes the policies of the next certificate.
    pub(super) fn enter(
        &mut self,
        policies: Option<&Policies>,
        is_final: bool,
        is_self_issued: bool,
        budget: &mut Budget,
    ) -> Result<(), PathError> {
        let any_counts = self.inhibit_any_policy > 0 || (!is_final && is_self_issued);
        let before = std::mem::take(&mut self.level);
        if let Some(policies) = policies {
            self.level = next_level(&before, policies, any_counts, budget)?;
        }
        if self.explicit_policy == 0 && self.level.is_empty() {
            return Err(PathError::PolicyMissing);
        }
        Ok(())
    }

    /// RFC 5280 section 6.1.4 (a) and (b).
    pub(super) fn map(&mut self, mappings: &[PolicyMapping]) -> Result<(), PathError> {
        let any = Oid::any_policy();
        if mappings
            .iter()
            .any(|mapping| mapping.issuer == any || mapping.subject == any)
        {
            return Err(PathError::PolicyMappingOfAnyPolicy);
        }
        let mut mapped: BTreeMap<&Oid, BTreeSet<Oid>> = BTreeMap::new();
        for mapping in mappings {
            let subjects = mapped.entry(&mapping.issuer).or_default();
            subjects.insert(mapping.subject.clone());
        }
        for (issuer, subjects) in mapped {
            if self.policy_mapping == 0 {
                self.level.remove(issuer);
            } else if let Some(node) = self.level.get_mut(issuer) {
                node.expected = subjects;
            } else if self.level.contains_key(&any) {
                let node = Node {
                    expected: subjects,
                    origins: BTreeSet::from([issuer.clone()]),
                };
                self.level.insert(issuer.clone(), node);
            }
        }
        Ok(())
    }

    /// RFC 5280 section 6.1.4 (h) to (j).
    pub(super) fn prepare_next(
        &mut self,
        is_self_issued: bool,
        constraints: Option<&PolicyConstraints>,
        inhibit_any_policy: Option<usize>,
    ) {
        if !is_self_issued {
            self.explicit_policy = self.explicit_policy.saturating_sub(1);
            self.policy_mapping = self.policy_mapping.saturating_sub(1);
            self.inhibit_any_policy = self.inhibit_any_policy.saturating_sub(1);
        }
        if let Some(constraints) = constraints {
            let lower = |now: usize, limit: Option<usize>| limit.map_or(now, |it| now.min(it));
            self.explicit_policy = lower(self.explicit_policy, constraints.require_explicit_policy);
            self.policy_mapping = lower(self.policy_mapping, constraints.inhibit_policy_mapping);
        }
        if let Some(limit) = inhibit_any_policy {
            self.inhibit_any_policy = self.inhibit_any_policy.min(limit);
        }
    }

    /// RFC 5280 section 6.1.5 (a), (b) and (g): the policies that the path is valid for, of the
    /// initial set; anyPolicy where all of them are.
    pub(super) fn finish(
        mut self,
        settings: &PolicySettings,
        constraints: Option<&PolicyConstraints>,
    ) -> Result<Vec<Oid>, PathError> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        if constraints.and_then(|found| found.require_explicit_policy) == Some(0) {
            self.explicit_policy = 0;
        }
        let any = Oid::any_policy();
        let mut valid: BTreeSet<Oid> = BTreeSet::new();
        for (policy, node) in &self.level {
            if *policy != any {
                let origins = node.origins.iter();
                valid.extend(origins.filter(|origin| settings.accepts(origin)).cloned());
            } else if settings.accepts_any() {
                valid.insert(any.clone());
            } else {
                valid.extend(settings.initial_policy_set.iter().cloned());
            }
        }
        if self.explicit_policy == 0 && valid.is_empty() {
            return Err(PathError::PolicyNotAccepted {
                found: self.level.into_keys().collect(),
                accepted: settings.initial_policy_set.clone(),
            });
        }
        Ok(valid.into_iter().collect())
    }
}

/// RFC 5280 section 6.1.3 (d) (1) and (2), as RFC 9618 section 5.3 writes it.
fn next_level(
    before: &BTreeMap<Oid, Node>,
    policies: &Policies,
    any_counts: bool,
    budget: &mut Budget,
) -> Result<BTreeMap<Oid, Node>, PathError> {
    let any = Oid::any_policy();
    let mut level = BTreeMap::new();
    let mut add = |policy: &Oid, origins: BTreeSet<Oid>| {
        let expected = BTreeSet::from([policy.clone()]);
        level.insert(policy.clone(), Node { expected, origins });
    };
    for policy in policies.iter().filter(|policy| **policy != any) {
        if let Some(origins) = origins_of(before, policy, budget)? {
            add(policy, origins);
        } else if before.contains_key(&any) {
            add(policy, BTreeSet::from([policy.clone()]));
        }
    }
    if any_counts && policies.contains(&any) {
        let expected: BTreeSet<&Oid> = before.values().flat_map(|node| &node.expected).collect();
        for policy in expected {
            if !policies.contains(policy) || *policy == any {
                let origins = origins_of(before, policy, budget)?;
                add(policy, origins.unwrap_or_default());
            }
        }
    }
    Ok(level)
}

/// The origins that a child with this policy inherits; none if no node expects it.
fn origins_of(
    before: &BTreeMap<Oid, Node>,
    policy: &Oid,
    budget: &mut Budget,
) -> Result<Option<BTreeSet<Oid>>, PathError> {
    budget.keep_policies(before.len())?;
    let any = Oid::any_policy();
    let mut origins = None;
    let parents = before.iter();
    for (parent, node) in parents.filter(|(_, node)| node.expected.contains(policy)) {
        let origins: &mut BTreeSet<Oid> = origins.get_or_insert_default();
        if *parent == any && *policy != any {
            origins.insert(policy.clone());
        } else {
            budget.keep_policies(node.origins.len())?;
            origins.extend(node.origins.iter().cloned());
        }
    }
    Ok(origins)
}
