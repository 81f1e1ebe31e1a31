//! Files as they come: packed, with any line ends, damaged.

use std::path::Path;
use std::process::Command;

use crate::support::{World, last_stage};
use async_compression::tokio::write::{BzEncoder, GzipEncoder, ZstdEncoder};
use async_zip::base::write::ZipFileWriter;
use async_zip::{Compression, ZipEntryBuilder};
use tokio::io::AsyncWriteExt;

fn text(rows: u64, seed: u64) -> Vec<u8> {
    let mut content = Vec::new();
    loader::generate::write(rows, seed, &mut content).unwrap();
    content
}

async fn packed(format: &str, content: &[u8]) -> Vec<u8> {
    macro_rules! pack {
        ($encoder:ident) => {{
            let mut encoder = $encoder::new(Vec::new());
            encoder.write_all(content).await.unwrap();
            encoder.shutdown().await.unwrap();
            encoder.into_inner()
        }};
    }
    match format {
        "gzip" => pack!(GzipEncoder),
        "zstd" => pack!(ZstdEncoder),
        "bzip2" => pack!(BzEncoder),
        _ => content.to_vec(),
    }
}

async fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipFileWriter::with_tokio(std::io::Cursor::new(Vec::new()));
    for (name, content) in members {
        let entry = ZipEntryBuilder::new((*name).into(), Compression::Deflate);
        writer.write_entry_whole(entry, content).await.unwrap();
    }
    writer.close().await.unwrap().into_inner().into_inner()
}

