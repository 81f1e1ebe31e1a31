//! `stack.toml`: from text to a validated [`Stack`] in which every value knows where it stands.

mod blocks;
mod check;
mod document;
mod editor;
mod fields;
mod for_each;
mod header;
mod lifecycle;
mod load;
mod node;
mod options;
mod outputs;
mod overlay;
mod param;
mod params;
mod read;
mod resolve;
mod scan;
mod scope;
mod source;
mod span;
mod stack;
mod tags;
mod target;
mod template;

pub use editor::json_schema;
pub use load::{load, parse};
pub use node::{Entry, Found, Node, Value, join};
pub use options::Options;
pub use param::{Origin, Param, ParamType};
pub use resolve::Resolved;
pub use source::Source;
pub use span::Span;
pub use stack::{Block, Lifecycle, Output, Stack, Use};
pub use target::Target;
pub use template::{Part, Template};
