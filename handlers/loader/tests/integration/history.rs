//! Releases of the same loans: versions, sightings, the latest.

use crate::real::real;
use crate::support::World;

const HEADER: &str = "id,loan_amnt,term,int_rate,installment,annual_inc,issue_d,zip_code,addr_state,dti,earliest_cr_line,\
                      revol_bal,total_acc,purpose,loan_status,last_pymnt_d,last_credit_pull_d,application_type,desc";

/// What a release says of loan number `loan`; `id` is what it calls it.
fn row(id: &str, loan: u64, status: &str, as_of: &str, rest: &str) -> String {
    format!(
        "{id},{},36 months,10.65%,162.87,24000,Dec-2011,860xx,AZ,27.65,Jan-1985,13648,9,credit_card,{status},{as_of},{as_of},{rest}\n",
        5000 + loan
    )
}

/// Three releases of three loans: with numbers, a quarter later without, a quarter later with numbers again. The first
/// loan stays as it is but for the way it is written, the second is paid, the third is not in the second release.
fn releases() -> [(&'static str, String); 3] {
    let release = |rows: &[String]| format!("{HEADER}\n{}", rows.concat());
    [
        (
            "one.csv",
            release(&[
                row("11", 1, "Current", "Mar-2017", "INDIVIDUAL,Thank you"),
                row("12", 2, "Current", "Mar-2017", "INDIVIDUAL,"),
                row("13", 3, "Current", "Mar-2017", "INDIVIDUAL,"),
            ]),
        ),
        (
            "two.csv",
            release(&[
                row("", 1, "Current", "Mar-2017", "Individual,Thank you"),
                row("", 2, "Fully Paid", "Jun-2017", "Individual,"),
            ]),
        ),
        (
            "three.csv",
            release(&[
                row("12", 2, "Fully Paid", "Sep-2017", "Individual,"),
                row("11.0", 1, "CURRENT", "17-Mar", "Individual, thank YOU").replace("10.65%", "10.65"),
                row("13", 3, "Charged Off", "Sep-2017", "Individual,"),
            ]),
        ),
    ]
}

/// Every order of three releases.
const ORDERS: [[usize; 3]; 6] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];

const LOANS: &str =
    "select concat_ws(' ', id, loan_status, as_of, source_table, source_line, application_type)
                     from mart.loans order by id";
const HISTORY: &str = "select concat_ws(' ', id, loan_status, first_as_of, last_as_of, files, is_latest)
                       from mart.loan_history order by id, first_as_of, loan_status, is_latest";

