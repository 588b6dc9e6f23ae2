//! Packages that only tests need: fetched by exact version when a test first needs one, into a folder that goes with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// A package of npm's registry: name, version, and the hash that the registry's file must have.
#[derive(Clone, Copy, Debug)]
pub struct NpmPackage {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// Its `integrity`, as a lock file has it.
    pub integrity: &'static str,
}

/// A relying party's library.
pub const OAUTH4WEBAPI: NpmPackage = NpmPackage {
    name: "oauth4webapi",
    version: "3.8.8",
    integrity: "sha512-8N28E+a/oxfXWBgOMt+ZP/JUf/XR+IFbvkAEPP3gznXOMv9BpAAwiIj0TFNz3tGTPc0ZQ8zmWBNgN1nAys0gng==",
};

/// Checks pages for what keeps people out.
pub const AXE_CORE: NpmPackage = NpmPackage {
    name: "axe-core",
    version: "4.14.1",
    integrity: "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
};

/// A folder with packages in it; gone when dropped.
#[derive(Debug)]
pub struct Packages(tempfile::TempDir);

impl Packages {
    /// npm packages, without their scripts, below `node_modules`.
    pub fn npm(packages: &[NpmPackage]) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("akashi-npm-").tempdir()?;
        let mut npm = Command::new("npm");
        npm.args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .arg("--prefix")
            .arg(folder.path());
        npm.args(
            packages
                .iter()
                .map(|package| format!("{}@{}", package.name, package.version)),
        );
        run(
            &mut npm,
            "npm, of Node.js 20 or newer, and its registry or a mirror of it",
        )?;
        let lock = folder.path().join("package-lock.json");
        let lock: Value = serde_json::from_str(&std::fs::read_to_string(lock)?)?;
        for package in packages {
            let entry = &lock["packages"][format!("node_modules/{}", package.name)];
            ensure!(
                entry["integrity"] == package.integrity && entry["version"] == package.version,
                "{} is not the package that it should be: {entry}",
                package.name
            );
        }
        Ok(Self(folder))
    }

    /// The packages of a requirements file.
    pub fn python(requirements: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("akashi-python-")
            .tempdir()?;
        let needed = "python3 with pip (Debian: python3-pip), and the index or a mirror of it";
        let target = folder.path().join("site");
        let mut pip = Command::new("python3");
        pip.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--disable-pip-version-check",
        ])
        .args(["--only-binary", ":all:", "--requirement"])
        .arg(requirements)
        .arg("--target")
        .arg(&target);
        run(&mut pip, needed)?;
        Ok(Self(folder))
    }

    /// Where an npm package lies.
    pub fn node_module(&self, name: &str) -> PathBuf {
        self.0.path().join("node_modules").join(name)
    }

    /// The folder itself.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    /// What `PYTHONPATH` must be.
    pub fn python_path(&self) -> PathBuf {
        self.0.path().join("site")
    }
}

fn run(command: &mut Command, needed: &str) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} cannot be started. Needed: {needed}"))?;
    ensure!(
        output.status.success(),
        "{program} did not fetch what a test needs. Needed: {needed}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}
