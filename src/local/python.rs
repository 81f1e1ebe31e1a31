use std::{path::PathBuf, process::Stdio};

use tokio::process::Command;

use super::error::{Error, Result};

/// Newest first, except that the user's own `python3` wins when it will do.
const NAMES: [&str; 6] = ["python3", "python3.13", "python3.12", "python3.11", "python3.10", "python"];
const PROBE: &str =
    "import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1]); print(sys.executable)";

/// A Python that MiniStack runs on.
#[derive(Debug, Clone)]
pub(super) struct Python {
    pub(super) path: PathBuf,
    pub(super) version: (u32, u32),
}

impl Python {
    /// The first on PATH that is 3.10 or later and can make virtual environments.
    pub(super) async fn find() -> Result<Self> {
        let mut found = Vec::new();
        for name in NAMES {
            match probe(name).await {
                Probe::Fits(python) => return Ok(python),
                Probe::Unfit(why) => found.push(format!("{name}: {why}")),
                Probe::Missing => {}
            }
        }
        let found = if found.is_empty() { "None is on PATH.".to_owned() } else { found.join("\n") };
        Err(Error::NoPython { found, remedy: remedy() })
    }
}

enum Probe {
    Fits(Python),
    Unfit(String),
    Missing,
}

async fn probe(name: &str) -> Probe {
    let probe = Command::new(name).args(["-I", "-c", PROBE]).stdin(Stdio::null()).kill_on_drop(true).output();
    let Ok(output) = probe.await else { return Probe::Missing };
    let text = String::from_utf8_lossy(&output.stdout);
    let mut lines = text.lines();
    let version = lines.next().and_then(|line| {
        let (major, minor) = line.split_once(' ')?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    match (output.status.success(), version, lines.next()) {
        (true, Some(version), Some(path)) if version >= (3, 10) => {
            Probe::Fits(Python { path: PathBuf::from(path), version })
        }
        (true, Some((major, minor)), _) => Probe::Unfit(format!("is {major}.{minor}")),
        _ => {
            let reason = String::from_utf8_lossy(&output.stderr);
            Probe::Unfit(reason.lines().last().unwrap_or("does not run").trim().to_owned())
        }
    }
}

fn remedy() -> &'static str {
    if cfg!(target_os = "macos") {
        "brew install python@3.13"
    } else {
        "apt install python3 python3-venv (Debian, Ubuntu), dnf install python3.12 (Fedora, RHEL), pacman -S python (Arch)"
    }
}
