//! NIST PKITS: the project's table of its cases, and the certificates and lists they are made of.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use pki::{
    CrossCheck, Oid, PathAnchor, PathReport, PathRequest, PolicySettings, Profile, RevocationMode,
    UnixTime, Verifier, validate_path,
};
use serde::Deserialize;

use crate::corpora::{self, CorpusError};

/// What NIST expects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Expected {
    /// The path is valid.
    Valid,
    /// It is not.
    Invalid,
}

/// Why a row has to be refused: a family of the core's rules, because a row says what is wrong and not in which order
/// the rules are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RuleFamily {
    /// A certificate's signature does not verify.
    Signature,
    /// An algorithm that is not supported: DSA.
    UnsupportedAlgorithm,
    /// A certificate's validity has not begun.
    NotYetValid,
    /// It has ended.
    Expired,
    /// No issuer has the name that the certificate gives.
    NameChaining,
    /// A certificate is on a list that covers it.
    Revoked,
    /// No usable list says whether a certificate is revoked.
    StatusUndetermined,
    /// An issuer that is no authority by its basicConstraints.
    BasicConstraints,
    /// Too many certificates below an authority.
    PathLength,
    /// An issuer whose key is not for certificates.
    CaKeyUsage,
    /// No policy is left where one is required.
    Policy,
    /// A policy mapping from or to anyPolicy.
    MappingOfAnyPolicy,
    /// A name outside the permitted or inside the excluded ones.
    NameConstraints,
    /// A critical extension that nobody knows.
    UnknownCriticalExtension,
}

/// One row of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "the flags of RFC 5280 section 6.1.1, as manifests have them"
)]
pub struct Row {
    /// The case's section and number, and the number of its setting where it has several.
    pub id: String,
    /// Its section.
    pub section: String,
    /// Its title in NIST's document. It says "valid" or "invalid" of the first setting only.
    pub title: String,
    /// The certificate at the end of the path.
    pub certificate: String,
    /// The trust anchors: one.
    pub trust_anchors: Vec<String>,
    /// What else is given: certificates of the path and those that issue lists.
    pub intermediates: Vec<String>,
    /// Those of them that are no certificates of the path.
    #[serde(default)]
    pub not_on_path: Vec<String>,
    /// The lists that are given.
    pub crls: Vec<String>,
    /// The moment, as in RFC 3339.
    pub at: String,
    /// The profile by its name.
    pub profile: String,
    /// The initial policy set, dotted; empty: any policy.
    pub policies: Vec<String>,
    /// Whether a policy is required from the beginning.
    pub require_explicit_policy: bool,
    /// Whether mappings are forbidden from the beginning.
    pub inhibit_policy_mapping: bool,
    /// Whether anyPolicy is nothing from the beginning.
    pub inhibit_any_policy: bool,
    /// What becomes of revocation: always `require`.
    pub revocation: String,
    /// What NIST expects.
    pub expected: Expected,
    /// Whether a key of the path is a DSA key, which is refused whatever NIST expects.
    #[serde(default)]
    pub dsa: bool,
    /// Why the row has to be refused, if it has to be.
    pub rule: Option<RuleFamily>,
}

impl Row {
    /// Whether the row has to be accepted: DSA is refused as unsupported.
    pub fn is_to_be_accepted(&self) -> bool {
        self.expected == Expected::Valid && !self.dsa
    }

    /// The names of all files of the row.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.certificate)
            .chain(&self.trust_anchors)
            .chain(&self.intermediates)
            .chain(&self.crls)
            .map(String::as_str)
    }
}

/// The table as it is kept.
pub const TABLE: &str = include_str!("../pkits/pkits.jsonl");

/// The table's rows in the order of NIST's document.
///
/// # Panics
/// If a line of the table is not a row.
pub fn rows() -> Vec<Row> {
    let row = |(number, line): (usize, &str)| {
        serde_json::from_str(line)
            .unwrap_or_else(|error| panic!("pkits.jsonl, line {}: {error}", number + 1))
    };
    TABLE.lines().enumerate().map(row).collect()
}

