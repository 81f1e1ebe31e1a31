use super::*;
use crate::records::{Item, Records, TooLong};

fn file(rows: u64, seed: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(rows, seed, &mut bytes).unwrap();
    bytes
}

fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut take = |item: Item<'_>| {
        if let Item::Row(record) = item {
            rows.push(record.fields().map(|field| String::from_utf8(field.to_vec()).unwrap()).collect());
        }
        Ok::<_, TooLong>(())
    };
    let mut records = Records::new(1 << 20);
    records.feed(bytes, &mut take).unwrap();
    records.finish(&mut take).unwrap();
    rows
}

fn column(row: &[String], name: &str) -> String {
    row[COLUMNS.iter().position(|column| *column == name).unwrap()].clone()
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    assert_eq!(file(200, 7), file(200, 7));
    assert_ne!(file(200, 7), file(200, 8));
}

#[test]
fn every_row_has_the_145_columns_and_the_file_its_notes_and_sums() {
    let rows = rows(&file(500, 1));
    assert_eq!(rows.len(), 500 + 4);
    assert_eq!(rows[0].len(), 1);
    assert!(rows[1..502].iter().all(|row| row.len() == 145));
    assert_eq!(rows[1], COLUMNS);
    let funded: u64 = rows[2..502].iter().map(|row| column(row, "funded_amnt").parse::<u64>().unwrap()).sum();
    assert_eq!(rows[502], [format!("Total amount funded in policy code 1: {funded}")]);
    assert!(rows[2..502].iter().any(|row| column(row, "desc").contains('\n')));
    assert!(rows[2..502].iter().any(|row| column(row, "desc").contains('"')));
}

#[test]
fn values_look_as_in_the_official_files() {
    for row in &rows(&file(300, 3))[2..302] {
        let rate = column(row, "int_rate");
        assert!(rate.len() == 7 && rate.starts_with(' ') && rate.ends_with('%'), "{rate:?}");
        assert!([" 36 months", " 60 months"].contains(&column(row, "term").as_str()));
        assert_eq!(column(row, "issue_d").len(), 8);
        assert_eq!(column(row, "zip_code").len(), 5);
        assert_eq!(column(row, "id"), "");
    }
}

#[test]
fn the_installment_pays_the_loan_off() {
    assert_eq!(loan::installment(10_000, 36, 1200), 33_214);
}

#[test]
fn defaults_rise_with_the_grade() {
    let rows = rows(&file(20_000, 11));
    let rate = |grade: &str| {
        let ended =
            rows.iter().filter(|row| row.len() == 145 && column(row, "grade") == grade).filter_map(|row| {
                match column(row, "loan_status").as_str() {
                    "Charged Off" | "Default" => Some(1.0),
                    "Fully Paid" => Some(0.0),
                    _ => None,
                }
            });
        let ended = ended.collect::<Vec<f64>>();
        assert!(ended.len() > 30, "grade {grade} has only {} loans that ended", ended.len());
        ended.iter().sum::<f64>() / ended.len() as f64
    };
    let rates = ["A", "B", "C", "D", "E", "F"].map(rate);
    assert!(rates.windows(2).all(|pair| pair[0] < pair[1]), "{rates:?}");
    assert!((0.02..0.12).contains(&rates[0]), "{rates:?}");
    assert!((0.2..0.6).contains(&rates[5]), "{rates:?}");
}
