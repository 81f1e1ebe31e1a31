//! How well predictions do on loans that no model has seen: measures, the noise in them, and what makes one suspicious.

pub mod bootstrap;
pub mod comparison;
pub mod contest;
pub mod curve;
pub mod duel;
pub mod evaluation;
pub mod guard;
pub mod importance;
pub mod lift;
pub mod measure;
pub mod ranking;
