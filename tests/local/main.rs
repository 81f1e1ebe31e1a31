//! The local cloud, against the real thing: MiniStack, PostgreSQL, processes and signals.

mod databases;
mod functions;
mod life;
mod world;
