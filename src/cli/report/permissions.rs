use super::style::Paint;
use super::wrap::wrap;
use super::{data, note, room};
use crate::permissions::{By, Need, Purpose, Statement, documents, statements};
use crate::resource::Owner;
use serde_json::Value as Json;
use std::collections::BTreeSet;

/// What a purpose needs, for people: each statement of the policy, and who needs it.
pub fn permissions(stack: &str, region: &str, account: Option<&str>, purpose: Purpose, needs: &[Need]) {
    let room = room(&std::io::stdout()).min(110);
    listing(stack, region, account, purpose, needs, room).iter().for_each(|line| data(line));
    let parts = documents(statements(needs)).len();
    let much = if parts == 1 { String::new() } else { format!(", as {parts} managed policies") };
    note(&format!("`--json` prints it ready to paste; `--out FOLDER` writes it into files{much}."));
}

fn listing(
    stack: &str,
    region: &str,
    account: Option<&str>,
    purpose: Purpose,
    needs: &[Need],
    room: usize,
) -> Vec<String> {
    let statements = statements(needs);
    let actions: BTreeSet<&String> = statements.iter().flat_map(|statement| &statement.action).collect();
    let account = account.map_or_else(|| "any account".to_owned(), |account| format!("account {account}"));
    let head = format!(
        "To {} {stack} ({account}, {region}): {} actions in {} statements",
        purpose.word(),
        actions.len(),
        statements.len()
    );
    let mut lines: Vec<String> = wrap(&head, room).iter().map(|line| Paint::Strong.label(line)).collect();
    let mut service = String::new();
    for statement in &statements {
        let (of, _) = statement.action.first().and_then(|action| action.split_once(':')).unwrap_or_default();
        if of != service {
            service = of.to_owned();
            lines.push(String::new());
            lines.push(Paint::Strong.label(&service));
        }
        lines.extend(one(statement, &service, needs, room));
    }
    lines
}

fn one(statement: &Statement, service: &str, needs: &[Need], room: usize) -> Vec<String> {
    let mut lines = vec![];
    let mut part = |head: &str, text: &str, paint: Option<Paint>| {
        for (at, line) in wrap(text, room.saturating_sub(6)).into_iter().enumerate() {
            let head = if at == 0 { head } else { "" };
            let line = paint.map_or(line.clone(), |paint| paint.label(&line));
            lines.push(format!("  {head:<3} {line}"));
        }
    };
    let short = |action: &String| action.trim_start_matches(service).trim_start_matches(':').to_owned();
    part("may", &statement.action.iter().map(short).collect::<Vec<_>>().join(", "), Some(Paint::Good));
    part("on", &statement.resource.join(", "), None);
    if let Some(condition) = &statement.condition {
        part("if", &words(condition), None);
    }
    let of = |need: &&Need| {
        need.condition == statement.condition
            && statement.action.iter().any(|action| action == need.action)
            && statement.resource.contains(&need.resource)
    };
    let of: Vec<&Need> = needs.iter().filter(of).collect();
    let who: BTreeSet<String> = of.iter().map(|need| who(&need.by)).collect();
    part("for", &who.into_iter().collect::<Vec<_>>().join(", "), Some(Paint::Dim));
    let whys: BTreeSet<&str> = of.iter().filter_map(|need| need.by.along).collect();
    if !whys.is_empty() {
        part("as", &whys.into_iter().collect::<Vec<_>>().join("; "), Some(Paint::Dim));
    }
    lines
}

fn who(by: &By) -> String {
    by.address.as_ref().map_or_else(|| "stackctl itself".to_owned(), ToString::to_string)
}

/// A condition in words.
fn words(condition: &Json) -> String {
    let pairs = condition["StringEquals"].as_object().into_iter().flatten();
    let words = pairs.map(|(key, value)| {
        let value = match value {
            Json::Array(values) => values.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(" or "),
            value => value.as_str().unwrap_or_default().to_owned(),
        };
        let tag = Owner::STACK;
        match key.as_str() {
            "iam:PassedToService" => format!("it goes to {value}"),
            "iam:AWSServiceName" => format!("it is the role of {value}"),
            "kms:ViaService" => format!("{value} asks"),
            "ec2:CreateAction" => format!("it comes with {value}"),
            key if key == format!("aws:RequestTag/{tag}") => format!("the request sets {tag} = {value}"),
            key if key == format!("aws:ResourceTag/{tag}") => format!("it carries {tag} = {value}"),
            key => format!("{key} = {value}"),
        }
    });
    words.collect::<Vec<_>>().join(" and ")
}
