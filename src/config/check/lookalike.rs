use super::world::attribute;
use crate::address::{is_identifier, unquote};
use crate::config::document::Document;
use crate::config::{Node, Value};
use crate::path::Path;
use crate::reference::Expression;
use crate::resource::Kind;
use crate::schema::properties;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;

/// What of a text reads like a reference: everything that `${…}` around it would refer to.
pub(super) struct Lookalikes<'a> {
    blocks: HashMap<&'a str, (&'static dyn Kind, HashSet<&'a str>)>,
    params: Vec<(&'a str, Option<&'a Node>)>,
    folder: &'a std::path::Path,
}

/// A piece of text that leads somewhere.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub range: Range<usize>,
    /// Nothing that could belong to a longer word stands beside it.
    pub apart: bool,
}

/// Where a text stands, as far as it says what may be referred to there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reach {
    /// Within a block that has `for_each`.
    pub each: bool,
    /// Only what is known before anything else is: `stack` and files.
    pub early: bool,
}

impl<'a> Lookalikes<'a> {
    pub(super) fn new(
        document: &'a Document,
        params: &'a BTreeMap<String, Option<Node>>,
        folder: &'a std::path::Path,
    ) -> Self {
        let mut blocks: HashMap<&str, (&'static dyn Kind, HashSet<&str>)> = HashMap::new();
        for (address, raw) in &document.blocks {
            let of_kind = blocks.entry(&address.kind).or_insert_with(|| (raw.kind, HashSet::new()));
            of_kind.1.insert(&address.name);
        }
        let mut params: Vec<_> = params.iter().map(|(name, value)| (name.as_str(), value.as_ref())).collect();
        params.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Self { blocks, params, folder }
    }

    /// Every one in a text, from left to right.
    pub(super) fn find(&self, text: &str, reach: Reach) -> Vec<Hit> {
        let mut hits: Vec<Hit> = vec![];
        let dots = text.match_indices('.').filter_map(|(dot, _)| self.around(text, dot, reach));
        let calls = text.match_indices("file(").filter_map(|(start, _)| self.call(text, start));
        let mut all: Vec<Hit> = dots.chain(calls).collect();
        all.sort_by_key(|hit| (hit.range.start, std::cmp::Reverse(hit.range.end)));
        for hit in all {
            let literal = text[..hit.range.start].ends_with("${");
            if !literal && hits.last().is_none_or(|last| last.range.end <= hit.range.start) {
                hits.push(hit);
            }
        }
        hits
    }

    /// The reference whose first dot this is.
    fn around(&self, text: &str, dot: usize, reach: Reach) -> Option<Hit> {
        let before = &text[..dot];
        let from = before.rfind(|c: char| !is_word(c)).map_or(0, |at| at + char_len(before, at));
        let run = &before[from..];
        let rest = &text[dot + 1..];
        let own = if reach.early { &["stack"][..] } else { &["param", "stack", "each"][..] };
        let own = own.iter().copied().filter(|head| reach.each || *head != "each");
        let kinds = self.blocks.keys().copied().filter(|_| !reach.early);
        let mut heads: Vec<&str> = own.chain(kinds).filter(|head| run.ends_with(head)).collect();
        heads.sort_by_key(|head| std::cmp::Reverse(head.len()));
        heads.into_iter().find_map(|head| {
            let length = match head {
                "stack" => longest(["name", "region", "account"], rest).map(str::len),
                "each" if rest.starts_with("key") => Some("key".len()),
                "each" => {
                    let steps = rest.strip_prefix("value")?;
                    Some("value".len() + below(steps, &|_| true).unwrap_or(0))
                }
                "param" => self.param(rest),
                kind => self.block(kind, rest),
            }?;
            Some(hit(text, dot - head.len()..dot + 1 + length))
        })
    }

    fn param(&self, rest: &str) -> Option<usize> {
        let (name, value) = self.params.iter().find(|(name, _)| rest.starts_with(name))?;
        let leads = |path: &Path| value.is_none_or(|value| leads(value, path));
        Some(name.len() + below(&rest[name.len()..], &leads).unwrap_or(0))
    }

    fn block(&self, kind: &str, rest: &str) -> Option<usize> {
        let (kind, names) = self.blocks.get(kind)?;
        let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        names.get(&rest[..end])?;
        let (key, after) = index(&rest[end..]);
        let leads = |path: &Path| attribute(*kind, path).is_some();
        let length = below(after, &leads).or_else(|| {
            // Text follows without anything between: `queue.jobs.arnx`.
            let step = after.strip_prefix('.')?;
            let all = [kind.outputs(), kind.inputs()].into_iter().filter_map(properties).flatten();
            longest(all.map(|(name, _)| name.as_str()).chain(["id"]), step).map(|name| 1 + name.len())
        })?;
        Some(end + key + length)
    }

    fn call(&self, text: &str, start: usize) -> Option<Hit> {
        let close = start + text[start..].find(')')?;
        let path = below(&text[close + 1..], &|_| true).unwrap_or(0);
        let hit = hit(text, start..close + 1 + path);
        let Ok(Expression::File { file, .. }) = text[hit.range.clone()].parse() else { return None };
        (hit.apart || self.folder.join(file).is_file()).then_some(hit)
    }
}

fn hit(text: &str, range: Range<usize>) -> Hit {
    let joins = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = text[..range.start].chars().next_back();
    let after = text[range.end..].chars().next();
    let apart = !before.is_some_and(|c| joins(c) || c == '.') && !after.is_some_and(joins);
    Hit { range, apart }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

fn char_len(text: &str, at: usize) -> usize {
    text[at..].chars().next().map_or(1, char::len_utf8)
}

fn longest<'a>(names: impl IntoIterator<Item = &'a str>, text: &str) -> Option<&'a str> {
    names.into_iter().filter(|name| text.starts_with(name)).max_by_key(|name| name.len())
}

