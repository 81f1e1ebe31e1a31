//! A plan as a comment of GitHub and others: what is lost and what lets more through on top, the rest folded by resource.

use super::super::notes::AILING;
use super::fill::{Fold, Left, cut, folds, length, lines};

use super::super::bill::Bill;
use super::prose::{code, html_code, prose};
use super::signed::Entry;
use super::story::{Resource, Story, done};

/// Characters that a comment on GitHub holds.
pub const LIMIT: usize = 65_536;
/// For what is said of what is left out.
const SPARE: usize = 700;
/// Of one line that never folds, or of a value, where not everything fits anyway.
const PART: usize = 1_500;

pub fn page(story: &Story<'_>) -> String {
    let whole = Page::new(story, usize::MAX).fill(LIMIT - SPARE);
    // Where not all of it fits, no single value may take all the room.
    if whole.1.is_nothing() { whole.0 } else { Page::new(story, PART).fill(LIMIT - SPARE).0 }
}

/// A page before it is cut to its room.
struct Page {
    head: String,
    loud: Vec<String>,
    folds: Vec<Fold>,
    bill: Option<Fold>,
    tail: Vec<String>,
    /// Values and lines that are not whole.
    parts: usize,
}

impl Page {
    fn new(story: &Story<'_>, part: usize) -> Self {
        let mut page =
            Self { head: head(story), loud: vec![], folds: vec![], bill: None, tail: vec![], parts: 0 };
        page.loud(story, part);
        for resource in &story.resources {
            let fold = page.resource(resource, part);
            page.folds.push(fold);
        }
        page.others(story, part);
        page.bill = story.bill.as_ref().map(|bill| page.bill(bill, part));
        page
    }

    /// Text that is cut to `part`, with a count of what is gone.
    fn part(&mut self, text: &str, part: usize) -> (String, String) {
        let (kept, left) = cut(text, part);
        self.parts += usize::from(left > 0);
        (kept, if left > 0 { format!(" … {left} more characters") } else { String::new() })
    }

    fn said(&mut self, text: &str, part: usize) -> String {
        let (kept, more) = self.part(text, part);
        format!("{}{more}", prose(&kept))
    }

    fn loud(&mut self, story: &Story<'_>, part: usize) {
        let put = |page: &mut Self, title: &str, mut said: Vec<String>| {
            if let Some(first) = said.first_mut() {
                let gap = if page.loud.is_empty() { "" } else { ">\n" };
                *first = format!("{gap}> **{title}**\n{first}");
            }
            page.loud.extend(said);
        };
        let refused: Vec<String> = story
            .plan
            .refused
            .iter()
            .map(|refusal| {
                format!("> - {} {}\n", self.said(&refusal.why, part), self.said(&refusal.help, part))
            })
            .collect();
        put(self, "AWS would refuse this plan", refused);
        let gone: Vec<String> = story.deletions().map(|one| self.doomed(one, part)).collect();
        put(self, &count(gone.len(), "is deleted", "are deleted"), gone);
        let replaced: Vec<String> = story.replacements().map(|one| self.doomed(one, part)).collect();
        put(self, &count(replaced.len(), "is replaced", "are replaced"), replaced);
        let mut wide = vec![];
        for one in story.widened() {
            for widens in &one.widens {
                let path = if widens.path.is_root() {
                    String::new()
                } else {
                    format!(" {}", code(&cut(&widens.path.to_string(), part).0))
                };
                wide.push(format!(
                    "> - {}{path}: {}\n",
                    self.address(one, part),
                    self.said(&widens.says, part)
                ));
            }
        }
        put(self, "More is let through than before", wide);
        let ailing = story.ailing.iter().map(|text| format!("> - {}\n", self.said(text, part))).collect();
        put(self, AILING, ailing);
    }

    fn address(&mut self, one: &Resource<'_>, part: usize) -> String {
        let (kept, more) = self.part(&one.address, part);
        format!("{}{more}", code(&kept))
    }

