"""Compares a lake with the database that it was written from: every table, every row, every column.

    compare_lake.py LAKE_FOLDER [TABLE…]

The folder holds `<table>/_manifest.json` and the Parquet files that it names, as the loader writes them. They are read with DuckDB,
which shares no code with the loader; Postgres is the one that the PG* variables (or DATABASE_URL) name.

Equal means: the manifest says what the database says (columns in order, types, comments, leaking columns; its loaded files are known);
each file has the bytes, the digest and the rows that the manifest states, and exactly the right columns of exactly the right types; and
the rows are the same, as a multiset, value by value, floats bit by bit. Both sides are read in the order of loan_key, in batches.

Prints a line for each table. Exit code 1 and the first differences if there are any, 2 if it could not be compared.
"""

import decimal
import hashlib
import itertools
import json
import os
import struct
import sys
from collections import Counter
from pathlib import Path

import duckdb
import psycopg

TABLES = ["loan_features", "loan_history", "loans"]
KEY = "loan_key"
PARTITION = "issue_year"
NO_YEAR = 1970
SHOWN = 10
BATCH = 2000

# Postgres' type: DuckDB's type of the column in Parquet.
TYPES = {
    "smallint": "SMALLINT",
    "integer": "INTEGER",
    "bigint": "BIGINT",
    "double precision": "DOUBLE",
    "numeric(14,2)": "DECIMAL(14,2)",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp with time zone": "TIMESTAMP WITH TIME ZONE",
    "text": "VARCHAR",
    "uuid": "VARCHAR",
    "jsonb": "VARCHAR",
}


class Differences(list):
    """What differs; only the first ones are kept, all are counted."""

    total = 0

    def note(self, text):
        self.total += 1
        if len(self) < SHOWN:
            self.append(text)


def parquet_type(postgres):
    if postgres.startswith("character"):
        return "VARCHAR"
    if postgres not in TYPES:
        raise LookupError(f"no rule says what {postgres} is in Parquet; add it to TYPES in {Path(__file__).name}")
    return TYPES[postgres]


def canonical(postgres):
    """How a value of this type is compared: as it is, but for what two drivers hand out differently."""
    if postgres == "double precision":
        # Bits, so that 0.0 is not -0.0 and NaN is itself.
        return lambda value: struct.pack(">d", value)
    if postgres == "numeric(14,2)":
        # Digits and exponent: 3.5 is not 3.50.
        return lambda value: decimal.Decimal(value).as_tuple()
    if postgres.startswith("character("):
        # Blanks at the end of a char(n) are padding.
        return lambda value: value.rstrip(" ")
    if postgres == "jsonb":
        # jsonb has a value and no text: neither the order of keys nor blanks are part of it.
        return lambda value: json.dumps(json.loads(value, parse_float=decimal.Decimal), sort_keys=True, default=str)
    return lambda value: value


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def literal(text):
    return "'" + str(text).replace("'", "''") + "'"


def catalogue(database, table):
    """Name, type and comment of each column, in order."""
    query = """
        select attname, format_type(atttypid, atttypmod), col_description(attrelid, attnum)
        from pg_attribute where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum
    """
    columns = database.execute(query, [f"mart.{table}"]).fetchall()
    if not columns:
        raise LookupError(f"mart.{table} does not exist in the database, or this login may not see it")
    return columns


def check_manifest(database, manifest, table, columns, found):
    def same(what, lake, postgres):
        lake, postgres = list(lake), list(postgres)
        for left, right in itertools.zip_longest(lake, postgres, fillvalue="nothing"):
            if left != right:
                found.note(f"manifest, {what}: {left} in the lake, {right} in Postgres")

    if (manifest["format"], manifest["table"]) != (1, table):
        found.note(f"manifest: format {manifest['format']} of table {manifest['table']}, expected format 1 of table {table}")
    same("column", ((c["name"], c["type"], c["comment"]) for c in manifest["columns"]), columns)
    same(
        "leaking column",
        ((c["column"], c["reason"]) for c in sorted(manifest["leaking"], key=lambda c: c["column"])),
        database.execute('select column_name, reason from mart.leaking_columns order by column_name collate "C"'),
    )
    # The other way round is no difference: a file that changed nothing of a table leaves the table's manifest as it was.
    known = set(database.execute("select id, source_table, sha256, as_of::text from ingest.files"))
    for file in manifest["files"]:
        if (file["id"], file["table"], file["sha256"], file["as_of"]) not in known:
            found.note(f"manifest, loaded file: {file['id']} ({file['table']}) is not in ingest.files, or is another there")


def check_file(duck, folder, year, file, expected, found):
    """The file is the one that the manifest means, and every column of it is of the right type."""
    path = folder / file["path"]
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        found.note(f"{file['path']}: named in the manifest, and not there")
        return None
    if file["path"].split("/")[0] != f"{PARTITION}={year}":
        found.note(f"{file['path']}: belongs to {PARTITION} {year}, by the manifest")
    content = path.read_bytes()
    if (len(content), hashlib.sha256(content).hexdigest()) != (file["bytes"], file["sha256"]):
        found.note(f"{file['path']}: bytes or SHA-256 are not those of the manifest")
    source = f"read_parquet({literal(path)}, hive_partitioning = false)"
    types = [(name, kind) for name, kind, *_ in duck.execute(f"describe select * from {source}").fetchall()]
    for lake, postgres in itertools.zip_longest(types, expected, fillvalue="no column"):
        if lake != postgres:
            found.note(f"{file['path']}: has {lake} where {postgres} is expected")
    rows = duck.execute(f"select count(*) from {source}").fetchone()[0]
    if rows != file["rows"]:
        found.note(f"{file['path']}: {rows} rows, {file['rows']} by the manifest")
    return path if types == expected else None


