//! `stack.toml`: from text to a validated [`Stack`] in which every value knows where it stands.

mod node;
mod options;
mod param;
mod resolve;
mod source;
mod span;
mod stack;
mod target;
mod template;

pub use node::{Entry, Found, Node, Value, join};
pub use options::Options;
pub use param::{Origin, Param, ParamType};
pub use resolve::Resolved;
pub use source::Source;
pub use span::Span;
pub use stack::{Block, Lifecycle, Output, Stack, Use};
pub use target::Target;
pub use template::{Part, Template};
