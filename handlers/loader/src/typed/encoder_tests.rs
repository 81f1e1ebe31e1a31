use super::*;

fn names(header: &str) -> Vec<String> {
    header.split(',').map(ToOwned::to_owned).collect()
}

/// A field of a row in `COPY BINARY`, from the end.
fn last(row: &[u8], from_the_end: usize) -> Vec<u8> {
    let mut fields = Vec::new();
    let mut rest = &row[2..];
    while let [a, b, c, d, tail @ ..] = rest {
        let length = i32::from_be_bytes([*a, *b, *c, *d]).max(0) as usize;
        fields.push(tail[..length].to_vec());
        rest = &tail[length..];
    }
    assert_eq!(fields.len(), usize::from(u16::from_be_bytes([row[0], row[1]])));
    fields[fields.len() - from_the_end].clone()
}

struct Row {
    key: Vec<u8>,
    hash: Vec<u8>,
}

fn encode(header: &str, row: &str) -> Result<Row, String> {
    let mut encoder = Encoder::new(&names(header), true);
    let mut out = Vec::new();
    let encoded = encoder.encode(7, row.split(',').map(str::as_bytes), &mut out);
    encoded.map_err(|bad| bad.reason)?;
    let tail = if encoder.extras { 1 } else { 0 };
    assert_eq!(last(&out, 4 + tail), 7_u64.to_be_bytes());
    Ok(Row { key: last(&out, 3 + tail), hash: last(&out, 2 + tail) })
}

#[test]
fn the_number_is_the_key_and_not_part_of_the_hash() {
    let known = encode("id,loan_amnt,loan_status", "12,5000,Current").unwrap();
    assert_eq!(known.key, key::of_id(12));
    let by_url = encode("url,loan_amnt,loan_status", "https://x?loan_id=12,5000.0,CURRENT").unwrap();
    assert_eq!((by_url.key, &by_url.hash), (known.key, &known.hash));
    let unknown = encode("id,loan_amnt,loan_status", ",5000,Current").unwrap();
    assert_eq!((&unknown.key, &unknown.hash), (&known.hash, &known.hash));
}

#[test]
fn the_order_of_columns_and_missing_ones_make_no_difference() {
    let one = encode("loan_amnt,grade,loan_status", "5000,A,Current").unwrap();
    let two = encode("loan_status,desc,loan_amnt,grade", "Current,,5000,A").unwrap();
    assert_eq!(one.hash, two.hash);
    assert_ne!(one.hash, encode("loan_amnt,grade,loan_status", "5000,B,Current").unwrap().hash);
    let one = encode("loan_amnt,new,newer,loan_status", "5000,x,y,Current").unwrap();
    let two = encode("newer,loan_amnt,loan_status,new", "Y,5000,Current,X").unwrap();
    assert_eq!(one.hash, two.hash);
    assert_ne!(one.hash, encode("loan_amnt,loan_status,new", "5000,Current,x").unwrap().hash);
}

#[test]
fn without_a_number_the_origination_is_the_key() {
    let header = format!("{},loan_status", ORIGINATION.join(","));
    let row = "Dec-2011,5000,36 months,10.65%,162.87,860xx,24000,27.65,Jan-1985,13648,AZ,credit_card,9";
    let one = encode(&header, &format!("{row},Current")).unwrap();
    let other = row.replace("10.65%", "10.65").replace("5000", "5000.0").replace("Dec-2011", "11-Dec");
    let two = encode(&header, &format!("{other},Fully Paid")).unwrap();
    assert_eq!(one.key, two.key);
    assert_ne!(one.hash, two.hash);
    assert_ne!(
        one.key,
        encode(&header, &format!("{},Current", row.replace("162.87", "162.88"))).unwrap().key
    );
}

#[test]
fn bad_and_shifted_rows_are_refused_with_a_reason() {
    let refused = |header: &str, row: &str| encode(header, row).err().unwrap();
    assert_eq!(refused("loan_amnt,loan_status", ",Current"), "loan_amnt: empty");
    assert_eq!(refused("loan_amnt,loan_status", "5k,x"), "loan_amnt: \"5k\" is not an amount of money");
    let header = "loan_amnt,grade,open_acc,issue_d,tax_liens,loan_status";
    assert_eq!(
        refused(header, "5000,3,Dec-2015,Jan-2011,Current,Current"),
        "3 values do not fit their columns (grade \"3\", open_acc \"Dec-2015\", tax_liens \"Current\"): a shifted row?"
    );
    assert!(
        encode(header, "5000,A,Dec-2015,Jan-2011,0,Current").is_ok(),
        "one odd value is left out, not the row"
    );
}

#[test]
fn a_column_with_another_type_is_noticed_and_costs_no_rows() {
    let mut encoder = Encoder::new(&names("loan_amnt,open_acc,pub_rec,loan_status"), true);
    let mut out = Vec::new();
    let mut rejected = 0;
    for _ in 0..1000 {
        let row = [&b"5"[..], b"many", b"few", b"Current"];
        rejected += u64::from(encoder.encode(1, row.into_iter(), &mut out).is_err());
    }
    assert!(rejected <= RETYPED, "{rejected}");
    let retyped = encoder.retyped();
    assert_eq!(retyped.len(), 2);
    assert_eq!(
        (retyped[0].name.as_str(), retyped[0].refused, retyped[0].example.as_str()),
        ("open_acc", 1000, "\"many\"")
    );
}
