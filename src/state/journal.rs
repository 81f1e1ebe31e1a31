use super::lines::FORMAT;
use super::{Document, JournalFile, JournalObject, Record, StateError};
use crate::address::Address;
use crate::chaos::{Moment, point};
use crate::resource::Id;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::fmt;

/// What an intent is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Create,
    Update,
    Delete,
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        })
    }
}

/// A mutation that is about to happen: durable before its first call.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Intent {
    /// Unique; for a create also the client token and the value of the `stackctl:intent` tag.
    pub intent: String,
    pub address: Address,
    pub verb: Verb,
    /// Known already for updates and deletes.
    pub id: Option<Id>,
    /// Resolved, secrets as digests.
    pub inputs: Json,
    pub depends_on: Vec<Address>,
    /// A create whose address has an object already: that one is deposed, not forgotten.
    #[serde(default)]
    pub deposes: bool,
    /// `lifecycle.prevent_destroy`: an object that is adopted is protected as well.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub protected: bool,
}

/// A line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "entry", rename_all = "snake_case")]
pub enum Entry {
    /// The first line: which state the rest builds on.
    Base {
        /// Of the journal; see [`FORMAT`]. The first one did not say.
        #[serde(default = "first_format", skip_serializing_if = "is_first_format")]
        format: u32,
        lineage: String,
        serial: u64,
        started: String,
        command: String,
        /// Of an object journal: who appends to it. Whoever takes over puts its own name here.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        writer: Option<String>,
    },
    Intent(Intent),
    /// AWS has assigned an id to what `intent` creates.
    Id {
        intent: String,
        id: Id,
    },
    /// The intent is carried out; `record` is none after a delete.
    Done {
        intent: String,
        address: Address,
        record: Option<Record>,
    },
    /// Records get other addresses, all at once; nothing is called for it.
    Moved {
        moves: Vec<(Address, Address)>,
    },
    /// The intent failed and left nothing behind.
    Void {
        intent: String,
        reason: String,
    },
}

fn first_format() -> u32 {
    1
}

fn is_first_format(format: &u32) -> bool {
    *format == first_format()
}

/// What it is about, never the inputs: for logs.
impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Base { serial, .. } => write!(f, "base {serial}"),
            Self::Intent(Intent { verb, address, id, .. }) => {
                write!(f, "intent {verb} {address}")?;
                id.as_ref().map_or(Ok(()), |id| write!(f, " {}", id.0))
            }
            Self::Id { id, .. } => write!(f, "id {}", id.0),
            Self::Done { address, record: Some(record), .. } => write!(f, "done {address} {}", record.id.0),
            Self::Done { address, record: None, .. } => write!(f, "done {address} gone"),
            Self::Moved { moves } => {
                write!(f, "moved")?;
                moves.iter().try_for_each(|(from, to)| write!(f, " {from} to {to}"))
            }
            Self::Void { .. } => write!(f, "void"),
        }
    }
}

impl Entry {
    /// The first line of a journal on top of `document`.
    pub fn base(document: &Document, command: &str, writer: Option<&str>) -> Self {
        Self::Base {
            format: FORMAT,
            lineage: document.lineage.clone(),
            serial: document.serial,
            started: jiff::Timestamp::now().to_string(),
            command: command.to_owned(),
            writer: writer.map(str::to_owned),
        }
    }
}

/// What is about to happen and what has happened, in order. Every append is durable when it returns.
#[derive(Debug)]
pub enum Journal {
    File(JournalFile),
    Object(Box<JournalObject>),
}

impl Journal {
    /// That nobody else can have taken over since the last entry, and that others find what this run has open: asked before every call that was announced.
    ///
    /// # Errors
    /// The lock may be lost: what was announced must not be done.
    pub async fn check(&self) -> Result<(), StateError> {
        match self {
            Self::File(file) => file.check(),
            Self::Object(object) => object.check().await,
        }
    }

    /// Appends a line and waits until it is durable.
    ///
    /// # Errors
    /// The disk is full, the bucket out of reach, the lock lost: the caller must not make the call that the entry
    /// announces.
    pub async fn append(&self, entry: &Entry) -> Result<(), StateError> {
        point(Moment::BeforeEntry, entry);
        let appended = match self {
            Self::File(file) => file.append(entry),
            Self::Object(object) => object.append(entry).await,
        };
        point(Moment::AfterEntry, entry);
        match &appended {
            Ok(()) => tracing::debug!(%entry, "journalled"),
            Err(error) => tracing::error!(%entry, %error, "not journalled"),
        }
        appended
    }
}
