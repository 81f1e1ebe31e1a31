//! What a plan costs a month, from facts with source and date: `facts/` has a file for each dimension. Pure.
//!
//! What is charged by use is said with its price and not summed; what has no fact for the region is said as not counted.

mod fact;
mod item;
mod plan;

pub use item::{ByUse, Cost, Part};
pub use plan::{PlanCost, StepCost, of_plan};
