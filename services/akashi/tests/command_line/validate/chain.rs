//! A hierarchy of three, minted once: a root, an authority below it, a server's certificate; with the lists of both.
//! Everything but keys and signatures is the same in every run.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use pki::UnixTime;
use sandbox::der;
use sandbox::mint::{
    CaKind, CertificateSpec, CrlEntry, CrlSpec, Extension, Extensions as _, RsaKey, names, pem,
};
use tempfile::TempDir;

use crate::support::Said;

/// 2026-11-23T00:00:00Z, where the tests stand.
pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_795_392_000);
pub(crate) const AT: &str = "2026-11-23T09:00:00+09:00";
const DAY: i64 = 86_400;
const LEAF_SERIAL: u64 = 3;

/// certificatePolicies and policyMappings.
pub(crate) const POLICY: &str = "1.2.3.4";
pub(crate) const MAPPED_POLICY: &str = "1.2.3.5";
const POLICY_MAPPINGS: &str = "2.5.29.33";

pub(crate) struct Chain {
    keys: Keys,
}

struct Keys {
    root: RsaKey,
    authority: RsaKey,
    leaf: RsaKey,
}

/// Minting takes seconds; nothing here changes it.
pub(crate) fn chain() -> &'static Chain {
    static CHAIN: OnceLock<Chain> = OnceLock::new();
    CHAIN.get_or_init(|| Chain {
        keys: Keys {
            root: RsaKey::generate().unwrap(),
            authority: RsaKey::generate().unwrap(),
            leaf: RsaKey::generate().unwrap(),
        },
    })
}

fn name(common_name: &str) -> Vec<u8> {
    names::name([names::country(), names::utf8("2.5.4.3", common_name)])
}

fn policies<const N: usize>(policies: [&str; N]) -> Extension {
    let policies = policies.map(|policy| der::sequence([der::object_identifier(policy)]));
    Extension::plain(names::CERTIFICATE_POLICIES, der::sequence(policies))
}

impl Chain {
    fn spec(subject: &str, issuer: &str, serial: u64, key: &RsaKey) -> CertificateSpec {
        let mut spec = CertificateSpec::root(CaKind::UserAuthentication, serial, key)
            .without_extension(names::SUBJECT_ALT_NAME)
            .without_extension(names::CRL_DISTRIBUTION_POINTS)
            .with_validity(NOW.plus_secs(-365 * DAY), NOW.plus_secs(365 * DAY));
        (spec.subject, spec.issuer) = (name(subject), name(issuer));
        spec
    }

    pub(crate) fn root(&self) -> Vec<u8> {
        Self::spec("Root", "Root", 1, &self.keys.root).sign(&self.keys.root)
    }

    /// The authority's certificate; it maps one policy to another.
    pub(crate) fn authority(&self) -> Vec<u8> {
        let pair = der::sequence([
            der::object_identifier(POLICY),
            der::object_identifier(MAPPED_POLICY),
        ]);
        let mappings = Extension::critical(POLICY_MAPPINGS, der::sequence([pair]));
        self.authority_with(|spec| {
            spec.with_extension(policies([POLICY]))
                .with_extension(mappings)
        })
    }

    pub(crate) fn authority_with(
        &self,
        change: impl FnOnce(CertificateSpec) -> CertificateSpec,
    ) -> Vec<u8> {
        let spec = Self::spec("Authority", "Root", 2, &self.keys.authority);
        change(spec).sign(&self.keys.root)
    }

    /// An authority's certificate with anyPolicy and no mapping.
    pub(crate) fn authority_of_any_policy(&self) -> Vec<u8> {
        self.authority_with(|spec| spec.with_extension(policies(["2.5.29.32.0"])))
    }

    pub(crate) fn leaf(&self) -> Vec<u8> {
        self.leaf_with(|spec| spec)
    }

    pub(crate) fn leaf_with(
        &self,
        change: impl FnOnce(CertificateSpec) -> CertificateSpec,
    ) -> Vec<u8> {
        let spec = Self::spec("Server", "Authority", LEAF_SERIAL, &self.keys.leaf)
            .without_extension(names::BASIC_CONSTRAINTS)
            .with_extension(Extension::key_usage(&[0]))
            .with_extension(policies([MAPPED_POLICY]));
        change(spec).sign(&self.keys.authority)
    }

