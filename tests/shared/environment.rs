//! Environments of Python for tests, made when they are first needed and kept between runs.

use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::process::Command;

/// A virtual environment with exactly these requirements, each pinned and hashed.
///
/// Named for its pins, so that other pins are another environment. Scripts in it name the place where it was made, so it
/// is not renamed when it is complete: a mark says that it is.
pub fn environment(name: &str, requirements: &str) -> PathBuf {
    let pins = hex::encode(&Sha256::digest(requirements)[..4]);
    let cache = dirs::cache_dir().unwrap().join("stackctl");
    let folder = cache.join(format!("{name}-{pins}"));
    std::fs::create_dir_all(&folder).unwrap();
    // Test processes run side by side.
    let lock = std::fs::File::create(cache.join(format!("{name}-{pins}.lock"))).unwrap();
    lock.lock().unwrap();
    let complete = folder.join("complete");
    if !complete.exists() {
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
        std::fs::write(folder.join("requirements.txt"), requirements).unwrap();
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--requirement"]);
        run(pip.arg(folder.join("requirements.txt")));
        std::fs::write(&complete, "").unwrap();
    }
    folder
}

fn run(command: &mut Command) {
    let output =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; install Python with venv"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
