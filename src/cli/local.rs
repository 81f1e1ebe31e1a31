use super::failure::{Exit, Failure, Outcome};
use super::report;
use super::session::root;
use crate::gauge::Gauge;
use crate::local::{self, Layout, Progress};
use clap::Subcommand;
use std::path::PathBuf;
use std::sync::Arc;

/// The local cloud: AWS APIs and PostgreSQL on this machine
///
/// `--target local` sends any command there. It belongs to the project: its folder is .stackctl/local beside
/// stack.toml. It is reached from this machine only, by its owner only: each request is signed with a key that
/// `stackctl env` prints. Functions run as you, or as a user of their own where you are root.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The stack's file, or the folder that holds its stack.toml.
    #[arg(
        short,
        long,
        value_name = "PATH",
        default_value = "stack.toml",
        env = "STACKCTL_FILE",
        global = true
    )]
    file: PathBuf,

    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Brings it up, or heals it; what is up stays as it is.
    Up,
    /// Shows its parts, where they are and what is wrong with them.
    Status {
        /// Prints JSON.
        #[arg(long)]
        json: bool,
    },
    /// Prints the last lines of its logs.
    Logs {
        /// One part, such as ministack or supervisor.
        part: Option<String>,
        /// How many lines of each.
        #[arg(short = 'n', long, default_value_t = 50)]
        lines: usize,
        /// Goes on printing as lines come.
        #[arg(short = 'F', long)]
        follow: bool,
    },
    /// Stops it; data stays for the next `up`.
    Down {
        /// Removes its data too.
        #[arg(long)]
        purge: bool,
    },
    /// The background process that keeps its parts running.
    #[command(hide = true)]
    Supervise {
        #[arg(long)]
        folder: PathBuf,
    },
}

impl Args {
    /// Whether this process is the one in the background.
    pub fn supervises(&self) -> bool {
        matches!(self.command, Command::Supervise { .. })
    }
}

pub async fn run(args: &Args) -> Outcome {
    let project = if args.file.is_dir() { args.file.clone() } else { root(&args.file) };
    // Whoever names a place that is not there means another one. A project whose file is gone is still one.
    let is_named = args.file.as_os_str() != "stack.toml";
    if is_named && !args.file.exists() && !project.join(".stackctl").is_dir() {
        return Err(Failure::user(
            format!("there is no {}", args.file.display()),
            "Name the stack's file, or the folder that holds it.",
        ));
    }
    let layout = Layout::new(&project);
    match &args.command {
        Command::Up => {
            let status = up(&layout).await?;
            report::local_status(&status);
        }
        Command::Status { json } => {
            let status = local::status(&layout).await?;
            if *json {
                report::document(&serde_json::json!(status).to_string());
            } else {
                report::local_status(&status);
            }
            return Ok(if status.is_ready() { Exit::Done } else { Exit::Failed });
        }
        Command::Logs { part, lines, follow } => {
            let logs = local::logs(&layout, part.as_deref())?;
            report::local_logs(&logs, *lines, *follow).await;
        }
        Command::Down { purge } => {
            let stopping = report::during("stopping the local cloud");
            let was_up = local::down(&layout, *purge).await?;
            drop(stopping);
            let state = if was_up { "The local cloud is down." } else { "The local cloud was not up." };
            let data = if *purge { " Its data is removed." } else { " Its data stays; --purge removes it." };
            report::note(&format!("{state}{data}"));
        }
        Command::Supervise { folder } => local::supervise(&Layout::new(folder)).await?,
    }
    Ok(Exit::Done)
}

/// Brings it up and says what is going on.
pub async fn up(layout: &Layout) -> Outcome<local::Status> {
    let mut said = None;
    let gauge = Arc::new(Gauge::default());
    gauge.begin("bringing the local cloud up", 0);
    let _during = report::counting(gauge.clone());
    let status = local::up(layout, &mut |progress| {
        let line = match &progress {
            Progress::Waiting => "Another stackctl is bringing the local cloud up; waiting for it".to_owned(),
            Progress::Installing { version, .. } => {
                format!("Installing MiniStack {version}, which speaks the AWS APIs (once per machine)")
            }
            Progress::Starting => "Starting the local cloud".to_owned(),
            Progress::Parts { .. } => return gauge.begin("waiting for its parts to answer", 0),
        };
        if said.as_ref() != Some(&line) {
            report::note(&line);
            said = Some(line);
        }
    })
    .await?;
    Ok(status)
}
