//! What can go wrong on the way, and what to do about it.

/// Everything that keeps a handler from its database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection to Postgres.
    #[error("failed to connect to Postgres at {address}: {}; {remedy}", chain(source))]
    Connect {
        /// Host, port, database and user, without the password.
        address: String,
        /// Why.
        source: tokio_postgres::Error,
        /// What to check.
        remedy: &'static str,
    },
    /// The connection was made and cannot be used.
    #[error("failed to set up the session: {}", chain(.0))]
    Session(tokio_postgres::Error),
    /// The password could not be fetched.
    #[error("failed to read the database password from secret {arn}: {message}")]
    Secret {
        /// ARN or name of the secret.
        arn: String,
        /// Why.
        message: String,
    },
    /// An environment variable or argument is missing or wrong.
    #[error("{name} {problem}")]
    Setting {
        /// Name of the variable or argument.
        name: &'static str,
        /// What is wrong, and what it should be.
        problem: String,
    },
}

/// An error with its causes on one line; some libraries leave the cause out of their own message.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        if !message.contains(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    message
}
