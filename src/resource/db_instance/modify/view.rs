use crate::resource::db_instance::{Inputs, live};
use aws_sdk_rds::types::DbInstance as Found;

/// What RDS has, as it counts for a request.
pub(super) struct View {
    /// What is there or on its way.
    pub there: Inputs,
    /// What runs, where what is on its way shall not wait: RDS is told again, now.
    pub running: Option<Inputs>,
}

impl View {
    pub fn of(found: &Found, after: &Inputs) -> Self {
        let at_once = after.apply_immediately != Some(false);
        Self { there: live::inputs(found), running: at_once.then(|| live::running(found)) }
    }

    /// Whether RDS has it already, and nothing that it waits for would change that.
    pub fn has<T: PartialEq>(&self, wanted: &T, of: impl Fn(&Inputs) -> T) -> bool {
        of(&self.there) == *wanted && self.running.as_ref().is_none_or(|running| of(running) == *wanted)
    }

    /// The same for what nobody has an opinion about where it is unset.
    pub fn has_any<T: PartialEq>(&self, wanted: &Option<T>, of: impl Fn(&Inputs) -> Option<T>) -> bool {
        wanted.is_none() || self.has(wanted, of)
    }
}
