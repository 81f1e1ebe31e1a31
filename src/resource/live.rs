use super::Resource;
use crate::address::Address;
use crate::cloud::Cloud;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What AWS calls the object: `vpc-0a1b…`, a bucket's name, a queue's URL. Enough to read it again.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(pub String);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Id {
    fn from(id: &str) -> Self {
        Self(id.to_owned())
    }
}

/// Whose object it is; written on every object as tags, so that it can be found without the state file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    pub stack: String,
    pub address: Address,
    /// Changes with every create; tells the two halves of a replacement apart. Empty for whoever looks for any object
    /// of this address, whichever create made it.
    pub intent: String,
    /// For whoever looks for an object of the stack that says another address.
    pub anywhere: bool,
}

impl Owner {
    pub const STACK: &'static str = "stackctl:stack";
    pub const ADDRESS: &'static str = "stackctl:address";
    pub const INTENT: &'static str = "stackctl:intent";

    /// The owner of whatever was created for this address.
    pub fn any(stack: &str, address: &Address) -> Self {
        Self { stack: stack.to_owned(), address: address.clone(), intent: String::new(), anywhere: false }
    }

    /// The owner of whatever this stack made, whichever address it says. `address` is that of the block which looks for it.
    pub fn anywhere(stack: &str, address: &Address) -> Self {
        Self { anywhere: true, ..Self::any(stack, address) }
    }

    /// The ownership tags: three, two where any intent will do, one where any address will.
    pub fn tags(&self) -> BTreeMap<String, String> {
        let mut tags = BTreeMap::from([
            (Self::STACK.to_owned(), self.stack.clone()),
            (Self::ADDRESS.to_owned(), self.address.tag_value()),
        ]);
        if self.anywhere {
            tags.remove(Self::ADDRESS);
        }
        if !self.intent.is_empty() {
            tags.insert(Self::INTENT.to_owned(), self.intent.clone());
        }
        tags
    }

    /// The object that was found.
    ///
    /// # Errors
    /// [`Error::Ambiguous`] where several carry the tags: which one it is cannot be guessed.
    pub fn only(&self, found: impl IntoIterator<Item = String>) -> Result<Option<Id>> {
        let mut ids: Vec<String> = found.into_iter().collect();
        match ids.len() {
            0 | 1 => Ok(ids.pop().map(Id)),
            _ => Err(Error::Ambiguous { address: self.address.clone(), ids }),
        }
    }

    /// Whether `tags` say that the object was created by this very intent, or by any where none is named.
    pub fn owns(&self, tags: &BTreeMap<String, String>) -> bool {
        self.tags().iter().all(|(key, value)| tags.get(key) == Some(value))
    }
}

/// What a create call gets beside its inputs.
pub struct Create<'a> {
    pub cloud: &'a Cloud,
    pub owner: &'a Owner,
}

impl Create<'_> {
    /// The client token: the same for every attempt of this intent, after a crash too.
    pub fn token(&self) -> &str {
        &self.owner.intent
    }

    /// The user's tags with the ownership tags.
    pub fn tags(&self, user: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut tags = user.clone();
        tags.extend(self.owner.tags());
        tags
    }
}

/// An object as read.
pub struct Live<R: Resource> {
    /// In the terms of `stack.toml`. Attributes that AWS does not return are `None`. `tags` leave out `aws:*`
    /// (see [`crate::cloud::tags::read`]).
    pub inputs: R::Inputs,
    pub outputs: R::Outputs,
    pub status: Status,
}

/// Where the object is on its way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    Ready,
    /// Being made, changed or deleted; AWS's own word for it. So is every word that its kind does not know: what nobody
    /// knows is no reason to do anything.
    Pending(String),
    /// It exists, and works or can be mended where it is: that is never a reason to replace it.
    Ailing(Ailment),
    /// It never came about, or only its deletion helps; AWS's own reason.
    Lost(String),
}

/// What an object ails from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ailment {
    /// AWS's own word, or reason: `stopped`.
    pub what: String,
    /// The way out, for people: what to write or to call.
    pub help: String,
    /// AWS took its last change and gave it up.
    #[serde(default)]
    pub undone: bool,
}

impl fmt::Display for Ailment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}. Way out: {}", self.what.trim_end_matches('.'), self.help)
    }
}

impl Status {
    pub fn ailing(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Ailing(Ailment { what: what.into(), help: help.into(), undone: false })
    }

    /// AWS took its last change and gave it up.
    pub fn undone(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Ailing(Ailment { what: what.into(), help: help.into(), undone: true })
    }

    pub fn ailment(&self) -> Option<&Ailment> {
        match self {
            Self::Ailing(ailment) => Some(ailment),
            _ => None,
        }
    }

    /// Whether it is being deleted. Services that take their time for that call it so: `deleting`, `delete-precheck`,
    /// `Deleting`.
    pub fn is_leaving(&self) -> bool {
        matches!(self, Self::Pending(word) if word.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("delet")))
    }
}

/// An update: what is there, what is wanted.
pub struct Change<'a, T> {
    pub before: &'a T,
    pub after: &'a T,
}
