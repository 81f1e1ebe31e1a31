//! The user's policy and the statement of `tls_only` are one document in S3; here they are told apart again.

use super::{Id, Inputs};
use crate::cloud::{Cloud, Gone, Remedy, aws, naming};
use crate::error::Result;
use crate::schema::{has_unknown, policy};
use serde_json::{Value as Json, json};

/// Marks the statement as ours.
const SID: &str = "StackctlTlsOnly";
const NONE: &[&str] = &["NoSuchBucketPolicy"];

pub(super) fn arn(cloud: &Cloud, id: &Id) -> String {
    naming::bucket_arn(&cloud.region, &id.0)
}

fn statement(arn: &str) -> Json {
    json!({
        "Sid": SID, "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": [arn, format!("{arn}/*")],
        "Condition": { "Bool": { "aws:SecureTransport": "false" } },
    })
}

fn statements(document: &Json) -> Vec<Json> {
    match document.get("Statement") {
        Some(Json::Array(all)) => all.clone(),
        Some(one) => vec![one.clone()],
        None => vec![],
    }
}

/// What S3 shall have; none: no policy.
fn merged(arn: &str, inputs: &Inputs) -> Option<Json> {
    let own = inputs.tls_only.then(|| statement(arn));
    let mut document = match &inputs.policy {
        None => json!({ "Version": "2012-10-17", "Statement": [own?] }),
        Some(document) => {
            let mut all = statements(document);
            all.extend(own);
            let mut document = document.clone();
            document["Statement"] = Json::Array(all);
            document
        }
    };
    // As `policy::text` sends it, so that both sides of a comparison say it.
    if let Some(document) = document.as_object_mut() {
        document.entry("Version").or_insert_with(|| json!("2012-10-17"));
    }
    Some(document)
}

/// Whether our statement is there, and the document without it. A statement of our Sid that says something else is not
/// ours: it shows as drift of both attributes.
fn separated(arn: &str, document: Json) -> (bool, Option<Json>) {
    let alone = |statement: &Json| json!({ "Statement": [statement] });
    let own = alone(&statement(arn));
    let all = statements(&document);
    let rest: Vec<Json> = all.iter().filter(|one| !policy::same(&alone(one), &own)).cloned().collect();
    if rest.len() == all.len() {
        return (false, Some(document));
    }
    let mut document = document;
    document["Statement"] = Json::Array(rest.clone());
    (true, (!rest.is_empty()).then_some(document))
}

pub(super) async fn read(cloud: &Cloud, id: &Id) -> Result<(bool, Option<Json>)> {
    let call = cloud.s3().get_bucket_policy().bucket(&id.0);
    let found = call.send().await.map_err(aws("s3:GetBucketPolicy")).gone(NONE)?;
    let document = found.and_then(|found| found.policy).as_deref().and_then(policy::parse);
    Ok(document.map_or((false, None), |document| separated(&arn(cloud, id), document)))
}

pub(super) async fn update(cloud: &Cloud, id: &Id, before: &Inputs, after: &Inputs) -> Result<()> {
    let arn = arn(cloud, id);
    match (merged(&arn, before), merged(&arn, after)) {
        (Some(there), Some(wanted)) if policy::same(&there, &wanted) => Ok(()),
        (_, Some(wanted)) => {
            let call = cloud.s3().put_bucket_policy().bucket(&id.0).policy(policy::text(&wanted));
            call.send().await.map_err(aws("s3:PutBucketPolicy")).map(|_| ()).remedy(
                &["AccessDenied"],
                "either you may not write bucket policies, or the policy is public and `block_public_access` is on",
            )
        }
        (Some(_), None) => {
            let call = cloud.s3().delete_bucket_policy().bucket(&id.0);
            call.send().await.map_err(aws("s3:DeleteBucketPolicy")).gone(NONE).map(|_| ())
        }
        (None, None) => Ok(()),
    }
}

