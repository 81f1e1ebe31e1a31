//! What can only be said once the whole file is read.

mod asked;
mod cycle;
mod derived;
mod facts;
mod fit;
mod forgotten;
mod inputs;
mod inside;
mod lookalike;
mod references;
mod sensitive;
mod size;
mod twins;
mod world;

pub(super) use asked::asked;
pub(super) use cycle::cycles;
pub(super) use derived::derived;
pub(super) use facts::{facts, told};
pub(super) use forgotten::Forgotten;
pub(super) use inputs::inputs;
pub(super) use inside::inside;
pub(super) use references::references;
pub(super) use sensitive::outputs;
pub(super) use size::{links, sizes};
pub(super) use twins::twins;
pub(super) use world::World;
