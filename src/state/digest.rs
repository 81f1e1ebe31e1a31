use super::Document;
use super::memo::Memo;
use crate::address::Address;
use crate::schema::{as_unknown, is, properties};
use argon2::{Algorithm, Argon2, Params, Version};
use futures::stream::{self, StreamExt};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use tokio::runtime::{Handle, RuntimeFlavor};

/// Turns secrets into digests, so that a change is seen and the value is not.
///
/// A digest is that of argon2id (RFC 9106) with a salt of its own: who has the state can only guess, and each guess costs what
/// [`Cost::SECRET`] says. The salt comes from lineage, serial, address and path, so that planning is the same each time, equal
/// secrets have different digests, and a value that comes back does not look as it did before. It stands in the digest, with
/// what it cost: a recorded digest is compared by its own, wherever it has been moved to.
///
/// In format 1 digests were two SHA-256 with the lineage as key, which stands beside them. They are still compared, and
/// replaced when an apply writes the state.
#[derive(Debug, Clone)]
pub struct Digest {
    lineage: String,
    serial: u64,
    cost: Cost,
    memo: Arc<Memo>,
    /// What stands in for secrets that are compared in memory only.
    masking: [u8; 32],
}

/// What a guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    /// KiB.
    pub memory: u32,
    pub passes: u32,
}

impl Cost {
    /// About 0.3 s of one core of the machine that docs/performance.md describes: all PINs of six digits take it three days.
    pub const SECRET: Self = Self { memory: 64 * 1024, passes: 5 };
    /// For tests whose secrets are none.
    pub const TRIVIAL: Self = Self { memory: 8, passes: 1 };
    /// Beyond that a digest is not one that stackctl has made.
    const MOST: Self = Self { memory: 1024 * 1024, passes: 64 };

    fn is_ours(self) -> bool {
        self.memory <= Self::MOST.memory && self.passes <= Self::MOST.passes
    }
}

/// How a digest is told from a value.
pub const PREFIX: &str = "$digest:";

/// A digest as it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stored {
    /// Of format 1: 64 hexadecimal digits.
    First(String),
    /// `$digest:2:m=65536,t=5:SALT:HASH`
    Second { cost: Cost, salt: [u8; 16], hash: [u8; 32] },
}

impl FromStr for Stored {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let rest = text.strip_prefix(PREFIX).ok_or(())?;
        let Some(rest) = rest.strip_prefix("2:") else {
            let is_first = rest.len() == 64 && rest.bytes().all(|byte| byte.is_ascii_hexdigit());
            return if is_first { Ok(Self::First(rest.to_owned())) } else { Err(()) };
        };
        let mut parts = rest.split(':');
        let (Some(cost), Some(salt), Some(hash), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(());
        };
        let (memory, passes) = cost.strip_prefix("m=").and_then(|cost| cost.split_once(",t=")).ok_or(())?;
        let cost = Cost { memory: memory.parse().map_err(|_| ())?, passes: passes.parse().map_err(|_| ())? };
        let (mut salt_bytes, mut hash_bytes) = ([0; 16], [0; 32]);
        hex::decode_to_slice(salt, &mut salt_bytes).map_err(|_| ())?;
        hex::decode_to_slice(hash, &mut hash_bytes).map_err(|_| ())?;
        Ok(Self::Second { cost, salt: salt_bytes, hash: hash_bytes })
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First(hash) => write!(f, "{PREFIX}{hash}"),
            Self::Second { cost: Cost { memory, passes }, salt, hash } => {
                write!(f, "{PREFIX}2:m={memory},t={passes}:{}:{}", hex::encode(salt), hex::encode(hash))
            }
        }
    }
}

/// Whether that is a digest, and not a value.
pub fn is_digest(value: &Json) -> bool {
    value.as_str().is_some_and(|text| text.parse::<Stored>().is_ok())
}

/// A secret whose digest will be asked for.
pub struct Job {
    cost: Cost,
    salt: [u8; 16],
    text: String,
}

/// What to make of a sensitive value: it, its path, and what stands there in the other tree.
type Leaf<'a> = &'a mut dyn FnMut(&Json, &str, &Json) -> Json;

