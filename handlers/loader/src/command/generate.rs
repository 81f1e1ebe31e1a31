//! `loader generate`.

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;

use crate::error::Error;
use crate::generate;

/// Write an invented loan file in the official layout.
///
/// The same rows and seed give the same bytes. Nothing in it is of a real person.
#[derive(Debug, clap::Args)]
pub struct Generate {
    /// How many loans.
    #[arg(long, value_name = "N")]
    rows: u64,

    /// Which ones.
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// File to write, instead of stdout.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Generate {
    /// Writes the file. A reader that has seen enough, as `head`, is no error.
    pub fn run(&self) -> Result<(), Error> {
        let written = match &self.output {
            Some(path) => {
                File::create(path).and_then(|mut file| generate::write(self.rows, self.seed, &mut file))
            }
            None => {
                let mut stdout = std::io::stdout().lock();
                generate::write(self.rows, self.seed, &mut stdout).and_then(|()| stdout.flush())
            }
        };
        match written {
            Err(error) if self.output.is_none() && error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other.map_err(Error::Write),
        }
    }
}
