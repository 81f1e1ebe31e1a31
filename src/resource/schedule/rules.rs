//! What a JSON Schema cannot say about a schedule.

use serde_json::Value as Json;

/// Operations that a schedule may not call, since they change nothing (AWS: "Using universal targets").
const READS: &[&str] = &["get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup"];

pub(super) fn check(inputs: &Json) -> Vec<(String, String)> {
    let mut complaints = vec![];
    let mut complain = |path: &str, text: String| complaints.push((path.to_owned(), text));
    if let (Some(start), Some(end)) = (inputs["start"].as_str(), inputs["end"].as_str())
        && end <= start
    {
        complain("end", format!("{end} is not after `start`, which is {start}"));
    }
    if inputs["expression"].as_str().is_some_and(|expression| expression.starts_with("at(")) {
        for name in ["start", "end"].iter().filter(|name| !inputs[**name].is_null()) {
            let text = "AWS does not mind it where `expression` is at(…), which is one moment already: remove it";
            complain(name, text.to_owned());
        }
    }
    if let Some((_, operation)) = inputs["target"].as_str().and_then(|target| target.split_once(":aws-sdk:")) {
        let form = "write it as in arn:aws:scheduler:::aws-sdk:sagemaker:createTrainingJob";
        let (service, action) = operation.split_once(':').unwrap_or((operation, ""));
        let lower = |text: &str| text.starts_with(|c: char| c.is_ascii_lowercase());
        let words = |verb: &&&str| {
            action.strip_prefix(**verb).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
        };
        if !lower(service) || !lower(action) || action.contains(':') {
            complain("target", format!("`{operation}` is no SERVICE:operation with small first letters: {form}"));
        } else if let Some(verb) = READS.iter().find(words) {
            complain("target", format!("a schedule cannot call `{action}`: what begins with `{verb}` only reads"));
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn paths(inputs: Json) -> Vec<String> {
        check(&inputs).into_iter().map(|(path, _)| path).collect()
    }

    #[test]
    fn what_the_scheduler_would_refuse_is_refused() {
        let ends = json!({"start": "2027-01-01T00:00:00Z", "end": "2027-01-01T00:00:00Z"});
        assert_eq!(paths(ends), ["end"]);
        for operation in ["sagemaker:CreateTrainingJob", "SageMaker:createTrainingJob", "sagemaker", "sqs:receiveMessage"] {
            let target = format!("arn:aws:scheduler:::aws-sdk:{operation}");
            assert_eq!(paths(json!({"target": target})), ["target"], "{operation}");
        }
    }

    #[test]
    fn one_moment_has_no_start_and_no_end() {
        let once = |more: Json| {
            let mut inputs = json!({"expression": "at(2027-01-31T06:00:00)", "start": null});
            inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            paths(inputs)
        };
        assert_eq!(once(json!({})), [""; 0]);
        assert_eq!(once(json!({"start": "2027-01-01T00:00:00Z", "end": {"$unknown": "param.x"}})), ["start", "end"]);
    }

    #[test]
    fn what_it_takes_passes() {
        for inputs in [
            json!({"start": "2027-01-01T00:00:00Z", "end": "2027-01-01T00:00:01Z"}),
            json!({"start": {"$unknown": "param.x"}, "target": {"$unknown": "queue.a.arn"}}),
            json!({"target": "arn:aws:scheduler:::aws-sdk:sagemaker:createTrainingJob"}),
            json!({"target": "arn:aws:scheduler:::aws-sdk:ecs:getterOfNothing"}),
            json!({"target": "arn:aws:lambda:eu-west-1:123456789012:function:f"}),
        ] {
            assert_eq!(paths(inputs), [""; 0]);
        }
    }
}
