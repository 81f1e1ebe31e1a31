//! States and journals as an apply leaves them.

use serde_json::json;
use stackctl::address::Address;
use stackctl::state::{Cipher, Document, Entry, Intent, Record, Verb};

/// The stack that they belong to: `--target local` needs no account.
pub const STACK: &str = "[stack]\nname = \"demo\"\nregion = \"eu-west-1\"\n[queue.jobs]\n[queue.more]\n";
pub const STATE: &str = "state/demo.local.json";
pub const BACKUP: &str = "state/demo.local.json.backup";
pub const JOURNAL: &str = "state/demo.local.journal";
pub const LOCK: &str = "state/demo.local.lock";

/// A state of that serial with these queues.
pub fn document(serial: u64, queues: &[&str]) -> Document {
    let mut document = Document::new("demo", "000000000000", "eu-west-1");
    document.lineage = "0b5ddd4e-8a65-4a5b-9a40-6a7d1c9a9f3e".to_owned();
    document.serial = serial;
    for queue in queues {
        document.resources.insert(Address::new("queue", queue), record(queue));
    }
    document
}

pub fn text(document: &Document) -> String {
    document.to_text().unwrap()
}

pub fn record(queue: &str) -> Record {
    Record {
        id: format!("http://127.0.0.1/000000000000/demo-{queue}").as_str().into(),
        inputs: json!({ "name": format!("demo-{queue}"), "note": "x".repeat(200) }),
        outputs: json!({}),
        depends_on: vec![],
        protected: false,
        intent: format!("intent-{queue}"),
        incomplete: false,
        deposed: vec![],
    }
}

/// A journal on top of `base` in which `queue` is created; with `done`, to the end.
pub fn journal(base: &Document, queue: &str, done: bool) -> String {
    let address = Address::new("queue", queue);
    let intent = Intent {
        intent: format!("intent-{queue}"),
        address: address.clone(),
        verb: Verb::Create,
        id: None,
        inputs: record(queue).inputs,
        depends_on: vec![],
        deposes: false,
        protected: false,
    };
    let mut entries = vec![Entry::base(base, "apply", None), Entry::Intent(intent)];
    if done {
        let intent = format!("intent-{queue}");
        entries.push(Entry::Id { intent: intent.clone(), id: record(queue).id });
        entries.push(Entry::Done { intent, address, record: Some(record(queue)) });
    }
    String::from_utf8(Entry::journal(&Cipher::default(), &entries).unwrap()).unwrap()
}
