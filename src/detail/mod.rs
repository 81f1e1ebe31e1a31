//! What differs inside a change, leaf by leaf, and what a change of permissions lets through: pure values, from which every
//! rendering of a plan is made.

mod glob;
mod grant;
mod leaf;
mod likeness;
mod pairs;
mod phrase;
#[cfg(test)]
mod public_tests;
mod statement;
mod step;
#[cfg(test)]
mod tests;
mod traffic;
mod walk;
mod widening;

pub use leaf::{Detail, Leaf, Turn};
pub use step::StepDetail;
pub use walk::{detail, leaves, masked};
pub use widening::{Widening, widenings};