/// The row with this id.
///
/// # Panics
/// If there is none.
pub fn row(id: &str) -> Row {
    let found = rows().into_iter().find(|row| row.id == id);
    found.unwrap_or_else(|| panic!("pkits.jsonl has no row {id}"))
}

/// The suite's files in memory.
#[derive(Debug)]
pub struct Suite {
    folder: PathBuf,
    files: HashMap<String, Vec<u8>>,
}

impl Suite {
    /// Reads the files of all rows, fetching the suite if it is not there.
    ///
    /// # Errors
    /// When it cannot be fetched or read.
    pub fn load() -> Result<Self, CorpusError> {
        let folder = corpora::pkits()?;
        let mut files = HashMap::new();
        for name in rows().iter().flat_map(Row::files) {
            if !files.contains_key(name) {
                let path = folder.join(name);
                let octets =
                    std::fs::read(&path).map_err(|source| CorpusError::Folder { path, source })?;
                files.insert(name.to_owned(), octets);
            }
        }
        Ok(Self { folder, files })
    }

    /// The folder that the table's paths are relative to.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file by its name in the table.
    ///
    /// # Panics
    /// If no row has it.
    pub fn file(&self, name: &str) -> &[u8] {
        let found = self.files.get(name);
        found.unwrap_or_else(|| panic!("no row of PKITS has {name}"))
    }

    /// Files by their names in the table.
    ///
    /// # Panics
    /// If no row has one of them.
    pub fn all<'a>(&'a self, names: &[String]) -> Vec<&'a [u8]> {
        names.iter().map(|name| self.file(name)).collect()
    }

    /// Every list of the suite that a row has, by name and in the order of names.
    pub fn crls(&self) -> Vec<(&str, &[u8])> {
        self.below("crls/")
    }

    /// Every certificate of the suite that a row has, by name and in the order of names.
    pub fn certificates(&self) -> Vec<(&str, &[u8])> {
        self.below("certs/")
    }

    fn below(&self, folder: &str) -> Vec<(&str, &[u8])> {
        let files = self.files.iter();
        let mut files: Vec<_> = files
            .filter(|(name, _)| name.starts_with(folder))
            .map(|(name, octets)| (name.as_str(), octets.as_slice()))
            .collect();
        files.sort_unstable();
        files
    }
}

/// 2011-04-15T00:00:00Z, the moment of every row.
const AT: UnixTime = UnixTime::from_secs(1_302_825_600);

/// Asks the core about a row with these intermediates and lists. Everything is read from its octets, the anchor too.
///
/// # Panics
/// If the row's anchor or policies cannot be read, or its moment is not the suite's.
pub fn ask(
    suite: &Suite,
    row: &Row,
    intermediates: &[&[u8]],
    crls: &[&[u8]],
    cross_check: CrossCheck,
) -> PathReport {
    assert_eq!(row.at, "2011-04-15T00:00:00Z");
    let anchors = suite.all(&row.trust_anchors);
    let anchors: Vec<_> = anchors
        .iter()
        .map(|der| PathAnchor::from_der(der).unwrap_or_else(|error| panic!("{}: {error}", row.id)))
        .collect();
    let policies = row.policies.iter();
    let request = PathRequest {
        profile: Profile::rfc5280(),
        certificate: suite.file(&row.certificate),
        intermediates,
        trust_anchors: &anchors,
        crls,
        at: AT,
        policies: PolicySettings {
            initial_policy_set: policies.map(|it| policy(it)).collect(),
            require_explicit_policy: row.require_explicit_policy,
            inhibit_policy_mapping: row.inhibit_policy_mapping,
            inhibit_any_policy: row.inhibit_any_policy,
        },
        revocation: RevocationMode::Require,
    };
    validate_path(&request, &Verifier::new(cross_check))
}

/// Asks the core about a row as it stands.
///
/// # Panics
/// As [`ask`].
pub fn ask_row(suite: &Suite, row: &Row, cross_check: CrossCheck) -> PathReport {
    let intermediates = suite.all(&row.intermediates);
    let crls = suite.all(&row.crls);
    ask(suite, row, &intermediates, &crls, cross_check)
}

fn policy(dotted: &str) -> Oid {
    Oid::from_dotted(dotted).unwrap_or_else(|error| panic!("{dotted}: {error}"))
}
