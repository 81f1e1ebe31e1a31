//! The two streams. Nothing else writes to them.

use super::screen::aside;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

/// The first error of a write, if there was one: a full disk behind a log is no reason to stop an apply in its midst.
static LOST: Mutex<Option<String>> = Mutex::new(None);

/// To stdout. The text is fit for it already.
pub fn line(text: &str) {
    note(aside(|| writeln!(io::stdout().lock(), "{text}")));
}

/// To stderr.
pub fn error_line(text: &str) {
    note(aside(|| writeln!(io::stderr().lock(), "{text}")));
}

/// To stderr, to be answered in the same line.
pub fn question(text: &str) {
    note(aside(|| {
        let mut stderr = io::stderr().lock();
        write!(stderr, "{text} ").and_then(|()| stderr.flush())
    }));
}

/// Who has read enough (`| head`), or went away, misses nothing.
fn note(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        LOST.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error.to_string());
    }
}

/// Why something was not printed. stdout keeps back what it has until here.
pub fn lost() -> Option<String> {
    note(io::stdout().lock().flush());
    LOST.lock().unwrap_or_else(PoisonError::into_inner).clone()
}