impl Digest {
    /// For what is recorded in this state or will be.
    pub fn new(document: &Document) -> Self {
        Self {
            lineage: document.lineage.clone(),
            serial: document.serial,
            cost: Cost::SECRET,
            memo: Arc::default(),
            masking: rand::random(),
        }
    }

    /// New digests cost that much.
    pub fn costing(self, cost: Cost) -> Self {
        Self { cost, ..self }
    }

    /// With what earlier commands have computed.
    pub fn remembering(self, memo: Arc<Memo>) -> Self {
        Self { memo, ..self }
    }

    /// `value` with a digest in place of every sensitive attribute. `like` is what is recorded of it: an unchanged secret keeps
    /// the digest that it has there. What is a digest already stays what it is.
    ///
    /// `place` is the tree that it is of: the inputs or outputs of a resource, or an output of the stack.
    pub fn redact(&self, place: &Tree<'_>, schema: &Json, value: &Json, like: &Json) -> Json {
        walk(schema, value, like, "", &mut |value, path, like| self.of(place, value, path, like, false))
    }

    /// As `redact`, for what is written: a digest that costs less than those of today is not kept.
    pub fn record(&self, place: &Tree<'_>, schema: &Json, value: &Json, like: &Json) -> Json {
        walk(schema, value, like, "", &mut |value, path, like| self.of(place, value, path, like, true))
    }

    /// `recorded` with digests of today in place of older ones, as far as `plain` has the secrets.
    pub fn renew(&self, place: &Tree<'_>, schema: &Json, recorded: &Json, plain: &Json) -> Json {
        walk(
            schema,
            recorded,
            plain,
            "",
            &mut |recorded, path, plain| match (stored(recorded), text(plain)) {
                (Some(old), Some(text)) if !self.is_of_today(&old) && self.verify(&old, &text) => {
                    self.of(place, plain, path, &Json::Null, true)
                }
                _ => recorded.clone(),
            },
        )
    }

    /// Whether there is one in it that costs less than those of today.
    pub fn has_older(&self, schema: &Json, recorded: &Json) -> bool {
        let mut older = false;
        walk(schema, recorded, &Json::Null, "", &mut |recorded, _, _| {
            older |= stored(recorded).is_some_and(|stored| !self.is_of_today(&stored));
            Json::Null
        });
        older
    }

    /// `value` with the digests in it replaced by the secrets of `plain` that have those digests: an update must not
    /// take an unchanged secret for a changed one.
    pub fn reveal(&self, schema: &Json, value: &Json, plain: &Json) -> Json {
        walk(schema, value, plain, "", &mut |value, _, plain| match (stored(value), text(plain)) {
            (Some(old), Some(text)) if self.verify(&old, &text) => plain.clone(),
            _ => value.clone(),
        })
    }

    /// `value` with something in place of every secret that is the same for the same secret, in this process. It costs nothing
    /// and must not be written.
    pub fn mask(&self, schema: &Json, value: &Json) -> Json {
        walk(schema, value, &Json::Null, "", &mut |value, _, _| match text(value) {
            Some(text) if stored(value).is_none() => {
                let inner = Sha256::new().chain_update(self.masking).chain_update([0]).chain_update(text);
                let outer =
                    Sha256::new().chain_update(self.masking).chain_update([1]).chain_update(inner.finalize());
                Json::String(format!("{PREFIX}{}", hex::encode(outer.finalize())))
            }
            _ => value.clone(),
        })
    }

    /// What `redact` will have to compute for these.
    pub fn jobs(&self, place: &Tree<'_>, schema: &Json, value: &Json, like: &Json) -> Vec<Job> {
        let mut jobs = vec![];
        walk(schema, value, like, "", &mut |value, path, like| {
            if let (Some(text), None) = (text(value), stored(value)) {
                match stored(like) {
                    Some(Stored::Second { cost, salt, .. }) if cost.is_ours() => {
                        jobs.push(Job { cost, salt, text })
                    }
                    // Not computed at all: a state may be anybody's, and its cost all the memory of this machine.
                    Some(_) => {}
                    None => jobs.push(Job { cost: self.cost, salt: self.salt(place, path), text }),
                }
            }
            Json::Null
        });
        jobs
    }

