use super::piece::{Given, Piece, block, choose};
use serde_json::{Value as Json, json};

pub fn workgroup(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("name", "name"),
        ("description", "description"),
        ("force_destroy", "force_destroy"),
        ("tags", "tags"),
    ];
    let encryption = match given.at("encryption") {
        Json::Null if !given.has("kms_key") => Json::Null,
        option => block([("encryption_option", option), ("kms_key_arn", given.at("kms_key"))]),
    };
    let results = block([
        ("output_location", given.at("output_location")),
        ("expected_bucket_owner", given.at("expected_bucket_owner")),
        ("encryption_configuration", encryption),
    ]);
    let configuration = block([
        ("enforce_workgroup_configuration", given.at("enforce")),
        ("publish_cloudwatch_metrics_enabled", given.at("publish_metrics")),
        ("bytes_scanned_cutoff_per_query", given.at("bytes_scanned_cutoff")),
        ("requester_pays_enabled", given.at("requester_pays")),
        ("engine_version", block([("selected_engine_version", given.at("engine_version"))])),
        ("result_configuration", results),
    ]);
    let first = Piece::new("aws_athena_workgroup", given, &names).with("configuration", configuration);
    vec![first.with("state", choose(&given.at("enabled"), "ENABLED", "DISABLED"))]
}

pub fn database(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("name", "name"),
        ("description", "description"),
        ("location", "location_uri"),
        ("parameters", "parameters"),
        ("tags", "tags"),
    ];
    vec![Piece::new("aws_glue_catalog_database", given, &names)]
}

pub fn table(given: &Given<'_>) -> Vec<Piece> {
    let names = [
        ("name", "name"),
        ("database", "database_name"),
        ("description", "description"),
        ("parameters", "parameters"),
    ];
    let columns = |name: &str| -> Json {
        given
            .list(name)
            .iter()
            .map(|one| {
                block([
                    ("name", one["name"].clone()),
                    ("type", one["type"].clone()),
                    ("comment", one["comment"].clone()),
                ])[0]
                    .clone()
            })
            .collect()
    };
    let library = match given.at("format").as_str() {
        Some("parquet") => json!("org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"),
        Some("orc") => json!("org.apache.hadoop.hive.ql.io.orc.OrcSerde"),
        Some("json") => json!("org.openx.data.jsonserde.JsonSerDe"),
        _ => given.at("format"),
    };
    let storage = block([
        ("location", given.at("location")),
        ("columns", columns("columns")),
        ("ser_de_info", block([("serialization_library", library)])),
    ]);
    let first =
        Piece::new("aws_glue_catalog_table", given, &names).with("table_type", json!("EXTERNAL_TABLE"));
    vec![first.with("partition_keys", columns("partition_keys")).with("storage_descriptor", storage)]
}
