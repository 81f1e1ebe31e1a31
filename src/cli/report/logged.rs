//! What a function has logged, for people: lines of text as they are, lines of JSON as a sentence.

use super::style::Paint;
use super::{bytes, data, document};
use serde_json::{Map, Value as Json, json};

/// One event, with its time in milliseconds since 1970.
pub fn logged(at: i64, message: &str) {
    let time =
        jiff::Timestamp::from_millisecond(at).map(|time| time.strftime("%Y-%m-%d %H:%M:%S").to_string());
    data(&format!(
        "{} {}",
        Paint::Dim.label(&time.unwrap_or_default()),
        readable(&message.replace('\t', "  "))
    ));
}

/// One event as it was logged. What is no JSON becomes some, so that a pipe gets nothing else.
pub fn logged_json(message: &str) {
    match serde_json::from_str::<Map<String, Json>>(message) {
        Ok(_) => document(&message.replace(['\n', '\r'], " ")),
        Err(_) => document(&json!({ "message": message }).to_string()),
    }
}

/// What Lambda itself writes around each invocation.
const PLATFORM: &[&str] = &["INIT_START ", "START RequestId", "END RequestId", "REPORT RequestId"];

fn readable(message: &str) -> String {
    match serde_json::from_str::<Map<String, Json>>(message) {
        Ok(fields) => sentence(fields),
        Err(_) if PLATFORM.iter().any(|start| message.starts_with(start)) => Paint::Dim.label(message),
        Err(_) => message.to_owned(),
    }
}

/// The time before the line has them.
const LEFT_OUT: &[&str] = &["time", "timestamp"];
/// The same in every stage of a file: shown with the last one, of which CloudWatch makes metrics.
const IDS: &[&str] = &["request_id", "trace_id", "load_id"];

/// What happened, to which file, with which figures, and whatever else was logged.
fn sentence(mut fields: Map<String, Json>) -> String {
    for name in LEFT_OUT {
        fields.shift_remove(*name);
    }
    let has_metrics = fields.shift_remove("_aws").is_some();
    let is_last = has_metrics || !fields.contains_key("stage");
    let ids = IDS.iter().filter_map(|name| Some(format!("{name}={}", text(fields.shift_remove(*name)?))));
    let ids: Vec<String> = ids.filter(|_| is_last).collect();
    let mut take = |names: &[&str]| names.iter().find_map(|name| fields.shift_remove(*name));
    let what = take(&["stage", "level"]).map(text);
    let file = take(&["file"]).map(text).filter(|file| !file.is_empty());
    let figures = figures(&mut take);
    let message = take(&["message", "msg"]).map(text);
    let mut parts: Vec<String> =
        what.map(|what| paint(&what).label(&format!("{what:<10}"))).into_iter().collect();
    parts.extend(file);
    parts.extend(figures);
    parts.extend(has_metrics.then(|| counts(&mut fields)).flatten());
    parts.extend(fields.into_iter().map(|(name, value)| format!("{name}={}", text(value))));
    parts.extend(message);
    parts.extend((!ids.is_empty()).then(|| Paint::Dim.label(&ids.join("  "))));
    parts.join("  ")
}

fn text(value: Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn paint(what: &str) -> Paint {
    match what.to_lowercase().as_str() {
        "loaded" | "already_loaded" | "duplicate" => Paint::Good,
        "warn" | "warning" => Paint::Change,
        failed if failed.contains("fail") || failed.contains("error") || failed == "fatal" => Paint::Bad,
        _ => Paint::Strong,
    }
}

/// `2,000 rows, 1.30 MB in 0.41 s (3.1 MB/s)`
fn figures(take: &mut impl FnMut(&[&str]) -> Option<Json>) -> Option<String> {
    let rows = take(&["rows"]).and_then(|rows| rows.as_u64()).map(|rows| format!("{} rows", grouped(rows)));
    let size = take(&["bytes"]).and_then(|size| size.as_u64()).map(bytes);
    let seconds = take(&["seconds"]).and_then(|seconds| seconds.as_f64());
    let rate = take(&["mb_per_s"]).and_then(|rate| rate.as_f64()).filter(|rate| *rate > 0.0);
    let amount: Vec<String> = rows.into_iter().chain(size).collect();
    let mut figures = amount.join(", ");
    if let Some(seconds) = seconds {
        let word = if figures.is_empty() { "after" } else { "in" };
        figures = format!("{figures} {word} {seconds:.2} s").trim_start().to_owned();
    }
    if let Some(rate) = rate {
        figures.push_str(&format!(" ({rate:.1} MB/s)"));
    }
    (!figures.is_empty()).then_some(figures)
}

/// `read 2,000, loaded 1,990, rejected 10`: the metrics whose names say that they count rows. Of nothing, nothing is said.
fn counts(fields: &mut Map<String, Json>) -> Option<String> {
    if fields.get("failures").is_some_and(Json::is_number) {
        fields.shift_remove("failures");
    }
    let names: Vec<String> = fields.keys().filter(|name| name.starts_with("rows_")).cloned().collect();
    let counts = names.into_iter().filter_map(|name| {
        let count = fields.shift_remove(&name)?.as_u64().filter(|count| *count > 0)?;
        Some(format!("{} {}", name.trim_start_matches("rows_"), grouped(count)))
    });
    let counts: Vec<String> = counts.collect();
    (!counts.is_empty()).then(|| counts.join(", "))
}

/// `1,234,567`
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(message: &str) -> String {
        anstream::adapter::strip_str(&readable(message)).to_string()
    }

    #[test]
    fn a_stage_is_a_sentence() {
        let staged = r#"{"file":"s3://loans/incoming/a.csv","stage":"staged","rows":42535,"bytes":31000000,"seconds":1.204,"mb_per_s":25.7,"request_id":"r","trace_id":"t"}"#;
        insta::assert_snapshot!(plain(staged), @"staged      s3://loans/incoming/a.csv  42,535 rows, 31.00 MB in 1.20 s (25.7 MB/s)");
        let registered = r#"{"file":"s3://loans/incoming/a.csv","stage":"registered","seconds":0.02,"request_id":"r","message":"again"}"#;
        insta::assert_snapshot!(plain(registered), @"registered  s3://loans/incoming/a.csv  after 0.02 s  again");
    }

    /// With what CloudWatch makes metrics of.
    #[test]
    fn the_end_has_its_counts() {
        let end = r#"{"file":"s3://b/a.csv","stage":"loaded","rows":1990,"bytes":1000000,"seconds":0.5,"mb_per_s":2.0,"rows_read":2001,"rows_loaded":1990,"rows_unchanged":0,"rows_rejected":11,"failures":0,"request_id":"r-1","trace_id":"1-2-3","_aws":{"Timestamp":1,"CloudWatchMetrics":[]},"message":"source.a"}"#;
        insta::assert_snapshot!(plain(end), @"loaded      s3://b/a.csv  1,990 rows, 1.00 MB in 0.50 s (2.0 MB/s)  read 2,001, loaded 1,990, rejected 11  source.a  request_id=r-1  trace_id=1-2-3");
    }

    #[test]
    fn what_others_log_loses_nothing() {
        let line = r#"{"level":"ERROR","message":"no","code":7,"parts":["a"],"request_id":"r-1"}"#;
        insta::assert_snapshot!(plain(line), @r#"ERROR       code=7  parts=["a"]  no  request_id=r-1"#);
        assert_eq!(plain("plain text"), "plain text");
        assert_eq!(plain("[1]"), "[1]");
        assert_eq!(plain("START RequestId: 1"), "START RequestId: 1");
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!([0, 999, 1000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    }
}
