//! What invokes the function.

use access::event;
use serde_json::Value;

use crate::error::Error;
use crate::runs::Caller;

/// The object whose change says that there is new data.
const MANIFEST: &str = "loan_features/_manifest.json";

/// What is to be done.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Task {
    /// Train on the newest data, then score.
    Train(Caller),
    /// Score the open loans.
    Score(Caller),
    /// Nothing: the event is about something else.
    Nothing,
}

/// Understands `{"run": "train"}`, `{"run": "score"}`, and S3's events about the manifest of the lake's features, by whatever
/// way they come.
pub fn task(event: &Value) -> Result<Task, Error> {
    if let Some(run) = event.get("run") {
        return match run.as_str() {
            Some("train") => Ok(Task::Train(Caller::Schedule)),
            Some("score") => Ok(Task::Score(Caller::Schedule)),
            _ => Err(Error::Message(format!("\"run\" is {run}: expected \"train\" or \"score\""))),
        };
    }
    let event::Found { objects, unknown } = event::objects(event);
    if objects.iter().any(|object| object.key == MANIFEST || object.key.ends_with(&format!("/{MANIFEST}"))) {
        return Ok(Task::Train(Caller::Event));
    }
    match unknown.into_iter().next() {
        Some(unknown) => Err(Error::Message(format!("it has no \"run\", and {unknown}"))),
        None => Ok(Task::Nothing),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn schedules_and_new_data_are_understood_and_nothing_else() {
        let created = |key: &str| json!({"Records": [{"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {"key": key}}}]});
        let by_queue =
            json!({"Records": [{"body": created("lake/loan_features/_manifest.json").to_string()}]});
        for (event, expected) in [
            (json!({"run": "train"}), Task::Train(Caller::Schedule)),
            (json!({"run": "score"}), Task::Score(Caller::Schedule)),
            (created("lake/loan_features/_manifest.json"), Task::Train(Caller::Event)),
            (by_queue, Task::Train(Caller::Event)),
            (created("lake/loans/_manifest.json"), Task::Nothing),
            (created("lake/loan_features/issue_year%3D2011/a.parquet"), Task::Nothing),
            (json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}), Task::Nothing),
        ] {
            assert_eq!(task(&event).unwrap(), expected, "{event}");
        }
        let error = |event: Value| task(&event).unwrap_err().to_string();
        assert!(
            error(json!({"run": "walk"})).contains("\"run\" is \"walk\": expected \"train\" or \"score\"")
        );
        assert!(error(json!({"hello": 1})).contains("it has no \"run\", and the event is neither S3's"));
    }
}
