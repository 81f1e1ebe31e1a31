//! Every kind against independent emulators of the AWS APIs: moto (strict) and MiniStack (the local cloud).

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod alarm;
mod answers;
mod athena_workgroup;
mod bucket;
mod bucket_answers;
mod db_instance;
mod db_instance_changes;
mod db_instance_rename;
mod db_instance_roles;
mod db_instance_state;
mod db_instance_upgrades;
mod db_subnet_group;
mod deleted_principal;
mod emulator;
mod engine;
#[path = "../shared/environment.rs"]
mod environment;
mod eye;
mod foreign;
mod glue_database;
mod glue_table;
mod harness;
mod iam_role;
mod lambda_function;
mod lambda_invocation;
mod lambda_state;
mod log_group;
mod network;
mod network_answers;
mod permits;
mod preflight;
mod queue;
mod rds;
mod recorded;
mod requests;
mod retries;
mod schedule;
mod secret;
mod secret_answers;
#[path = "../shared/emulator.rs"]
mod started;
mod trigger;
mod watched;