    /// With a subject of a stranger's choice.
    pub(crate) fn leaf_named(&self, common_name: &str) -> Vec<u8> {
        self.leaf_with(|mut spec| {
            spec.subject = name(common_name);
            spec
        })
    }

    fn list_of(issuer: &str, key: &RsaKey, number: u64) -> CrlSpec {
        let (this_update, next_update) = (NOW.plus_secs(-3_600), NOW.plus_secs(DAY));
        let kind = CaKind::UserAuthentication;
        let mut spec = CrlSpec::full(kind, key, number, this_update, next_update);
        spec.issuer = name(issuer);
        spec
    }

    pub(crate) fn root_list(&self) -> Vec<u8> {
        Self::list_of("Root", &self.keys.root, 10).sign(&self.keys.root)
    }

    pub(crate) fn list(&self) -> Vec<u8> {
        self.list_with(|spec| spec)
    }

    pub(crate) fn list_with(&self, change: impl FnOnce(CrlSpec) -> CrlSpec) -> Vec<u8> {
        let spec = Self::list_of("Authority", &self.keys.authority, 20);
        change(spec).sign(&self.keys.authority)
    }

    /// The authority's list with the leaf on it.
    pub(crate) fn list_with_leaf(&self) -> Vec<u8> {
        self.list_with(|spec| spec.with_entry(entry()))
    }

    /// The authority's next list, so many seconds after the tests' moment, with the leaf on it.
    pub(crate) fn list_with_leaf_later(&self, seconds: i64) -> Vec<u8> {
        self.list_with(|spec| {
            let mut spec = spec.with_number(21).with_entry(entry());
            spec.this_update = NOW.plus_secs(seconds);
            spec
        })
    }

    /// The changes since list 20, with the leaf among them.
    pub(crate) fn delta_with_leaf(&self) -> Vec<u8> {
        self.list_with(|spec| spec.with_number(21).as_delta_of(20).with_entry(entry()))
    }

    /// The files of a valid path in a folder of their own: `root.cer`, `authority.cer`, `server.cer`, `root.crl`,
    /// `authority.crl`.
    pub(crate) fn folder(&self) -> Folder {
        let folder = Folder(TempDir::new().unwrap());
        folder.put("root.cer", &self.root());
        folder.put("authority.cer", &self.authority());
        folder.put("server.cer", &self.leaf());
        folder.put("root.crl", &self.root_list());
        folder.put("authority.crl", &self.list());
        folder
    }
}

fn entry() -> CrlEntry {
    CrlEntry::new(LEAF_SERIAL, NOW.plus_secs(-2 * DAY), Some(1))
}

/// The arguments of the valid path, apart from the certificate.
pub(crate) const PATH: &str =
    "--trust-anchor root.cer --intermediate authority.cer --crl root.crl authority.crl";

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn put(&self, file: &str, contents: &[u8]) {
        std::fs::write(self.path().join(file), contents).unwrap();
    }

    pub(crate) fn put_pem(&self, file: &str, label: &str, blocks: &[Vec<u8>]) {
        let text: String = blocks.iter().map(|der| pem(label, der)).collect();
        self.put(file, text.as_bytes());
    }

    /// Runs `akashi validate` here, with the words of a line.
    pub(crate) fn validate(&self, line: &str) -> Said {
        let words: Vec<_> = line.split_whitespace().collect();
        self.run(&words, "")
    }

    /// The same for the valid path at the moment of the tests, with more words and the certificate behind them.
    pub(crate) fn validate_path(&self, more: &str) -> Said {
        self.validate(&format!("{PATH} --at {AT} {more} -- server.cer"))
    }

    pub(crate) fn run(&self, words: &[&str], input: &str) -> Said {
        use std::io::Write as _;
        let mut child = Command::new(env!("CARGO_BIN_EXE_akashi"))
            .arg("validate")
            .args(words)
            .current_dir(self.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Whoever does not read its input has closed it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Said {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
