//! The requests that are measured, and what each is held to.

use super::bare::BareCost;
use super::{Costs, MEMORY};
use crate::ratios::Goal;

/// How much dearer than bare the statements of a request may be.
const STATEMENTS: f64 = 1.3;

/// A request.
pub(super) struct Request {
    /// What it is called.
    pub(super) name: &'static str,
    /// Microseconds of CPU time that it may take beside its statements on the reference machine.
    most: f64,
    /// Microseconds that a request of the other provider takes there.
    reference: f64,
    /// That other request: the same, or the nearest whose time there is known.
    yardstick: fn(&Costs) -> f64,
    /// Of what the same request takes the other provider, as much may it take with its state in memory.
    share: Option<f64>,
    /// Microseconds that it takes.
    pub(super) cost: fn(&Costs) -> f64,
    /// Microseconds that its statements take bare.
    bare: fn(&BareCost) -> f64,
}

/// All of them.
pub(super) const REQUESTS: [Request; 4] = [
    Request {
        name: "token",
        most: 100.0,
        reference: 628.0,
        yardstick: |node| node.token,
        share: Some(1.0 / 6.0),
        cost: |costs| costs.token,
        bare: |bare| bare.token,
    },
    Request {
        name: "userinfo",
        most: 15.0,
        reference: 113.5,
        yardstick: |node| node.userinfo,
        share: Some(1.0 / 7.0),
        cost: |costs| costs.userinfo,
        bare: |bare| bare.userinfo,
    },
    Request {
        name: "key set",
        most: 8.0,
        reference: 43.0,
        yardstick: |node| node.key_set,
        share: None,
        cost: |costs| costs.key_set,
        bare: |_| 0.0,
    },
    Request {
        name: "pushed request",
        most: 60.0,
        reference: 628.0,
        yardstick: |node| node.token,
        share: None,
        cost: |costs| costs.pushed,
        bare: |bare| bare.pushed,
    },
];

/// What a request is compared with.
pub(super) struct Limit {
    /// What that is.
    pub(super) name: String,
    /// What must be reached.
    pub(super) goal: Goal,
    /// Microseconds, in one round.
    pub(super) of: fn(&Request, &BareCost, &Costs) -> f64,
}

impl Request {
    /// Its limits where the gateway keeps its state there.
    pub(super) fn limits(&self, store: &str) -> [Limit; 3] {
        let Self {
            most, reference, ..
        } = self;
        let statements = if store == MEMORY {
            String::new()
        } else {
            format!(" and {STATEMENTS} times its bare statements")
        };
        [
            Limit {
                name: format!("{most} us{statements}"),
                goal: Goal::AtMost(1.0),
                of: |it, bare, _| it.most + STATEMENTS * (it.bare)(bare),
            },
            // The same machine for both: what a slow one adds, it adds to the other provider too.
            Limit {
                name: format!("{most} us where oidc-provider takes {reference}{statements}"),
                goal: Goal::AtMost(1.0),
                of: |it, bare, node| {
                    it.most * (it.yardstick)(node) / it.reference + STATEMENTS * (it.bare)(bare)
                },
            },
            Limit {
                name: "oidc-provider".to_owned(),
                // The other provider keeps nothing on a disk: only what keeps nothing there either is held to it.
                goal: match self.share {
                    Some(share) if store == MEMORY => Goal::AtMost(share),
                    _ => Goal::Untold,
                },
                of: |it, _, node| (it.cost)(node),
            },
        ]
    }
}