/// What the database has of the only file.
async fn loaded(world: &World, path: &Path) -> String {
    world.load(path);
    let sum = world.list("select md5(string_agg(loan_amnt || int_rate || coalesce(\"desc\", ''), '' order by source_line)) from master_loan");
    let counts = world.list("select concat_ws(' ', rows_read, rows_loaded, rows_rejected, lines_left_out, format) from ingest.files");
    format!("{} {}", counts.await, sum.await)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_format_is_told_by_its_first_bytes_and_gives_the_same_rows() {
    let content = text(3000, 4);
    let plain = World::new().await;
    let expected = loaded(&plain, &plain.file("plain.csv", &content)).await;
    assert!(expected.starts_with("3005 3000 0 5 plain "), "{expected}");
    for format in ["gzip", "zstd", "bzip2"] {
        let world = World::new().await;
        let bytes = packed(format, &content).await;
        // The name says something else.
        let path = world.file("loan.csv", &bytes);
        assert_eq!(loaded(&world, &path).await, expected.replace("plain", format));
        assert_eq!(world.number("select bytes from ingest.files").await, bytes.len() as i64);
    }
    // Two members, as `cat a.gz b.gz` makes them.
    let (first, second) = content.split_at(content.len() / 3);
    let world = World::new().await;
    let bytes = [packed("gzip", first).await, packed("gzip", second).await].concat();
    assert_eq!(loaded(&world, &world.file("two.gz", bytes)).await, expected.replace("plain", "gzip"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_members_of_a_zip_are_one_file() {
    let world = World::new().await;
    let (one, two) = (text(200, 1), text(300, 2));
    let bytes = zip(&[
        ("loans/", b""),
        ("__MACOSX/loans/._one.csv", b"\x00\x05\x16\x07"),
        ("loans/one.csv", one.trim_ascii_end()),
        ("loans/two.csv", &two),
    ])
    .await;
    world.load(&world.file("loans.zip", &bytes));
    let counts = "select concat_ws(' ', rows_read, rows_loaded, rows_rejected, lines_left_out, format) from ingest.files";
    // The notes and the header of the second member are left out.
    assert_eq!(world.list(counts).await, "511 500 0 11 zip");
    assert_eq!(world.number("select bytes from ingest.files").await, bytes.len() as i64);
    assert_eq!(world.number("select count(*) from ingest.totals").await, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_archives_fail_whole_and_say_what_is_wrong() {
    let world = World::new().await;
    for format in ["gzip", "zstd", "bzip2"] {
        let mut bytes = packed(format, &text(2000, 1)).await;
        let half = bytes.len() / 2;
        bytes.truncate(half);
        let output = world.try_load(&world.file(&format!("{format}.cut"), &bytes));
        assert_eq!(last_stage(&output), "failed");
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(&format!("the {format} data cannot be read")), "{error}");
    }
    assert_eq!(world.rows().await, 0);
    assert_eq!(world.number("select count(*) from mart.loans").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn line_ends_a_mark_damage_and_nul_cost_no_good_row() {
    let world = World::new().await;
    let mut bytes = b"\xef\xbb\xbfNotes\r\nid,loan_amnt,loan_status,title\r\n".to_vec();
    bytes.extend_from_slice(b"1,100,ok,a\n2,200,ok,\"b\r\nc\"\r\n\r\n3,300,ok,d\r4,400,ok,\xffbad\n5,500,ok,n\0l\n6,600,ok,\xc3\xa9\n");
    let path = world.file("mixed.csv", &bytes);
    let output = world
        .command(&["load", path.to_str().unwrap()])
        .env("LOADER_MAX_REJECT_RATIO", "0.5")
        .output()
        .unwrap();
    assert_eq!(last_stage(&output), "loaded");
    assert_eq!(world.list("select id from master_loan order by 1").await, "1,2,3,6");
    assert_eq!(
        world.list("select reason from ingest.rejects order by line").await,
        "bytes that are no UTF-8,a NUL byte, which Postgres' text cannot hold"
    );
    let shown = world.command(&["rejects", "--limit", "1"]).output().unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert_eq!(shown.lines().count(), 2);
    assert!(shown.contains("bytes that are no UTF-8") && shown.contains("mixed.csv"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_differ_are_recorded_or_refused() {
    let world = World::new().await;
    let text = "loan_status,loan_amnt,open_il_6m,colour\nok,1,2,red\n";
    let path = world.file("drift.csv", text);
    let load = |variable: &str, value: &str| {
        let mut command: Command = world.command(&["load", path.to_str().unwrap()]);
        command.env(variable, value).output().unwrap()
    };
    let refused = load("LOADER_REFUSE_DRIFT", "added");
    let error = String::from_utf8(refused.stderr).unwrap();
    assert!(
        error.contains("1 columns differ in a way that is not accepted: colour added; repair the file"),
        "{error}"
    );
    assert_eq!(world.rows().await, 0);
    assert_eq!(last_stage(&load("LOADER_RENAMES", "colour=title")), "loaded");
    let drift = "select concat_ws(' ', column_name, change, detail) from ingest.drift where change <> 'missing' order by 1";
    assert_eq!(
        world.list(drift).await,
        "loan_amnt reordered comes after loan_status,open_act_il renamed delivered as open_il_6m,title renamed delivered as colour"
    );
    assert_eq!(world.number("select count(*) from ingest.drift where change = 'missing'").await, 145 - 4);
    assert_eq!(world.list("select open_act_il || title from master_loan").await, "2red");
    assert_eq!(world.list("select open_act_il || title from mart.loans").await, "2red");

    world.load(&world.file("new.csv", "loan_status,loan_amnt,colour\nok,7,blue\n"));
    assert_eq!(world.list("select extra->>'colour' from mart.loans where loan_amnt = 7").await, "blue");
    assert_eq!(world.list("select colour from master_loan where loan_amnt = '7'").await, "blue");
}

#[tokio::test(flavor = "multi_thread")]
async fn shifted_rows_are_caught_and_wrong_totals_reported() {
    let world = World::new().await;
    let content = String::from_utf8(text(200, 9)).unwrap();
    let mut lines = content.lines().map(ToOwned::to_owned).collect::<Vec<_>>();
    let at =
        lines.iter().position(|line| line.contains("\"RENT\"") && line.matches('"').count() == 290).unwrap();
    // An empty field was dropped and the row filled up at its end.
    lines[at] = format!("{},\"\"", lines[at].replacen("\"\",", "", 1));
    let path = world.file("shifted.csv", lines.join("\n"));
    let output = world.try_load(&path);
    assert_eq!(last_stage(&output), "loaded");
    let log = String::from_utf8(output.stdout).unwrap();
    assert!(log.contains("dollars for policy code 1, the rows add up to"), "{log}");
    assert_eq!(world.number("select line from ingest.rejects").await, at as i64 + 1);
    assert_eq!(world.number("select count(*) from ingest.totals where stated <> found").await, 1);
    assert_eq!(world.number("select count(*) from mart.loans").await, 199);
}
