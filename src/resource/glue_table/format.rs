//! What Hive, and so Athena and Spark, are told about files of a format: three Java classes (Hive's `StorageFormat`s).

use aws_sdk_glue::types::{SerDeInfo, StorageDescriptor};
use std::collections::HashMap;

struct Format {
    name: &'static str,
    input: &'static str,
    output: &'static str,
    serde: &'static str,
}

const FORMATS: &[Format] = &[
    Format {
        name: "parquet",
        input: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat",
        output: "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat",
        serde: "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
    },
    Format {
        name: "orc",
        input: "org.apache.hadoop.hive.ql.io.orc.OrcInputFormat",
        output: "org.apache.hadoop.hive.ql.io.orc.OrcOutputFormat",
        serde: "org.apache.hadoop.hive.ql.io.orc.OrcSerde",
    },
    Format {
        name: "json",
        input: "org.apache.hadoop.mapred.TextInputFormat",
        output: "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat",
        serde: "org.openx.data.jsonserde.JsonSerDe",
    },
];

/// Writes the format into a descriptor; parameters of the same serde stay.
pub(super) fn set(descriptor: &mut StorageDescriptor, name: &str) {
    let Some(format) = FORMATS.iter().find(|format| format.name == name) else { return };
    descriptor.input_format = Some(format.input.to_owned());
    descriptor.output_format = Some(format.output.to_owned());
    let same = |serde: &SerDeInfo| serde.serialization_library() == Some(format.serde);
    if !descriptor.serde_info.as_ref().is_some_and(same) {
        let parameters = HashMap::from([("serialization.format".to_owned(), "1".to_owned())]);
        let serde = SerDeInfo::builder().serialization_library(format.serde).set_parameters(Some(parameters));
        descriptor.serde_info = Some(serde.build());
    }
}

/// The name of the descriptor's format; of one that is none of ours its classes.
pub(super) fn of(descriptor: &StorageDescriptor) -> String {
    let serde = descriptor.serde_info().and_then(|serde| serde.serialization_library()).unwrap_or_default();
    let input = descriptor.input_format().unwrap_or_default();
    let output = descriptor.output_format().unwrap_or_default();
    let same = |format: &&Format| (format.input, format.output, format.serde) == (input, output, serde);
    match FORMATS.iter().find(same) {
        Some(format) => format.name.to_owned(),
        None => format!("{input} {output} {serde}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_format_is_read_as_it_was_written() {
        for format in FORMATS {
            let mut descriptor = StorageDescriptor::builder().location("s3://x").build();
            set(&mut descriptor, format.name);
            assert_eq!(of(&descriptor), format.name);
            assert_eq!(descriptor.location(), Some("s3://x"));
            descriptor.input_format = Some("theirs".to_owned());
            assert!(of(&descriptor).starts_with("theirs "));
        }
    }
}
