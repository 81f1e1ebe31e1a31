//! Real and invented files, damaged at random: never a panic, never a lost row.
//!
//! `LOADER_FUZZ` says how many (2000); every one has its own seed, which a failure names.

use crate::real::real;
use loader::rows::{Counts, Rows};
use loader::settings::Settings;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

const FILES: u64 = 2000;

/// The corpus: beginnings and ends of files, short enough that every mutation hits something.
fn corpus() -> Vec<Vec<u8>> {
    let mut corpus = Vec::new();
    for (rows, seed) in [(3, 1), (8, 2)] {
        let mut content = Vec::new();
        loader::generate::write(rows, seed, &mut content).unwrap();
        corpus.push(content);
    }
    corpus.push(b"loan_amnt,loan_status,desc\n1,ok,\"a \"\"b\"\"\nc\"\n\n2,ok,d\r\n".to_vec());
    for name in [
        "LoanStats3a_2017Q2_official_143col.csv",
        "LoanStats3a_2017Q3_official_145col.csv",
        "LoanStats3a_2018Q2_official_151col.csv",
        "kaggle2019_loan_head1000_145col.csv",
        "accepted_sample_1000_150col.csv",
    ] {
        let Some(path) = real(name) else { continue };
        let content = std::fs::read(path).unwrap();
        let (head, tail) = (&content[..14_000], &content[content.len() - 6000..]);
        corpus.push([head, tail].concat());
    }
    corpus
}

/// What the text of a file becomes.
#[derive(Debug, PartialEq)]
struct Outcome {
    error: Option<String>,
    counts: Counts,
    rejects: Vec<(u64, String)>,
    text: Vec<u8>,
    typed: Vec<u8>,
}

fn read(content: &[u8], chunks: impl Iterator<Item = usize>) -> Outcome {
    let mut rows = Rows::new(&Settings { max_record_bytes: 64 * 1024, ..Settings::default() });
    let mut rest = content;
    let mut error = None;
    for size in chunks {
        let (chunk, next) = rest.split_at(size.min(rest.len()));
        error = rows.feed(chunk).err();
        rest = next;
        if rest.is_empty() || error.is_some() {
            break;
        }
    }
    let error = error.or_else(|| rows.finish().err()).map(|error| error.to_string());
    Outcome {
        error,
        counts: rows.counts(),
        rejects: rows.rejects().iter().map(|reject| (reject.line, reject.reason.clone())).collect(),
        text: rows.text().to_vec(),
        typed: rows.typed().to_vec(),
    }
}

fn damage(content: &mut Vec<u8>, dice: &mut ChaCha8Rng) {
    const PIECES: [&[u8]; 12] = [
        b"\"",
        b",",
        b"\n",
        b"\r\n",
        b"\"\"",
        b"\0",
        b"\xff",
        b"\xef\xbb\xbf",
        b"n/a",
        b"\",\"",
        b"\xc2\xa0",
        b"99999999999999999999",
    ];
    for _ in 0..dice.random_range(1..8) {
        let at = dice.random_range(0..=content.len());
        let end = (at + dice.random_range(0..60)).min(content.len());
        match dice.random_range(0..6) {
            0 => drop(content.drain(at..end)),
            1 => drop(content.splice(at..at, PIECES[dice.random_range(0..PIECES.len())].iter().copied())),
            2 => {
                if let Some(byte) = content.get_mut(at) {
                    *byte ^= 1 << dice.random_range(0..8);
                }
            }
            3 => {
                let piece = content[at..end].to_vec();
                let to = dice.random_range(0..=content.len());
                content.splice(to..to, piece);
            }
            4 => content.truncate(end.max(1)),
            _ => content[at..end].reverse(),
        }
    }
}

/// Rows of `COPY`'s text format.
fn lines(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// Rows of `COPY`'s binary format, whose lengths must add up.
fn tuples(mut typed: &[u8]) -> u64 {
    let mut tuples = 0;
    while let Some((fields, mut rest)) = typed.split_first_chunk::<2>() {
        for _ in 0..u16::from_be_bytes(*fields) {
            let (length, after) = rest.split_first_chunk::<4>().unwrap();
            rest = &after[usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0)..];
        }
        typed = rest;
        tuples += 1;
    }
    assert!(typed.is_empty(), "{} bytes are left", typed.len());
    tuples
}

#[test]
fn no_damage_makes_it_panic_or_lose_a_row() {
    let files = std::env::var("LOADER_FUZZ").map_or(FILES, |text| text.parse().unwrap());
    let corpus = corpus();
    let (mut accepted, mut rejected, mut refused) = (0, 0, 0);
    for seed in 0..files {
        let mut dice = ChaCha8Rng::seed_from_u64(seed);
        let mut content = corpus[dice.random_range(0..corpus.len())].clone();
        damage(&mut content, &mut dice);
        let whole = read(&content, std::iter::once(content.len()));
        let largest = [1, 7, 100, 5000][dice.random_range(0..4)];
        let pieces = read(&content, std::iter::repeat_with(|| dice.random_range(1..=largest)));
        assert_eq!(pieces, whole, "seed {seed}: pieces matter");
        let Counts { read, accepted: good, rejected: bad, left_out } = whole.counts;
        assert_eq!(read, good + bad + left_out, "seed {seed}: a record was lost");
        assert_eq!(lines(&whole.text), good, "seed {seed}: rows as delivered");
        assert_eq!(tuples(&whole.typed), good, "seed {seed}: typed rows");
        assert_eq!(whole.rejects.len() as u64, bad, "seed {seed}: rejected rows");
        accepted += good;
        rejected += bad;
        refused += u64::from(whole.error.is_some());
    }
    // The damage is neither too little nor too much.
    assert!(accepted > files && rejected > files / 20 && refused > 0, "{accepted} {rejected} {refused}");
    #[expect(clippy::print_stderr, reason = "a test that says what it did")]
    {
        eprintln!(
            "{files} damaged files: {accepted} rows accepted, {rejected} rejected, {refused} files refused"
        );
    }
}
