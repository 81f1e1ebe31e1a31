use crate::config::Stack;
use crate::diagnostic::{Diagnostic, Diagnostics, Label, Severity};
use serde_json::{Value as Json, json};

/// What `validate --json` prints; `docs/validate.md` says what is in it. `file` is the file that was read, `stack` none where
/// it has mistakes.
pub fn mistakes_json(file: &str, stack: Option<&Stack>, found: &Diagnostics) {
    super::document(&format!("{:#}", verdict(file, stack, found)));
}

fn verdict(file: &str, stack: Option<&Stack>, found: &Diagnostics) -> Json {
    let of = |severity: Severity| -> Vec<Json> {
        found.iter().filter(|one| one.severity == severity).map(mistake).collect()
    };
    json!({
        "format": 1,
        "file": file,
        "valid": !found.has_errors(),
        "stack": stack.map(|stack| &stack.name),
        "target": stack.and_then(|stack| stack.target.as_ref()).map(|target| &target.name),
        "resources": stack.map(|stack| stack.blocks.len()),
        "mistakes": of(Severity::Error),
        "warnings": of(Severity::Warning),
    })
}

fn mistake(found: &Diagnostic) -> Json {
    json!({
        "code": found.code,
        "message": found.message,
        "help": found.help,
        "place": found.labels.first().map(|label| place(found, label)),
        "others": found.labels.iter().skip(1).map(|label| place(found, label)).collect::<Vec<_>>(),
    })
}

fn place(found: &Diagnostic, label: &Label) -> Json {
    let source = found.source.as_deref();
    let position = |offset: usize| source.map_or((1, 1), |source| source.position(offset));
    let ((line, column), (end_line, end_column)) = (position(label.span.start), position(label.span.end));
    json!({
        "file": source.map(|source| &source.name),
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "start": label.span.start,
        "end": label.span.end,
        "why": label.text,
    })
}