pub(super) fn check(document: &Json) -> Vec<(String, String)> {
    if document.is_null() || has_unknown(document) {
        return vec![];
    }
    let text = if statements(document).is_empty() {
        "is no policy document: it needs at least one [[….Statement]]"
    } else if statements(document).iter().any(|one| one["Sid"] == SID) {
        "has a statement with the Sid `StackctlTlsOnly`, which `tls_only` adds: remove it, or name it otherwise"
    } else if statements(document).iter().any(locks_out) {
        "denies everything to everybody, stackctl included, and only the account's root could undo it: add a \
         condition or name actions"
    } else if statements(document).iter().any(by_canonical_id) {
        "names somebody by CanonicalUser, which S3 turns into another principal, so that it would read as changed for ever: \
         write that as AWS, such as `arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity ID` or the ARN of the account"
    } else {
        return vec![];
    };
    vec![("policy".to_owned(), text.to_owned())]
}

fn by_canonical_id(statement: &Json) -> bool {
    ["Principal", "NotPrincipal"].iter().any(|who| statement[who].get("CanonicalUser").is_some())
}

fn locks_out(statement: &Json) -> bool {
    let everybody = ["*", "{\"AWS\":\"*\"}", "{\"AWS\":[\"*\"]}"];
    let principal = &statement["Principal"];
    let text = principal.as_str().map_or_else(|| principal.to_string(), str::to_owned);
    let all = |value: &Json| ["s3:*", "*"].iter().any(|star| value == star || value[0] == *star);
    statement["Effect"] == "Deny"
        && statement.get("Condition").is_none()
        && everybody.contains(&text.as_str())
        && all(&statement["Action"])
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws-cn:s3:::raw";

    fn inputs(json: Json) -> Inputs {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_was_merged_is_told_apart_again() {
        let mine = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:GetObject",
            "Principal": {"AWS": "arn:aws:iam::123456789012:role/r"}, "Resource": "arn:aws:s3:::raw/*"}});
        for policy in [None, Some(mine)] {
            for tls_only in [true, false] {
                let wanted = inputs(json!({"policy": policy, "tls_only": tls_only}));
                let Some(document) = merged(ARN, &wanted) else {
                    assert!(!tls_only && policy.is_none());
                    continue;
                };
                let (on, rest) = separated(ARN, document);
                assert_eq!(on, tls_only);
                match (&rest, &policy) {
                    (Some(rest), Some(policy)) => assert!(policy::same(rest, policy)),
                    (rest, policy) => assert_eq!(rest.is_some(), policy.is_some()),
                }
            }
        }
    }

    #[test]
    fn a_changed_statement_is_not_ours() {
        let mut document = merged(ARN, &inputs(json!({}))).unwrap();
        document["Statement"][0]["Effect"] = json!("Allow");
        let (on, rest) = separated(ARN, document);
        assert!(!on && rest.is_some());
    }

    #[test]
    fn a_lock_out_is_refused() {
        let deny = json!({"Statement": [{"Effect": "Deny", "Principal": {"AWS": ["*"]}, "Action": ["s3:*"]}]});
        assert_eq!(check(&deny).len(), 1);
        let mut bound = deny.clone();
        bound["Statement"][0]["Condition"] = json!({"StringNotEquals": {"aws:SourceVpc": "vpc-1"}});
        assert!(check(&bound).is_empty());
        assert_eq!(check(&json!({"Version": "2012-10-17"})).len(), 1);
    }

    #[test]
    fn a_canonical_user_is_refused() {
        let by = |who: Json| json!({"Statement": {"Effect": "Allow", "Principal": who, "Action": "s3:GetObject"}});
        assert_eq!(check(&by(json!({"CanonicalUser": ["79a5"], "Service": "x"}))).len(), 1);
        assert!(check(&by(json!({"AWS": "arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity E1"}))).is_empty());
    }
}
