//! `akashi config check`: would these files start their roles?

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::{UNUSABLE, print, unusable};
use crate::roles::{Role, RoleConfig};

/// What `akashi config check` is told.
#[derive(Args, Debug)]
pub struct ConfigCheckArguments {
    /// Configuration files named after their roles, such as revocation-lookup.toml, or folders of
    /// them.
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// Only the files themselves, not the certificates and keys they name: for a computer that does
    /// not have them.
    #[arg(long)]
    without_files: bool,
}

/// Reads every file as its role would and says what it found. Exit code 0: all could start; 2: not.
pub fn run(arguments: &ConfigCheckArguments) -> ExitCode {
    let files = match files(&arguments.paths) {
        Ok(files) => files,
        Err(problem) => return unusable(&problem),
    };
    let mut all_good = true;
    for (role, file) in files {
        let line = match check(role, &file, arguments.without_files) {
            Ok(()) => format!("{}: good", file.display()),
            Err(problem) => {
                all_good = false;
                problem
            }
        };
        if print(&line).is_err() {
            return ExitCode::from(UNUSABLE);
        }
    }
    if all_good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(UNUSABLE)
    }
}

fn check(role: Role, file: &Path, without_files: bool) -> Result<(), String> {
    let config = RoleConfig::load(role, file).map_err(|error| error.to_string())?;
    if without_files {
        return Ok(());
    }
    config
        .check_files()
        .map_err(|error| format!("{}: {error}", file.display()))
}

/// The files to look at: those given, and in a folder those named after roles.
fn files(paths: &[PathBuf]) -> Result<Vec<(Role, PathBuf)>, String> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let before = files.len();
            for role in Role::ALL {
                let file = path.join(role.name()).with_extension("toml");
                if file.exists() {
                    files.push((role, file));
                }
            }
            if files.len() == before {
                return Err(format!("{}: has no role's file", path.display()));
            }
        } else if let Some(role) = Role::of_file(path) {
            files.push((role, path.clone()));
        } else {
            let names: Vec<_> = Role::ALL
                .iter()
                .map(|role| format!("{}.toml", role.name()))
                .collect();
            let names = names.join(", ");
            return Err(format!(
                "{}: a role's file is named {names}",
                path.display()
            ));
        }
    }
    Ok(files)
}