    /// Computes them beforehand, on all cores, and not on the threads that wait for the cloud.
    pub async fn prepare(&self, jobs: Vec<Job>) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let work = jobs.into_iter().map(|Job { cost, salt, text }| {
            let memo = self.memo.clone();
            tokio::task::spawn_blocking(move || {
                memo.get(&asked(cost, &salt, &text), || argon2id(cost, &salt, &text))
            })
        });
        // One that failed is computed when it is needed.
        stream::iter(work).buffer_unordered(cores).for_each(|_| std::future::ready(())).await;
    }

    fn of(&self, place: &Tree<'_>, value: &Json, path: &str, like: &Json, today: bool) -> Json {
        let Some(text) = text(value).filter(|_| stored(value).is_none()) else { return value.clone() };
        if let Some(old) = stored(like)
            && (!today || self.is_of_today(&old))
            && self.verify(&old, &text)
        {
            return like.clone();
        }
        let (cost, salt) = (self.cost, self.salt(place, path));
        Json::String(Stored::Second { cost, salt, hash: self.hash(cost, &salt, &text) }.to_string())
    }

    fn is_of_today(&self, old: &Stored) -> bool {
        matches!(old, Stored::Second { cost, .. } if cost.memory >= self.cost.memory && cost.passes >= self.cost.passes)
    }

    fn verify(&self, stored: &Stored, text: &str) -> bool {
        match stored {
            Stored::First(hash) => *hash == first(&self.lineage, text),
            Stored::Second { cost, salt, hash } => cost.is_ours() && self.hash(*cost, salt, text) == *hash,
        }
    }

    fn salt(&self, place: &Tree<'_>, path: &str) -> [u8; 16] {
        let from = format!("{}\0{}\0{place}\0{path}", self.lineage, self.serial);
        let sum = Sha256::digest(from);
        std::array::from_fn(|at| sum[at])
    }

    /// Other work of this thread goes on elsewhere meanwhile.
    fn hash(&self, cost: Cost, salt: &[u8; 16], text: &str) -> [u8; 32] {
        let compute = || match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
            Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(|| argon2id(cost, salt, text)),
            _ => argon2id(cost, salt, text),
        };
        self.memo.get(&asked(cost, salt, text), compute)
    }
}

/// Which tree a value is in.
#[derive(Debug, Clone, Copy)]
pub enum Tree<'a> {
    Inputs(&'a Address),
    Outputs(&'a Address),
    /// `[outputs]`, by name.
    Output(&'a str),
}

impl fmt::Display for Tree<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inputs(address) => write!(f, "inputs of {address}"),
            Self::Outputs(address) => write!(f, "outputs of {address}"),
            Self::Output(name) => write!(f, "output {name}"),
        }
    }
}

/// What the memo is asked by.
fn asked(cost: Cost, salt: &[u8; 16], text: &str) -> Vec<u8> {
    let Cost { memory, passes } = cost;
    [&memory.to_be_bytes()[..], &passes.to_be_bytes(), salt, text.as_bytes()].concat()
}

fn argon2id(cost: Cost, salt: &[u8; 16], text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    let computed = Params::new(cost.memory, cost.passes, 1, Some(hash.len())).and_then(|params| {
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into(
            text.as_bytes(),
            salt,
            &mut hash,
        )
    });
    // Only for parameters that no digest of ours has. Random, so that it is like nothing.
    if computed.is_err() {
        hash = rand::random();
    }
    hash
}

/// A digest of format 1.
fn first(lineage: &str, text: &str) -> String {
    let inner = Sha256::new().chain_update(lineage).chain_update([0]).chain_update(text).finalize();
    let outer = Sha256::new().chain_update(lineage).chain_update([1]).chain_update(inner).finalize();
    hex::encode(outer)
}

fn stored(value: &Json) -> Option<Stored> {
    value.as_str()?.parse().ok()
}

