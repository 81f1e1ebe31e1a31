//! The event that invokes the function.

use access::event;
use serde_json::Value;

use crate::error::Error;
use crate::source::Source;

/// What an event is about.
#[derive(Debug, Default)]
pub struct Found {
    /// The files, each once, in order.
    pub sources: Vec<Source>,
    /// What is wrong with records that cannot be understood. One of them must not keep the others of its batch from being
    /// loaded.
    pub unknown: Vec<Error>,
}

/// The files that an event is about.
pub fn sources(event: &Value) -> Found {
    let event::Found { objects, unknown } = event::objects(event);
    let source = |event::Object { bucket, key }| Source::S3 { bucket, key };
    Found {
        sources: objects.into_iter().map(source).collect(),
        unknown: unknown.into_iter().map(Error::Event).collect(),
    }
}