    /// One that goes, with what is to be known of it.
    fn doomed(&mut self, one: &Resource<'_>, part: usize) -> String {
        let mut notes: Vec<String> = vec![];
        for note in &one.notes {
            let said = self.said(&note.text, part);
            notes.push(if note.loud { format!("**{said}**") } else { said });
        }
        let causes = one.causes();
        if one.step.action.replaces() && !causes.is_empty() {
            let causes: Vec<String> = causes.iter().map(|path| code(&self.part(path, part).0)).collect();
            notes.insert(0, format!("because of {}", causes.join(", ")));
        }
        let notes = if notes.is_empty() { String::new() } else { format!(": {}", notes.join("; ")) };
        format!("> - {}{notes}\n", self.address(one, part))
    }

    fn resource(&mut self, one: &Resource<'_>, part: usize) -> Fold {
        let (address, more) = self.part(&one.address, part);
        let place = one.place.as_ref().map(|place| format!(" · {}", html_code(place))).unwrap_or_default();
        let mut marks = vec![];
        if one.loses_data() {
            marks.push("<b>its data will be lost</b>");
        }
        if !one.widens.is_empty() {
            marks.push("<b>lets more through</b>");
        }
        let marks: String = marks.iter().map(|mark| format!(" · {mark}")).collect();
        let summary = format!(
            "{} {}{more} {}{marks}{place}",
            html_code(one.sign()),
            html_code(&address),
            done(one.step.action)
        );
        let mut words: Vec<String> = one.notes.iter().map(|note| note.text.clone()).collect();
        if one.defaults > 0 {
            words.push(format!("and {} by default", one.defaults));
        }
        let words: Vec<String> = words.iter().map(|text| self.said(text, part)).collect();
        Fold { summary, words: words.join("; "), pieces: self.pieces(&one.entries, part) }
    }

    fn pieces(&mut self, entries: &[Entry], part: usize) -> Vec<(String, usize)> {
        entries.iter().map(|one| self.piece(one, part)).collect()
    }

    /// One change in lines of a diff: `+ tags.owner = "web"`.
    fn piece(&mut self, entry: &Entry, part: usize) -> (String, usize) {
        let Entry::Leaf { path, note, within, lines, .. } = entry else {
            let Entry::Unchanged(count) = entry else { return (String::new(), 0) };
            return (format!("  # … {count} unchanged\n"), 0);
        };
        let (path, more) = self.part(path, part);
        let mut text = String::new();
        for note in note.iter().chain(within) {
            text.push_str(&format!("  # {note}\n"));
        }
        let single = |sign: char| lines.iter().filter(|(other, _)| *other == sign).count() < 2;
        let around = lines.iter().any(|(sign, line)| *sign == ' ' && !line.starts_with('…'));
        let named = single('-') && single('+') && !around;
        if !named {
            text.push_str(&format!("  {path}{more} =\n"));
        }
        let mut body = String::new();
        for (sign, line) in lines {
            match (named, sign) {
                (true, '-' | '+') => body.push_str(&format!("{sign} {path}{more} = {line}\n")),
                _ => body.push_str(&format!("{sign}   {line}\n")),
            }
        }
        let (mut body, left) = self.cut_lines(&body, part);
        if left > 0 {
            body.push_str(&format!("\n  # … {left} more characters\n"));
        }
        text.push_str(&body);
        (text, 1)
    }

    fn cut_lines(&mut self, body: &str, part: usize) -> (String, usize) {
        let (kept, left) = cut(body, part.saturating_mul(2));
        self.parts += usize::from(left > 0);
        (kept, left)
    }

    /// What each resource costs, in the lines of a diff.
    fn bill(&mut self, bill: &Bill, part: usize) -> Fold {
        let mut pieces = vec![];
        for item in &bill.items {
            let (address, more) = self.part(&item.address, part);
            pieces.push((format!("{} {address}{more}: {}\n", item.sign, item.change), 1));
            pieces.extend(item.lines.iter().map(|line| (format!("      {line}\n"), 1)));
        }
        pieces.push((format!("  # {}\n", bill.foot), 1));
        Fold { summary: "Cost of each resource".to_owned(), words: String::new(), pieces }
    }

