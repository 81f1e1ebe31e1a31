//! Who may do what in the loan database.

use crate::project::{Project, all};
use serde_json::Value as Json;
use std::process::Output;

/// Runs SQL by psql as a user of the stack, stopping at the first error.
pub fn psql(project: &Project, user: &str, sql: &str) -> Output {
    let psql = ["-v", "ON_ERROR_STOP=1", "-Atqc", sql];
    project.run(&[&["connect", "--as", user, "--target", "local", "--"], &psql[..]].concat())
}

/// What it says; it must succeed.
pub fn reads(project: &Project, user: &str, sql: &str) -> String {
    let output = psql(project, user, sql);
    assert!(output.status.success(), "{user}: {sql}\n{}", all(&output));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn is_refused(project: &Project, user: &str, sql: &str) {
    let output = psql(project, user, sql);
    let said = all(&output);
    assert!(!output.status.success(), "{user} could {sql}");
    assert!(said.contains("permission denied") || said.contains("must be owner"), "{user}: {sql}\n{said}");
}

/// The variables of `stackctl env --as analyst`.
pub fn variables(project: &Project) -> Vec<(String, String)> {
    let told = project.json(&["env", "--as", "analyst", "--format", "json", "--target", "local"]);
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    told.as_object().unwrap().iter().map(|(name, value)| (name.clone(), text(value))).collect()
}

/// Right after the apply, before any file came.
pub fn logins_are_there(project: &Project) {
    for user in ["analyst", "trainer"] {
        let who = "select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()";
        assert_eq!(reads(project, user, who), format!("{user}|t"));
    }
    let nobody = psql(project, "analist", "select 1");
    assert_eq!(nobody.status.code(), Some(1));
    assert!(all(&nobody).contains("Did you mean analyst?"), "{}", all(&nobody));
}

/// The analyst is refused by what it may not do, not by a default that it can change.
pub fn the_analyst_only_reads(project: &Project) {
    assert_ne!(reads(project, "analyst", "select count(*) from mart.loans"), "0");
    let write = "set default_transaction_read_only = off; set transaction_read_only = off; ";
    for sql in [
        "insert into mart.leaking_columns values ('x', 'y')",
        "update history.version set loan_amnt = 0",
        "delete from public.master_loan",
        "truncate ingest.files",
        "create table public.mine (a int)",
        "create table mart.mine (a int)",
        "create schema mine",
        "insert into ml.promotions (model_id, kind, reason) values (1, 'promotion', 'x')",
        "drop view mart.loans",
        "set role loan_loader",
        "alter role analyst createrole",
        "select rolpassword from pg_authid",
    ] {
        is_refused(project, "analyst", &format!("{write}{sql}"));
    }
}

/// A password that is made anew becomes the login's with the next apply, and the old one is none any more.
pub fn a_rotated_password_is_taken_over(project: &Project) {
    let url = |project: &Project| {
        project.says("connect", &["connect", "--as", "analyst", "--url", "--target", "local"])
    };
    let before = url(project);
    project.edit(
        "generate = { username = \"analyst\", length = 40 }",
        "generate = { username = \"analyst\", length = 40 }\nrotate = \"1\"",
    );
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    assert_ne!(url(project), before);
    assert_eq!(reads(project, "analyst", "select current_user"), "analyst");
    let old = std::process::Command::new("psql").args([before.trim(), "-c", "select 1"]).output().unwrap();
    assert!(all(&old).contains("password authentication failed"), "{}", all(&old));
    project.nothing_to_do("after the rotation");
}
