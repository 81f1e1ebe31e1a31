//! What a panic looks like: a bug, said as one, without a word of what stackctl was working on.

use super::report;

/// The exit code of a bug.
const BUG: i32 = 70;

/// From now on a panic anywhere ends the process, as `kill -9` would: the journal has what was in flight.
///
/// Not for the supervisor of the local cloud, whose other tasks go on.
pub fn begin(ends: bool) {
    std::panic::set_hook(Box::new(move |info| {
        let at = info.location().map_or_else(
            || "an unknown place".to_owned(),
            |at| format!("{}:{}:{}", at.file(), at.line(), at.column()),
        );
        // A text that was put together may contain anything.
        report::bug(&at, info.payload().downcast_ref::<&'static str>().copied());
        if ends {
            std::process::exit(BUG);
        }
    }));
}
