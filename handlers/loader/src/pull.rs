//! Mode `aws_s3`: RDS reads the object itself, by its extension of that name.
//!
//! The rows as delivered come into their own table without the loader, which only reads the beginning of the object and
//! waits. One statement makes and fills the table, so that the server completes it even if the loader's time is over: the next
//! try finds the table by its name and takes it up. Then the rows are read back, typed and merged as always. The server's CSV
//! is stricter than the loader's: an object with summary lines, rows of other lengths or damage is streamed instead.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use crate::error::{Doing, Error, chain};
use crate::header::Header;
use crate::load::{Loader, Progress};
use crate::log::Log;
use crate::manifest::Entry;
use crate::names::{identifier, literal};
use crate::packed::{Format, Unpacked};
use crate::rows::Rows;
use crate::settings::Mode;
use crate::source::{Object, Source};

/// Line numbers of a pulled table begin behind the header's.
const FIRST_ROW: i64 = 2;

/// Makes the extension known to the role that loads. Who connects must be a member of `rds_superuser`.
const PREPARE: &str = "
    reset role;
    create extension if not exists aws_s3 cascade;
    do $$ begin
        if exists (select from pg_roles where rolname = 'loan_loader') then
            grant usage on schema aws_s3, aws_commons to loan_loader;
            grant execute on all functions in schema aws_s3, aws_commons to loan_loader;
        end if;
    end $$;";

/// An object that RDS may read.
pub struct Pull<'a> {
    /// What the load needs.
    pub loader: &'a Loader,
    /// The object.
    pub source: &'a Source,
    /// What S3 says about it.
    pub object: &'a Object,
    /// What the manifest says about it.
    pub entry: &'a Entry,
}

/// Rows as delivered that lie in a table of their own, committed, part of nothing.
pub struct Pulled {
    /// The object's header.
    pub header: Header,
    /// The table.
    pub table: String,
}

/// The name of the table that an object is pulled into. All tries of the same version of an object share it.
fn name(entry: &Entry) -> String {
    format!("history.{}", identifier(&format!("pulled_{}", entry.file_id)))
}

/// Numbers its rows.
fn sequence(entry: &Entry) -> String {
    format!("history.{}", identifier(&format!("pulled_{}_line", entry.file_id)))
}

/// Removes what was pulled, for a load that failed or does without it.
pub async fn discard(client: &Client, entry: &Entry) -> Result<(), Error> {
    let sql = format!("drop table if exists {}; drop sequence if exists {}", name(entry), sequence(entry));
    client.batch_execute(&sql).await.doing("drop what was pulled")
}

