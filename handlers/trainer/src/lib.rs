//! Trains, evaluates and keeps models of loan default.

pub mod command;
pub mod database;
pub mod dataset;
pub mod error;
pub mod judge;
pub mod learn;
pub mod log;
pub mod month;
pub mod place;
pub mod read;
pub mod registry;
pub mod report;
pub mod run;
pub mod split;
pub mod store;
