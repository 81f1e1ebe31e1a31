//! The Glue database: its life on both emulators.

use crate::answers::{Answer, aws};
use crate::emulator::{ministack, moto, on_both};
use crate::harness::{create, lifecycle, owner, with_defaults};
use aws_sdk_glue::types::{DatabaseInput, TableInput};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::resource::{self, Create, Id, Observed, Status};

pub fn unique() -> String {
    crate::harness::unique("kinds").replace('-', "_")
}

pub async fn life(cloud: &Cloud, more: &[Json]) {
    let inputs = json!({"name": unique(), "description": "loans", "location": "s3://lake/loans/",
        "parameters": {"team": "risk", "old": "1"}, "tags": {"owner": "x", "old": "1"}});
    let changes = [
        json!({"description": "all loans", "location": "s3://lake/all/"}),
        json!({"parameters": {"team": "data", "new": "2"}, "tags": {"owner": "y", "new": "2"}}),
        json!({"description": null, "parameters": {}, "tags": {}}),
    ];
    lifecycle("glue_database", cloud, inputs, &[&changes, more].concat()).await;
}

#[tokio::test]
async fn lives_on_moto() {
    life(&moto(), &[json!({"location": null})]).await;
}

/// MiniStack keeps a location that is left out of the call.
#[tokio::test]
async fn lives_on_ministack() {
    life(&ministack(), &[]).await;
}

async fn name_is_taken(cloud: &Cloud) {
    let database = create("glue_database", cloud, json!({"name": unique()})).await;
    let again = Create { cloud, owner: &database.owner };
    assert_eq!(database.kind.create(&again, database.wanted.clone()).await.unwrap(), database.id);
    let other = owner("glue_database");
    let other = Create { cloud, owner: &other };
    let error = database.kind.create(&other, database.wanted.clone()).await.unwrap_err().to_string();
    assert!(error.contains("exists already and this stack did not create it"), "{error}");
    database.delete().await;
}

/// What engines wrote stays through our changes, and is no difference.
async fn parameters_of_others_stay(cloud: &Cloud) {
    let mut database =
        create("glue_database", cloud, json!({"name": unique(), "parameters": {"a": "1"}})).await;
    let get = || cloud.glue().get_database().name(&database.id.0).send();
    let mut all = get().await.unwrap().database.unwrap().parameters.unwrap();
    all.insert("theirs".to_owned(), "x".to_owned());
    let input = DatabaseInput::builder().name(&database.id.0).set_parameters(Some(all)).build().unwrap();
    cloud.glue().update_database().name(&database.id.0).database_input(input).send().await.unwrap();
    assert_eq!(database.ready().await.inputs["parameters"], json!({"a": "1"}));
    database.change(&json!({"parameters": {"b": "2"}, "description": "new"})).await;
    let all = cloud.glue().get_database().name(&database.id.0).send().await.unwrap();
    let all = all.database.unwrap().parameters.unwrap();
    assert_eq!((all.get("theirs").map(String::as_str), all.get("a"), &*all["b"]), (Some("x"), None, "2"));
    database.delete().await;
}

/// A table that somebody else made does not go with the database unasked.
async fn tables_of_others_are_not_lost(cloud: &Cloud) {
    let database = create("glue_database", cloud, json!({"name": unique()})).await;
    let table = TableInput::builder().name("theirs").build().unwrap();
    let call = cloud.glue().create_table().database_name(&database.id.0).table_input(table);
    call.send().await.unwrap();
    let live = database.ready().await;
    let error = database.kind.delete(cloud, &database.id, live.clone()).await.unwrap_err().to_string();
    assert!(error.contains("would go with it (theirs)"), "{error}");
    let mut inputs = live.inputs.clone();
    inputs["force_destroy"] = json!(true);
    database.kind.delete(cloud, &database.id, Observed { inputs, ..live }).await.unwrap();
    assert_eq!(database.read().await, None);
}

on_both!(name_is_taken, parameters_of_others_stay, tables_of_others_are_not_lost);

/// Lake Formation leaves out of a page what the caller may not see: an empty page is not the last one.
#[tokio::test]
async fn a_table_on_a_later_page_keeps_the_database() {
    let (cloud, asked) = aws(|asked| match (asked.operation(), asked.json()["NextToken"].as_str()) {
        ("GetTables", None) => Answer::json(json!({"TableList": [], "NextToken": "more"})),
        ("GetTables", _) => Answer::json(json!({"TableList": [{"Name": "theirs"}]})),
        _ => Answer::json(json!({})),
    });
    let kind = resource::kind("glue_database").unwrap();
    let inputs = with_defaults(kind.inputs(), json!({"name": "d"}));
    let live =
        Observed { inputs, outputs: json!({"arn": "a", "name": "d"}), status: Status::Ready, owner: None };
    let error = kind.delete(&cloud, &Id::from("d"), live).await.unwrap_err().to_string();
    assert!(error.contains("theirs"), "{error}");
    assert_eq!(asked.count("DeleteDatabase"), 0);
}
