//! The Glue table: its life on both emulators, beside what engines write into it.

use crate::answers::{Answer, aws};
use crate::emulator::on_both;
use crate::glue_database::unique;
use crate::harness::{Subject, create, lifecycle, owner, with_defaults};
use aws_sdk_glue::types::{Table, TableInput};
use serde_json::{Value as Json, json};
use stackctl::cloud::Cloud;
use stackctl::resource::{self, Create, Id, Observed};

async fn database(cloud: &Cloud) -> Subject {
    create("glue_database", cloud, json!({"name": unique()})).await
}

fn smallest(database: &Subject) -> Json {
    json!({"name": unique(), "database": database.id.0, "location": "s3://lake/loans/",
        "columns": [{"name": "id", "type": "bigint"}]})
}

pub async fn life(cloud: &Cloud) {
    let database = database(cloud).await;
    let mut inputs = smallest(&database);
    let more = json!({"description": "loans", "columns": [{"name": "id", "type": "bigint", "comment": "the lender's"},
            {"name": "amount", "type": "decimal(14,2)"}, {"name": "tags", "type": "array<string>"}],
        "partition_keys": [{"name": "issue_year", "type": "int", "comment": "of issue_d"}],
        "parameters": {"projection.enabled": "true", "projection.issue_year.type": "integer",
            "projection.issue_year.range": "1970,2100"}});
    inputs.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let changes = [
        json!({"columns": [{"name": "id", "type": "string"}, {"name": "new", "type": "date", "comment": "later"}]}),
        json!({"parameters": {"projection.enabled": "false", "a,\"b": "c"}, "location": "s3://lake/other/"}),
        json!({"format": "json"}),
        json!({"format": "orc", "description": null, "partition_keys": [], "parameters": {}}),
        json!({"format": "parquet", "description": "again"}),
    ];
    lifecycle("glue_table", cloud, inputs, &changes).await;
    database.delete().await;
}

async fn get(cloud: &Cloud, database: &Subject, table: &Subject) -> Table {
    let call = cloud.glue().get_table().database_name(&database.id.0);
    call.name(table.wanted["name"].as_str().unwrap()).send().await.unwrap().table.unwrap()
}

/// Athena and Spark read Parquet by these classes.
async fn parquet_is_what_engines_take_for_it(cloud: &Cloud) {
    let database = database(cloud).await;
    let table = create("glue_table", cloud, smallest(&database)).await;
    let found = get(cloud, &database, &table).await;
    let storage = found.storage_descriptor().unwrap();
    let parquet = "org.apache.hadoop.hive.ql.io.parquet";
    assert_eq!(storage.input_format(), Some(&*format!("{parquet}.MapredParquetInputFormat")));
    assert_eq!(storage.output_format(), Some(&*format!("{parquet}.MapredParquetOutputFormat")));
    let serde = storage.serde_info().unwrap().serialization_library();
    assert_eq!(serde, Some(&*format!("{parquet}.serde.ParquetHiveSerDe")));
    assert_eq!(found.table_type(), Some("EXTERNAL_TABLE"));
    let parameters = found.parameters().unwrap();
    assert_eq!((&*parameters["EXTERNAL"], &*parameters["classification"]), ("TRUE", "parquet"));
    table.delete().await;
    database.delete().await;
}

/// What a crawler or Iceberg wrote stays through our changes, is no difference, and whose the table is stays known.
async fn what_engines_wrote_stays(cloud: &Cloud) {
    let database = database(cloud).await;
    let mut inputs = smallest(&database);
    inputs["parameters"] = json!({"a": "1"});
    let mut table = create("glue_table", cloud, inputs).await;
    let before = table.ready().await;
    let there = get(cloud, &database, &table).await;
    let mut parameters = there.parameters.unwrap();
    for (name, value) in
        [("table_type", "ICEBERG"), ("metadata_location", "s3://lake/m/1.json"), ("recordCount", "3")]
    {
        parameters.insert(name.to_owned(), value.to_owned());
    }
    let mut storage = there.storage_descriptor.unwrap();
    storage.parameters = Some([("sizeKey".to_owned(), "7".to_owned())].into());
    storage.compressed = true;
    let input = TableInput::builder().name(there.name).storage_descriptor(storage).owner("crawler");
    let input = input.table_type("EXTERNAL_TABLE").set_parameters(Some(parameters)).build().unwrap();
    let call = cloud.glue().update_table().database_name(&database.id.0).table_input(input);
    call.send().await.unwrap();
    assert_eq!(table.ready().await, before);
    table.change(&json!({"parameters": {"b": "2"}, "description": "new"})).await;
    let there = get(cloud, &database, &table).await;
    let parameters = there.parameters().unwrap();
    assert_eq!(&*parameters["metadata_location"], "s3://lake/m/1.json");
    assert_eq!(
        (&*parameters["table_type"], &*parameters["recordCount"], &*parameters["b"]),
        ("ICEBERG", "3", "2")
    );
    assert!(!parameters.contains_key("a"), "{parameters:?}");
    assert_eq!(there.owner(), Some("crawler"));
    let storage = there.storage_descriptor().unwrap();
    assert_eq!((&*storage.parameters().unwrap()["sizeKey"], storage.compressed()), ("7", true));
    assert_eq!(table.find(&table.owner).await, Some(table.id.clone()));
    table.delete().await;
    database.delete().await;
}

async fn name_is_taken(cloud: &Cloud) {
    let database = database(cloud).await;
    let table = create("glue_table", cloud, smallest(&database)).await;
    let again = Create { cloud, owner: &table.owner };
    assert_eq!(table.kind.create(&again, table.wanted.clone()).await.unwrap(), table.id);
    let other = owner("glue_table");
    let other = Create { cloud, owner: &other };
    let error = table.kind.create(&other, table.wanted.clone()).await.unwrap_err().to_string();
    assert!(error.contains("already and this stack did not create it"), "{error}");
    // Gone with its database, it is gone.
    let live = database.ready().await;
    let mut inputs = live.inputs.clone();
    inputs["force_destroy"] = json!(true);
    let live = Observed { inputs, ..live };
    database.kind.delete(cloud, &Id(database.id.0.clone()), live).await.unwrap();
    assert_eq!(table.read().await, None);
}

/// An engine that commits between our read and our write is not overwritten: the write names the version that was read, and
/// a refusal is one that the engine repeats, reading anew.
#[tokio::test]
async fn a_commit_of_another_is_not_overwritten() {
    let (cloud, asked) = aws(|asked| match asked.operation() {
        "GetTable" => Answer::json(json!({"Table": {"Name": "t", "DatabaseName": "d", "VersionId": "7"}})),
        _ => Answer::refused(400, "ConcurrentModificationException", "version 8"),
    });
    let kind = resource::kind("glue_table").unwrap();
    let inputs = |description: &str| {
        let columns = json!([{"name": "id", "type": "bigint"}]);
        let inputs =
            json!({"database": "d", "location": "s3://x/", "columns": columns, "description": description});
        with_defaults(kind.inputs(), inputs)
    };
    let error = kind.update(&cloud, &Id::from("d/t"), inputs("a"), inputs("b")).await.unwrap_err();
    assert!(kind.profile().retries.iter().any(|retry| error.is(&[retry.code])), "{error}");
    assert_eq!(asked.sent("UpdateTable")[0]["VersionId"], "7");
}

on_both!(life, parquet_is_what_engines_take_for_it, what_engines_wrote_stays, name_is_taken);
