//! The shipped binary: built if need be, with the profile that this program was built with.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

/// The folder of the build that `program` belongs to, such as `target/release`; tests lie one folder deeper.
pub fn build_folder(program: &Path) -> &Path {
    let folder = program.parent().unwrap_or(program);
    if folder.ends_with("deps") {
        folder.parent().unwrap_or(folder)
    } else {
        folder
    }
}

/// The name of cargo's profile that fills this folder.
pub fn profile(folder: &Path) -> &str {
    match folder.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    }
}

/// Builds `akashi` alone, as it is shipped (nothing of the tests' crates is merged into its features), into the folder
/// that `program` lies in, and returns its path.
///
/// # Errors
/// When it cannot be built.
pub fn build_akashi(program: &Path) -> Result<PathBuf> {
    let folder = build_folder(program);
    let status = Command::new("cargo")
        .args(["build", "--locked", "-p", "akashi", "--profile"])
        .arg(profile(folder))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stdin(Stdio::null())
        .status()
        .context("starting cargo")?;
    ensure!(status.success(), "akashi could not be built");
    let binary = folder.join("akashi");
    ensure!(binary.is_file(), "there is no {}", binary.display());
    Ok(binary)
}
