use crate::bootstrap;
use crate::project::{Project, actions, all};
use std::io::Write;
use zip::write::SimpleFileOptions;

const PLAN: &[&str] = &["plan", "--target", "local", "--json"];

/// A zip with the same program and one file more: other code for Lambda.
fn other_code(project: &Project) {
    let shown = project.json(&["show", "lambda_function.loader", "--target", "local", "--json"]);
    let zip = shown["lambda_function.loader"]["inputs"]["artifact"].as_str().unwrap().to_owned();
    let program = bootstrap::bytes(&project.path().join(zip));
    let mut writer = zip::ZipWriter::new(std::fs::File::create(project.path().join("other.zip")).unwrap());
    let options = SimpleFileOptions::default().unix_permissions(0o755);
    writer.start_file("bootstrap", options).unwrap();
    writer.write_all(&program).unwrap();
    writer.start_file("VERSION", options).unwrap();
    writer.write_all(b"2\n").unwrap();
    writer.finish().unwrap();
}

pub fn four_changes_are_four_updates_in_place(project: &Project) {
    other_code(project);
    project.edit("tags = { Name = \"loans\" }", "tags = { Name = \"loan-pipeline\" }");
    project.edit(
        "description = \"Postgres for the functions\"",
        "description = \"Postgres, for the functions\"",
    );
    project.edit("source = \"handlers/loader\"", "artifact = \"other.zip\"");
    project.edit("id = \"old-versions\"", "id = \"old-versions\"\nexpiration_days = 3650");
    let plan = project.json(PLAN);
    let mut planned = actions(&plan);
    planned.sort();
    let expected = [
        "update bucket.loans",
        "update lambda_function.loader",
        "update security_group_rule.database_from_functions",
        "update vpc.main",
    ];
    assert_eq!(planned, expected);
    project.says("apply", &["apply", "--target", "local", "--auto-approve"]);
    project.nothing_to_do("after four updates");
}

pub fn another_vpc_is_replaced_in_the_right_order(project: &Project) {
    project.edit("cidr_block = \"10.20.0.0/16\"", "cidr_block = \"10.30.0.0/16\"");
    project.edit("a = \"10.20.1.0/24\", b = \"10.20.2.0/24\"", "a = \"10.30.1.0/24\", b = \"10.30.2.0/24\"");
    let plan = project.json(PLAN);
    let planned = actions(&plan);
    let at = |action: &str| {
        planned
            .iter()
            .position(|planned| planned == action)
            .unwrap_or_else(|| panic!("no {action} in {planned:#?}"))
    };
    let order = [
        "replace_create_first vpc.main",
        "replace_create_first subnet.private[\"a\"]",
        "replace_create_first security_group.functions",
    ]
    .map(at);
    assert!(order.is_sorted(), "dependencies come first: {planned:#?}");
    let text = project.says("plan", &["plan", "--target", "local"]);
    let line = std::fs::read_to_string(project.path().join("stack.toml"))
        .unwrap()
        .lines()
        .position(|line| line.starts_with("cidr_block = \"10.30.0.0/16\""))
        .unwrap()
        + 1;
    let why = format!("forces the replacement (stack.toml:{line}:");
    let forced = text.lines().find(|line| line.contains("cidr_block") && line.contains(&why));
    assert!(forced.is_some(), "no line says {why}\n{text}");
    // Taken back: the stack is as it was.
    project.edit("cidr_block = \"10.30.0.0/16\"", "cidr_block = \"10.20.0.0/16\"");
    project.edit("a = \"10.30.1.0/24\", b = \"10.30.2.0/24\"", "a = \"10.20.1.0/24\", b = \"10.20.2.0/24\"");
    project.nothing_to_do("after the VPC was taken back");
}

pub fn a_saved_plan_is_carried_out_or_refused(project: &Project) {
    project.edit("Name = \"loan-pipeline\"", "Name = \"saved\"");
    project.says("plan --out", &["plan", "--target", "local", "--out", "tags.plan"]);
    project.edit("Name = \"saved\"", "Name = \"later\"");
    let stale = project.run(&["apply", "tags.plan", "--target", "local"]);
    assert_eq!(stale.status.code(), Some(1));
    assert!(all(&stale).contains("does not hold any more"), "{}", all(&stale));
    project.edit("Name = \"later\"", "Name = \"saved\"");
    project.says("apply PLAN", &["apply", "tags.plan", "--target", "local"]);
    project.nothing_to_do("after the saved plan");
}
