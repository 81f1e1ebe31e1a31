use proptest::prelude::*;

use super::*;

const HEADER: &str = "id,loan_amnt,loan_status\n";

fn read(text: &[u8]) -> Result<Rows, ContentError> {
    let mut rows = Rows::new(&Settings { max_record_bytes: 1 << 16, ..Settings::default() });
    rows.feed(text)?;
    rows.finish()?;
    Ok(rows)
}

fn counted(text: &str) -> (u64, u64, u64, u64) {
    let Counts { read, accepted, rejected, left_out } = self::read(text.as_bytes()).unwrap().counts();
    (read, accepted, rejected, left_out)
}

#[test]
fn notes_sections_sums_and_blank_lines_are_left_out_and_counted() {
    let text = format!(
        "Notes offered by Prospectus (https://example.org)\n{HEADER}1,5,ok\n\n \nLoans that do not meet the credit \
         policy\n2,6,ok\n\nTotal amount funded in policy code 1: 436,003,725,11\nTotal amount funded in policy code 2: 0,,\n\
         ,,\n{HEADER}"
    );
    assert_eq!(counted(&text), (11, 2, 0, 9));
}

#[test]
fn a_row_of_the_wrong_width_is_rejected_with_its_line() {
    let mut rows = read(format!("{HEADER}1,5,ok\n2,6\n\"3\n3\",7,ok,more\n").as_bytes()).unwrap();
    assert_eq!(rows.counts(), Counts { read: 3, accepted: 1, rejected: 2, left_out: 0 });
    let rejects = rows.rejects();
    assert_eq!(
        rejects[0],
        Reject { line: 3, column: None, reason: "2 fields, the header has 3".into(), raw: "2,6".into() }
    );
    assert_eq!((rejects[1].line, rejects[1].raw.as_str()), (4, "3\n3,7,ok,more"));
}

#[test]
fn bytes_that_postgres_cannot_hold_are_rejected() {
    let mut text = HEADER.as_bytes().to_vec();
    text.extend_from_slice(b"1,a\0b,ok\n2,\xff,ok\n3,\xc3,\xa9\n4,7,\xc3\xa9\n\"5,6,ok");
    let mut rows = read(&text).unwrap();
    assert_eq!(rows.counts().accepted, 1);
    let reasons = rows.rejects().iter().map(|reject| reject.reason.as_str()).collect::<Vec<_>>();
    assert_eq!(
        reasons,
        [
            "a NUL byte, which Postgres' text cannot hold",
            "bytes that are no UTF-8",
            "bytes that are no UTF-8",
            "the file ends within a quoted field",
        ]
    );
    assert_eq!(rows.rejects()[0].raw, "1,a\u{fffd}b,ok");
}

#[test]
fn rows_are_ready_for_copy() {
    let rows = read(format!("{HEADER}1,5,\"a\nb\"\n\"\",6,c\\d\n").as_bytes()).unwrap();
    assert_eq!(rows.text(), b"2\t1\t5\ta\\nb\n4\t\t6\tc\\\\d\n");
}

#[test]
fn a_file_without_header_is_an_error_that_shows_what_was_seen() {
    assert_eq!(read(b"").err(), Some(ContentError::Empty));
    assert_eq!(read(b"\n\r\n").err(), Some(ContentError::Empty));
    let error = read("a;b;c\n1;2;3\n".repeat(40).as_bytes()).err().unwrap();
    assert_eq!(error, ContentError::NoHeader { records: 50, line: 50, seen: "a;b;c".into() });
    let error = read(b"\n1,2,3\n").err().unwrap().to_string();
    assert!(error.starts_with("no header among the first 2 records (up to line 2)"), "{error}");
}

#[test]
fn the_ratio_of_bad_rows_decides() {
    let rows = read(format!("{HEADER}1,5,ok\n2,6\n3,7,ok\n4,8,ok\n").as_bytes()).unwrap();
    assert_eq!(rows.check_rejects(0.25), Ok(()));
    let error = rows.check_rejects(0.2).unwrap_err().to_string();
    assert!(
        error.starts_with("1 of 4 rows were rejected, more than 20 %; the first, line 3: 2 fields"),
        "{error}"
    );
    assert_eq!(read(HEADER.as_bytes()).unwrap().check_rejects(0.0), Ok(()));
}

proptest! {
    #[test]
    fn every_record_is_loaded_rejected_or_left_out(
        text in proptest::collection::vec(prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), b'a'..=b'c', any::<u8>()], 0..300),
        cut in 0_usize..300,
    ) {
        let whole = [HEADER.as_bytes(), &text].concat();
        let cut = cut.min(whole.len());
        let mut rows = Rows::new(&Settings { max_record_bytes: 1 << 16, ..Settings::default() });
        rows.feed(&whole[..cut]).unwrap();
        rows.feed(&whole[cut..]).unwrap();
        rows.finish().unwrap();
        let Counts { read, accepted, rejected, left_out } = rows.counts();
        prop_assert_eq!(read, accepted + rejected + left_out);
        prop_assert_eq!(rows.text().iter().filter(|&&byte| byte == b'\n').count() as u64, accepted);
        prop_assert_eq!(rows.rejects().len() as u64, rejected);
        prop_assert!(std::str::from_utf8(rows.text()).is_ok());
    }
}
