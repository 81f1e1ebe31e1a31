//! What a JSON Schema cannot say about a workgroup.

use serde_json::Value as Json;

pub(super) fn check(inputs: &Json) -> Vec<(String, String)> {
    let mut complaints = vec![];
    let mut complain = |path: &str, text: &str| complaints.push((path.to_owned(), text.to_owned()));
    if inputs["name"] == "primary" {
        complain("name", "every account has the workgroup `primary` already, and it cannot be deleted: choose another name");
    }
    let keyed = inputs["encryption"].as_str().map(|option| option.ends_with("_KMS"));
    match (keyed, inputs["kms_key"].is_null()) {
        (Some(true), true) => complain("encryption", "needs the ARN of a key: add `kms_key`"),
        (Some(false), false) => complain("kms_key", "only `SSE_KMS` and `CSE_KMS` use a key: set `encryption` to one of them"),
        (None, false) if inputs["encryption"].is_null() => {
            complain("kms_key", "is for results that are encrypted with it: add `encryption = \"SSE_KMS\"`");
        }
        _ => {}
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_key_goes_with_an_encryption_that_uses_one() {
        let paths = |inputs: Json| -> Vec<String> { check(&inputs).into_iter().map(|(path, _)| path).collect() };
        let unknown = json!({"$unknown": "param.x"});
        for (inputs, complaints) in [
            (json!({"encryption": "SSE_KMS"}), vec!["encryption"]),
            (json!({"encryption": "SSE_S3", "kms_key": "arn:x"}), vec!["kms_key"]),
            (json!({"kms_key": unknown}), vec!["kms_key"]),
            (json!({"name": "primary"}), vec!["name"]),
            (json!({"encryption": "CSE_KMS", "kms_key": unknown, "name": "a"}), vec![]),
            (json!({"encryption": unknown, "kms_key": "arn:x"}), vec![]),
            (json!({"encryption": "SSE_S3"}), vec![]),
        ] {
            assert_eq!(paths(inputs.clone()), complaints, "{inputs}");
        }
    }
}
