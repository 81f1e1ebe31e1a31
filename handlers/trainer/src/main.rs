//! The program.

use std::process::ExitCode;

fn main() -> ExitCode {
    trainer::command::main()
}
