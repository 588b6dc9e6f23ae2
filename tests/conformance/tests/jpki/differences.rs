//! Where the two ways say different things about the same scene, and why.

use Why::{ByDesign, Open};

pub(crate) enum Why {
    /// So it is meant.
    ByDesign(&'static str),
    /// So it is not meant to stay: the services refuse and the offline way accepts.
    Open(&'static str),
}

const NEWEST_KEY: Why = ByDesign(
    "RFC 5280 section 6.3.3 (f) has a list signed by the key that issued the certificate, or by one \
     with a path of its own; that the newest root signs for all is a setting of the services alone",
);
const HINT: Why = Open(
    "RFC 5280 section 5.2.1 makes a list's key identifier a help for finding its issuer, and the \
     offline way tries the certificate's issuer whatever it names; the services take the one it names",
);
const OLD_ENTRY: Why = Open(
    "to the services any list proves a revocation, however old; to the offline way only one in force \
     says anything",
);
const ALL_SERIALS: Why = Open(
    "the services refuse a list that has any serial twice; the offline way looks for the leaf's alone",
);

/// Names of cases in which one way accepts what the other does not.
pub(crate) static DIFFERENCES: &[(&str, Why)] = &[
    (
        "list: the leaf's older generation's, newest_key",
        NEWEST_KEY,
    ),
    ("list: a third generation's, newest_key", NEWEST_KEY),
    ("list: the key identifier is another generation's", HINT),
    ("list: the key identifier is nobody's", HINT),
    ("entry: another serial twice", ALL_SERIALS),
    ("lists: revoked on an older list alone", OLD_ENTRY),
    ("lists: revoked on an expired full list alone", OLD_ENTRY),
];
