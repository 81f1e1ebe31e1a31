//! `stack.toml` as a user writes it, from text to a stack or to everything that is wrong with it.

mod cycle;
mod damage;
mod editor;
mod facts;
mod files;
mod fixture;
mod for_each;
mod forgotten;
mod inputs;
mod limits;
mod mistakes;
mod names;
mod never_panics;
mod overlay;
mod params;
mod references;
mod resolve;
