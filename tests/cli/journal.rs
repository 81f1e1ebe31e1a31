//! Damage to a journal, in every place: it is noticed, or what the journal says is the same as before. Never something else.

use crate::states::{self, document, text};
use age::secrecy::ExposeSecret;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use stackctl::address::Address;
use stackctl::resource::Id;
use stackctl::state::{Cipher, Document, Entry, Files, Identity, Intent, Record, StateError, Verb};
use std::time::Duration;
use tempfile::TempDir;

/// A state with a journal beside it, and what both say together.
struct Beside {
    _folder: TempDir,
    files: Files,
    journal: Vec<u8>,
    whole: Document,
}

/// What came of reading a damaged journal.
#[derive(Debug, PartialEq)]
enum Found {
    Noticed(String),
    Harmless,
    Else(Box<Document>),
}

impl Beside {
    /// As a run leaves it that dies after `count` resources.
    fn new(count: usize, cipher: Cipher) -> Self {
        Self::of(entries(count), cipher)
    }

    fn of(entries: Vec<Entry>, cipher: Cipher) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path(), "demo", None).sealed_by(cipher);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let held = runtime.block_on(files.hold("apply", Duration::ZERO)).unwrap();
        let mut base = document(4, &["jobs"]);
        held.write(&mut base).unwrap();
        let journal = held.journal(&base, "apply").unwrap();
        for entry in entries {
            runtime.block_on(journal.append(&entry)).unwrap();
        }
        drop((journal, held));
        let whole = files.read().unwrap().unwrap();
        assert!(whole.resources.len() > 1 && whole.open.len() == 1);
        let journal = std::fs::read(files.journal_path()).unwrap();
        Self { _folder: folder, files, journal, whole }
    }

    fn found(&self, journal: &[u8]) -> Found {
        std::fs::write(self.files.journal_path(), journal).unwrap();
        match self.files.read() {
            Err(StateError::Damaged { what, .. }) => Found::Noticed(what),
            Ok(Some(read)) if read == self.whole => Found::Harmless,
            Ok(Some(read)) => Found::Else(Box::new(read)),
            // A flipped bit in the format's number is that of a newer one.
            Err(StateError::Newer { what, .. }) => Found::Noticed(what),
            other => panic!("{other:?}"),
        }
    }

    fn flipped(&self, bit: usize) -> Found {
        let mut journal = self.journal.clone();
        journal[bit / 8] ^= 1 << (bit % 8);
        self.found(&journal)
    }

    fn lines(&self) -> Vec<&[u8]> {
        self.journal.split_inclusive(|byte| *byte == b'\n').collect()
    }
}

/// A short one: every bit of it is flipped.
fn record(queue: &str) -> Record {
    Record { inputs: serde_json::json!({ "name": queue }), ..states::record(queue) }
}

/// Every sort of entry; the last one announces and does not end.
fn entries(count: usize) -> Vec<Entry> {
    let intent = |queue: &str, verb| {
        Entry::Intent(Intent {
            intent: format!("intent-{queue}-{verb}"),
            address: Address::new("queue", queue),
            verb,
            id: (verb != Verb::Create).then(|| record(queue).id),
            inputs: record(queue).inputs,
            depends_on: vec![Address::new("queue", "jobs")],
            deposes: false,
            protected: false,
        })
    };
    let done = |queue: &str, verb, record| Entry::Done {
        intent: format!("intent-{queue}-{verb}"),
        address: Address::new("queue", queue),
        record,
    };
    let mut entries = vec![];
    for index in 0..count {
        let queue = format!("q{index}");
        entries.push(intent(&queue, Verb::Create));
        let id = Id(format!("http://127.0.0.1/000000000000/demo-{queue}"));
        entries.push(Entry::Id { intent: format!("intent-{queue}-create"), id });
        entries.push(done(&queue, Verb::Create, Some(record(&queue))));
    }
    entries.push(intent("q0", Verb::Delete));
    entries.push(done("q0", Verb::Delete, None));
    entries.push(intent("q0", Verb::Create));
    entries.push(Entry::Void {
        intent: "intent-q0-create".to_owned(),
        reason: "sqs:CreateQueue: no".to_owned(),
    });
    entries.push(intent("last", Verb::Create));
    entries.push(intent("none", Verb::Create));
    entries.push(Entry::Void { intent: "intent-none-create".to_owned(), reason: String::new() });
    entries.push(intent("q0", Verb::Update));
    entries.push(done("q0", Verb::Update, Some(record("q0"))));
    entries
}

fn sealing() -> Cipher {
    let key = age::x25519::Identity::generate();
    let identity = Identity::parse(key.to_string().expose_secret());
    Cipher::new(&[key.to_public().to_string()], identity).unwrap()
}

#[test]
fn a_flipped_bit_anywhere_is_noticed_or_means_the_same() {
    // What a create to the end writes, and the beginning of another.
    let mut few = entries(1);
    let last = few.iter().position(|entry| entry.to_string().contains("queue.last")).unwrap();
    few = [few[..3].to_vec(), vec![few.swap_remove(last)]].concat();
    let beside = Beside::of(few, Cipher::default());
    let mut noticed = 0;
    for bit in 0..beside.journal.len() * 8 {
        match beside.flipped(bit) {
            Found::Noticed(what) => {
                noticed += 1;
                assert!(
                    what.contains("line ") || what.contains("newer stackctl") || what.contains("first line"),
                    "{what}"
                );
            }
            Found::Harmless => {}
            Found::Else(read) => panic!("bit {bit}: {read:?}"),
        }
    }
    // The checksums' own name in the first line is all that a reader can do without.
    assert!(noticed >= beside.journal.len() * 8 - 128, "{noticed} of {}", beside.journal.len() * 8);
}

