//! The loader as a function of AWS Lambda.

use std::time::Duration;

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::database::Database;
use crate::error::Error;
use crate::event::{self, Found};
use crate::load::{Caller, Loader, Outcome};
use crate::log::Log;
use crate::settings::Settings;
use crate::setup::{self, Setup};

/// Time to stop, and to write down why, before the function is killed.
const RESERVE: Duration = Duration::from_secs(5);

/// Answers invocations for as long as the function lives.
pub async fn run() -> Result<(), lambda_runtime::Error> {
    let loader = Loader {
        aws: Aws::default(),
        database: Database::from_environment(None)?,
        settings: Settings::from_environment()?,
    };
    lambda_runtime::run(service_fn(|event: LambdaEvent<Value>| handle(&loader, event))).await
}

/// Loads the files of one event, one after another. All are tried; if any failed, so does the invocation, so that Lambda
/// tries again and in the end puts the event into the dead-letter queue. What was loaded is not loaded again then.
async fn handle(loader: &Loader, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let caller = Caller {
        request_id: Some(&event.context.request_id),
        trace_id: event.context.xray_trace_id.as_deref(),
        deadline: event.context.deadline().checked_sub(RESERVE),
    };
    if let Some(setup) = event.payload.get("setup") {
        return set_up(loader, setup, caller).await;
    }
    let Found { sources, unknown } = event::sources(&event.payload);
    let total = sources.len() + unknown.len();
    let mut files = Vec::new();
    let mut reasons = unknown.iter().map(ToString::to_string).collect::<Vec<_>>();
    if let (true, Some(error)) = (sources.is_empty(), unknown.into_iter().next()) {
        return Err(error);
    }
    for source in &sources {
        match loader.load(source, caller).await {
            Ok(outcome) => files.push(report(&source.to_string(), &outcome)),
            Err(error) => reasons.push(error.to_string()),
        }
    }
    // S3's test event is about nothing, and nothing is looked at.
    let exported = if total > 0 { loader.export(caller).await } else { Ok(None) };
    if reasons.is_empty() {
        let lake = exported?;
        let mut answer = json!({ "files": files });
        if let Some(lake) = lake {
            answer["lake"] = json!(lake);
        }
        return Ok(answer);
    }
    let failed = reasons.len();
    reasons.extend(exported.err().map(|error| error.to_string()));
    Err(Error::Files { failed, total, reasons: reasons.join("; ") })
}

/// What the stack asks for when it has made the function, and again when a password was rotated.
async fn set_up(loader: &Loader, setup: &Value, caller: Caller<'_>) -> Result<Value, Error> {
    let log = Log::new("setup", caller);
    let made = async {
        let setup = Setup::deserialize(setup).map_err(|error| Error::Setup(error.to_string()))?;
        let mut logins = Vec::new();
        for wanted in &setup.logins {
            logins.push(wanted.fetch(&loader.aws).await?);
        }
        setup::run(&loader.database, &loader.aws, &logins).await
    };
    let made = made.await;
    match &made {
        Ok(answer) => log.stage("set_up", Some(answer.to_string())),
        Err(error) => log.stage("setup_failed", Some(error.to_string())),
    }
    made
}

impl From<Error> for Diagnostic {
    fn from(error: Error) -> Self {
        let error_type = match error {
            Error::Event(_) => "UnknownEvent",
            Error::Setup(_) => "SetupRefused",
            Error::Export(_) => "ExportFailed",
            _ => "LoadFailed",
        };
        Self { error_type: error_type.to_owned(), error_message: error.to_string() }
    }
}

fn report(file: &str, outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Loaded { source_table, counts, merged } => json!({
            "file": file, "status": "loaded", "source_table": source_table, "rows_read": counts.read,
            "rows_loaded": merged.new, "rows_unchanged": merged.unchanged, "rows_rejected": counts.rejected, "lines_left_out": counts.left_out,
        }),
        Outcome::Duplicate { of } => json!({ "file": file, "status": "duplicate", "of": of }),
        Outcome::AlreadyLoaded { source_table, rows } => {
            json!({ "file": file, "status": "already_loaded", "source_table": source_table, "rows_loaded": rows })
        }
    }
}
