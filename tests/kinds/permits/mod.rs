//! What kinds declare of IAM: that it is all they call, that AWS knows it so, and that it is enough and not too much.

mod allowed;
mod declared;
mod lives;
mod quirks;
mod reference;
mod stack;

pub use allowed::{cloud, root, user};
