//! Writes the seeds of every fuzz target below a folder: `fuzz-seeds FOLDER`.

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: fuzz-seeds FOLDER");
        return ExitCode::from(2);
    };
    for target in fuzz_targets::TARGETS {
        let folder = folder.join(target.name);
        let written = std::fs::create_dir_all(&folder).and_then(|()| {
            let seeds = conformance::seeds::seeds(target.name);
            seeds.iter().enumerate().try_for_each(|(number, seed)| {
                std::fs::write(folder.join(number.to_string()), seed)
            })
        });
        if let Err(error) = written {
            eprintln!("{}: {error}", folder.display());
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
