//! Every kind against independent emulators of the AWS APIs: moto (strict) and MiniStack (the local cloud).

#![expect(clippy::unwrap_used, reason = "helpers of tests are tests too")]

mod answers;
mod emulator;
mod harness;
mod lambda_function;
mod network;
mod network_answers;
mod trigger;
