//! The engine on a scripted cloud, in virtual time: plan, order, journal, waiting, retrying, settling.

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod ailing;
mod apply;
mod asleep;
mod attempts;
mod bounds;
mod bucket_state;
mod copies;
mod cost;
mod crash;
mod disturbed;
mod edges;
mod flicker;
mod identity;
mod ignored;
mod lost;
mod moves;
mod objects;
mod order;
mod owners;
mod parts;
mod plan;
mod quote;
mod refusals;
mod remote;
mod secrets;
mod silent;
mod throttled;
mod wire;
mod world;
