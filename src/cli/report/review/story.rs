use super::super::bill::Bill;
use super::super::document::of_output;
use super::super::notes::{self, Note, counted, notes, rename};
use super::signed::{Entry, entry};
use crate::cli::beside::Beside;
use crate::cli::site::Site;
use crate::detail::Widening;
use crate::plan::{Action, Plan, Step, Tally};
use crate::visible::visible;

/// What a plan tells, in the order of its weight: what is lost first. All of it is text of anybody's making: every
/// rendering escapes it.
pub struct Story<'a> {
    pub plan: &'a Plan,
    pub site: &'a Site,
    /// `3 to create, 1 to replace; about 12 min on AWS`, or that nothing changes.
    pub summary: String,
    /// What changes: deletions, replacements, what lets more through, updates, creates.
    pub resources: Vec<Resource<'a>>,
    /// Changed outside of stackctl.
    pub drift: Vec<(String, Vec<Entry>)>,
    pub gone: Vec<String>,
    /// What is not well, with the way out.
    pub ailing: Vec<String>,
    /// `queue.a is queue.b now`.
    pub moves: Vec<String>,
    /// What a replacement left over and this apply deletes.
    pub left: Vec<String>,
    pub outputs: Vec<Entry>,
    pub renames: Vec<String>,
    /// None: nothing changes of it, or nobody knows.
    pub bill: Option<Bill>,
}

/// One resource that changes.
pub struct Resource<'a> {
    pub step: &'a Step,
    pub address: String,
    /// `stack.toml:9:1`; none where the file has it no more.
    pub place: Option<String>,
    pub notes: Vec<Note>,
    pub widens: Vec<Widening>,
    pub entries: Vec<Entry>,
    /// Attributes that are as the schema has them anyway.
    pub defaults: usize,
}

impl Resource<'_> {
    pub fn loses_data(&self) -> bool {
        self.step.holds_data && self.step.action.deletes()
    }

    /// `+`, `~`, `-/+`, `+/-`, `-`.
    pub fn sign(&self) -> &'static str {
        sign(self.step.action)
    }

    /// What forces the replacement: the paths of what does.
    pub fn causes(&self) -> Vec<String> {
        self.step.forcing().map(|change| change.path.to_string()).collect()
    }
}

pub fn sign(action: Action) -> &'static str {
    match action {
        Action::Noop => " ",
        Action::Create => "+",
        Action::Update => "~",
        Action::Replace => "-/+",
        Action::ReplaceCreateFirst => "+/-",
        Action::Delete => "-",
    }
}

/// `created`, `changed in place`, …
pub fn done(action: Action) -> &'static str {
    match action {
        Action::Noop => "unchanged",
        Action::Create => "created",
        Action::Update => "changed in place",
        Action::Replace => "replaced (deleted, then created)",
        Action::ReplaceCreateFirst => "replaced (created, then deleted)",
        Action::Delete => "deleted",
    }
}

impl<'a> Story<'a> {
    pub fn new(plan: &'a Plan, beside: &'a Beside) -> Self {
        let Beside { site, places, cost, .. } = beside;
        let details: Vec<_> = plan.steps.iter().map(|step| (step, notes::of(step, plan))).collect();
        let mut resources: Vec<Resource<'a>> = vec![];
        for (step, detail) in details.iter().filter(|(step, _)| step.action != Action::Noop) {
            let told = notes::told(step, detail, places, false);
            let creates = step.action == Action::Create;
            resources.push(Resource {
                step,
                address: visible(&step.address.to_string()).into_owned(),
                place: places.block(&step.address).map(str::to_owned),
                notes: notes(step, site.is_aws()),
                widens: detail.widens.clone(),
                entries: told
                    .changes
                    .iter()
                    .flat_map(|(detail, note)| entry(detail, note.as_deref(), creates))
                    .collect(),
                defaults: told.defaults,
            });
        }
        resources.sort_by_key(weight);
        let drift = details.iter().filter(|(step, _)| !step.drift.is_empty()).map(|(step, detail)| {
            let entries = detail.drift.iter().flat_map(|detail| entry(detail, None, false)).collect();
            (visible(&step.address.to_string()).into_owned(), entries)
        });
        let left = plan.steps.iter().filter(|step| step.action == Action::Noop);
        let summary = match plan.is_empty() {
            true => format!("no changes. {}", Tally::of(plan)),
            false => counted(plan, site.is_aws()),
        };
        Self {
            plan,
            site,
            summary,
            resources,
            drift: drift.collect(),
            gone: plan
                .gone
                .iter()
                .map(|gone| format!("{} ({}) does not exist any more", gone.address, gone.id))
                .collect(),
            ailing: plan.steps.iter().filter_map(notes::ailing).collect(),
            moves: plan.kept().map(|one| format!("{} is {} now", one.from, one.to)).collect(),
            left: left
                .flat_map(|step| {
                    step.deposed
                        .iter()
                        .map(move |id| format!("{} ({id}): left over from a replacement", step.address))
                })
                .collect(),
            outputs: plan.outputs.iter().flat_map(|output| entry(&of_output(output), None, false)).collect(),
            renames: plan.renames.iter().map(rename).collect(),
            bill: cost.as_ref().map(|cost| Bill::of(cost, site.local)).filter(|bill| bill.is_news),
        }
    }

    pub fn deletions(&self) -> impl Iterator<Item = &Resource<'a>> {
        self.resources.iter().filter(|one| one.step.action == Action::Delete)
    }

    pub fn replacements(&self) -> impl Iterator<Item = &Resource<'a>> {
        self.resources.iter().filter(|one| one.step.action.replaces())
    }

    pub fn widened(&self) -> impl Iterator<Item = &Resource<'a>> {
        self.resources.iter().filter(|one| !one.widens.is_empty())
    }
}

/// Deletions, replacements, what lets more through, updates, creates; what loses data before what does not.
fn weight(one: &Resource<'_>) -> (u8, bool, bool) {
    let action = match one.step.action {
        Action::Delete => 0,
        action if action.replaces() => 1,
        _ if !one.widens.is_empty() => 2,
        Action::Update => 3,
        _ => 4,
    };
    (action, !one.loses_data(), one.widens.is_empty())
}
