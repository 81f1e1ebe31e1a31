//! The trainer as a function of AWS Lambda.

use std::time::Duration;

use access::Aws;
use clap::{Args, FromArgMatches};
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::command::{Artifacts, Origin};
use crate::database::Database;
use crate::done;
use crate::error::Error;
use crate::log;
use crate::message::{self, Task};
use crate::options::Options;
use crate::runs::Caller;
use crate::watch::Watch;
use crate::worker::{Shift, Worker};

/// Time to stop, and to write down why, before the function is killed.
const RESERVE: Duration = Duration::from_secs(10);

/// The part of it that may be spent on writing it down.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Answers invocations for as long as the function lives.
pub async fn run() -> Result<(), lambda_runtime::Error> {
    let worker = Worker {
        aws: Aws::default(),
        database: Database::from_environment()?,
        artifacts: from_environment::<Artifacts>()?.place,
        source: from_environment::<Origin>()?.source(),
        options: from_environment::<Options>()?,
    };
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| handle(&worker, event))).await
}

/// Arguments as a command would have them to which nothing but the environment says anything.
fn from_environment<T: Args + FromArgMatches>() -> Result<T, clap::Error> {
    let command = T::augment_args(clap::Command::new("trainer"));
    T::from_arg_matches(&command.try_get_matches_from(["trainer"])?)
}

async fn handle(worker: &Worker, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let deadline = event.context.deadline().checked_sub(RESERVE);
    let watch = Watch::of_request(&event.context.request_id, deadline);
    let mut shift = Shift { caller: Caller::Event, watch: watch.clone(), open: None };
    let work = async {
        match message::task(&event.payload)? {
            Task::Nothing => Ok(Vec::new()),
            Task::Train(caller) => {
                shift.caller = caller;
                worker.train(&mut shift).await
            }
            Task::Score(caller) => {
                shift.caller = caller;
                worker.score(&mut shift).await
            }
        }
    };
    let outcome = timeout(watch.left().unwrap_or(Duration::MAX), work).await;
    let outcome = outcome.unwrap_or_else(|_| Err(Error::Deadline { seconds: watch.seconds() }));
    match outcome {
        Ok(done) => {
            done.iter().for_each(|done| {
                log::print(&done.line(watch.request_id(), watch.seconds()).to_string());
            });
            let answers = done.iter().map(done::Done::answer).collect::<Vec<_>>();
            Ok(json!({ "runs": answers }))
        }
        Err(error) => {
            let reason = error.to_string();
            if !matches!(timeout(LAST_WORDS, worker.fail(&mut shift, &reason)).await, Ok(Ok(()))) {
                watch.note(
                    "the failure could not be written into ml.runs; the next run marks it as abandoned",
                );
            }
            log::print(&done::failure(&reason, watch.request_id(), watch.seconds()).to_string());
            Err(error)
        }
    }
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        let error_type = match error {
            Error::Message(_) => "UnknownMessage",
            Error::Deadline { .. } => "TimeOver",
            _ => "RunFailed",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}
