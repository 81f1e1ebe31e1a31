//! IAM policy documents: compared by meaning, since AWS stores them in a shape of its own.

use serde_json::{Map, Value as Json, json};

/// A form that two documents share exactly when they mean the same: statements in a fixed order, lists where one
/// element may stand bare, lower-case actions, account ids for `:root` principals. Not for sending to AWS.
pub fn canonical(document: &Json) -> Json {
    let Some(object) = document.as_object() else { return document.clone() };
    let mut statements: Vec<Json> = match object.get("Statement") {
        Some(Json::Array(all)) => all.iter().map(statement).collect(),
        Some(one) => vec![statement(one)],
        None => vec![],
    };
    statements.sort_by_key(ToString::to_string);
    let version = object.get("Version").cloned().unwrap_or_else(|| json!("2008-10-17"));
    json!({ "Version": version, "Statement": statements })
}

/// Adds the version that a document of `stack.toml` means: today's, and not the one of 2008 that AWS takes where none
/// is named, in which policy variables do not work.
pub fn complete(document: &mut Json) {
    if let Json::Object(object) = document
        && !object.contains_key("Version")
    {
        object.shift_insert(0, "Version".to_owned(), json!("2012-10-17"));
    }
}

/// Whether both documents mean the same.
pub fn same(a: &Json, b: &Json) -> bool {
    canonical(a) == canonical(b)
}

/// The document as AWS wants it: `Version` first, which inline role policies insist on.
pub fn text(document: &Json) -> String {
    let mut ordered = Map::new();
    if let Some(object) = document.as_object() {
        let version = object.get("Version").cloned().unwrap_or_else(|| json!("2012-10-17"));
        ordered.insert("Version".to_owned(), version);
        for (key, value) in object.iter().filter(|(key, _)| *key != "Version") {
            ordered.insert(key.clone(), value.clone());
        }
    }
    Json::Object(ordered).to_string()
}

/// What a document may hold, as far as IAM would refuse it before looking at actions and resources.
pub fn schema(document: &Map<String, Json>) -> Json {
    let statement = json!({ "type": "object", "required": ["Effect"], "properties": {
        "Sid": { "type": "string" },
        "Effect": { "enum": ["Allow", "Deny"] },
        "Principal": true, "NotPrincipal": true,
        "Action": true, "NotAction": true,
        "Resource": true, "NotResource": true,
        "Condition": { "type": "object" },
    }});
    let statements = match document.get("Statement") {
        Some(Json::Object(_)) => statement,
        _ => json!({ "type": "array", "items": statement }),
    };
    json!({ "type": "object", "required": ["Statement"], "properties": {
        "Version": { "enum": ["2012-10-17", "2008-10-17"] },
        "Id": { "type": "string" },
        "Statement": statements,
    }})
}

/// Parses what AWS returned; IAM percent-encodes it.
pub fn parse(text: &str) -> Option<Json> {
    let decoded = match text.trim_start().starts_with('{') {
        true => text.into(),
        false => percent_encoding::percent_decode_str(text).decode_utf8().ok()?,
    };
    serde_json::from_str(&decoded).ok()
}

fn statement(statement: &Json) -> Json {
    let Some(object) = statement.as_object() else { return statement.clone() };
    let mut out: Vec<(String, Json)> = object
        .iter()
        .filter(|(key, _)| *key != "Sid" || object["Sid"] != json!(""))
        .map(|(key, value)| {
            let value = match key.as_str() {
                "Action" | "NotAction" => list(value, |text| text.to_lowercase()),
                "Resource" | "NotResource" => list(value, str::to_owned),
                "Principal" | "NotPrincipal" => principal(value),
                "Condition" => condition(value),
                _ => value.clone(),
            };
            (key.clone(), value)
        })
        .collect();
    out.sort_by(|a, b| a.0.cmp(&b.0));
    Json::Object(out.into_iter().collect())
}

fn list(value: &Json, each: impl Fn(&str) -> String) -> Json {
    let mut items: Vec<String> = match value {
        Json::Array(items) => items.iter().map(scalar).collect(),
        one => vec![scalar(one)],
    };
    for item in &mut items {
        *item = each(item);
    }
    items.sort();
    items.dedup();
    json!(items)
}

