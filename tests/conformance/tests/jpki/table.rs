//! What a case is, and where both ways are known to differ.

use pki::RevocationReason;

use crate::cases;
use crate::scene::Scene;

/// What is said about a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    Accepted,
    /// A rule about the leaf or its path is broken.
    Refused(&'static str),
    /// A list that answers for the leaf has it.
    Revoked(RevocationReason),
    /// No list answers for the leaf: the rule that the first of them breaks, or `no_list`.
    Unknown(&'static str),
}

impl std::fmt::Display for Ruling {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = match self {
            Self::Accepted => "accepted".to_owned(),
            Self::Refused(rule) => (*rule).to_owned(),
            Self::Revoked(reason) => format!("revoked: {reason:?}"),
            Self::Unknown(rule) => format!("unknown: {rule}"),
        };
        formatter.pad(&text)
    }
}

/// A scene that passes, one change, and what is said then.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) twin: fn() -> Scene,
    pub(crate) change: fn(&mut Scene),
    pub(crate) services: Ruling,
    pub(crate) offline: Ruling,
    /// What the offline way says about the twin.
    pub(crate) offline_twin: Ruling,
}

impl Case {
    const fn new(
        name: &'static str,
        twin: fn() -> Scene,
        change: fn(&mut Scene),
        ruling: Ruling,
    ) -> Self {
        Self {
            name,
            twin,
            change,
            services: ruling,
            offline: ruling,
            offline_twin: Ruling::Accepted,
        }
    }

    /// The other way finds the same with another rule.
    pub(crate) const fn offline(mut self, ruling: Ruling) -> Self {
        self.offline = ruling;
        self
    }

    pub(crate) const fn offline_twin(mut self, ruling: Ruling) -> Self {
        self.offline_twin = ruling;
        self
    }
}

/// A case that breaks a rule about the leaf.
pub(crate) const fn refused(
    name: &'static str,
    rule: &'static str,
    twin: fn() -> Scene,
    change: fn(&mut Scene),
) -> Case {
    Case::new(name, twin, change, Ruling::Refused(rule))
}

/// A case in which no list answers for the leaf.
pub(crate) const fn unknown(
    name: &'static str,
    rule: &'static str,
    twin: fn() -> Scene,
    change: fn(&mut Scene),
) -> Case {
    Case::new(name, twin, change, Ruling::Unknown(rule))
}

/// A case in which the leaf is revoked.
pub(crate) const fn revoked(
    name: &'static str,
    reason: RevocationReason,
    twin: fn() -> Scene,
    change: fn(&mut Scene),
) -> Case {
    Case::new(name, twin, change, Ruling::Revoked(reason))
}

/// Every case.
pub(crate) fn cases() -> impl Iterator<Item = &'static Case> {
    cases::GROUPS.iter().copied().flatten()
}
