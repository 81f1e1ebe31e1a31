//! What can go wrong below the command line.

use crate::veil::veiled;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Messages fit after "failed to …:" and say what to do where we know it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("the inputs do not fit the kind {kind}: {source}")]
    Inputs {
        kind: &'static str,
        #[source]
        source: serde_json::Error,
    },
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// Nobody answered at all.
    #[error(transparent)]
    Unreached(#[from] crate::cloud::Unreached),
    /// A rule of stackctl's own stops the operation; the text says which and the remedy.
    #[error("{}", veiled(.0))]
    Refused(String),
    /// Several objects carry the ownership tags of one address.
    #[error("{address} could be any of {}: all of them carry its ownership tags", .ids.join(", "))]
    Ambiguous { address: crate::address::Address, ids: Vec<String> },
    /// What was announced could not be made durable, so it was not done.
    #[error(transparent)]
    State(#[from] crate::state::StateError),
    /// A call was about to be made under a lock that may be another's by now.
    #[error("{because}; {}", if *begun { "whether the call that was under way has arrived is not known here" } else { "nothing was sent" })]
    Withheld {
        #[source]
        because: Box<Error>,
        /// Something of this attempt may have been sent before.
        begun: bool,
    },
    #[error("{context}: {source}")]
    Io {
        context: String,
        #[source]
        source: std::io::Error,
    },
}

impl Error {
    pub fn io(context: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let context = context.into();
        move |source| Self::Io { context, source }
    }

    /// AWS's error code, where the error came from AWS.
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Aws(error) => error.code.as_deref(),
            _ => None,
        }
    }

    /// Whether AWS answered with one of these error codes.
    pub fn is(&self, codes: &[&str]) -> bool {
        self.code().is_some_and(|code| codes.contains(&code))
    }
}

/// An AWS call that failed.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {}{}{}", veiled(.message), .code.as_deref().map(|c| format!(" ({c})")).unwrap_or_default(), .request_id.as_deref().map(|r| format!(", request {r}")).unwrap_or_default())]
pub struct AwsError {
    /// `service:Operation`, as in IAM policies.
    pub operation: &'static str,
    /// The service's error code; none if no answer arrived.
    pub code: Option<String>,
    /// AWS quotes in it what it refuses: for people it is without secrets.
    pub message: String,
    pub request_id: Option<String>,
    /// HTTP status, where an answer arrived.
    pub status: Option<u16>,
}
