//! What a kind may ask of AWS, as IAM has it. Each kind says it beside its calls.
//!
//! Which resources and conditions an action knows: AWS's Service Authorization Reference
//! (<https://docs.aws.amazon.com/service-authorization/latest/reference/>), which a test holds against every declaration.

/// The IAM actions of each verb. Whoever creates, updates or deletes reads too, so `read` is not repeated in the others; it
/// holds what `find` needs, which settles what a dead run left.
#[derive(Debug, Clone, Copy)]
pub struct Actions {
    /// ARN of the object, as in [`Permit::on`]; empty where it has none of its own.
    pub arn: &'static str,
    pub read: &'static [Permit],
    pub create: &'static [Permit],
    pub update: &'static [Permit],
    pub delete: &'static [Permit],
}

impl Actions {
    pub const NONE: Self = Self { arn: "", read: &[], create: &[], update: &[], delete: &[] };
}

/// Actions on resources, and when.
#[derive(Debug, Clone, Copy)]
pub struct Permit {
    /// `sqs:CreateQueue`
    pub actions: &'static [&'static str],
    /// ARNs without `arn:PARTITION:`, or `*`. `{region}`, `{account}` and `{stack}` are those of the stack, `{attribute}`
    /// is what the block says, one ARN for each element of a list, and `*` where it says nothing; `={attribute}` is a whole ARN
    /// that the block names.
    pub on: &'static [&'static str],
    pub when: When,
    /// Needed only where this attribute is set, and has this value if one is named.
    pub only: Option<(&'static str, Option<&'static str>)>,
    /// Needed only where this attribute is not set.
    pub unless: Option<&'static str>,
    /// AWS asks for it while it carries out another call: why.
    pub along: Option<&'static str>,
}

/// The condition of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    Always,
    /// The request tags what it makes as this stack's.
    Tagged,
    /// The object carries the tag of this stack. Not asked of an object that the block names by its id, which is not of the
    /// stack.
    Ours,
    /// Tags that come with one of these creates, and say this stack.
    Creating(&'static [&'static str]),
    PassedTo(&'static str),
    /// The service-linked role of that service.
    LinkedTo(&'static str),
    /// Only while that service asks for the caller.
    Via(&'static str),
}

impl Permit {
    pub const fn on(actions: &'static [&'static str], on: &'static [&'static str]) -> Self {
        Self { actions, on, when: When::Always, only: None, unless: None, along: None }
    }

    pub const fn when(self, when: When) -> Self {
        Self { when, ..self }
    }

    pub const fn ours(self) -> Self {
        self.when(When::Ours)
    }

    pub const fn tagged(self) -> Self {
        self.when(When::Tagged)
    }

    pub const fn given(self, attribute: &'static str) -> Self {
        Self { only: Some((attribute, None)), ..self }
    }

    pub const fn only(self, attribute: &'static str, value: &'static str) -> Self {
        Self { only: Some((attribute, Some(value))), ..self }
    }

    pub const fn unless(self, attribute: &'static str) -> Self {
        Self { unless: Some(attribute), ..self }
    }

    pub const fn along(self, why: &'static str) -> Self {
        Self { along: Some(why), ..self }
    }
}
