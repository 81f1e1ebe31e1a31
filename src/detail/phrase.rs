//! Grants in words.

use super::glob::is_pattern;
use super::grant::{Grant, Scope};
use crate::schema::policy;

/// Whether it is someone else than the account itself and the services of AWS.
pub fn is_stranger(who: &Scope, account: &str) -> bool {
    match who {
        Scope::AllBut(_) => true,
        Scope::These(these) => these.iter().any(|one| foreign(one, account)),
    }
}

fn foreign(who: &str, account: &str) -> bool {
    match who.split_once(':') {
        None => who == "*",
        Some(("AWS", who)) => owner(who).is_some_and(|owner| owner != account),
        Some((kind, _)) => matches!(kind, "Federated" | "CanonicalUser"),
    }
}

/// The account that a principal belongs to.
fn owner(who: &str) -> Option<&str> {
    let id = if who.starts_with("arn:") { who.split(':').nth(4)? } else { who };
    policy::is_account(id).then_some(id)
}

/// `anyone on the internet may read arn:aws:s3:::site/* (s3:GetObject)`: what these grants, which are of one statement, let
/// whom do.
pub fn allowed(grants: &[&Grant], account: &str) -> String {
    let Some(first) = grants.first() else { return String::new() };
    let who = people(grants, account);
    let subject = if who.is_empty() { "may".to_owned() } else { format!("{who} may") };
    let what = deed(&unique(grants, |grant| Some(&grant.actions)));
    let on = if first.on {
        objects(&unique(grants, |grant| Some(&grant.resources)), &what)
    } else {
        String::new()
    };
    let text = match what.verb {
        Some(verb) => format!("{subject} {verb}{on} ({})", what.text),
        None => format!("{subject} {}{on}", what.text),
    };
    // Whoever is met by a condition is said already.
    match first.conditions.is_empty() || who.contains("conditions") {
        true => text,
        false => format!("{text}, under conditions"),
    }
}

/// `no longer denied: …`.
pub fn denied(grants: &[&Grant]) -> String {
    let Some(first) = grants.first() else { return String::new() };
    let what =
        unique(grants, |grant| Some(&grant.actions)).iter().map(|scope| plain(scope)).collect::<Vec<_>>();
    let on =
        unique(grants, |grant| Some(&grant.resources)).iter().map(|scope| plain(scope)).collect::<Vec<_>>();
    let on = if first.on { format!(" on {}", and(&on)) } else { String::new() };
    let conditions: Vec<String> = first
        .conditions
        .iter()
        .map(|((op, key), values)| format!(" where {key} is {} ({op})", values.join(", ")))
        .collect();
    format!("no longer denied: {}{on}{}", and(&what), conditions.join(" and"))
}

/// How the conditions of a statement let more through than those of the one that it was.
pub fn conditions(before: &Grant, after: &Grant) -> Vec<String> {
    let mut words = vec![];
    for (key @ (operator, name), values) in &before.conditions {
        let text = |values: &[String]| format!("{name} is {} ({operator})", values.join(", "));
        match after.conditions.get(key) {
            None => words.push(format!("no longer only where {}", text(values))),
            Some(now) if now != values => {
                let negated = operator.contains("Not");
                let (old, new) = if negated { (now, values) } else { (values, now) };
                let more: Vec<String> = new.iter().filter(|one| !old.contains(one)).cloned().collect();
                match more.is_empty() {
                    true if !operator.starts_with("For") => {}
                    true => words.push(format!("where now {}", text(now))),
                    false if negated => {
                        words.push(format!("now also where {name} is {} ({operator})", more.join(", ")))
                    }
                    false => words.push(format!("now also where {}", text(&more))),
                }
            }
            Some(_) => {}
        }
    }
    words
}

fn unique<'a>(grants: &[&'a Grant], of: impl Fn(&'a Grant) -> Option<&'a Scope>) -> Vec<&'a Scope> {
    let mut out: Vec<&Scope> = vec![];
    for scope in grants.iter().filter_map(|grant| of(grant)) {
        if !out.contains(&scope) {
            out.push(scope);
        }
    }
    out
}

