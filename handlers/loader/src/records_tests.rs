use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug, PartialEq)]
enum Seen {
    Blank(u64),
    Row { line: u64, fields: Vec<Vec<u8>>, unclosed: bool },
}

fn parse_with(limit: usize, chunks: &[&[u8]]) -> Result<Vec<Seen>, TooLong> {
    let mut seen = Vec::new();
    let mut take = |item: Item<'_>| {
        seen.push(match item {
            Item::Blank { line } => Seen::Blank(line),
            Item::Row(record) => Seen::Row {
                line: record.line,
                fields: record.fields().map(<[u8]>::to_vec).collect(),
                unclosed: record.unclosed,
            },
        });
        Ok(())
    };
    let mut records = Records::new(limit);
    for chunk in chunks {
        records.feed(chunk, &mut take)?;
    }
    records.finish(&mut take)?;
    Ok(seen)
}

fn parse(text: &[u8]) -> Vec<Seen> {
    parse_with(1 << 20, &[text]).unwrap()
}

fn row(line: u64, fields: &[&str]) -> Seen {
    let fields = fields.iter().map(|field| field.as_bytes().to_vec()).collect();
    Seen::Row { line, fields, unclosed: false }
}

#[test]
fn line_ends_may_be_mixed_and_the_last_may_be_missing() {
    let expected = [row(1, &["a", "b"]), row(2, &["c", "d"]), row(3, &["e", ""])];
    assert_eq!(parse(b"a,b\r\nc,d\ne,"), expected);
    assert_eq!(parse(b"a,b\rc,d\r\ne,\n"), expected);
}

#[test]
fn blank_lines_are_seen_and_counted() {
    let expected = [Seen::Blank(1), row(2, &["a"]), Seen::Blank(3), Seen::Blank(4), row(5, &["b"])];
    assert_eq!(parse(b"\na\n\n\nb"), expected);
    assert_eq!(parse(b"\r\na\r\n\r\n\r\nb\r\n"), expected);
}

#[test]
fn quoted_line_breaks_belong_to_the_field_and_move_the_line_number() {
    let text = b"\"one\ntwo \"\"2\"\"\",x\n\n\"three\r\nfour\",y\nz,z\n";
    let expected = [
        row(1, &["one\ntwo \"2\"", "x"]),
        Seen::Blank(3),
        row(4, &["three\r\nfour", "y"]),
        row(6, &["z", "z"]),
    ];
    assert_eq!(parse(text), expected);
}

#[test]
fn a_byte_order_mark_is_dropped_however_it_arrives() {
    let expected = vec![row(1, &["a"])];
    assert_eq!(parse(b"\xef\xbb\xbfa\n"), expected);
    assert_eq!(parse_with(99, &[b"\xef", b"\xbb", b"\xbf", b"a", b"\n"]).unwrap(), expected);
    assert_eq!(parse(b"\xef\xbb\xbf"), []);
    let kept = Seen::Row { line: 1, fields: vec![b"\xef\xbbx".to_vec()], unclosed: false };
    assert_eq!(parse_with(99, &[b"\xef", b"\xbbx"]).unwrap(), [kept]);
}

#[test]
fn an_unclosed_quote_is_noticed_at_the_end() {
    let seen = parse(b"a\n\"b,c\nd");
    assert_eq!(seen[1], Seen::Row { line: 2, fields: vec![b"b,c\nd".to_vec()], unclosed: true });
    assert_eq!(parse(b"a\n\"b\""), [row(1, &["a"]), row(2, &["b"])]);
}

#[test]
fn a_record_beyond_the_limit_is_an_error_at_its_first_line() {
    let text = format!("a\n\"{}", "x\n".repeat(5000));
    assert_eq!(parse_with(4096, &[text.as_bytes()]), Err(TooLong { line: 2, limit: 4096 }));
    let fields = format!("a\n{}", ",".repeat(10_000));
    assert_eq!(parse_with(4096, &[fields.as_bytes()]), Err(TooLong { line: 2, limit: 4096 }));
}

#[test]
fn records_longer_than_the_first_buffer_are_whole() {
    let long = "x".repeat(100_000);
    let text = format!("{long},{long}\nb,c\n");
    assert_eq!(parse(text.as_bytes()), [row(1, &[&long, &long]), row(2, &["b", "c"])]);
    let wide = vec!["y"; 2000].join(",");
    assert_eq!(parse(wide.as_bytes()), [row(1, &vec!["y"; 2000])]);
}

/// Bytes of which CSV files are made, and some of which they are not.
fn anything() -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        4 => Just(b','), 4 => Just(b'"'), 3 => Just(b'\n'), 2 => Just(b'\r'), 6 => b'a'..=b'e',
        1 => any::<u8>(), 1 => Just(0xef), 1 => Just(0xbb), 1 => Just(0xbf),
    ];
    proptest::collection::vec(byte, 0..200)
}

/// Fields with everything that has to be quoted.
fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    let field = "[ab,\"\n\r\t\\\\é]{0,8}";
    proptest::collection::vec(proptest::collection::vec(field, 2..6), 0..12)
}

proptest! {
    #[test]
    fn chunks_do_not_matter(text in anything(), cuts in proptest::collection::vec(0_usize..200, 0..8)) {
        let mut cuts = cuts.into_iter().map(|cut| cut.min(text.len())).collect::<Vec<_>>();
        cuts.sort_unstable();
        let mut chunks = Vec::new();
        let mut start = 0;
        for cut in cuts {
            chunks.push(&text[start..cut]);
            start = cut;
        }
        chunks.push(&text[start..]);
        prop_assert_eq!(parse_with(1 << 20, &chunks).unwrap(), parse(&text));
    }

    #[test]
    fn the_short_way_reads_what_csv_core_reads(text in anything()) {
        // A record that comes byte by byte is never whole, so csv-core gets it.
        let bytes = text.chunks(1).collect::<Vec<_>>();
        prop_assert_eq!(parse(&text), parse_with(1 << 20, &bytes).unwrap());
    }

    #[test]
    fn what_was_written_is_read_again(table in table(), ending in prop_oneof![Just("\n"), Just("\r\n")]) {
        let mut text = String::new();
        let mut expected = Vec::new();
        let mut line = 1;
        for fields in &table {
            expected.push(row(line, &fields.iter().map(String::as_str).collect::<Vec<_>>()));
            let quoted = fields.iter().map(|field| format!("\"{}\"", field.replace('"', "\"\""))).collect::<Vec<_>>();
            let record = quoted.join(",") + ending;
            line += record.matches('\n').count() as u64;
            text.push_str(&record);
        }
        prop_assert_eq!(parse(text.as_bytes()), expected);
    }

    #[test]
    fn no_line_is_lost(text in anything()) {
        let text = text.into_iter().filter(|byte| !matches!(byte, b'"' | b'\r')).collect::<Vec<_>>();
        let lines = text.iter().filter(|&&byte| byte == b'\n').count() + usize::from(text.last().is_some_and(|&byte| byte != b'\n'));
        let marks = usize::from(text == b"\xef\xbb\xbf");
        prop_assert_eq!(parse(&text).len(), lines - marks);
    }
}
