//! Runs cargo and understands what it says.

use super::environment::environment;
use super::manifest::Crate;
use super::{Error, Result};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Builds the binary of `source` in release mode and returns where it is. `line` gets what cargo says on the way.
pub(super) fn build(
    cargo: &Path,
    source: &Crate,
    target_dir: Option<&Path>,
    line: &mut dyn FnMut(&str),
) -> Result<PathBuf> {
    let mut command = Command::new(cargo);
    command.args(["build", "--release", "--locked", "--message-format=json-render-diagnostics"]);
    command.args(["--package", &source.package, "--bin", &source.binary]);
    if let Some(dir) = target_dir {
        command.arg("--target-dir").arg(dir);
    }
    // In the crate's folder, so that its toolchain file and its .cargo/config.toml apply.
    command
        .current_dir(&source.dir)
        .env_clear()
        .envs(environment())
        .env("CARGO_TERM_COLOR", "never")
        .env("CARGO_TERM_PROGRESS_WHEN", "never");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|source| Error::NoCargo { source })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let failed = Error::io("run", cargo);
    let (messages, said) = std::thread::scope(|scope| {
        // Both pipes at once: cargo stops when either is full.
        let messages = scope.spawn(move || {
            let mut text = String::new();
            stdout.map_or(Ok(0), |mut pipe| pipe.read_to_string(&mut text)).map(|_| text)
        });
        let mut said = String::new();
        for text in stderr.into_iter().flat_map(|pipe| BufReader::new(pipe).split(b'\n')) {
            let Ok(text) = text else { break };
            let text = String::from_utf8_lossy(&text);
            line(&text);
            said.push_str(&text);
            said.push('\n');
        }
        (messages.join().unwrap_or_else(|_| Ok(String::new())), said)
    });
    let status = child.wait();
    let (messages, status) = match (messages, status) {
        (Ok(messages), Ok(status)) => (messages, status),
        (Err(error), _) | (_, Err(error)) => return Err(failed(error)),
    };
    if !status.success() {
        return Err(complaint(source, &said));
    }
    executable(&messages, source)
        .ok_or_else(|| Error::NoExecutable { package: source.package.clone(), binary: source.binary.clone() })
}

/// What was wrong, without the progress of everything that went well before.
fn complaint(source: &Crate, said: &str) -> Error {
    let start = said.lines().position(|line| line.starts_with("error")).unwrap_or(0);
    let text = said.lines().skip(start).collect::<Vec<_>>().join("\n").trim_end().to_owned();
    let package = source.package.clone();
    match text.contains("--locked was passed") {
        true => Error::NotLocked { package, text },
        false => Error::Compile { package, text },
    }
}

/// Among cargo's messages, one JSON object a line, the executable of the binary.
fn executable(messages: &str, source: &Crate) -> Option<PathBuf> {
    messages.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok()).find_map(
        |message| {
            let target = &message["target"];
            let ours = message["reason"] == "compiler-artifact"
                && target["name"] == source.binary.as_str()
                && target["kind"][0] == "bin";
            ours.then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
        },
    )
}
