//! The engine on a scripted cloud, in virtual time: plan, order, journal, waiting, retrying, settling.

mod apply;
mod crash;
mod order;
mod plan;
mod world;
