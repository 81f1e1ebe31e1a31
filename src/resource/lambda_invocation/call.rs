//! The call itself.

use crate::cloud::{Cloud, aws};
use crate::error::{Error, Result};
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::Value as Json;
use std::collections::BTreeMap;

/// Characters of an answer that an error quotes, where it is none of those that Lambda's runtimes give.
const QUOTED: usize = 500;

/// Calls the function and waits for its answer.
///
/// # Errors
/// Also if the function answered that it failed.
pub(super) async fn call(cloud: &Cloud, function: &str, payload: &BTreeMap<String, Json>) -> Result<()> {
    let sent = serde_json::to_vec(payload).map_err(|source| Error::Inputs { kind: "lambda_invocation", source })?;
    let call = cloud
        .lambda_calls()
        .invoke()
        .function_name(function)
        .invocation_type(InvocationType::RequestResponse)
        .payload(Blob::new(sent));
    let answer = call.send().await.map_err(aws("lambda:InvokeFunction")).map_err(doubtful)?;
    match answer.function_error() {
        None => Ok(()),
        Some(how) => Err(failed(function, how, answer.payload().map(Blob::as_ref).unwrap_or_default())),
    }
}

/// Where no answer came, or one that says nothing, the function may have run.
fn doubtful(error: Error) -> Error {
    match error {
        Error::Aws(mut error) if error.code.is_none() || error.status == Some(500) => {
            let message = error.message.trim_end_matches('.');
            error.message =
                format!("{message}. Whether the function has run is not known: the next apply calls it again");
            Error::Aws(error)
        }
        other => other,
    }
}

/// In the words of the function; `how` is `Handled` or `Unhandled`.
fn failed(function: &str, how: &str, answer: &[u8]) -> Error {
    let name = function.rsplit(':').next().unwrap_or(function);
    let json: Json = serde_json::from_slice(answer).unwrap_or_default();
    let (kind, message) = (json["errorType"].as_str(), json["errorMessage"].as_str());
    let said = match (kind, message) {
        (Some(kind), Some(message)) => format!("{kind}: {message}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => {
            let text: String = String::from_utf8_lossy(answer).chars().take(QUOTED).collect();
            format!("{how}: {text}")
        }
    };
    Error::Refused(format!(
        "the function {name} failed: {said}. Its log tells more; once that is mended, apply again, which calls it again"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::veil::veil;

    const FUNCTION: &str = "arn:aws:lambda:eu-west-1:123456789012:function:loader";

    #[test]
    fn a_failure_is_told_in_the_words_of_the_function() {
        let said = |answer: &str| failed(FUNCTION, "Unhandled", answer.as_bytes()).to_string();
        let both = said(r#"{"errorType": "NoSecret", "errorMessage": "not there", "trace": []}"#);
        assert!(both.starts_with("the function loader failed: NoSecret: not there."), "{both}");
        let one = said(r#"{"errorMessage": "2026-01-01 Task timed out after 3.00 seconds"}"#);
        assert!(one.contains("failed: 2026-01-01 Task timed out"), "{one}");
        let other = said("out of memory");
        assert!(other.contains("failed: Unhandled: out of memory."), "{other}");
        assert!(said(&"x".repeat(10_000)).len() < 700);
    }

    #[test]
    fn a_failure_does_not_tell_secrets() {
        veil("hunter2-of-invocation");
        let error = failed(FUNCTION, "Handled", br#"{"errorMessage": "wrong password hunter2-of-invocation"}"#);
        assert!(error.to_string().contains("wrong password (sensitive)"), "{error}");
    }
}
