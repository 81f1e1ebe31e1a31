//! What came of an invocation, for whoever invoked, for the log and for CloudWatch.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::drift::Drift;
use crate::judge::measure::Measure;
use crate::record::Record;
use crate::scoring::Scored;
use crate::training::Registered;

/// One thing that was done, or was not to be done.
pub enum Done {
    /// A model was trained and registered.
    Trained(Box<Record>, Registered),
    /// The data was trained on before.
    AlreadyTrained {
        /// `ml.runs.id`.
        run: i64,
        /// What came of it.
        said: String,
    },
    /// Somebody else trains, and looks for newer data when it is done.
    Busy,
    /// There are too few loans.
    Skipped(String),
    /// Open loans were scored.
    Scored(Scored),
    /// The same loans were scored by the same model before.
    AlreadyScored {
        /// `ml.runs.id`.
        run: i64,
        /// `ml.models.id`.
        model: i64,
    },
    /// There is nobody to score.
    NoChampion,
}

impl Done {
    fn status(&self) -> &'static str {
        match self {
            Self::Trained(..) => "trained",
            Self::AlreadyTrained { .. } => "already_trained",
            Self::Busy => "busy",
            Self::Skipped(_) => "skipped",
            Self::Scored(_) => "scored",
            Self::AlreadyScored { .. } => "already_scored",
            Self::NoChampion => "no_champion",
        }
    }

    fn message(&self) -> String {
        match self {
            Self::Trained(_, registered) => format!("model {}: {}", registered.id, registered.said),
            Self::AlreadyTrained { run, said } => {
                format!("nothing to do: run {run} trained on the same data with the same settings ({said})")
            }
            Self::Busy => {
                "nothing to do: another trainer is at it, and looks for newer data when it is done".to_owned()
            }
            Self::Skipped(why) => format!("not trained: {why}"),
            Self::Scored(scored) => scored.to_string(),
            Self::AlreadyScored { run, model } => {
                format!("nothing to do: model {model} scored the same loans in run {run}")
            }
            Self::NoChampion => "nothing was scored: there is no champion yet".to_owned(),
        }
    }

    /// For whoever invoked.
    pub fn answer(&self) -> Value {
        let mut answer = json!({ "status": self.status(), "message": self.message() });
        match self {
            Self::Trained(_, registered) => {
                answer["model"] = registered.id.into();
                answer["promoted"] = registered.promoted.into();
            }
            Self::Scored(scored) => {
                answer["model"] = scored.id.into();
                answer["loans"] = scored.rows.into();
            }
            _ => {}
        }
        answer
    }

    /// A line of the log, with metrics where something was done.
    pub fn line(&self, request_id: Option<&str>, seconds: f64) -> Value {
        let mut figures = Vec::new();
        match self {
            Self::Trained(record, _) => {
                let evaluation = &record.evaluation;
                if let Some(chosen) = evaluation.chosen() {
                    figures.push(("auc", "None", chosen.figure(Measure::Auc).figure));
                    figures.extend(chosen.ahead.map(|ahead| ("auc_ahead", "None", ahead.figure)));
                    figures.push(("log_loss", "None", chosen.figure(Measure::LogLoss).figure));
                }
                figures.extend(moved(&Drift::of_test(evaluation)));
            }
            Self::Scored(scored) => {
                figures.push(("loans_scored", "Count", scored.rows as f64));
                figures.extend(scored.drift.iter().flat_map(moved));
            }
            _ => {}
        }
        figures.push(("failures", "Count", 0.0));
        figures.push(("seconds", "Seconds", seconds));
        line(self.status(), &self.message(), request_id, &figures)
    }
}

fn moved(drift: &Drift) -> [(&'static str, &'static str, f64); 2] {
    [("score_psi", "None", drift.score), ("features_moved", "Count", drift.moved() as f64)]
}

/// The line of the log about an invocation that failed.
pub fn failure(error: &str, request_id: Option<&str>, seconds: f64) -> Value {
    line("failed", error, request_id, &[("failures", "Count", 1.0), ("seconds", "Seconds", seconds)])
}

/// CloudWatch finds metrics by name, in the line itself (embedded metric format).
fn line(stage: &str, message: &str, request_id: Option<&str>, figures: &[(&str, &str, f64)]) -> Value {
    let mut line = Map::new();
    line.insert("stage".to_owned(), stage.into());
    for (name, _, figure) in figures {
        line.insert((*name).to_owned(), json!((figure * 1e6).round() / 1e6));
    }
    line.insert("request_id".to_owned(), request_id.into());
    line.insert("message".to_owned(), message.into());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let metrics =
        figures.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect::<Vec<_>>();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": u64::try_from(now).unwrap_or_default(),
            "CloudWatchMetrics": [{ "Namespace": "LoanTrainer", "Dimensions": [[]], "Metrics": metrics }],
        }),
    );
    Value::Object(line)
}