fn scalar(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn sorted(map: &Map<String, Json>, each: impl Fn(&Json) -> Json) -> Json {
    let mut entries: Vec<(String, Json)> =
        map.iter().map(|(key, value)| (key.clone(), each(value))).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    Json::Object(entries.into_iter().collect())
}

fn principal(value: &Json) -> Json {
    match value {
        Json::String(star) if star == "*" => json!({ "AWS": ["*"] }),
        Json::Object(map) => sorted(map, |who| list(who, account)),
        other => other.clone(),
    }
}

/// What makes a refused policy worth another try; the engine knows it by these words.
pub const TOO_NEW: &str = "who is named in the policy may be too new to be known";

/// Whether a role or a user is named in it, which may have been made a moment ago. Accounts and services are known.
pub fn names_identities(document: &Json) -> bool {
    let statements = match &document["Statement"] {
        Json::Array(all) => all.as_slice(),
        one => std::slice::from_ref(one),
    };
    let named = |value: &Json| match value {
        Json::Object(map) => map.get("AWS").is_some_and(|who| match who {
            Json::Array(all) => all.iter().any(is_identity),
            one => is_identity(one),
        }),
        _ => false,
    };
    statements.iter().any(|one| named(&one["Principal"]) || named(&one["NotPrincipal"]))
}

fn is_identity(principal: &Json) -> bool {
    let text = principal.as_str().unwrap_or_default();
    !(text == "*" || text.ends_with(":root") || is_account(text))
}

/// Whether this is the number of an account.
pub fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `arn:aws:iam::123456789012:root` is the account `123456789012`.
pub fn account(principal: &str) -> String {
    let parts: Vec<&str> = principal.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, "root"] => (*account).to_owned(),
        _ => principal.to_owned(),
    }
}

fn condition(value: &Json) -> Json {
    match value {
        Json::Object(operators) => sorted(operators, |keys| match keys {
            Json::Object(keys) => sorted(keys, |values| list(values, str::to_owned)),
            other => other.clone(),
        }),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meaning_and_not_text_is_compared() {
        let ours = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
            {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": ["a:B", "a:A"]},
        ]});
        let theirs = json!({"Statement": [
            {"Action": ["a:A", "a:b"], "Effect": "Deny", "Principal": {"AWS": ["123456789012"]}, "Sid": ""},
            {"Resource": ["arn:aws:s3:::b/*"], "Action": ["S3:getobject"], "Effect": "Allow"},
        ], "Version": "2012-10-17"});
        assert!(same(&ours, &theirs));
    }

    #[test]
    fn a_condition_and_an_effect_matter() {
        let allow = json!({"Statement": {"Effect": "Allow", "Action": "a:b", "Resource": "*"}});
        let deny = json!({"Statement": {"Effect": "Deny", "Action": "a:b", "Resource": "*"}});
        let mut bound = allow.clone();
        bound["Statement"]["Condition"] = json!({"Bool": {"aws:SecureTransport": "false"}});
        assert!(!same(&allow, &deny) && !same(&allow, &bound));
    }

    #[test]
    fn accounts_and_services_are_no_identities() {
        let names = |principal: Json| {
            let statement = json!({"Effect": "Allow", "Action": "a:b", "Principal": principal});
            assert_eq!(
                names_identities(&json!({"Statement": statement})),
                names_identities(&json!({"Statement": [{"Effect": "Deny"}, statement]}))
            );
            names_identities(&json!({"Statement": statement}))
        };
        assert!(names(json!({"AWS": "arn:aws:iam::123456789012:role/r"})));
        assert!(names(json!({"AWS": ["*", "AROAEXAMPLE"]})));
        for known in [
            json!("*"),
            json!({"AWS": ["*", "123456789012", "arn:aws:iam::123456789012:root"]}),
            json!({"Service": "s3.amazonaws.com"}),
        ] {
            assert!(!names(known));
        }
    }

    #[test]
    fn version_goes_first_and_percent_encoding_is_read() {
        let document = json!({"Statement": []});
        assert!(text(&document).starts_with(r#"{"Version":"2012-10-17""#));
        let encoded = "%7B%22Statement%22%3A%5B%5D%7D";
        assert_eq!(parse(encoded), Some(document));
    }
}
