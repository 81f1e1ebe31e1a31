//! Whatever a released stackctl wrote must stay readable. The files in `formats/` are what it wrote:
//! NEVER EDIT THESE. A new format gets new files beside them.

use crate::invocation::Test;
use serde_json::Value as Json;
use stackctl::plan::Plan;
use stackctl::state::{Document, Entry};

const STATE: &str = include_str!("formats/1/state.json");
const JOURNAL: &str = include_str!("formats/1/state.journal");
const MOVED: &str = include_str!("formats/1/moved.journal");
const PLAN: &str = include_str!("formats/1/saved.plan");

const STACK: &str = "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[queue.jobs]\n";

#[test]
fn format_1_of_the_state_has_every_field_and_keeps_its_checksum() {
    let document = Document::from_text(STATE).unwrap();
    assert_eq!((document.format, document.serial), (1, 7));
    let queue = &document.resources[&"queue.jobs[\"a\"]".parse().unwrap()];
    assert!(queue.protected && queue.incomplete && queue.depends_on.len() == 1 && queue.deposed.len() == 1);
    assert_eq!(document.open.len(), 2);
    assert_eq!(document.outputs["url"], "http://127.0.0.1/demo-jobs-a");
    assert_eq!(document.to_text().unwrap(), STATE, "what was read is written as it was");
}

#[test]
fn format_1_of_the_journal_has_every_entry_and_folds() {
    let entries: Vec<Entry> = JOURNAL.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds = |entry: &Entry| match entry {
        Entry::Base { writer, .. } => {
            if writer.is_some() {
                "base of a writer"
            } else {
                "base"
            }
        }
        Entry::Intent(_) => "intent",
        Entry::Id { .. } => "id",
        Entry::Done { record: Some(_), .. } => "done",
        Entry::Done { record: None, .. } => "deleted",
        Entry::Moved { .. } => "moved",
        Entry::Void { .. } => "void",
    };
    let kinds: Vec<&str> = entries.iter().map(kinds).collect();
    let expected =
        ["base", "intent", "id", "done", "intent", "deleted", "intent", "void", "intent", "base of a writer"];
    assert_eq!(kinds, expected);
    let mut document = Document::from_text(STATE).unwrap();
    document.fold(&entries).unwrap();
    assert!(document.resources.contains_key(&"bucket.files".parse().unwrap()));
    assert!(!document.resources.contains_key(&"queue.old".parse().unwrap()));
    assert_eq!(document.open.len(), 3, "two of the state, one of the journal");
}

/// Moves came later; a journal without them is read as before.
#[test]
fn format_1_of_the_journal_may_have_moves() {
    let entries: Vec<Entry> = MOVED.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let mut document = Document::from_text(STATE).unwrap();
    let [a, b] = ["queue.jobs[\"a\"]", "queue.jobs[\"b\"]"].map(|text| text.parse().unwrap());
    let record = document.resources[&a].clone();
    document.fold(&entries).unwrap();
    assert_eq!(document.resources.get(&b), Some(&record));
    assert!(!document.resources.contains_key(&a));
}

#[test]
fn format_1_of_a_saved_plan_is_known() {
    let saved: Json = serde_json::from_str(PLAN).unwrap();
    let plan: Plan = serde_json::from_value(saved["plan"].clone()).unwrap();
    assert_eq!((plan.stack.as_str(), plan.serial), ("demo", 7));
    assert_eq!(serde_json::to_value(&plan).unwrap(), saved["plan"]);
}

/// The program itself, in the place where that stackctl left them.
#[test]
fn commands_read_format_1() {
    let test = Test::new().stack(STACK).file("state/demo.local.json", STATE);
    let test = test.file("state/demo.local.journal", JOURNAL).args(["state", "list", "--target", "local"]);
    let listed = test.success().stdout;
    assert!(listed.contains("queue.jobs[\"a\"]") && listed.contains("bucket.files"), "{listed}");
}

/// Since format 2 digests cost a guesser something, the lines of a journal have checksums, and the way to the cloud is remembered.
mod second {
    use super::*;
    use stackctl::state::{Files, is_digest};

    const STATE: &str = include_str!("formats/2/state.json");
    const JOURNAL: &str = include_str!("formats/2/state.journal");
    const PLAN: &str = include_str!("formats/2/saved.plan");

    #[test]
    fn format_2_of_the_state_keeps_its_checksum() {
        let document = Document::from_text(STATE).unwrap();
        assert_eq!((document.format, document.serial), (2, 7));
        let queue = &document.resources[&"queue.jobs[\"a\"]".parse().unwrap()];
        assert!(is_digest(&queue.inputs["password"]) && is_digest(&document.outputs["pin"]));
        let reach = document.reach.clone().unwrap();
        assert_eq!((reach.target.as_deref(), reach.profile.as_deref()), (Some("local"), Some("team")));
        assert_eq!(document.to_text().unwrap(), STATE, "what was read is written as it was");
    }

    #[test]
    fn format_2_of_the_journal_verifies_and_folds() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path(), "demo", None);
        std::fs::write(files.path(), STATE).unwrap();
        std::fs::write(files.journal_path(), JOURNAL).unwrap();
        let document = files.read().unwrap().unwrap();
        assert!(document.resources.contains_key(&"bucket.files".parse().unwrap()));
        assert!(!document.resources.contains_key(&"queue.old".parse().unwrap()));
        assert_eq!(document.open.len(), 3, "two of the state, one of the journal");
    }

    #[test]
    fn format_2_of_a_saved_plan_is_known() {
        let saved: Json = serde_json::from_str(PLAN).unwrap();
        let plan: Plan = serde_json::from_value(saved["plan"].clone()).unwrap();
        assert_eq!(serde_json::to_value(&plan).unwrap(), saved["plan"]);
    }
}
