"""Proves that compare_lake.py sees what it is there to see: takes a lake that is right, damages a copy in many ways, expects to be told.

    damage_lake.py LAKE_FOLDER

Postgres is named as for compare_lake.py. Prints a line for each damage; exit code 1 if one went unseen.
"""

import hashlib
import json
import math
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import polars as pl

COMPARE = Path(__file__).with_name("compare_lake.py")
TABLE = "loan_features"
NOBODY = "ffffffff-ffff-ffff-ffff-ffffffffffff"


def other(column, change):
    """The first value of a column that is not null becomes another one, of the same type."""

    def damage(frame):
        values = frame[column].to_list()
        at = next(at for at, value in enumerate(values) if value is not None)
        values[at] = change(values[at])
        return frame.with_columns(pl.Series(column, values, dtype=frame.schema[column]))

    return damage


# What is done to a file of the table, and what must be said. Size, digest and rows in the manifest are made to fit, so that
# only the content tells.
CONTENT = {
    "an amount that is a cent higher": (other("loan_amnt", lambda value: value + type(value)("0.01")), "loan_amnt: "),
    "a rate that is the next double": (other("int_rate", lambda value: math.nextafter(value, math.inf)), "int_rate: "),
    "another word": (other("purpose", lambda value: value + " "), "purpose: "),
    "another date": (other("issue_d", lambda value: value.replace(day=2)), "issue_d: "),
    "a null for a value": (other("term", lambda value: None), "term: None in the lake"),
    "a missing row": (lambda frame: frame.slice(1), "1 row(s) of Postgres missing from the lake"),
    "a row twice": (lambda frame: pl.concat([frame, frame.head(1)]), "1 row(s) of the lake unknown to Postgres"),
    "an unknown loan": (
        lambda frame: pl.concat([frame, frame.head(1).with_columns(loan_key=pl.lit(NOBODY))]),
        f"loan {NOBODY}: 1 row(s) of the lake unknown to Postgres",
    ),
    "a missing column": (lambda frame: frame.drop("dti"), "('dti', 'DOUBLE') is expected"),
    "an additional column": (lambda frame: frame.with_columns(more=pl.lit(1)), "has ('more', 'INTEGER')"),
    "columns in another order": (lambda frame: frame.select(frame.columns[::-1]), "('loan_key', 'VARCHAR') is expected"),
    "money as a float": (lambda frame: frame.with_columns(pl.col("loan_amnt").cast(pl.Float64)), "has ('loan_amnt', 'DOUBLE')"),
    "a wider integer": (lambda frame: frame.with_columns(pl.col("term").cast(pl.Int32)), "has ('term', 'INTEGER')"),
}


def largest(manifest):
    """The year with the most rows: one whose loans have all that is damaged here."""
    return max(manifest["partitions"], key=lambda partition: sum(file["rows"] for file in partition["files"]))


def target(manifest):
    return largest(manifest)["files"][0]


def describe(path, file):
    """Makes the manifest's entry fit the file."""
    content = path.read_bytes()
    file.update(bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), rows=pl.read_parquet(path).height)


def move(folder, manifest):
    """The file goes to another year, content and all."""
    partition, file = largest(manifest), target(manifest)
    year = partition["issue_year"] + 100
    path = f"issue_year={year}/moved.parquet"
    (folder / path).parent.mkdir()
    shutil.move(folder / file["path"], folder / path)
    file["path"], partition["issue_year"] = path, year


# What is done to the folder and its manifest, and what must be said.
MANIFEST = {
    "a file that is gone": (
        lambda folder, m: (folder / target(m)["path"]).unlink(),
        "named in the manifest, and not there",
    ),
    "a year that is left out": (lambda folder, m: m["partitions"].remove(largest(m)), "missing from the lake"),
    "a file in the wrong year": (move, "issue_year: "),
    "a wrong digest": (lambda folder, m: target(m).update(sha256="0" * 64), "SHA-256"),
    "a wrong number of rows": (lambda folder, m: target(m).update(rows=0), "0 by the manifest"),
    "another comment": (lambda folder, m: m["columns"][0].update(comment="something"), "manifest, column"),
    "a leak that is not listed": (lambda folder, m: m["leaking"].pop(0), "manifest, leaking column"),
    "a file that was never loaded": (lambda folder, m: m["files"][0].update(sha256="0" * 64), "manifest, loaded file"),
}


def compare(lake):
    return subprocess.run([sys.executable, COMPARE, lake, TABLE], capture_output=True, text=True)


def damaged(lake, change):
    """What compare_lake.py says of a damaged copy."""
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(shutil.copytree(lake, Path(scratch) / "lake"))
        folder = copy / TABLE
        manifest = json.loads((folder / "_manifest.json").read_text(encoding="utf-8"))
        change(folder, manifest)
        (folder / "_manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        return compare(copy)


def rewrite(damage):
    def change(folder, manifest):
        file = target(manifest)
        path = folder / file["path"]
        damage(pl.read_parquet(path, hive_partitioning=False)).write_parquet(path)
        describe(path, file)

    return change


def leave_a_stranger(folder, manifest):
    """A file that the manifest does not name: one being written, or one that was replaced."""
    file = folder / target(manifest)["path"]
    shutil.copy(file, file.with_name("stranger.parquet"))


def main(lake):
    unseen = 0
    untouched = {"nothing": rewrite(lambda frame: frame), "a file that the manifest does not name": leave_a_stranger}
    for name, change in untouched.items():
        told = damaged(lake, change)
        unseen += told.returncode != 0
        print(f"{'let pass' if told.returncode == 0 else 'REFUSED'}: {name}")
        if told.returncode:
            print(told.stdout + told.stderr)
    damages = {name: (rewrite(damage), words) for name, (damage, words) in CONTENT.items()} | MANIFEST
    for name, (change, words) in damages.items():
        told = damaged(lake, change)
        seen = told.returncode == 1 and f"{TABLE}: DIFFERS" in told.stdout and words in told.stdout
        unseen += not seen
        print(f"{'seen' if seen else 'UNSEEN'}: {name}")
        if not seen:
            print(f"exit code {told.returncode}, and no {words!r} in\n{told.stdout}{told.stderr}")
    print(f"{len(untouched) + len(damages) - unseen} of {len(untouched) + len(damages)} as expected")
    return int(unseen > 0)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: damage_lake.py LAKE_FOLDER")
    sys.exit(main(Path(sys.argv[1])))
