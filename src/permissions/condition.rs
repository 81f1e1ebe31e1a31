use crate::cloud::naming;
use crate::resource::{Owner, When};
use serde_json::{Value as Json, json};

/// The `Condition` of a statement; none: always.
pub fn condition(when: When, stack: &str, region: &str) -> Option<Json> {
    let equals = |key: String, value: Json| Some(json!({"StringEquals": {key: value}}));
    match when {
        When::Always => None,
        When::Tagged => equals(format!("aws:RequestTag/{}", Owner::STACK), json!(stack)),
        When::Ours => equals(format!("aws:ResourceTag/{}", Owner::STACK), json!(stack)),
        When::Creating(calls) => {
            let calls = if let [call] = calls { json!(call) } else { json!(calls) };
            Some(json!({"StringEquals": {
                format!("aws:RequestTag/{}", Owner::STACK): stack, "ec2:CreateAction": calls}}))
        }
        When::PassedTo(service) => equals("iam:PassedToService".to_owned(), json!(service)),
        When::LinkedTo(service) => equals("iam:AWSServiceName".to_owned(), json!(service)),
        When::Via(service) => {
            let at = |domain: &str| json!(format!("{service}.{region}.{domain}"));
            // In which domain KMS has the name outside of `amazonaws.com` is documented for China alone.
            let names = match naming::domain(region) {
                "amazonaws.com" => at("amazonaws.com"),
                other => json!([at(other), at("amazonaws.com")]),
            };
            equals("kms:ViaService".to_owned(), names)
        }
    }
}
