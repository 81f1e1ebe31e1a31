//! A plan in the shape of `terraform show -json`, for tools that judge such plans. Each kind says what its objects are to
//! Terraform's AWS provider: one file for each service.

mod access;
mod analytics;
mod buckets;
mod databases;
mod document;
mod functions;
mod kinds;
mod logs;
mod network;
mod piece;
mod queues;
mod references;
mod schedules;
mod secrets;
mod security;
#[cfg(test)]
mod tests;
mod values;

pub use document::show;
