//! The event that invokes a function.
//!
//! Only what is used is read. `aws_lambda_events` demands fields that emulators, and people who send an event by hand,
//! leave out.

use percent_encoding::percent_decode_str;
use serde::Deserialize;
use serde_json::Value;

/// An object that an event tells of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Object {
    /// Its bucket.
    pub bucket: String,
    /// Its key, decoded.
    pub key: String,
}

/// Why a record cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("the event is neither S3's nor one that holds S3's (EventBridge, SQS, SNS): {0}")]
pub struct Unknown(String);

/// One thing that an event tells of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    #[serde(default)]
    event_name: Option<String>,
    #[serde(default)]
    s3: Option<Entity>,
    /// SQS: the message, which is an event itself.
    #[serde(default)]
    body: Option<String>,
    /// SNS: the same.
    #[serde(default, rename = "Sns")]
    sns: Option<Message>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "Message")]
    message: String,
}

#[derive(Deserialize)]
struct Entity {
    bucket: Bucket,
    object: Key,
}

#[derive(Deserialize)]
struct Bucket {
    name: String,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

/// Messages in messages in messages are nobody's.
const MAX_DEPTH: usize = 4;

/// What an event is about.
#[derive(Debug, Default)]
pub struct Found {
    /// The objects, each once, in order.
    pub objects: Vec<Object>,
    /// What is wrong with records that cannot be understood. One of them must not keep the others of its batch from being
    /// heeded.
    pub unknown: Vec<Unknown>,
}

/// The new objects that an event is about. It comes from S3, or from S3 by way of EventBridge, SQS or SNS.
///
/// None for `s3:TestEvent`, which S3 sends when a notification is set up, and for events about anything but new objects.
pub fn objects(event: &Value) -> Found {
    let mut found = Found::default();
    collect(event, 0, &mut found);
    found
}

fn collect(event: &Value, depth: usize, found: &mut Found) {
    if let Err(error) = look_into(event, depth, found) {
        found.unknown.push(error);
    }
}

fn look_into(event: &Value, depth: usize, found: &mut Found) -> Result<(), Unknown> {
    if depth == MAX_DEPTH {
        return Err(Unknown(format!("messages are wrapped more than {MAX_DEPTH} times")));
    }
    if event.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Ok(());
    }
    if event.get("source").and_then(Value::as_str) == Some("aws.s3") {
        let kind = event.get("detail-type").and_then(Value::as_str);
        let Entity { bucket, object } =
            Entity::deserialize(event.get("detail").unwrap_or(&Value::Null)).map_err(unknown)?;
        // EventBridge does not encode keys.
        add(kind == Some("Object Created"), bucket, object.key, &mut found.objects);
        return Ok(());
    }
    if let (Some("Notification"), Some(message)) =
        (event.get("Type").and_then(Value::as_str), event.get("Message").and_then(Value::as_str))
    {
        collect(&inner(message)?, depth + 1, found);
        return Ok(());
    }
    let records = event.get("Records").and_then(Value::as_array);
    let records = records.ok_or_else(|| Unknown("there are no \"Records\" in it".to_owned()))?;
    for record in records {
        if let Err(error) = take(record, depth, found) {
            found.unknown.push(error);
        }
    }
    Ok(())
}

fn take(record: &Value, depth: usize, found: &mut Found) -> Result<(), Unknown> {
    let Record { event_name, s3, body, sns } = Record::deserialize(record).map_err(unknown)?;
    match (s3, body.or(sns.map(|sns| sns.message))) {
        (Some(Entity { bucket, object }), _) => {
            let name = event_name.as_deref();
            let created =
                name.is_none_or(|name| name.strip_prefix("s3:").unwrap_or(name).starts_with("ObjectCreated"));
            add(created, bucket, decode(&object.key)?, &mut found.objects);
        }
        (None, Some(message)) => collect(&inner(&message)?, depth + 1, found),
        (None, None) => return Err(Unknown("a record has neither \"s3\" nor \"body\"".to_owned())),
    }
    Ok(())
}

