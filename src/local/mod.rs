//! The local cloud: the AWS APIs (MiniStack) and real PostgreSQL servers on this machine, kept running by a background
//! process of stackctl itself.
//!
//! [`up`], [`status`], [`logs`] and [`down`] are its commands, [`supervise`] is the background process, and [`connect`]
//! gives the other commands its endpoint and the HTTP client that makes its databases real. Nothing here prints.

mod account;
mod admin;
mod answers;
mod authority;
mod client;
mod control;
mod databases;
mod down;
mod error;
mod form;
mod instances;
mod keeper;
mod keys;
mod layout;
mod lock;
mod logs;
mod managed;
mod ministack;
mod orphans;
mod port;
mod postgres;
mod process;
mod python;
mod quiet;
mod record;
mod server;
mod sign;
mod status;
mod supervisor;
mod template;
mod up;
mod venv;
mod workers;

pub use client::{Databases, LocalHttpClient};
pub use databases::Database;
pub use down::down;
pub use error::{Error, Result};
pub use keeper::PartState;
pub use keys::Keys;
pub use layout::Layout;
pub use logs::{logs, tail};
pub use quiet::quiet;
pub use record::Role;
pub use status::{Problem, Running, Status, SupervisorState, connect, keys, status};
pub use supervisor::{Gateway, supervise};
pub use up::{Progress, up};
pub use venv::MINISTACK_VERSION;
