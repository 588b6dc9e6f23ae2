//! Other people's programs that tests compare with: packages of npm and PyPI by exact version and hash, fetched once into
//! cargo's target folder when a test first needs them. The shipped binary knows none of them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

/// A package of npm without dependencies of its own.
#[derive(Clone, Copy, Debug)]
pub struct NodePackage {
    /// Its name.
    pub name: &'static str,
    /// Its exact version.
    pub version: &'static str,
    /// The SHA-512 of its archive, as npm writes it.
    pub integrity: &'static str,
}

/// A wheel of PyPI, installed without what it depends on.
#[derive(Clone, Copy, Debug)]
pub struct PythonPackage {
    /// Its name.
    pub name: &'static str,
    /// Its exact version.
    pub version: &'static str,
    /// The SHA-256 of the wheel.
    pub sha256: &'static str,
}

/// `jose`: JWE and JWS in JavaScript.
pub const JOSE: NodePackage = NodePackage {
    name: "jose",
    version: "6.2.18",
    integrity: "sha512-doV4thUwgkrycJH4yLeqwTGIIZphHl+pk7CPReuMIhYhncmgzdko85MaCG4YQFTxqMFr1/oEH32tZuKKovcDEg==",
};

/// `oauth4webapi`: a relying party's library.
pub const OAUTH4WEBAPI: NodePackage = NodePackage {
    name: "oauth4webapi",
    version: "3.8.8",
    integrity: "sha512-8N28E+a/oxfXWBgOMt+ZP/JUf/XR+IFbvkAEPP3gznXOMv9BpAAwiIj0TFNz3tGTPc0ZQ8zmWBNgN1nAys0gng==",
};

/// `axe-core`: checks pages for what keeps people out.
pub const AXE_CORE: NodePackage = NodePackage {
    name: "axe-core",
    version: "4.14.1",
    integrity: "sha512-FHfa+lmNjQZfJz1q8wKqIDwC6DExcHt/pkjNQb09a3NPjCKg2rhu5qb2S4r76ASyFNNtuFooJpZe37OgudVGtQ==",
};

/// `jwcrypto`: JWE and JWS in Python, and what it imports beside `cryptography`.
pub const JWCRYPTO: [PythonPackage; 2] = [
    PythonPackage {
        name: "jwcrypto",
        version: "1.6.1",
        sha256: "77e856818e514cb3d64a1043b6885a7d52f5cc37773f5e944de02103c8d3a54f",
    },
    PythonPackage {
        name: "typing_extensions",
        version: "4.16.0",
        sha256: "481caa481374e813c1b176ada14e97f1f67a4539ce9cfeb3f350d78d6370c2e8",
    },
];

/// Runs an ECMAScript module that may import these packages, with this input; its output.
///
/// # Errors
/// When Node or a package is not to be had, or the script fails: with what it said.
pub fn run_node(packages: &[NodePackage], script: &str, input: &str) -> Result<String> {
    let folder = node_packages(packages)?;
    let file = tempfile::Builder::new()
        .suffix(".mjs")
        .tempfile_in(&folder)?;
    fs::write(file.path(), script)?;
    let mut node = Command::new("node");
    node.arg(file.path());
    output(&mut node, input)
}

/// Runs a Python script that may import these packages and the system's, with this input; its output.
///
/// # Errors
/// When Python or a package is not to be had, or the script fails: with what it said.
pub fn run_python(packages: &[PythonPackage], script: &str, input: &str) -> Result<String> {
    let folder = python_packages(packages)?;
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", folder).args(["-c", script]);
    output(&mut python, input)
}

