//! From the text of a field to a typed value: what a loan's columns are, how their values are written in files, when two
//! of them are the same.

pub mod columns;
pub mod encoder;
pub mod key;
pub mod kind;
mod month;
mod number;
mod words;

pub use number::cents;