fn people(grants: &[&Grant], account: &str) -> String {
    let conditional = grants.iter().all(|grant| !grant.conditions.is_empty());
    let all = unique(grants, |grant| grant.principals.as_ref());
    let name = |one: &String| match one.split_once(':') {
        None if one == "*" && conditional => "anyone who meets its conditions".to_owned(),
        None if one == "*" => "anyone on the internet".to_owned(),
        Some(("AWS", who)) => match owner(who) {
            Some(owner) if owner == who => format!("account {owner}"),
            Some(owner) if owner != account => format!("{who} of another account"),
            _ => who.to_owned(),
        },
        Some(("Federated", who)) => format!("whom {who} vouches for"),
        Some(("CanonicalUser", who)) => format!("the user {who} of another account"),
        Some((_, who)) => who.to_owned(),
        None => one.clone(),
    };
    let names: Vec<String> = all
        .iter()
        .map(|scope| match scope {
            Scope::These(these) => and(&these.iter().map(name).collect::<Vec<_>>()),
            Scope::AllBut(but) => format!("anyone but {}", and(&but.iter().map(name).collect::<Vec<_>>())),
        })
        .collect();
    and(&names)
}

struct Deed {
    /// Where the actions are of one sort.
    verb: Option<&'static str>,
    text: String,
}

fn deed(actions: &[&Scope]) -> Deed {
    let mut these = vec![];
    for scope in actions {
        match scope {
            Scope::AllBut(but) => return Deed { verb: None, text: format!("do anything but {}", and(but)) },
            Scope::These(texts) => these.extend(texts.iter().cloned()),
        }
    }
    if these.iter().any(|action| action == "*") {
        return Deed { verb: None, text: "do anything".to_owned() };
    }
    let whole: Option<Vec<String>> =
        these.iter().map(|action| action.strip_suffix(":*").map(|name| service(name).to_owned())).collect();
    if let Some(services) = whole {
        return Deed { verb: None, text: format!("do anything with {}", and(&services)) };
    }
    let mut verbs: Vec<&str> = these.iter().map(|action| verb(action)).collect();
    verbs.dedup();
    let text = these.join(", ");
    match verbs.as_slice() {
        [one] if !one.is_empty() => Deed { verb: Some(one), text },
        _ => Deed { verb: None, text: format!("do {text}") },
    }
}

/// Where what is done is done.
fn objects(resources: &[&Scope], deed: &Deed) -> String {
    let named: Vec<String> = resources.iter().map(|scope| plain(scope)).collect();
    let preposition = match deed.verb {
        Some("read" | "write" | "delete") => "",
        _ => "on ",
    };
    format!(" {preposition}{}", and(&named))
}

fn plain(scope: &Scope) -> String {
    match scope {
        Scope::These(these) => and(&these
            .iter()
            .map(|one| if one == "*" { "everything".to_owned() } else { one.clone() })
            .collect::<Vec<_>>()),
        Scope::AllBut(but) => format!("everything but {}", and(but)),
    }
}

/// What an action does, by how it is called; empty where its name does not tell.
fn verb(action: &str) -> &'static str {
    let (service, name) = action.split_once(':').unwrap_or(("", action));
    let name = name.to_lowercase();
    let begins = |words: &[&str]| words.iter().any(|word| name.starts_with(word));
    if service == "sts" && begins(&["assumerole"]) {
        "take this role"
    } else if is_pattern(&name) && !begins(&["get", "list", "describe"]) {
        ""
    } else if begins(&[
        "get", "list", "describe", "head", "select", "query", "scan", "receive", "batchget", "lookup",
    ]) {
        "read"
    } else if begins(&[
        "put",
        "create",
        "update",
        "upload",
        "send",
        "publish",
        "add",
        "modify",
        "batchwrite",
        "write",
    ]) {
        "write"
    } else if begins(&["delete", "remove", "purge", "terminate"]) {
        "delete"
    } else if begins(&["invoke"]) {
        "call"
    } else {
        ""
    }
}

fn service(prefix: &str) -> &str {
    match prefix {
        "athena" => "Athena",
        "cloudwatch" => "CloudWatch",
        "dynamodb" => "DynamoDB",
        "ec2" => "EC2",
        "ecr" => "ECR",
        "glue" => "Glue",
        "iam" => "IAM",
        "kms" => "KMS",
        "lambda" => "Lambda",
        "logs" => "CloudWatch Logs",
        "rds" => "RDS",
        "s3" => "S3",
        "scheduler" => "EventBridge Scheduler",
        "secretsmanager" => "Secrets Manager",
        "sns" => "SNS",
        "sqs" => "SQS",
        "ssm" => "Systems Manager",
        "sts" => "STS",
        other => other,
    }
}

fn and(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
