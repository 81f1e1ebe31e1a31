use crate::address::Address;
use crate::config::Stack;
use crate::error::Error;
use serde::Serialize;

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Check {
    Permissions,
    Names,
    Offers,
    Quotas,
    Binaries,
    Notifications,
}

impl Check {
    pub const ALL: [Self; 6] =
        [Self::Permissions, Self::Names, Self::Offers, Self::Quotas, Self::Binaries, Self::Notifications];

    pub fn words(self) -> &'static str {
        match self {
            Self::Permissions => "permissions",
            Self::Names => "names",
            Self::Offers => "versions and classes",
            Self::Quotas => "quotas",
            Self::Binaries => "binaries",
            Self::Notifications => "notifications",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// An apply would fail.
    Wrong,
    /// An apply may fail.
    Doubtful,
    /// It could not be asked: why is in the message.
    NotChecked,
}

/// One thing that was found, or could not be looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    pub verdict: Verdict,
    pub check: Check,
    /// None: the stack as a whole.
    #[serde(serialize_with = "shown")]
    pub address: Option<Address>,
    /// `stack.toml:12:1`
    pub place: Option<String>,
    pub message: String,
    /// What to do.
    pub remedy: String,
}

fn shown<S: serde::Serializer>(address: &Option<Address>, serializer: S) -> Result<S::Ok, S::Error> {
    address.as_ref().map(ToString::to_string).serialize(serializer)
}

impl Finding {
    pub fn new(
        verdict: Verdict,
        check: Check,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { verdict, check, address: None, place: None, message: message.into(), remedy: remedy.into() }
    }

    /// Of this block.
    #[must_use]
    pub fn of(self, stack: &Stack, address: &Address) -> Self {
        let span = stack.blocks.get(address).map(|block| block.span);
        Self { address: Some(address.clone()), place: span.map(|span| stack.source.place(span)), ..self }
    }

    /// A question that was refused or not answered stops nothing.
    pub fn unasked(check: Check, error: &Error) -> Self {
        let denied = error.code().is_some_and(is_denial);
        let remedy = match denied {
            true => "An apply does not need this permission; with it, preflight can look.",
            false => "",
        };
        Self::new(Verdict::NotChecked, check, error.to_string(), remedy)
    }
}

/// The codes with which AWS says that one may not ask.
pub fn is_denial(code: &str) -> bool {
    ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "Forbidden"]
        .contains(&code)
}
