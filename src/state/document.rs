use super::{Arriving, Intent, Reach, Record, StateError, Unreadable};
use crate::address::Address;
use crate::resource::Id;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Version of the state format that this build writes. Since 2 digests cost something to try (see `Digest`), and the lines of
/// the journal beside it have checksums.
pub const FORMAT: u32 = 2;

/// The state of one stack on one target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Document {
    pub format: u32,
    /// Never changes in the life of a state; tells it from another stack's of the same name.
    pub lineage: String,
    /// One more with every write.
    pub serial: u64,
    pub stack: String,
    /// Where the resources are. A command with other credentials is refused.
    pub account: String,
    pub region: String,
    pub resources: BTreeMap<Address, Record>,
    /// What was begun and is not known to have ended: the next command settles it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<Intent>,
    #[serde(default)]
    pub outputs: BTreeMap<String, Json>,
    /// It is being moved here: until its old place says so, this is a copy and nothing else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arriving: Option<Arriving>,
    /// How its cloud was reached last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reach: Option<Reach>,
    /// In an object store: the process that wrote it. Two that write the same are told apart by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<String>,
    /// SHA-256 of all the rest, in hexadecimal.
    #[serde(default)]
    pub checksum: String,
    /// It was encrypted when it was read.
    #[serde(skip)]
    pub sealed: bool,
}

impl Document {
    pub fn new(stack: &str, account: &str, region: &str) -> Self {
        Self {
            format: FORMAT,
            lineage: uuid::Uuid::new_v4().to_string(),
            serial: 0,
            stack: stack.to_owned(),
            account: account.to_owned(),
            region: region.to_owned(),
            resources: BTreeMap::new(),
            open: vec![],
            outputs: BTreeMap::new(),
            arriving: None,
            reach: None,
            writer: None,
            checksum: String::new(),
            sealed: false,
        }
    }

    /// Of the objects that are recorded at an address, the current one first.
    pub fn ids(&self, address: &Address) -> Vec<Id> {
        let record = self.resources.get(address);
        record.into_iter().flat_map(Record::objects).map(|object| object.id.clone()).collect()
    }

    /// Whether nothing is there, and nothing was begun: such a state need not be kept.
    pub fn is_of_nothing(&self) -> bool {
        self.resources.is_empty() && self.open.is_empty()
    }

    /// The text of the file, with the checksum in it.
    pub fn to_text(&self) -> Result<String, serde_json::Error> {
        let sealed = Self { checksum: self.digest()?, ..self.clone() };
        Ok(serde_json::to_string_pretty(&sealed)? + "\n")
    }

    /// As [`Document::from_text`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Unreadable> {
        let text = std::str::from_utf8(bytes)
            .map_err(|error| Unreadable::Damaged(format!("it is not text: {error}")))?;
        Self::from_text(text)
    }

    /// Parses and verifies; the error says what is wrong with the text.
    pub fn from_text(text: &str) -> Result<Self, Unreadable> {
        let damaged = |what: String| Unreadable::Damaged(what);
        let version: Json =
            serde_json::from_str(text).map_err(|error| damaged(format!("it is not valid JSON: {error}")))?;
        match version["format"].as_u64() {
            Some(format) if format > u64::from(FORMAT) => return Err(Unreadable::newer(format, FORMAT)),
            Some(_) => {}
            None => return Err(damaged("it is not a stackctl state: it has no `format`".to_owned())),
        }
        let document: Self = serde_json::from_value(version)
            .map_err(|error| damaged(format!("it does not fit the format: {error}")))?;
        let expected = document.digest().map_err(|error| damaged(error.to_string()))?;
        if document.checksum != expected {
            return Err(damaged(format!(
                "its checksum is {}, its content says {expected}: it was changed by hand or damaged",
                document.checksum
            )));
        }
        Ok(document)
    }

    /// # Errors
    /// It is another stack's; `name` is where it lies.
    pub(super) fn is_of(&self, stack: &str, name: &str) -> Result<(), StateError> {
        if self.stack == stack {
            return Ok(());
        }
        Err(StateError::Foreign {
            name: name.to_owned(),
            stack: stack.to_owned(),
            there: self.stack.clone(),
            lineage: self.lineage.clone(),
        })
    }

    /// What is written next is this, in the format of this build.
    pub(super) fn advance(&mut self, serial: u64) {
        (self.format, self.serial) = (FORMAT, serial);
    }

    fn digest(&self) -> Result<String, serde_json::Error> {
        let bare = Self { checksum: String::new(), ..self.clone() };
        Ok(hex::encode(Sha256::digest(serde_json::to_vec(&bare)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_byte_is_found() {
        let text = Document::new("loans", "000000000000", "eu-west-1").to_text().unwrap();
        assert!(Document::from_text(&text).is_ok());
        let damaged = text.replace("eu-west-1", "eu-west-2");
        assert!(Document::from_text(&damaged).unwrap_err().into_text().contains("damaged"));
    }

    #[test]
    fn a_newer_format_and_another_file_are_told_apart() {
        let why = |text| Document::from_text(text).unwrap_err();
        assert!(
            matches!(why(r#"{"format": 99}"#), Unreadable::Newer(text) if text.contains("newer stackctl"))
        );
        assert!(
            matches!(why(r#"{"version": 4}"#), Unreadable::Damaged(text) if text.contains("not a stackctl state"))
        );
    }
}
