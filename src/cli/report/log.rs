use crate::folder;
use crate::visible::visible;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use tracing_subscriber::fmt::MakeWriter;

/// Where the lines of the log go: a file that is the user's alone, or stderr.
pub enum LogWriter {
    File(Arc<File>),
    Stderr,
}

/// Opens the file to append to it.
pub fn log_writer(file: Option<&Path>) -> io::Result<LogWriter> {
    Ok(match file {
        Some(path) => {
            // `/dev/stderr` is a link, and nobody's but the system's.
            let of_system = path.starts_with("/dev") || path.starts_with("/proc");
            let file = match of_system {
                true => File::options().append(true).open(path)?,
                false => {
                    let (folder, name) = folder::named(path)?;
                    folder.append(name, 0o600)?
                }
            };
            LogWriter::File(Arc::new(file))
        }
        None => LogWriter::Stderr,
    })
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Box<dyn Write + 'a>;

    fn make_writer(&'a self) -> Self::Writer {
        match self {
            Self::File(file) => Box::new(Visible(file.as_ref())),
            Self::Stderr => Box::new(Visible(io::stderr())),
        }
    }
}

/// Each write is one line of the log; whatever else is in it is made visible, in a file too: somebody will print it.
struct Visible<W>(W);

impl<W: Write> Write for Visible<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let (line, end) = text.strip_suffix('\n').map_or((text.as_ref(), ""), |line| (line, "\n"));
        self.0.write_all(format!("{}{end}", visible(line)).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