    /// What is no resource that changes.
    fn others(&mut self, story: &Story<'_>, part: usize) {
        let mut drift: Vec<(String, usize)> = vec![];
        for gone in &story.gone {
            let (gone, more) = self.part(&crate::visible::visible(gone), part);
            drift.push((format!("- {gone}{more}\n"), 1));
        }
        for (address, entries) in &story.drift {
            let pieces = self.pieces(entries, part);
            let (address, more) = self.part(address, part);
            drift.push((format!("@@ {address}{more} @@\n"), 0));
            drift.extend(pieces);
        }
        if !drift.is_empty() {
            let summary = "Changed outside of stackctl since the last apply".to_owned();
            self.folds.push(Fold { summary, words: String::new(), pieces: drift });
        }
        if !story.outputs.is_empty() {
            let pieces = self.pieces(&story.outputs, part);
            self.folds.push(Fold { summary: "Outputs".to_owned(), words: String::new(), pieces });
        }
        for (title, all) in [
            ("Moved: nothing is made or deleted", &story.moves),
            ("Deleted, from earlier", &story.left),
            ("Renamed?", &story.renames),
        ] {
            for (at, text) in all.iter().enumerate() {
                let title = if at == 0 { format!("**{title}**\n\n") } else { String::new() };
                let end = if at + 1 == all.len() { "\n" } else { "" };
                let said = self.said(text, part);
                self.tail.push(format!("{title}- {said}\n{end}"));
            }
        }
    }

    fn fill(self, mut room: usize) -> (String, Left) {
        room = room.saturating_sub(length(&self.head));
        let (loud, quiet) = lines(&self.loud, &mut room);
        // What is left over is told in short lines: they come before the folds take what there is.
        let (tail, rest) = lines(&self.tail, &mut room);
        let (folded, mut left) = folds(&self.folds, &mut room);
        left.loud = quiet + rest;
        // Where not all of it fits, what is done comes before what it costs.
        let (bill, unpaid) = folds(self.bill.as_slice(), &mut room);
        left.costs = unpaid.changes;
        let caution = if loud.is_empty() { String::new() } else { format!("> [!CAUTION]\n{loud}\n") };
        let cut = missing(&left, self.parts);
        (format!("{}{cut}{caution}{}{}{tail}", self.head, folded.concat(), bill.concat()), left)
    }
}

/// Where, and how much.
fn head(story: &Story<'_>) -> String {
    let marker = |text: &str| -> String {
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).take(100).collect()
    };
    let target = story.plan.target.as_deref().unwrap_or("aws");
    let place = prose(&cut(&story.site.parts().join(" "), 2_000).0);
    let place = if story.site.protected { format!("**On {place}**") } else { format!("On {place}") };
    let cost =
        story.bill.as_ref().map(|bill| format!("{}\n\n", prose(&cut(&format!("{}.", bill.says), 2_000).0)));
    let cost = cost.unwrap_or_default();
    format!(
        "<!-- stackctl plan {} {} -->\n### Plan for {}: {}\n\n{place}\n\n{cost}",
        marker(&story.plan.stack),
        marker(target),
        code(&cut(&story.plan.stack, 200).0),
        story.summary,
    )
}

fn count(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// What is not on the page.
fn missing(left: &Left, parts: usize) -> String {
    let mut said = vec![];
    let mut say = |count: usize, one: &str, many: &str| {
        if count > 0 {
            said.push(format!("{count} {}", if count == 1 { one } else { many }));
        }
    };
    say(left.loud, "line that does not fold", "lines that do not fold");
    say(left.folds, "resource", "resources");
    say(left.changes, "change", "changes");
    say(left.costs, "line of the cost", "lines of the cost");
    say(parts, "long text in part", "long texts in part");
    if said.is_empty() {
        return String::new();
    }
    format!(
        "> [!WARNING]\n> **This is not all of the plan**: a comment holds 65,536 characters. Left out: {}. \
         `stackctl plan` and `--format html` show everything.\n\n",
        said.join(", ")
    )
}