impl Pull<'_> {
    /// Has the object pulled, unless it was pulled before. None where it is to be streamed.
    pub async fn run(
        &self,
        client: &Client,
        log: &mut Log<'_>,
        progress: &mut Progress,
    ) -> Result<Option<Pulled>, Error> {
        let Source::S3 { bucket, key } = self.source else { return Ok(None) };
        if self.loader.settings.mode == Mode::Stream {
            discard(client, self.entry).await?;
            return Ok(None);
        }
        let header = match self.header().await? {
            Ok(header) => header,
            Err(reason) => {
                log.stage("streaming", Some(reason.to_owned()));
                return Ok(None);
            }
        };
        let pulled = Pulled { header, table: name(self.entry) };
        let exists = "select to_regclass($1) is not null";
        let exists = client.query_one(exists, &[&pulled.table]).await.doing("look for what was pulled")?;
        if exists.get(0) {
            log.stage("pulled", Some("by a former try".to_owned()));
            return Ok(Some(pulled));
        }
        self.prepare(client).await?;
        let statement = self.statement(&pulled, bucket, key).await;
        log.stage("pulling", None);
        progress.pulling = true;
        let outcome = client.batch_execute(&statement).await;
        progress.pulling = false;
        match outcome {
            Ok(()) => {}
            Err(error) if is_content(&error) => {
                log.stage("streaming", Some(format!("Postgres cannot read it by itself: {}", chain(&error))));
                return Ok(None);
            }
            Err(error) => return Err(self.failed(&error)),
        }
        // The extension reads what the key holds, whatever version was asked for.
        if self.source.describe(&self.loader.aws).await? != *self.object {
            discard(client, self.entry).await?;
            let (bucket, key) = (bucket.clone(), key.clone());
            let message = "it was replaced while it was pulled; load it again".to_owned();
            return Err(Error::S3 { doing: "pull", bucket, key, message });
        }
        log.figures("pulled", 0, self.object.size, None);
        Ok(Some(pulled))
    }

    /// Reads the beginning of the object; the reason why not where RDS could not read the rest.
    async fn header(&self) -> Result<Result<Header, &'static str>, Error> {
        let file = self.source.to_string();
        let mut unpacked = Unpacked::open(self.source.open(&self.loader.aws, self.object).await?).await?;
        if unpacked.format() != Format::Plain {
            return Ok(Err("it is compressed"));
        }
        let mut rows = Rows::new(&self.loader.settings);
        while let Some(piece) = unpacked.next(&file).await? {
            rows.feed(&piece).map_err(|source| Error::Content { file: file.clone(), source })?;
            if let Some(header) = rows.header() {
                let first = header.line == 1;
                return Ok(if first { Ok(header.clone()) } else { Err("the header is not its first line") });
            }
        }
        Ok(Err("it has no header"))
    }

    async fn prepare(&self, client: &Client) -> Result<(), Error> {
        let query = "
            select coalesce((select has_schema_privilege(oid, 'usage') from pg_namespace where nspname = 'aws_s3'), false)";
        if client.query_one(query, &[]).await.doing("look for the extension aws_s3")?.get(0) {
            return Ok(());
        }
        client.batch_execute(PREPARE).await.map_err(|error| self.failed(&error))?;
        client.batch_execute(crate::database::TAKE_ROLE).await.doing("set up the session")
    }

    /// Makes and fills the table, in one transaction of the server's.
    async fn statement(&self, pulled: &Pulled, bucket: &str, key: &str) -> String {
        let columns = pulled.header.columns.iter().map(|column| identifier(column)).collect::<Vec<_>>();
        // An empty field is null, whether it is quoted or not, as when the loader reads it.
        let options = format!("(format csv, header true, force_null ({}))", columns.join(", "));
        let definition = columns.iter().map(|column| format!("{column} text, ")).collect::<String>();
        let region = self.loader.aws.region().await.unwrap_or_default();
        format!(
            "create sequence {sequence} start {FIRST_ROW};
             create table {table} ({definition}source_line bigint not null default nextval({from}));
             select aws_s3.table_import_from_s3({quoted}, {columns}, {options},
                 aws_commons.create_s3_uri({bucket}, {key}, {region}));",
            sequence = sequence(self.entry),
            from = literal(&sequence(self.entry)),
            table = pulled.table,
            quoted = literal(&pulled.table),
            columns = literal(&columns.join(",")),
            options = literal(&options),
            bucket = literal(bucket),
            key = literal(key),
            region = literal(&region),
        )
    }

    fn failed(&self, error: &tokio_postgres::Error) -> Error {
        let unknown = [SqlState::UNDEFINED_FUNCTION, SqlState::UNDEFINED_FILE, SqlState::INVALID_SCHEMA_NAME];
        let remedy = match error.code() {
            Some(code) if unknown.contains(code) || *code == SqlState::FEATURE_NOT_SUPPORTED => {
                "only RDS and Aurora have the extension aws_s3: set LOADER_MODE to stream"
            }
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                "connect once as the master user, who may create the extension aws_s3, or set LOADER_MODE to stream"
            }
            _ => {
                "check the instance's role for s3Import, its policy, and the database's way to S3; or set LOADER_MODE to stream"
            }
        };
        Error::Pull { file: self.source.to_string(), reason: chain(error), remedy }
    }
}

/// Whether the object is what the server's CSV does not accept: class 22, data exceptions.
fn is_content(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| code.code().starts_with("22"))
}

impl Pulled {
    /// Reads the rows back, in their order.
    pub fn copy_out(&self) -> String {
        let columns = self.header.columns.iter().map(|column| identifier(column)).collect::<Vec<_>>();
        // The table was filled by one COPY and never changed, so its order is the object's.
        format!("copy {} ({}) to stdout with (format csv, header true)", self.table, columns.join(", "))
    }

    /// Turns the pulled table into the file's own: without the rows that do not belong there, with what is the same in all.
    pub async fn complete(
        &self,
        transaction: &tokio_postgres::Transaction<'_>,
        entry: &Entry,
        stray: &[i64],
    ) -> Result<String, Error> {
        let doing = "complete the pulled rows";
        let Self { table, .. } = self;
        if !stray.is_empty() {
            let delete = format!("delete from {table} where source_line = any ($1)");
            transaction.execute(&delete, &[&stray]).await.doing(doing)?;
        }
        // Constants: added without touching a row.
        let lineage = crate::table::lineage(entry).map(|part| format!("add {part}")).join(", ");
        let working = crate::table::working_name(entry);
        let bare = working.trim_start_matches("source.");
        let sql = format!(
            "alter table {table} alter column source_line drop default, {lineage};
             drop sequence {};
             alter table {table} rename to {bare};
             alter table history.{bare} set schema source;",
            sequence(entry)
        );
        transaction.batch_execute(&sql).await.doing(doing)?;
        Ok(working)
    }
}