#[test]
fn so_is_one_of_a_large_journal_and_of_an_encrypted_one() {
    let mut dice = StdRng::seed_from_u64(20_260_131);
    for (beside, times) in [(Beside::new(60, Cipher::default()), 600), (Beside::new(1, sealing()), 600)] {
        for _ in 0..times {
            let bit = dice.random_range(0..beside.journal.len() * 8);
            if let Found::Else(read) = beside.flipped(bit) {
                panic!("bit {bit}: {read:?}");
            }
        }
    }
}

/// But for the end: a journal that ends earlier is one whose run died earlier.
#[test]
fn a_line_that_is_removed_doubled_or_moved_is_noticed_with_its_number() {
    for cipher in [Cipher::default(), sealing()] {
        let beside = Beside::new(2, cipher);
        let lines = beside.lines();
        let noticed = |lines: Vec<&[u8]>, at: usize, what: &str| match beside.found(&lines.concat()) {
            Found::Noticed(why) => assert!(why.contains(&format!("line {}", at + 1)), "{what} {at}: {why}"),
            other => panic!("{what} {at}: {other:?}"),
        };
        for at in 0..lines.len() {
            let mut removed = lines.clone();
            removed.remove(at);
            if at + 1 < lines.len() {
                noticed(removed, at, "removed");
            }
            for to in at + 1..=lines.len() {
                let mut doubled = lines.clone();
                doubled.insert(to, lines[at]);
                noticed(doubled, to, "doubled");
            }
            for other in at + 1..lines.len() {
                let mut swapped = lines.clone();
                swapped.swap(at, other);
                noticed(swapped, at, "swapped");
            }
        }
    }
}

/// Wherever a crash cuts it: the whole lines count, and what is left of the last one does not.
#[test]
fn one_that_is_cut_anywhere_is_read_up_to_there() {
    for cipher in [Cipher::default(), sealing()] {
        let beside = Beside::new(1, cipher);
        let mut before = None;
        // To decrypt takes its time: at every line break there, and in the midst of every line.
        let sealed = beside.journal.windows(6).any(|word| word == b"sealed");
        for cut in 1..=beside.journal.len() {
            let journal = &beside.journal[..cut];
            let at_end = beside.journal[cut.saturating_sub(2)..].iter().take(3).any(|byte| *byte == b'\n');
            if sealed && !at_end && cut % 97 != 0 {
                continue;
            }
            std::fs::write(beside.files.journal_path(), journal).unwrap();
            let read = beside.files.read();
            if !journal.contains(&b'\n') {
                assert!(matches!(read, Err(StateError::Damaged { .. })), "cut at {cut}");
                continue;
            }
            let read = read.unwrap().unwrap();
            if !journal.ends_with(b"\n") {
                assert_eq!(Some(&read), before.as_ref(), "cut at {cut}");
            }
            before = Some(read);
        }
        assert_eq!(before, Some(beside.whole));
    }
}

/// With right checksums, by who can write the file: the run that wrote the rest never did that.
#[test]
fn an_end_without_a_beginning_is_damage() {
    let beside = Beside::new(1, Cipher::default());
    let base = document(5, &["jobs"]);
    let about = |entry: Entry| {
        let entries = [Entry::base(&base, "apply", None), entry];
        beside.found(&Entry::journal(&Cipher::default(), &entries).unwrap())
    };
    let (intent, address) = ("nobody's".to_owned(), Address::new("queue", "jobs"));
    let forged = [
        Entry::Done { intent: intent.clone(), address: address.clone(), record: None },
        Entry::Done { intent: intent.clone(), address: address.clone(), record: Some(record("other")) },
        Entry::Id { intent: intent.clone(), id: Id("http://elsewhere".to_owned()) },
        Entry::Void { intent: intent.clone(), reason: String::new() },
        Entry::base(&base, "apply", None),
    ];
    for entry in forged {
        match about(entry.clone()) {
            Found::Noticed(why) => assert!(why.contains("line 2"), "{entry}: {why}"),
            other => panic!("{entry}: {other:?}"),
        }
    }
    // That its protection was taken back stands there without one.
    let free = Entry::Done { intent, address, record: Some(states::record("jobs")) };
    assert!(!matches!(about(free), Found::Noticed(_)));
}

/// What an earlier stackctl left in the midst of an apply: taken in, and written on in today's form.
#[test]
fn one_without_checksums_is_read_and_not_continued() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::new(folder.path(), "demo", None);
    std::fs::write(files.path(), include_str!("formats/1/state.json")).unwrap();
    std::fs::write(files.journal_path(), include_str!("formats/1/state.journal")).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let held = runtime.block_on(files.hold("apply", Duration::ZERO)).unwrap();
    let document = held.read().unwrap().unwrap();
    assert!(document.resources.contains_key(&"bucket.files".parse().unwrap()));
    assert!(!files.journal_path().exists());
    let journal = held.journal(&document, "apply").unwrap();
    runtime.block_on(journal.append(&entries(0)[2])).unwrap();
    let written = std::fs::read_to_string(files.journal_path()).unwrap();
    assert_eq!(written.lines().filter(|line| line.starts_with("{\"chain\":\"")).count(), 2, "{written}");
    assert_eq!(files.read().unwrap().unwrap().open.len(), document.open.len() + 1);
    assert!(text(&document).contains("\"format\": 2"));
}
