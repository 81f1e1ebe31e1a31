//! The event that invokes the function.
//!
//! Only what is used is read. `aws_lambda_events` demands fields that emulators, and people who send an event by hand,
//! leave out.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

use crate::error::Error;
use crate::source::Source;

#[derive(Deserialize)]
struct Notification {
    #[serde(rename = "Records")]
    records: Vec<Record>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    event_name: Option<String>,
    s3: Entity,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Object,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Object {
    key: String,
}

/// The files that an event is about, each once, in order. None for `s3:TestEvent`, which S3 sends when a notification
/// is set up, and for events about anything but new objects.
pub fn sources(event: &Value) -> Result<Vec<Source>, Error> {
    if event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Ok(Vec::new());
    }
    let notification = Notification::deserialize(event).map_err(|error| Error::Event(error.to_string()))?;
    let mut sources = Vec::new();
    for record in notification.records {
        let created = record
            .event_name
            .as_deref()
            .is_none_or(|name| name.strip_prefix("s3:").unwrap_or(name).starts_with("ObjectCreated"));
        let Object { key } = record.s3.object;
        let key = decode(&key)?;
        // The console makes a folder by an empty object whose key ends so.
        if !created || key.ends_with('/') {
            continue;
        }
        let source = Source::S3 { bucket: record.s3.bucket.name, key };
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    Ok(sources)
}

/// Keys come as in a form: percent signs, and `+` for a space.
fn decode(key: &str) -> Result<String, Error> {
    percent_decode_str(&key.replace('+', " "))
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Error::Event(format!("the key {key:?} is no UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(name: &str, key: &str) -> Value {
        json!({"eventName": name, "eventTime": "2026-01-01T00:00:00Z",
               "s3": {"bucket": {"name": "data"}, "object": {"key": key, "size": 1, "eTag": "x"}}})
    }

    #[test]
    fn keys_are_decoded_and_repeated_records_are_one() {
        let created = "ObjectCreated:Put";
        let event = json!({"Records": [
            record(created, "in/a+b%2Bc%28%C3%BC%29.csv"), record(created, "in/a+b%2Bc%28%C3%BC%29.csv"),
            record("ObjectCreated:CompleteMultipartUpload", "in/second.csv"),
            record("ObjectRemoved:Delete", "in/gone.csv"), record(created, "in/"),
        ]});
        let object = |key: &str| Source::S3 { bucket: "data".into(), key: key.into() };
        assert_eq!(sources(&event).unwrap(), [object("in/a b+c(ü).csv"), object("in/second.csv")]);
    }

    #[test]
    fn a_test_event_is_about_nothing() {
        let event = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "data"});
        assert!(sources(&event).unwrap().is_empty());
    }

    #[test]
    fn anything_else_is_an_error_that_says_so() {
        let error = sources(&json!({"hello": "world"})).unwrap_err().to_string();
        assert!(error.starts_with("the event is neither"), "{error}");
    }
}
