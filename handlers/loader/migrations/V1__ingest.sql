create table ingest.files (
    id bigint generated always as identity primary key,
    bucket text not null,
    key text not null,
    version_id text not null default '',
    etag text not null,
    size_bytes bigint,
    last_modified text,
    sha256 text,
    source_table text,
    status text not null check (status in ('loading', 'loaded', 'duplicate', 'superseded', 'failed')),
    rows_read bigint,
    rows_loaded bigint,
    rows_rejected bigint,
    lines_left_out bigint,
    bytes bigint,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    seconds double precision,
    error text,
    attempts integer not null default 1,
    load_id uuid not null default gen_random_uuid(),
    request_id text,
    duplicate_of bigint references ingest.files (id),
    superseded_by bigint references ingest.files (id),
    superseded_table text,
    unique (bucket, key, version_id, etag)
);

-- The loader decides under a lock; these two hold even if somebody goes around it.
create unique index files_loaded_sha256 on ingest.files (sha256) where status = 'loaded';
create unique index files_loaded_source_table on ingest.files (source_table) where status = 'loaded';

comment on table ingest.files is 'The manifest: every file that was seen, once, with its fate.';
comment on column ingest.files.bucket is 'S3 bucket, or ''file:'' for a file of the machine on which the loader ran as a command.';
comment on column ingest.files.key is 'S3 key, or the absolute path.';
comment on column ingest.files.version_id is 'S3 version, empty where the bucket keeps none.';
comment on column ingest.files.etag is 'S3 ETag without quotes, or size, inode and modification time of a local file.';
comment on column ingest.files.size_bytes is 'Size that the store stated.';
comment on column ingest.files.last_modified is 'Modification time that the store stated.';
comment on column ingest.files.sha256 is 'SHA-256 of the content, computed while it was read.';
comment on column ingest.files.source_table is 'Name of the file''s table in schema source, and value of master_loan.source_table.';
comment on column ingest.files.status is 'loading, loaded, duplicate (the content is loaded under another name), superseded (newer content under the same name), failed.';
comment on column ingest.files.rows_read is 'Records read, the header not counted: loaded + rejected + left out.';
comment on column ingest.files.rows_loaded is 'Rows of master_loan that came from this file.';
comment on column ingest.files.rows_rejected is 'Rows of ingest.rejects that came from this file.';
comment on column ingest.files.lines_left_out is 'Notes, blank lines, section titles, summary lines and repeated headers.';
comment on column ingest.files.bytes is 'Bytes read.';
comment on column ingest.files.error is 'Why the last attempt failed.';
comment on column ingest.files.attempts is 'How often a load of this file began.';
comment on column ingest.files.load_id is 'Identity of the last attempt.';
comment on column ingest.files.request_id is 'AWS request of the last attempt; null where the loader ran as a command.';
comment on column ingest.files.duplicate_of is 'The loaded file with the same content.';
comment on column ingest.files.superseded_by is 'The file that took its place.';
comment on column ingest.files.superseded_table is 'Where in schema superseded its rows are kept.';

create table ingest.rejects (
    file_id bigint not null references ingest.files (id),
    load_id uuid not null,
    line bigint not null,
    reason text not null,
    raw text not null
);
create index rejects_file_id on ingest.rejects (file_id);

comment on table ingest.rejects is 'Rows that were not loaded. Written beside the load, so that those of a failed load stay readable; the next attempt replaces them.';
comment on column ingest.rejects.line is 'Physical line on which the row starts.';
comment on column ingest.rejects.reason is 'Why it was not loaded.';
comment on column ingest.rejects.raw is 'Its fields, unquoted and joined by commas; NUL and invalid UTF-8 are shown as U+FFFD.';

create table ingest.columns (
    name text primary key,
    position integer not null,
    added_at timestamptz not null default now(),
    file_id bigint references ingest.files (id)
);

comment on table ingest.columns is 'The loan columns of master_loan: when each was added and by which file.';
comment on column ingest.columns.file_id is 'The first file that delivered the column; null for the 145 that the table began with.';
