//! What a stack needs of IAM: the least that lets it be planned, applied and destroyed, from what its kinds declare.
//!
//! Made offline, of `stack.toml` alone: names that stand there, or are derived from it, appear in the ARNs; what only AWS
//! knows becomes a pattern, with a condition on the stack's tag where the service knows one.

mod arn;
mod condition;
mod document;
mod need;
mod purpose;
mod tool;

pub use document::{Document, LIMIT, Statement, documents, statements};
pub use need::{By, Need, needs, needs_of_kind};
pub use purpose::{Purpose, Verb};
