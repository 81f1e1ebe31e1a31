//! Terraform's words, and what to write here instead: for errors, and for `docs/from-terraform.md`.

mod attributes;
mod commands;
mod expressions;
mod flags;
mod hcl;
mod kinds;
mod page;
mod word;

pub use attributes::attribute;
pub use commands::command;
pub use expressions::expression;
pub use flags::flag;
pub use hcl::{is_hcl, value};
pub use kinds::table;
pub use page::page;
pub use word::Word;
