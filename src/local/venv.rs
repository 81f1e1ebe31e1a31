use std::{
    fs,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use sha2::{Digest, Sha256};
use tokio::process::Command;

use super::{
    error::{Error, FileContext, IoContext, Result},
    layout::private_folder,
    lock::Lock,
    python::Python,
    up::Progress,
};

/// The version of MiniStack that `requirements.txt` pins.
pub const MINISTACK_VERSION: &str = "1.5.33";

const REQUIREMENTS: &str = include_str!("requirements.txt");
const PATIENCE: Duration = Duration::from_secs(600);
const OUTPUT_LINES: usize = 12;

/// Makes sure that the virtual environment is there and sound, and returns its interpreter.
///
/// It is built under another name and renamed when it is complete, so that one which was killed half way is never
/// taken for a good one. (Its scripts' first lines name the old place: nothing uses them.)
pub(super) async fn ensure(progress: &mut dyn FnMut(Progress)) -> Result<PathBuf> {
    let cache = cache();
    private_folder(&cache)?;
    let folder = cache.join(name());
    let interpreter = folder.join("bin/python");
    if is_sound(&interpreter).await {
        return Ok(interpreter);
    }
    let _lock = Lock::take(&cache.join("ministack.lock"), PATIENCE, || progress(Progress::Waiting)).await?;
    if is_sound(&interpreter).await {
        return Ok(interpreter);
    }
    let python = Python::find().await?;
    progress(Progress::Installing {
        version: MINISTACK_VERSION.to_owned(),
        python: format!("{}.{}", python.version.0, python.version.1),
        folder: folder.clone(),
    });
    remove_halves(&cache)?;
    let half = cache.join(format!("{}.half", name()));
    if let Err(error) = build(&python, &half, &folder).await {
        let _ = fs::remove_dir_all(&half);
        return Err(error);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).at("remove the broken", &folder)?;
    }
    fs::rename(&half, &folder).at("rename", &half)?;
    Ok(interpreter)
}

/// What every local cloud of this user can share.
pub(super) fn cache() -> PathBuf {
    dirs::cache_dir().unwrap_or_else(|| std::env::temp_dir().join("stackctl-cache")).join("stackctl")
}

/// The pins are part of the name: other pins are another environment.
fn name() -> String {
    format!("ministack-{MINISTACK_VERSION}-{}", hex::encode(&Sha256::digest(REQUIREMENTS)[..4]))
}

/// The interpreter behind it may have been upgraded or removed since.
async fn is_sound(interpreter: &Path) -> bool {
    let find = "from importlib.util import find_spec as f; import hypercorn, h11; assert f('ministack.app') and f('cbor2')";
    let check = Command::new(interpreter)
        .args(["-I", "-c", find])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .status();
    matches!(check.await, Ok(status) if status.success())
}

async fn build(python: &Python, half: &Path, folder: &Path) -> Result<()> {
    let run = |step: &'static str, command: Command| run(step, folder, command);
    let mut venv = Command::new(&python.path);
    venv.args(["-I", "-m", "venv"]).arg(half);
    run("making the virtual environment", venv).await?;

    let requirements = half.join("requirements.txt");
    fs::write(&requirements, REQUIREMENTS).at("write", &requirements)?;
    let mut pip = Command::new(half.join("bin/python"));
    pip.args(["-I", "-m", "pip", "install", "--require-hashes", "--no-deps", "--no-input"])
        .args(["--disable-pip-version-check", "--quiet", "--requirement"])
        .arg(&requirements);
    run("pip install", pip).await
}

async fn run(step: &'static str, folder: &Path, mut command: Command) -> Result<()> {
    let output = command.stdin(Stdio::null()).kill_on_drop(true).output().await.doing(step)?;
    if output.status.success() {
        return Ok(());
    }
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = text.lines().collect();
    let output = lines[lines.len().saturating_sub(OUTPUT_LINES)..].join("\n");
    Err(Error::Install { folder: folder.to_path_buf(), step, output })
}

fn remove_halves(cache: &Path) -> Result<()> {
    for entry in fs::read_dir(cache).at("read", cache)? {
        let path = entry.at("read", cache)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("ministack-") && name.ends_with(".half") {
            fs::remove_dir_all(&path).at("remove", &path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_requirement_is_pinned_and_hashed() {
        let joined = REQUIREMENTS.replace("\\\n", " ");
        let lines: Vec<&str> =
            joined.lines().filter(|l| !l.trim().is_empty() && !l.trim().starts_with('#')).collect();
        assert!(lines.iter().any(|l| l.starts_with(&format!("ministack=={MINISTACK_VERSION}"))));
        for line in lines {
            assert!(line.contains("==") && line.contains("--hash=sha256:"), "{line}");
        }
        assert!(!REQUIREMENTS.contains("://"));
    }
}
