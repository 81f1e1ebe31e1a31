//! What a JSON Schema cannot say about a function.

use crate::facts;
use crate::path::Path;
use crate::schema::{as_unknown, has_unknown};
use serde_json::Value as Json;

/// Names that Lambda sets itself (AWS: "Using Lambda environment variables"). `AWS_LAMBDA_EXEC_WRAPPER` and the like may
/// be set.
const RESERVED: &[&str] = &[
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
    "_HANDLER",
    "_X_AMZN_TRACE_ID",
];

/// Bytes of all names and values together.
const ENVIRONMENT: usize = 4096;

pub(super) fn check(inputs: &Json) -> Vec<(String, String)> {
    let mut complaints = Vec::new();
    let mut complain = |path: &str, text: String| complaints.push((path.to_owned(), text));
    let given = |name: &str| !inputs[name].is_null();
    if !given("source") && !given("artifact") {
        let text = "a function needs code: give `source = \"handlers/NAME\"`, the folder of a crate, or `artifact = \
                    \"path.zip\"`";
        complain("source", text.to_owned());
    }
    let filled = |name: &str| match &inputs[name] {
        Json::Array(items) => !items.is_empty(),
        other => as_unknown(other).is_some(),
    };
    let (subnets, groups) = (filled("subnet_ids"), filled("security_group_ids"));
    if subnets != groups {
        let (there, missing) =
            if subnets { ("subnet_ids", "security_group_ids") } else { ("security_group_ids", "subnet_ids") };
        complain(there, format!("a function in a VPC needs both: add `{missing}`"));
    }
    let handler = inputs["handler"].as_str().zip(inputs["runtime"].as_str());
    if let Some((handler, runtime)) = handler
        && let Some(form) = facts::handler(runtime, handler)
    {
        complain("handler", format!("`{handler}` is no handler of {runtime}; write it as {form}"));
    }
    if let Some(environment) = inputs["environment"].as_object().filter(|_| as_unknown(&inputs["environment"]).is_none()) {
        for name in environment.keys() {
            let path = Path::key("environment").with(name).to_string();
            let mut letters = name.chars();
            let starts = letters.next().is_some_and(|c| c.is_ascii_alphabetic());
            if RESERVED.contains(&name.as_str()) {
                complain(&path, format!("Lambda sets {name} itself: choose another name"));
            } else if !starts || name.len() < 2 || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
                let text = "names of variables start with a letter and have at least two letters, digits or `_`";
                complain(&path, text.to_owned());
            }
        }
        let known = environment.iter().filter(|(_, value)| !has_unknown(value));
        let bytes: usize = known.map(|(name, value)| name.len() + value.as_str().map_or(0, str::len)).sum();
        if bytes > ENVIRONMENT {
            let text = format!("the variables have {bytes} bytes, and Lambda takes {ENVIRONMENT}: put what is long into S3 \
                                or a secret and hand over its name");
            complain("environment", text);
        }
    }
    for name in inputs["files"].as_object().into_iter().flatten().map(|(name, _)| name) {
        let path = Path::key("files").with(name).to_string();
        if name == "bootstrap" {
            complain(&path, "is the name of the function's program: choose another for this file".to_owned());
        } else if name.split('/').any(|step| matches!(step, "" | "." | "..")) || name.contains('\\') {
            complain(&path, format!("`{name}` is no name for a file in the zip: write it as in `roots/ca.pem`"));
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
    fn what_fits_passes() {
        assert_eq!(paths(json!({"source": "handlers/loader"})), [""; 0]);
        let unknown = json!({"$unknown": "subnet.a.id"});
        let all = json!({"artifact": "f.zip", "name": "a-b_1", "subnet_ids": [unknown], "security_group_ids": ["sg-1"],
            "environment": {"DB_HOST": {"$unknown": "db_instance.loans.endpoint"}}});
        assert_eq!(paths(all), [""; 0]);
    }

    #[test]
    fn files_have_names_below_the_root_of_the_zip() {
        let file = json!({"path": "x"});
        let files = |names: &[&str]| -> Json {
            let files = names.iter().map(|name| ((*name).to_owned(), file.clone()));
            json!({"source": "h", "files": Json::Object(files.collect())})
        };
        assert_eq!(paths(files(&["ca.pem", "roots/ca.pem"])), [""; 0]);
        let wrong = ["bootstrap", "/etc/ca.pem", "../ca.pem", "roots/"];
        assert_eq!(paths(files(&wrong)), wrong.map(|name| Path::key("files").with(name).to_string()));
    }

    #[test]
    fn what_does_not_fit_is_named() {
        assert_eq!(paths(json!({"subnet_ids": ["subnet-1"], "security_group_ids": []})), ["source", "subnet_ids"]);
        let environment = json!({"AWS_REGION": "x", "1A": "", "A-B": "", "A": "", "LONG": "x".repeat(4096)});
        let inputs = json!({"source": "h", "handler": "app", "runtime": "python3.13", "environment": environment});
        let expected =
            ["handler", "environment.AWS_REGION", "environment.1A", "environment.A-B", "environment.A", "environment"];
        assert_eq!(paths(inputs), expected);
    }
}