/// A secret as text; none where there is none, or where it is not known yet.
fn text(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        unknown if as_unknown(unknown).is_some() => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// `value` with `leaf` applied to every sensitive attribute in it.
fn walk(schema: &Json, value: &Json, other: &Json, path: &str, leaf: Leaf<'_>) -> Json {
    if is(schema, "x-sensitive") {
        return leaf(value, path, other);
    }
    match value {
        Json::Object(map) => {
            let known = properties(schema);
            let values = schema.get("additionalProperties").unwrap_or(&Json::Null);
            let walked = map.iter().map(|(name, value)| {
                let sub = known.and_then(|known| known.get(name)).unwrap_or(values);
                let other = other.get(name).unwrap_or(&Json::Null);
                (name.clone(), walk(sub, value, other, &format!("{path}.{name}"), leaf))
            });
            Json::Object(walked.collect())
        }
        Json::Array(items) => {
            let sub = crate::diff::items_schema(schema);
            let walked = items.iter().enumerate().map(|(index, item)| {
                let other = other.get(index).unwrap_or(&Json::Null);
                walk(sub, item, other, &format!("{path}[{index}]"), leaf)
            });
            Json::Array(walked.collect())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Json {
        json!({"properties": {"user": {}, "password": {"x-sensitive": true},
            "list": {"items": {"properties": {"token": {"x-sensitive": true}}}}}})
    }

    fn digest() -> Digest {
        let document = Document { lineage: "l".to_owned(), ..Document::new("demo", "1", "r") };
        Digest::new(&document).costing(Cost::TRIVIAL)
    }

    fn address(name: &str) -> Address {
        Address::new("secret", name)
    }

    #[test]
    fn only_sensitive_values_change_and_only_once() {
        let (digest, schema, at) = (digest(), schema(), address("a"));
        let at = Tree::Inputs(&at);
        let value = json!({"user": "u", "password": "hunter2", "list": [{"token": "t"}, {"token": "t"}]});
        let once = digest.redact(&at, &schema, &value, &Json::Null);
        assert_eq!(once["user"], "u");
        assert!(!once.to_string().contains("hunter2") && is_digest(&once["list"][0]["token"]));
        assert_ne!(once["list"][0], once["list"][1], "equal secrets do not look equal");
        assert_eq!(digest.redact(&at, &schema, &once, &Json::Null), once);
        assert_eq!(digest.redact(&at, &schema, &value, &Json::Null), once, "planning twice gives the same");
        assert_eq!(digest.reveal(&schema, &once, &value)["password"], "hunter2");
        assert_eq!(
            digest.mask(&schema, &digest.reveal(&schema, &once, &value)),
            digest.mask(&schema, &value)
        );
    }

    /// A state may be anybody's: one whose digest says to need all the memory of the machine is not computed.
    #[tokio::test]
    async fn the_cost_that_a_state_says_is_bounded() {
        let (schema, value, address) = (json!({"x-sensitive": true}), json!("123456"), address("a"));
        for cost in ["m=4294967295,t=1", "m=8,t=4294967295", "m=1048577,t=1"] {
            let like = json!(format!("$digest:2:{cost}:{}:{}", "00".repeat(16), "00".repeat(32)));
            let digest = digest();
            let jobs = digest.jobs(&Tree::Inputs(&address), &schema, &value, &like);
            digest.prepare(jobs).await;
            let made = digest.redact(&Tree::Inputs(&address), &schema, &value, &like);
            assert_ne!(made, like, "it is another secret");
        }
    }

    /// Wherever, and whenever it was written: the same secret has another digest, and is known again by the recorded one.
    #[test]
    fn equal_secrets_do_not_look_equal_and_a_moved_one_does_not_look_changed() {
        let (schema, value) = (json!({"x-sensitive": true}), json!("123456"));
        let (one, other) = (address("a"), address("b"));
        let first = digest();
        let later = Digest { serial: 7, ..first.clone() };
        let elsewhere = Digest { lineage: "another".to_owned(), ..first.clone() };
        let mut seen = std::collections::HashSet::new();
        for digest in [&first, &later, &elsewhere] {
            for place in [Tree::Inputs(&one), Tree::Outputs(&one), Tree::Inputs(&other), Tree::Output("a")] {
                let made = digest.redact(&place, &schema, &value, &Json::Null);
                assert!(seen.insert(made.to_string()), "{made}");
                for reader in [&first, &later, &elsewhere] {
                    let again = reader.redact(&Tree::Inputs(&other), &schema, &value, &made);
                    assert_eq!(again, made, "an unchanged secret keeps its digest");
                    let changed = reader.redact(&place, &schema, &json!("123457"), &made);
                    assert_ne!(changed, made);
                }
            }
        }
    }

    #[test]
    fn a_digest_of_format_1_is_known_again_and_renewed() {
        let (digest, schema, at) = (digest(), schema(), address("a"));
        let at = Tree::Inputs(&at);
        let plain = json!({"password": "hunter2", "user": "u"});
        let old = json!({"password": format!("{PREFIX}{}", first("l", "hunter2")), "user": "u"});
        assert_eq!(digest.redact(&at, &schema, &plain, &old), old, "a plan sees no change");
        assert_eq!(digest.reveal(&schema, &old, &plain), plain);
        let written = digest.record(&at, &schema, &plain, &old);
        assert!(matches!(stored(&written["password"]), Some(Stored::Second { .. })), "{written}");
        assert_eq!(digest.renew(&at, &schema, &old, &plain), written);
        let other = json!({"password": "another", "user": "u"});
        assert_eq!(digest.renew(&at, &schema, &old, &other), old, "what is not known stays");
        assert_ne!(digest.redact(&at, &schema, &other, &old), old);
    }

    /// What a guess costs is a count of work and not a time: 64 MiB, five times over. Less is not kept either.
    #[test]
    fn a_guess_costs_memory_and_passes() {
        let document = Document::new("demo", "1", "r");
        let (digest, at, schema) = (Digest::new(&document), address("pin"), json!({"x-sensitive": true}));
        let place = Tree::Inputs(&at);
        let made = digest.redact(&place, &schema, &json!("123456"), &Json::Null);
        let Some(Stored::Second { cost, .. }) = stored(&made) else { panic!("{made}") };
        assert!(cost.memory >= 64 * 1024 && cost.passes >= 5, "{cost:?}");
        let cheap =
            digest.clone().costing(Cost::TRIVIAL).redact(&place, &schema, &json!("123456"), &Json::Null);
        assert_eq!(digest.redact(&place, &schema, &json!("123456"), &cheap), cheap);
        assert_eq!(digest.record(&place, &schema, &json!("123456"), &cheap), made);
    }

    /// A secret that looks like a digest is a secret, and a digest that would take all memory is none.
    #[test]
    fn nothing_passes_for_a_digest_that_is_none() {
        let (digest, at, schema) = (digest(), address("a"), json!({"x-sensitive": true}));
        for text in ["$digest:", "$digest:hunter2", "$digest:2:hunter2", "$digest:2:m=8,t=1:00:11"] {
            let made = digest.redact(&Tree::Inputs(&at), &schema, &json!(text), &Json::Null);
            assert!(is_digest(&made) && made != json!(text), "{text}: {made}");
        }
        let huge = format!("{PREFIX}2:m=4294967295,t=4294967295:{}:{}", "0".repeat(32), "0".repeat(64));
        let made = digest.redact(&Tree::Inputs(&at), &schema, &json!("x"), &json!(huge));
        assert_ne!(made, json!(huge));
    }

    #[tokio::test]
    async fn what_was_prepared_is_not_computed_again() {
        let (digest, schema, at) = (digest(), schema(), address("a"));
        let at = Tree::Inputs(&at);
        let value = json!({"password": "hunter2", "list": [{"token": "t"}, {"token": json!(17)}]});
        let jobs = digest.jobs(&at, &schema, &value, &Json::Null);
        assert_eq!(jobs.len(), 3);
        digest.prepare(jobs).await;
        let before = digest.memo.computed();
        let made = digest.redact(&at, &schema, &value, &Json::Null);
        assert_eq!((before, digest.memo.computed()), (3, 3));
        digest.prepare(digest.jobs(&at, &schema, &value, &made)).await;
        assert_eq!(digest.redact(&at, &schema, &value, &made), made);
        assert_eq!(digest.memo.computed(), 3);
    }
}
