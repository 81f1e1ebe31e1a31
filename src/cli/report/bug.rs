use super::note;
use super::style::Paint;

/// A panic: where, and what was said if that is a fixed text. Nothing else of it is printed, since it may hold inputs.
pub fn bug(at: &str, said: Option<&str>) {
    let said = said.map(|said| format!(": {said}")).unwrap_or_default();
    note(&format!(
        "{} this is a bug in stackctl {}: it stopped at {at}{said}",
        Paint::Bad.label("error:"),
        env!("CARGO_PKG_VERSION"),
    ));
    note(&format!(
        "{} Nothing is lost: what was in flight is in the journal, and the next command settles it.\n      \
         Please report the line above, and which command it was, where you got stackctl from. No value of\n      \
         stack.toml or of the environment is in it.",
        Paint::Good.label(" help:"),
    ));
}
