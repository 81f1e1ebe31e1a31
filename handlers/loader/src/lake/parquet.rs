//! One Parquet file, which comes out in pieces while it is written.

use ::parquet::arrow::ArrowWriter;
use ::parquet::arrow::arrow_writer::ArrowWriterOptions;
use ::parquet::basic::{Compression, ZstdLevel};
use ::parquet::errors::ParquetError;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;

use crate::error::Error;

/// Rows that are compressed together, and so the memory that a file takes, whatever its size.
const ROW_GROUP: usize = 32_768;

/// More takes longer than it saves.
const LEVEL: i32 = 3;

/// A file under construction.
pub struct Parquet {
    writer: ArrowWriter<Vec<u8>>,
    rows: u64,
}

impl Parquet {
    /// An empty file.
    pub fn new(schema: SchemaRef) -> Result<Self, Error> {
        let level = ZstdLevel::try_new(LEVEL).map_err(failed)?;
        // Nothing that depends on who wrote it or with which version: the same rows are the same bytes.
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_created_by("loader".to_owned())
            .set_max_row_group_row_count(Some(ROW_GROUP))
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .build();
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options).map_err(failed)?;
        Ok(Self { writer, rows: 0 })
    }

    /// Appends rows, and returns the bytes that are ready.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<Vec<u8>, Error> {
        self.writer.write(batch).map_err(failed)?;
        self.rows += batch.num_rows() as u64;
        // What the writer counts are the bytes that it gave out, so that they may be taken away.
        Ok(std::mem::take(self.writer.inner_mut()))
    }

    /// The last bytes, and how many rows the file has.
    pub fn end(self) -> Result<(Vec<u8>, u64), Error> {
        Ok((self.writer.into_inner().map_err(failed)?, self.rows))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
fn failed(error: ParquetError) -> Error {
    Error::Schema(format!("failed to write Parquet: {}", crate::error::chain(&error)))
}