/// Bytes of the `["key"]` or `[*]` that a text begins with, and what follows.
fn index(text: &str) -> (usize, &str) {
    let Some(inner) = text.strip_prefix('[') else { return (0, text) };
    let mut ends = inner.match_indices(']');
    let end = ends.find(|(at, _)| &inner[..*at] == "*" || unquote(&inner[..*at]).is_some());
    end.map_or((0, text), |(at, _)| (at + 2, &inner[at + 1..]))
}

/// Bytes of the longest `.path` that a text begins with and that leads somewhere.
fn below(text: &str, leads: &dyn Fn(&Path) -> bool) -> Option<usize> {
    let mut best = None;
    let mut at = 0;
    while let Some(step) = text[at..].strip_prefix('.') {
        let quote = step.chars().next().filter(|c| matches!(c, '"' | '\''));
        let ends: Vec<usize> = match quote {
            Some(quote) => step[1..].find(quote).map(|end| end + 2).into_iter().collect(),
            None => {
                let end = step.find(|c: char| !is_word(c)).unwrap_or(step.len());
                let hyphens = step[..end].match_indices('-').map(|(at, _)| at);
                hyphens.chain([end]).filter(|end| *end > 0).collect()
            }
        };
        let fits = |end: usize| text[1..at + 1 + end].parse::<Path>().is_ok_and(|path| leads(&path));
        let Some(end) = ends.into_iter().rev().find(|end| fits(*end)) else { break };
        at += 1 + end;
        best = Some(at);
    }
    best
}

fn leads(value: &Node, path: &Path) -> bool {
    let at = value.nearest(path);
    at.rest.is_root() || matches!(&at.node.value, Value::String(template) if template.as_text().is_none())
}

/// The kind and name of a text that is the address of a block, with an attribute or without, whether it is there or not.
pub(super) fn address<'a>(
    text: &'a str,
    kinds: &[&'static dyn Kind],
) -> Option<(&'static dyn Kind, &'a str)> {
    let (kind, rest) = text.split_once('.')?;
    let kind = kinds.iter().copied().find(|known| known.name() == kind)?;
    let end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
    let (key, after) = index(&rest[end..]);
    let whole = after.is_empty() || below(after, &|_| true) == Some(after.len());
    (is_identifier(&rest[..end]) && whole).then(|| (kind, &text[..kind.name().len() + 1 + end + key]))
}