fn inner(text: &str) -> Result<Value, Unknown> {
    serde_json::from_str(text).map_err(unknown)
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn unknown(error: serde_json::Error) -> Unknown {
    Unknown(error.to_string())
}

fn add(created: bool, bucket: Bucket, key: String, objects: &mut Vec<Object>) {
    let object = Object { bucket: bucket.name, key: key.clone() };
    // The console makes a folder by an empty object whose key ends so.
    if created && !key.ends_with('/') && !objects.contains(&object) {
        objects.push(object);
    }
}

/// Keys come as in a form: percent signs, and `+` for a space.
fn decode(key: &str) -> Result<String, Unknown> {
    percent_decode_str(&key.replace('+', " "))
        .decode_utf8()
        .map(std::borrow::Cow::into_owned)
        .map_err(|_| Unknown(format!("the key {key:?} is no UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn record(name: &str, key: &str) -> Value {
        json!({"eventName": name, "eventTime": "2026-01-01T00:00:00Z",
               "s3": {"bucket": {"name": "data"}, "object": {"key": key, "size": 1, "eTag": "x"}}})
    }

    /// The files of an event that is understood as a whole.
    fn files(event: &Value) -> Vec<Object> {
        let Found { objects, unknown } = objects(event);
        assert!(unknown.is_empty(), "{unknown:?}");
        objects
    }

    #[test]
    fn keys_are_decoded_and_repeated_records_are_one() {
        let created = "ObjectCreated:Put";
        let event = json!({"Records": [
            record(created, "in/a+b%2Bc%28%C3%BC%29.csv"), record(created, "in/a+b%2Bc%28%C3%BC%29.csv"),
            record("ObjectCreated:CompleteMultipartUpload", "in/second.csv"),
            record("ObjectRemoved:Delete", "in/gone.csv"), record(created, "in/"),
        ]});
        let object = |key: &str| Object { bucket: "data".into(), key: key.into() };
        assert_eq!(files(&event), [object("in/a b+c(ü).csv"), object("in/second.csv")]);
    }

    #[test]
    fn events_come_by_eventbridge_sqs_and_sns_too() {
        let object = |key: &str| Object { bucket: "data".into(), key: key.into() };
        let bridge = |kind: &str| {
            json!({"version": "0", "source": "aws.s3", "detail-type": kind,
                   "detail": {"bucket": {"name": "data"}, "object": {"key": "in/a+b.csv", "version-id": "v1"}}})
        };
        assert_eq!(files(&bridge("Object Created")), [object("in/a+b.csv")]);
        assert!(files(&bridge("Object Deleted")).is_empty());
        let s3 = json!({"Records": [record("ObjectCreated:Put", "in/a+b.csv")]});
        let topic = json!({"Type": "Notification", "Message": s3.to_string()});
        let queue = json!({"Records": [
            {"messageId": "1", "eventSource": "aws:sqs", "body": s3.to_string()},
            {"messageId": "2", "eventSource": "aws:sqs", "body": bridge("Object Created").to_string()},
            {"messageId": "3", "eventSource": "aws:sqs", "body": topic.to_string()},
        ]});
        assert_eq!(files(&queue), [object("in/a b.csv"), object("in/a+b.csv")]);
        let direct = json!({"Records": [{"EventSource": "aws:sns", "Sns": {"Message": s3.to_string()}}]});
        assert_eq!(files(&direct), [object("in/a b.csv")]);
        let mut deep = s3;
        for _ in 0..MAX_DEPTH {
            deep = json!({"Records": [{"body": deep.to_string()}]});
        }
        assert_eq!((objects(&deep).objects.len(), objects(&deep).unknown.len()), (0, 1));
    }

    #[test]
    fn a_record_that_is_not_understood_does_not_hide_the_others() {
        let good = json!({"Records": [record("ObjectCreated:Put", "in/a.csv")]});
        let batch = json!({"Records": [{"body": "hello"}, {"body": good.to_string()}, {"other": 1}]});
        let Found { objects, unknown } = objects(&batch);
        assert_eq!(objects, [Object { bucket: "data".into(), key: "in/a.csv".into() }]);
        assert_eq!(unknown.len(), 2);
    }

    #[test]
    fn a_test_event_is_about_nothing() {
        let event = json!({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "data"});
        assert!(files(&event).is_empty());
    }

    #[test]
    fn anything_else_is_an_error_that_says_so() {
        let error = objects(&json!({"hello": "world"})).unknown[0].to_string();
        assert!(error.starts_with("the event is neither"), "{error}");
    }
}
