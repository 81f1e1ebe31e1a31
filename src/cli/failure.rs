use crate::cloud::remedy;
use crate::diagnostic::Diagnostics;
use crate::error::Error;
use crate::local;
use crate::package;
use crate::state::StateError;
use std::process::ExitCode;

/// What a command that went well ends with.
pub type Outcome<T = Exit> = Result<T, Failure>;

/// How a process ends; the numbers are part of the interface.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    Failed,
    Usage,
    ChangesPending,
    PartlyApplied,
    Locked,
    Interrupted,
}

impl Exit {
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::ChangesPending => 3,
            Self::PartlyApplied => 4,
            Self::Locked => 5,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("stack.toml has mistakes")]
    Config(Diagnostics),
    #[error(transparent)]
    State(#[from] StateError),
    #[error(transparent)]
    Local(#[from] local::Error),
    #[error(transparent)]
    Package(#[from] package::Error),
    #[error("{context}: {source}")]
    Cloud {
        context: String,
        #[source]
        source: Error,
    },
    /// A mistake of the user, or a rule that stops the command; with what to do.
    #[error("{message}")]
    User { message: String, help: String },
    /// A command line that means nothing, or two things.
    #[error("{message}")]
    Usage { message: String, help: String },
    #[error("interrupted")]
    Interrupted,
}

impl Failure {
    pub fn user(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::User { message: message.into(), help: help.into() }
    }

    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage { message: message.into(), help: help.into() }
    }

    /// Says what was being done when the error came.
    pub fn while_doing(context: impl Into<String>) -> impl FnOnce(Error) -> Self {
        let context = context.into();
        move |source| Self::Cloud { context, source }
    }

    pub fn io(context: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let context = context.into();
        move |source| {
            Self::user(format!("{context}: {source}"), "Check the path, its permissions and the disk.")
        }
    }

    pub fn exit(&self) -> Exit {
        match self {
            Self::State(StateError::Locked { .. }) => Exit::Locked,
            Self::Interrupted => Exit::Interrupted,
            Self::Usage { .. } => Exit::Usage,
            Self::Config(_)
            | Self::State(_)
            | Self::Local(_)
            | Self::Package(_)
            | Self::Cloud { .. }
            | Self::User { .. } => Exit::Failed,
        }
    }

    /// AWS's code, where the error came from AWS.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Cloud { source, .. } => source.code(),
            Self::State(StateError::Objects { source, .. }) => source.code(),
            _ => None,
        }
    }

    /// What to do, where the message does not say it already.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::User { help, .. } | Self::Usage { help, .. } if !help.is_empty() => Some(help),
            Self::Cloud { source, .. } => cloud_help(source),
            Self::State(StateError::Objects { source, .. }) => cloud_help(source),
            _ => None,
        }
    }
}

fn cloud_help(error: &Error) -> Option<&str> {
    if let Error::Unreached(unreached) = error {
        return Some(&unreached.help);
    }
    match error.code() {
        Some("NoSuchBucket") => Some(
            "Create the bucket of the state once, by hand, and turn its versioning on: `aws s3api create-bucket`, \
             `aws s3api put-bucket-versioning`. It must outlive every stack whose state is in it.",
        ),
        Some(code) if remedy(code).is_some() => remedy(code),
        _ if error.to_string().contains("credentials") => {
            Some("Set AWS_PROFILE or `profile` in [targets.NAME]. Without an AWS account: --target local.")
        }
        _ => None,
    }
}
