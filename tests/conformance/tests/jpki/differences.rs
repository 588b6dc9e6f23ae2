//! Where the two ways say different things about the same scene, and why.

use Why::ByDesign;

pub(crate) enum Why {
    /// So it is meant.
    ByDesign(&'static str),
}

const NEWEST_KEY: Why = ByDesign(
    "RFC 5280 section 6.3.3 (f) has a list signed by the key that issued the certificate, or by one \
     with a path of its own; that the newest root signs for all is a setting of the services alone",
);
/// Names of cases in which one way accepts what the other does not.
pub(crate) static DIFFERENCES: &[(&str, Why)] = &[
    (
        "list: the leaf's older generation's, newest_key",
        NEWEST_KEY,
    ),
    ("list: a third generation's, newest_key", NEWEST_KEY),
];