def batches(cursor):
    while rows := cursor.fetchmany(BATCH):
        yield from rows


def by_key(rows, position, canonise):
    """Rows of one loan at a time: (key, multiset of rows)."""
    for key, group in itertools.groupby(rows, key=lambda row: row[position]):
        yield key, Counter(tuple(None if value is None else turn(value) for turn, value in zip(canonise, row)) for row in group)


def note_rows(found, key, names, lake, postgres):
    """Tells by column if it can: one row on each side; otherwise how many rows are on one side alone."""
    missing, additional = list((postgres - lake).elements()), list((lake - postgres).elements())
    if len(missing) == len(additional) == 1:
        for name, left, right in zip(names, additional[0], missing[0]):
            if left != right:
                found.note(f"loan {key}, {name}: {left!r} in the lake, {right!r} in Postgres")
        return
    if missing:
        found.note(f"loan {key}: {len(missing)} row(s) of Postgres missing from the lake")
    if additional:
        found.note(f"loan {key}: {len(additional)} row(s) of the lake unknown to Postgres")


def compare_rows(lake, postgres, names, found):
    """Merges two streams in the order of their keys. Returns how many rows were compared."""
    rows, nothing = 0, (None, Counter())
    left, right = next(lake, nothing), next(postgres, nothing)
    while left[0] is not None or right[0] is not None:
        key = min(side[0] for side in (left, right) if side[0] is not None)
        ours, theirs = (side[1] if side[0] == key else Counter() for side in (left, right))
        if ours != theirs:
            note_rows(found, key, names, ours, theirs)
        rows += max(ours.total(), theirs.total())
        left = next(lake, nothing) if left[0] == key else left
        right = next(postgres, nothing) if right[0] == key else right
    return rows


def compare(database, duck, folder, table):
    """Returns rows, columns and what differs."""
    found = Differences()
    manifest = json.loads((folder / "_manifest.json").read_text(encoding="utf-8"))
    columns = catalogue(database, table)
    check_manifest(database, manifest, table, columns, found)

    expected = [(name, parquet_type(kind)) for name, kind, _ in columns]
    parts = [(partition[PARTITION], file) for partition in manifest["partitions"] for file in partition["files"]]
    paths = [(year, check_file(duck, folder, year, file, expected, found)) for year, file in parts]
    if any(path is None for _, path in paths):
        # Rows that lack a column, or a whole file, all differ: that would hide what matters.
        return 0, len(columns), found

    names = [name for name, _, _ in columns] + [PARTITION]
    canonise = [canonical(kind) for _, kind, _ in columns] + [canonical("integer")]
    position = names.index(KEY)

    def lake_value(name, kind):
        return f"epoch_us({quoted(name)})" if kind.startswith("timestamp") else quoted(name)

    def database_value(name, kind):
        if kind.startswith("timestamp"):
            return f"(extract(epoch from {quoted(name)}) * 1000000)::bigint"
        return f"{quoted(name)}::text" if kind in ("uuid", "jsonb") else quoted(name)

    selected = ", ".join(lake_value(name, kind) for name, kind, _ in columns)
    files = [
        f"select {selected}, {year}::integer from read_parquet({literal(path)}, hive_partitioning = false)"
        for year, path in paths
    ]
    lake = iter(())
    if files:
        duck.execute(f"select * from ({' union all '.join(files)}) order by {position + 1}")
        lake = by_key(batches(duck), position, canonise)

    selected = ", ".join(database_value(name, kind) for name, kind, _ in columns)
    with database.cursor(name="postgres_side") as cursor:
        cursor.itersize = BATCH
        year = f"coalesce(extract(year from issue_d)::integer, {NO_YEAR})"
        cursor.execute(f"select {selected}, {year} from mart.{quoted(table)} order by {quoted(KEY)}")
        rows = compare_rows(lake, by_key(iter(cursor), position, canonise), names, found)
    return rows, len(columns), found


def main(arguments):
    if not arguments:
        print("usage: compare_lake.py LAKE_FOLDER [TABLE…]", file=sys.stderr)
        return 2
    lake = Path(arguments[0])
    tables = arguments[1:] or sorted({*TABLES, *(path.parent.name for path in lake.glob("*/_manifest.json"))})
    address = "" if os.environ.get("PGHOST") else os.environ.get("DATABASE_URL", "")
    failed = False
    # One snapshot for all tables: a load that ends meanwhile is not seen by half of them.
    with psycopg.connect(address) as database, duckdb.connect() as duck:
        database.isolation_level, database.read_only = psycopg.IsolationLevel.REPEATABLE_READ, True
        for table in tables:
            if not (lake / table / "_manifest.json").is_file():
                print(f"{table}: DIFFERS: {lake / table} has no _manifest.json")
                failed = True
                continue
            rows, columns, found = compare(database, duck, lake / table, table)
            failed |= found.total > 0
            if found.total:
                print(f"{table}: DIFFERS in {found.total} place(s)")
                print("\n".join(f"  {text}" for text in found))
                if found.total > len(found):
                    print(f"  and {found.total - len(found)} more")
            else:
                print(f"{table}: {rows} rows and {columns} columns are equal")
    return int(failed)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except (psycopg.Error, duckdb.Error, OSError, LookupError, ValueError) as error:
        print(f"could not compare: {error}", file=sys.stderr)
        sys.exit(2)
