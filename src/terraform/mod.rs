//! Terraform's words, and what to write here instead: for errors, and for `docs/from-terraform.md`; and a plan in its words, for
//! tools that read those.

mod attributes;
mod commands;
mod expressions;
mod flags;
mod hcl;
mod kinds;
mod page;
mod show;
mod word;

pub use attributes::attribute;
pub use commands::command;
pub use expressions::expression;
pub use flags::flag;
pub use hcl::{is_hcl, value};
pub use kinds::table;
pub use page::page;
pub use show::show;
pub use word::Word;