async fn both(world: &World) -> (String, String) {
    (world.list(LOANS).await, world.list(HISTORY).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_of_releases_ends_in_the_same_loans_and_the_same_history() {
    let releases = releases();
    for order in ORDERS {
        let world = World::new().await;
        for place in order {
            let (name, text) = &releases[place];
            world.load(&world.file(name, text));
        }
        let (loans, history) = both(&world).await;
        assert_eq!(
            loans.replace(',', "\n"),
            "11 Current 2017-09-01 three 3 Individual\n12 Fully Paid 2017-09-01 three 2 Individual\n\
             13 Charged Off 2017-09-01 three 4 Individual",
            "{order:?}"
        );
        assert_eq!(
            history.replace(',', "\n"),
            "11 Current 2017-03-01 2017-09-01 2 t\n11 Current 2017-06-01 2017-06-01 1 f\n\
             12 Current 2017-03-01 2017-03-01 1 f\n12 Fully Paid 2017-06-01 2017-06-01 1 f\n12 Fully Paid 2017-09-01 2017-09-01 1 t\n\
             13 Current 2017-03-01 2017-03-01 1 f\n13 Charged Off 2017-09-01 2017-09-01 1 t",
            "{order:?}"
        );
        let counts = "select sum(rows_loaded)::bigint * 100 + sum(rows_unchanged)::bigint from ingest.files";
        assert_eq!(
            world.number(counts).await,
            7 * 100 + 1,
            "{order:?}: the first loan is unchanged in the third release"
        );
        assert_eq!(world.rows().await, 8, "the master has every row as delivered");
        assert_eq!(world.number("select count(*) from master_loan where id = '11.0'").await, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_file_is_forgotten_and_what_others_show_stays() {
    let [one, two, three] = releases();
    let world = World::new().await;
    for (name, text) in [&one, &two, &three] {
        world.load(&world.file(name, text));
    }
    let replacement = format!("{HEADER}\n{}", row("14", 4, "Current", "Apr-2017", "Individual,"));
    world.load(&world.file("one.csv", &replacement));

    let other = World::new().await;
    for (name, text) in [&("one.csv", replacement), &two, &three] {
        other.load(&other.file(name, text));
    }
    assert_eq!(both(&world).await, both(&other).await);
    assert_eq!(world.number("select count(*) from mart.loans").await, 4);

    world.load(&world.file("one.csv", &one.1));
    let first = World::new().await;
    for (name, text) in [&three, &two, &one] {
        first.load(&first.file(name, text));
    }
    assert_eq!(both(&world).await, both(&first).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_taken_back_by_an_empty_release_under_its_name() {
    let [one, two, _] = releases();
    let world = World::new().await;
    world.load(&world.file(one.0, &one.1));
    world.load(&world.file(two.0, &two.1));
    assert_eq!(world.load(&world.file(two.0, format!("{HEADER}\n"))), "loaded");
    let alone = World::new().await;
    alone.load(&alone.file(one.0, &one.1));
    assert_eq!(both(&world).await, both(&alone).await);
    assert_eq!(world.statuses().await, "loaded,superseded,loaded");
}

#[tokio::test(flavor = "multi_thread")]
async fn loans_that_share_an_origination_are_told_apart_and_repeated_rows_are_not_loans() {
    let world = World::new().await;
    let twins = [
        row("", 1, "Current", "Mar-2017", "Individual,first"),
        row("", 1, "Current", "Mar-2017", "Individual,second"),
        row("", 1, "Current", "Mar-2017", "Individual,FIRST"),
    ];
    world.load(&world.file("twins.csv", format!("{HEADER}\n{}", twins.concat())));
    assert_eq!(world.list("select \"desc\" from mart.loans order by 1").await, "first,second");
    let counts = "select concat_ws(' ', rows_read, rows_loaded, rows_unchanged) from ingest.files";
    assert_eq!(world.list(counts).await, "3 2 1");

    // Their numbers become known.
    let numbered = [
        row("22", 1, "Fully Paid", "Jun-2017", "Individual,second"),
        row("21", 1, "Fully Paid", "Jun-2017", "Individual,first"),
    ];
    world.load(&world.file("numbered.csv", format!("{HEADER}\n{}", numbered.concat())));
    assert_eq!(
        world.list("select id || \"desc\" || loan_status from mart.loans order by 1").await,
        "21firstFully Paid,22secondFully Paid"
    );
    assert_eq!(
        world
            .list("select id || \"desc\" || loan_status from mart.loan_history order by 1")
            .await
            .matches("Current")
            .count(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loan_twice_in_one_file_is_what_the_last_line_says() {
    let world = World::new().await;
    let rows = [
        row("1", 1, "Current", "Mar-2017", "Individual,"),
        row("1", 1, "Late (16-30 days)", "Mar-2017", "Individual,"),
    ];
    world.load(&world.file("twice.csv", format!("{HEADER}\n{}", rows.concat())));
    assert_eq!(world.list("select loan_status from mart.loans").await, "Late (16-30 days)");
    assert_eq!(world.number("select count(*) from mart.loan_history").await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unchanged_release_in_other_bytes_adds_sightings_only() {
    let world = World::new().await;
    let path = world.generated("first.csv", 2000, 3);
    let text = std::fs::read_to_string(&path).unwrap();
    world.load(&path);
    world.load(
        &world.file("second.csv", text.replace("\"Individual\"", "INDIVIDUAL").replace("\"\n", "\"\r\n")),
    );
    let counts = "select concat_ws(' ', rows_loaded, rows_unchanged) from ingest.files order by id";
    assert_eq!(world.list(counts).await, "2000 0,0 2000");
    assert_eq!(world.number("select count(*) from history.version").await, 2000);
    assert_eq!(world.number("select count(*) from history.sighting").await, 2000);
    assert_eq!(world.rows().await, 4000);
    assert_eq!(world.list("select distinct source_table from mart.loans").await.len(), "first".len() + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_real_releases_are_42535_loans_whatever_came_first() {
    let names = [
        "LoanStats3a_2017Q2_official_143col.csv",
        "LoanStats3a_2017Q3_official_145col.csv",
        "LoanStats3a_2018Q2_official_151col.csv",
    ];
    let mut sums = Vec::new();
    for order in ORDERS {
        let world = World::new().await;
        for place in order {
            let Some(path) = real(names[place]) else { return };
            world.load(&path);
        }
        assert_eq!(world.number("select count(*) from mart.loans where id is not null").await, 42_535);
        assert_eq!(world.number("select count(*) from mart.loan_history").await, 3 * 42_535);
        assert_eq!(world.number("select count(*) from ingest.totals where stated <> found").await, 0);
        let sum = "select md5(string_agg(loan::text, '' order by loan_key)) from mart.loans loan";
        let history = "select md5(string_agg(loan::text, '' order by loan_key, first_as_of)) from mart.loan_history loan";
        sums.push((world.list(sum).await, world.list(history).await));
        assert_eq!(
            world.list("select distinct source_table from mart.loans").await,
            "loanstats3a_2018q2_official_151col"
        );
    }
    assert!(sums.iter().all(|sum| *sum == sums[0]), "{sums:?}");
}
