use super::{Options, Source, Stack, parse};
use crate::{depth, limits};
use std::path::Path;

/// What `[stack]` and the chosen target say, if these two are right, whatever else the file has: for commands that go by the state
/// alone. The stack has no blocks then.
pub fn bare(path: &Path, options: &Options) -> Option<Stack> {
    let text = limits::text(limits::read(path, limits::STACK).ok()?).ok()?;
    if depth::too_deep(&text).is_some() {
        return None;
    }
    let mut file: toml::Table = text.parse().ok()?;
    file.retain(|name, _| name == "stack" || name == "targets");
    for (_, target) in file.get_mut("targets").and_then(toml::Value::as_table_mut).into_iter().flatten() {
        // What it changes of blocks and params belongs to what is left out.
        if let Some(target) = target.as_table_mut() {
            target.retain(|_, value| !value.is_table());
        }
    }
    let source = Source::new(path.display().to_string(), toml::to_string(&file).ok()?);
    let options = Options { target: options.target.clone(), ..Options::default() };
    let stack = parse(source, &options, &[]).ok()?;
    // Its places are not those of the file.
    Some(Stack { state_at: None, ..stack })
}
