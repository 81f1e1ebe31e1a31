use serde_json::{Value as Json, json};
use stackctl::resource::{Profile, Retry, Typical, Wait};

/// How a simulated kind behaves.
#[derive(Debug)]
pub struct Habit {
    pub name: &'static str,
    /// The kind that `parent` refers to.
    pub parent: Option<&'static str>,
    /// Has a physical name that no two may share; the others would happily be created twice.
    pub named: bool,
    /// A second create with the same client token returns the first object.
    pub token: bool,
    /// The create call cannot set `size`.
    pub blind: bool,
    /// An update call changes one attribute at a time.
    pub piecemeal: bool,
    /// Seconds until a new object is ready.
    pub slow: u64,
    /// Seconds of an update.
    pub settles: u64,
    /// Seconds of a deletion.
    pub fade: u64,
    /// Seconds until a new object shows in reads, at most.
    pub hidden: u64,
    /// Seconds at most for which answers are old and new in turn after a change: absent and there, after a creation and a
    /// deletion.
    pub flickers: u64,
    /// Its id is its name, as that of buckets, queues and roles.
    pub by_name: bool,
    /// Seconds between polls.
    pub interval: u64,
    /// Ready this many times in a row.
    pub hits: u32,
}

const PLAIN: Habit = Habit {
    name: "",
    parent: None,
    named: false,
    token: false,
    blind: false,
    piecemeal: false,
    slow: 0,
    settles: 0,
    fade: 0,
    hidden: 0,
    flickers: 0,
    by_name: false,
    interval: 1,
    hits: 1,
};

pub static HABITS: &[Habit] = &[
    Habit { name: "net", hidden: 8, flickers: 12, ..PLAIN },
    Habit { name: "sub", parent: Some("net"), slow: 5, fade: 3, hidden: 15, flickers: 20, hits: 2, ..PLAIN },
    Habit {
        name: "db",
        parent: Some("sub"),
        named: true,
        blind: true,
        slow: 400,
        settles: 60,
        fade: 120,
        hidden: 5,
        flickers: 30,
        interval: 30,
        ..PLAIN
    },
    Habit { name: "box", named: true, by_name: true, blind: true, hidden: 4, fade: 2, flickers: 60, ..PLAIN },
    Habit {
        name: "app",
        parent: Some("sub"),
        piecemeal: true,
        slow: 20,
        settles: 10,
        interval: 5,
        flickers: 20,
        ..PLAIN
    },
    Habit { name: "key", token: true, hidden: 12, fade: 10, flickers: 30, ..PLAIN },
];

/// What the cloud answers when something passes by itself.
const RETRIES: &[Retry] = &[
    Retry::secs("Throttling", "", 120),
    Retry::secs("DependencyViolation", "", 1200),
    Retry::secs("ParentNotFound", "", 300),
    Retry::secs("ParentNotReady", "", 300),
];

impl Habit {
    pub fn profile(&self) -> Profile {
        let wait = Wait::secs(self.slow / 4, self.interval, self.hits, 1200);
        let seconds = |seconds: u64| u32::try_from(seconds + 1).unwrap();
        Profile {
            create: wait,
            update: Wait::secs(0, self.interval, 1, 1200),
            delete: Wait::secs(0, self.interval, 1, 1200),
            typical: Typical {
                create: seconds(self.slow),
                update: seconds(self.settles),
                delete: seconds(self.fade),
            },
            retries: RETRIES,
            fixed_name: self.named,
            identity: if self.named { &["name"] } else { &[] },
            ..Profile::INSTANT
        }
    }

    pub fn inputs(&self) -> Json {
        let mut inputs = json!({"type": "object", "additionalProperties": false, "properties": {
            "label": {"type": "string", "x-replace": true},
            "parent": {"type": ["string", "null"], "x-replace": true},
            "peer": {"type": ["string", "null"]},
            "size": {"type": "integer", "default": 1},
            "zone": {"type": ["string", "null"], "x-computed": true},
            "secret": {"type": ["string", "null"], "x-sensitive": true, "x-write-only": true},
            "force": {"type": "boolean", "default": false, "x-local": true},
            "tags": {"type": "object", "additionalProperties": {"type": "string"}, "default": {}},
        }, "required": ["label"]});
        if self.named {
            let name = json!({"type": ["string", "null"], "x-replace": true, "x-name": {"max": 63}});
            inputs["properties"]["name"] = name;
        }
        inputs
    }

    pub fn outputs() -> Json {
        json!({"type": "object", "properties": {
            "arn": {"type": "string"},
            "version": {"type": "string", "x-volatile": true},
        }})
    }
}
