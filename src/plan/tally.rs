use super::{Action, Plan};
use std::collections::BTreeMap;
use std::fmt;

/// What a plan says of how many resources: the sentence at its end, and nothing that is not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    pub moves: usize,
    pub creates: usize,
    pub updates: usize,
    pub replaces: usize,
    pub deletes: usize,
    /// Older objects that go although their resource stays as it is.
    pub leftovers: usize,
    /// Outputs that change.
    pub outputs: usize,
    /// Looked at, and as they should be.
    pub right: usize,
    /// Looked at, and as wanted, but AWS says that they are not well.
    pub ailing: usize,
    /// `--only` or `--exclude` kept the command from them.
    pub left_out: usize,
}

impl Tally {
    pub fn of(plan: &Plan) -> Self {
        let mut tally = Self {
            moves: plan.kept().count(),
            outputs: plan.outputs.len(),
            left_out: plan.left_out.len(),
            ..Self::default()
        };
        for step in &plan.steps {
            tally.leftovers += step.deposed.len();
            match step.action {
                Action::Noop if step.left_alone => tally.left_out += 1,
                Action::Noop if step.is_pending() => {}
                Action::Noop if step.ailment.is_some() => tally.ailing += 1,
                Action::Noop => tally.right += 1,
                Action::Create => tally.creates += 1,
                Action::Update => tally.updates += 1,
                Action::Replace | Action::ReplaceCreateFirst => tally.replaces += 1,
                Action::Delete => tally.deletes += 1,
            }
        }
        tally
    }

    /// What is to be done, in words; nothing where there is nothing.
    pub fn work(&self) -> Vec<String> {
        let counts = [
            (self.moves, "to move"),
            (self.creates, "to create"),
            (self.updates, "to update"),
            (self.replaces, "to replace"),
            (self.deletes, "to delete"),
            (self.leftovers, "left over to delete"),
        ];
        let mut words: Vec<String> = counts
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if self.outputs > 0 {
            words.push(format!("{} to change", counted(self.outputs, "output")));
        }
        if words.is_empty() {
            words.push("the state only".to_owned());
        }
        words
    }

    /// The same for programs, by name; what there is none of is left out.
    pub fn counts(&self) -> BTreeMap<&'static str, usize> {
        let counts = [
            ("move", self.moves),
            ("create", self.creates),
            ("update", self.updates),
            ("replace", self.replaces),
            ("delete", self.deletes),
            ("leftover", self.leftovers),
            ("output", self.outputs),
            ("unchanged", self.right),
            ("left_out", self.left_out),
        ];
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }

    /// What was kept out of the command, in words.
    pub fn rest(&self) -> Option<String> {
        let verb = if self.left_out == 1 { "was" } else { "were" };
        (self.left_out > 0).then(|| format!("{} {verb} left out", counted(self.left_out, "resource")))
    }
}

/// Of a plan with nothing to do.
impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let right = match self.right {
            1 => "1 resource is as it should be".to_owned(),
            several => format!("{several} resources are as they should be"),
        };
        let ails = if self.ailing == 1 { "ails" } else { "ail" };
        let right = match (self.right, self.ailing) {
            (_, 0) => right,
            (0, ailing) => format!("{} {ails}", counted(ailing, "resource")),
            (_, ailing) => format!("{right}, {} {ails}", counted(ailing, "resource")),
        };
        match (self.right + self.ailing, self.rest()) {
            (0, None) => f.write_str("There is no resource to look at."),
            (0, Some(rest)) => write!(f, "Nothing was looked at: {rest}."),
            (_, None) => write!(f, "{right}."),
            (_, Some(rest)) => write!(f, "{right}; {rest}."),
        }
    }
}

/// `1 resource`, `2 resources`.
pub fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

#[cfg(test)]
mod tests;
