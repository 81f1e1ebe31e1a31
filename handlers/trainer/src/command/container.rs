//! `trainer container`.

use std::path::{Path, PathBuf};

use access::Aws;
use clap::{Args, FromArgMatches};
use serde_json::{Map, Value};
use tokio::signal::unix::{SignalKind, signal};

use crate::command::Artifacts;
use crate::command::train::Train;
use crate::error::Error;
use crate::loans::Source;
use crate::log;
use crate::options::Options;
use crate::place::Place;
use crate::watch::Watch;

/// The hyperparameter that names the channel, where there are several.
const CHANNEL: &str = "channel";

/// Do what SageMaker asks of a training container.
///
/// Options come from input/config/hyperparameters.json ({"test-from": "2011-01"}), the lake from a channel below input/data; model,
/// report and run.json go to model, and the reason of a failure to output/failure. Nothing is registered: `trainer register` does it.
#[derive(Debug, clap::Args)]
pub struct Container {
    /// What to do.
    #[arg(value_parser = ["train"])]
    task: String,

    /// Where SageMaker puts things, and looks for them.
    #[arg(long, value_name = "FOLDER", env = "TRAINER_CONTAINER_ROOT", default_value = "/opt/ml")]
    root: PathBuf,
}

impl Container {
    /// Trains, and leaves the reason where it is looked for if that fails.
    pub async fn run(&self) -> Result<(), Error> {
        let outcome = tokio::select! {
            outcome = self.train() => outcome,
            () = stopped() => Err(Error::Registry("the job was stopped; nothing of it was kept".to_owned())),
        };
        if let Err(error) = &outcome {
            let output = self.root.join("output");
            let written = std::fs::create_dir_all(&output)
                .and_then(|()| std::fs::write(output.join("failure"), error.to_string()));
            if let Err(error) = written {
                log::note(&format!("the failure could not be written to {}: {error}", output.display()));
            }
        }
        outcome
    }

    async fn train(&self) -> Result<(), Error> {
        let mut parameters = self.parameters()?;
        let channel = match parameters.remove(CHANNEL) {
            Some(channel) => channel.as_str().unwrap_or_default().to_owned(),
            None => self.only_channel()?,
        };
        let lake = Place::Folder(self.root.join("input/data").join(channel));
        let artifacts = Artifacts { place: Place::Folder(self.root.join("model")) };
        let train = Train::new(options(&parameters)?, artifacts);
        train.without_database(&Aws::default(), &Source::Lake(lake), &Watch::of_command()).await
    }

    fn parameters(&self) -> Result<Map<String, Value>, Error> {
        let path = self.root.join("input/config/hyperparameters.json");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Map::new()),
            Err(source) => return Err(Error::File { doing: "read", path, source }),
        };
        serde_json::from_slice(&text).map_err(|error| wrong(format!("cannot be read: {error}")))
    }

    fn only_channel(&self) -> Result<String, Error> {
        let path = self.root.join("input/data");
        let failed = |source| Error::File { doing: "read", path: path.clone(), source };
        let mut channels = Vec::new();
        for entry in std::fs::read_dir(&path).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            // SageMaker keeps a manifest file beside each channel's folder.
            if Path::is_dir(&entry.path()) {
                channels.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        channels.sort();
        match &channels[..] {
            [only] => Ok(only.clone()),
            _ => Err(wrong(format!(
                "does not say which channel holds the lake, and there are {} ({}): name it by the hyperparameter \"{CHANNEL}\"",
                channels.len(),
                channels.join(", ")
            ))),
        }
    }
}

/// Hyperparameters are options by their long names; SageMaker hands over texts only, and adds some of its own.
fn options(parameters: &Map<String, Value>) -> Result<Options, Error> {
    let mut arguments = vec!["train".to_owned()];
    for (name, value) in parameters.iter().filter(|(name, _)| !name.starts_with("sagemaker_")) {
        let value = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        match value.as_str() {
            "true" => arguments.push(format!("--{name}")),
            "false" => {}
            value => arguments.push(format!("--{name}={value}")),
        }
    }
    let command = Options::augment_args(clap::Command::new("train"));
    let found = command.try_get_matches_from(arguments).and_then(|found| Options::from_arg_matches(&found));
    found.map_err(|error| {
        let text = error.to_string();
        wrong(format!(
            "is not understood: {}",
            text.trim_start_matches("error: ").lines().next().unwrap_or_default()
        ))
    })
}

fn wrong(problem: String) -> Error {
    Error::Setting { name: "hyperparameters.json", problem }
}

/// A container's first process is not ended by SIGTERM unless it listens.
async fn stopped() {
    match signal(SignalKind::terminate()) {
        Ok(mut signals) => {
            signals.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}
