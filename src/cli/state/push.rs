use super::change::settled;
use crate::cli::args::StackArgs;
use crate::cli::failure::{Exit, Failure, Outcome};
use crate::cli::report;
use crate::cli::session::Session;
use crate::limits;
use crate::state::{Cipher, Document};
use std::path::{Path, PathBuf};

/// Writes a state that `stackctl state pull` printed, or that a run saved elsewhere
///
/// Its checksum must hold. Refused where it would lose something: a state of another lineage, or one that is older than
/// what is there. It is written as the newest serial; what was there stays as backup or as an older version.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The file; `-` reads from stdin.
    // Not `file`: that is the global --file.
    #[arg(value_name = "FILE")]
    pushed: PathBuf,

    /// Also if it is older, or of another lineage or stack.
    #[arg(long)]
    force: bool,
}

pub async fn run(session: &Session, stack: &StackArgs, args: &Args) -> Outcome {
    let mut document = load(&args.pushed, session.cipher())?;
    document.arriving = None;
    let store = session.store().await?;
    let (current, held) = store.open("state push", stack.patience()).await?;
    if let Some(current) = &current {
        settled(current)?;
        if same(current, &document) {
            report::note(&format!("{} says the same already.", store.name()));
            return Ok(Exit::Done);
        }
    }
    if !args.force {
        check(current.as_ref(), &document, &session.stack.name, &store.name())?;
    }
    document.serial = document.serial.max(current.map_or(0, |current| current.serial));
    held.write(&mut document).await?;
    let count = report::resources(document.resources.len());
    report::note(&format!("{} has serial {} now, with {count}.", store.name(), document.serial));
    if held.taken_in(&args.pushed, &document) {
        report::note(&format!("{} is taken in and removed.", args.pushed.display()));
    }
    Ok(Exit::Done)
}

fn load(path: &Path, cipher: &Cipher) -> Outcome<Document> {
    let name = if path == Path::new("-") { "stdin".to_owned() } else { path.display().to_string() };
    let read = match name.as_str() {
        "stdin" => limits::take(std::io::stdin().lock(), limits::STATE),
        _ => limits::read(path, limits::STATE),
    };
    let bytes = read.map_err(Failure::io(format!("failed to read {name}")))?;
    cipher.read(&bytes).map_err(|what| {
        Failure::user(
            format!("{name} cannot be used: {}", what.into_text()),
            "Push what `stackctl state pull` printed. To change a state: `stackctl state rm`, `mv` or `rollback`.",
        )
    })
}

fn same(current: &Document, document: &Document) -> bool {
    (&current.lineage, current.serial, &current.resources)
        == (&document.lineage, document.serial, &document.resources)
}

fn check(current: Option<&Document>, new: &Document, stack: &str, name: &str) -> Outcome<()> {
    let refused = |why: String| {
        let help = "Nothing was changed. If that is what you want: --force.";
        Err(Failure::user(why, help))
    };
    if new.stack != stack {
        return refused(format!("that is a state of the stack {}, this one is {stack}", new.stack));
    }
    let Some(current) = current else { return Ok(()) };
    if current.lineage != new.lineage {
        return refused(format!(
            "that is another state: its lineage is {}, {name} has {}",
            new.lineage, current.lineage
        ));
    }
    if new.serial <= current.serial {
        return refused(format!(
            "that state is no newer: it has serial {}, {name} has {}",
            new.serial, current.serial
        ));
    }
    Ok(())
}
