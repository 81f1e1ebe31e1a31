//! The program: a Lambda function where the Lambda runtime started it, a command elsewhere.

use std::process::ExitCode;

fn main() -> ExitCode {
    loader::command::main()
}
