//! Models: what they make of columns, how they are fitted, tuned and calibrated, and how they are kept.

pub mod boosted;
pub mod calibration;
pub mod encoder;
pub mod fitted;
pub mod lightgbm;
pub mod logistic;
pub mod model;
pub mod reference;
pub mod tuning;