/// The folder whose `node_modules` holds these packages.
///
/// # Errors
/// When npm cannot fetch one, or it is not the one that is named.
pub fn node_packages(packages: &[NodePackage]) -> Result<PathBuf> {
    let names: Vec<String> = packages
        .iter()
        .map(|package| {
            format!(
                "{}-{}",
                package.name.replace(['@', '/'], "_"),
                package.version
            )
        })
        .collect();
    ready(&format!("node-{}", names.join("-")), |folder| {
        fs::write(folder.join("package.json"), "{\"private\":true}")?;
        let mut npm = Command::new("npm");
        npm.current_dir(folder)
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .args(["--save-exact", "--loglevel=error"])
            .args(
                packages
                    .iter()
                    .map(|package| format!("{}@{}", package.name, package.version)),
            );
        output(&mut npm, "").context("npm install; Debian's nodejs and npm, and a registry")?;
        let lock = fs::read_to_string(folder.join("package-lock.json"))?;
        let lock: serde_json::Value = serde_json::from_str(&lock)?;
        for package in packages {
            let installed = &lock["packages"][format!("node_modules/{}", package.name)];
            ensure!(
                installed["integrity"] == package.integrity,
                "{} {} is another archive than expected: {}",
                package.name,
                package.version,
                installed["integrity"]
            );
        }
        Ok(())
    })
}

fn python_packages(packages: &[PythonPackage]) -> Result<PathBuf> {
    let names: Vec<String> = packages
        .iter()
        .map(|package| format!("{}-{}", package.name, package.version))
        .collect();
    ready(&format!("python-{}", names.join("-")), |folder| {
        let lines = packages.iter().map(|package| {
            let PythonPackage {
                name,
                version,
                sha256,
            } = package;
            format!("{name}=={version} --hash=sha256:{sha256}\n")
        });
        let requirements = folder.join("requirements.txt");
        fs::write(&requirements, lines.collect::<String>())?;
        install(folder, &requirements, &["--require-hashes"])
    })
}

/// The folder with the packages of a requirements file, which names all of them by exact version; `name` says which they are.
///
/// # Errors
/// When pip cannot fetch one.
pub fn python_requirements(name: &str, requirements: &Path) -> Result<PathBuf> {
    ready(&format!("python-{name}"), |folder| {
        install(folder, requirements, &[])
    })
}

/// Wheels alone, and nothing that is not listed.
fn install(folder: &Path, requirements: &Path, how: &[&str]) -> Result<()> {
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--disable-pip-version-check", "--only-binary", ":all:"])
        .args(how)
        .arg("--target")
        .arg(folder)
        .arg("--requirement")
        .arg(requirements);
    output(&mut pip, "")
        .context("pip install; Debian's python3-pip, and an index or PIP_FIND_LINKS")?;
    Ok(())
}

/// `name` in the target folder, which is complete if it is there: it is filled beside and renamed at the end. Several
/// processes may ask at once: one fetches, the others wait.
fn ready(name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
    let packages = target_folder().join("packages");
    let folder = packages.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(&packages)?;
    // The kernel drops the lock with the file, however this process ends.
    let lock = File::create(packages.join(format!("{name}.lock")))?;
    lock.lock()?;
    if folder.is_dir() {
        return Ok(folder);
    }
    let partial = packages.join(format!("{name}.partial"));
    if partial.exists() {
        fs::remove_dir_all(&partial)?;
    }
    fs::create_dir(&partial)?;
    fill(&partial).with_context(|| name.to_owned())?;
    fs::rename(&partial, &folder)?;
    Ok(folder)
}

/// What a command says when it is given this input.
fn output(command: &mut Command, input: &str) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let mut given = tempfile::tempfile()?;
    std::io::Write::write_all(&mut given, input.as_bytes())?;
    std::io::Seek::rewind(&mut given)?;
    let output = command
        .stdin(Stdio::from(given))
        .output()
        .with_context(|| format!("{name} cannot be started; tests/run installs it"))?;
    if !output.status.success() {
        bail!("{name} says:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Cargo's target folder: the one that this program lies in, which cargo has marked; else the workspace's.
fn target_folder() -> PathBuf {
    let program = std::env::current_exe().unwrap_or_default();
    let marked = program
        .ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file());
    marked.map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target"),
        Path::to_owned,
    )
}
