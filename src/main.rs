use std::{path::PathBuf, process::ExitCode};

use stackctl::local::{Layout, supervise};

/// `stackctl local supervise --folder PATH`, until the command line proper is here.
#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["local", "supervise", "--folder", folder] => match supervise(&Layout::new(PathBuf::from(folder)))
            .await
        {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                let _ = std::io::Write::write_all(&mut std::io::stderr(), format!("{error}\n").as_bytes());
                ExitCode::FAILURE
            }
        },
        _ => ExitCode::from(2),
    }
}
