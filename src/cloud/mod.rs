//! The way to AWS, or to an emulator of it: clients, naming, tags, errors.

mod aws;
mod bounds;
mod call;
mod clients;
mod connect;
mod doubt;
mod endpoint;
mod garbled;
mod layer;
pub mod naming;
mod once;
mod pages;
mod profiles;
mod proxies;
mod remedies;
pub mod tags;
mod throttle;
mod unreached;
mod warrant;
mod watch;
mod wire;

pub use aws::{Gone, Remedy, aws, built};
pub use call::Call;
pub use clients::Cloud;
pub use connect::{Destination, connect, http};
pub use doubt::{doubt, doubting, is_doubtful};
pub use layer::{Layer, Wrap};
pub use proxies::Proxies;
pub use remedies::remedy;
pub use unreached::Unreached;
pub use warrant::{Warrant, Warranted};
pub use wire::Wire;
