use crate::dice::Dice;
use crate::process::text;
use crate::project::Project;
use crate::row::Row;
use crate::stack::{Harbour, RESOURCES};
use std::process::Command;
use std::time::{Duration, Instant};

/// Applies, edits and destroys of the harbour, each disturbed, and what is to come of it.
pub struct Campaign<'a> {
    pub project: &'a Project,
    pub row: &'a Row,
    pub dice: Dice,
    pub harbour: Harbour,
    /// How long the command takes that is disturbed now, undisturbed.
    pub span: Duration,
    /// Where commands may fail for what is done to them, they are given again.
    pub good_days: bool,
    /// Told before it is looked what came of it, and afterwards: what disturbs every command leaves that alone.
    pub looking: Box<dyn Fn(bool) + 'a>,
}

/// What is done to a command, such as ending it; it counts itself. It may leave something to be ended after the next
/// command.
pub type Blow<'a> = dyn FnMut(&mut Campaign<'_>, Command) + 'a;

impl<'a> Campaign<'a> {
    pub fn new(project: &'a Project, row: &'a Row, dice: Dice, harbour: Harbour) -> Self {
        Self { project, row, dice, harbour, span: Duration::ZERO, good_days: true, looking: Box::new(|_| ()) }
    }

    /// Until something is wrong: what follows would say nothing.
    pub fn run(&mut self, cycles: usize, blow: &mut Blow<'_>, after: &dyn Fn(&Project, &Row)) {
        let Some((up, down)) = self.rehearse() else { return };
        for cycle in 0..cycles {
            let when = format!("cycle {cycle}");
            self.span = up;
            if self.project.state().is_some() {
                self.harbour.edit(&mut self.dice);
                self.project.write(&self.harbour.text());
                // Less is to be done.
                self.span = up.mul_f64(0.6);
            }
            for _ in 0..=self.dice.below(2) {
                blow(self, self.project.apply());
            }
            let settled =
                self.insist(Project::apply) && self.look(|| self.project.is_settled(self.row, &when));
            self.row.cycle();
            if !settled {
                return;
            }
            after(self.project, self.row);
            if self.dice.chance(35) || cycle + 1 == cycles {
                self.span = down;
                if self.dice.chance(80) {
                    blow(self, self.project.destroy());
                }
                let left = || self.row.judge_left(&when, &self.project.verdict());
                if !self.insist(Project::destroy) || !self.look(left) {
                    return;
                }
            }
        }
    }

    fn insist(&self, command: fn(&Project) -> Command) -> bool {
        self.project.insist(self.row, &|| command(self.project), self.good_days)
    }

    fn look(&self, look: impl Fn() -> bool) -> bool {
        (self.looking)(true);
        let found = look();
        (self.looking)(false);
        found
    }

    /// An apply and a destroy that nobody hurts: how long they take.
    fn rehearse(&mut self) -> Option<(Duration, Duration)> {
        let begun = Instant::now();
        if !self.insist(Project::apply) {
            return None;
        }
        let up = begun.elapsed();
        let count = self.project.state()?["resources"].as_object()?.len();
        assert_eq!(count, RESOURCES + usize::from(self.harbour.database), "the stack is another one");
        if !self.look(|| self.project.is_settled(self.row, "before any attack")) {
            return None;
        }
        let begun = Instant::now();
        self.insist(Project::destroy).then(|| (up, begun.elapsed()))
    }
}

/// A command that was not hurt after all must have gone well.
pub fn unhurt(row: &Row, output: &std::process::Output) {
    if output.status.code().is_some_and(|code| code != 0) {
        row.fail(format!("not hurt, and yet {}\n{}", output.status, text(output)));
    }
}
