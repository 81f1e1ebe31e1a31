use super::fields::Fields;
use super::overlay::Overlay;
use super::{Node, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// `[stack]` with the chosen target laid over. A value that is wrong or missing is None, and reported.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub name: Option<String>,
    pub region: Option<String>,
    pub account: Option<String>,
    /// Nobody said which account, as opposed to saying it wrongly.
    pub no_account: bool,
    pub state: String,
    /// Where that stands, if anywhere.
    pub state_at: Option<Span>,
}

const KEYS: [&str; 4] = ["name", "region", "state", "account"];

impl Header {
    pub(super) fn new(node: Option<&Node>, overlay: &Overlay, found: &mut Diagnostics) -> Self {
        let empty = Node::table(Span::default());
        let Some(node) = node else {
            found.push(Diagnostic::new(
                "stackctl::missing_key",
                "there is no `[stack]`",
                "Begin with `[stack]`, then `name = \"loans\"` and `region = \"eu-west-1\"`.",
            ));
            return Self { state: DEFAULT_STATE.to_owned(), ..Self::default() };
        };
        let fields = Fields::new(node, "[stack]", &KEYS, found);
        let node = if node.as_table().is_some() { node } else { &empty };
        let name = fields.text("name", found);
        if node.get("name").is_none() && node.as_table().is_some() {
            found.push(missing("name", "name = \"loans\"", node.span));
        }
        let region = overlay.region.clone().or_else(|| fields.text("region", found));
        if node.get("region").is_none() && overlay.region.is_none() {
            found.push(missing("region", "region = \"eu-west-1\"", node.span));
        }
        let account = overlay.account.clone().or_else(|| fields.text("account", found));
        let no_account = node.get("account").is_none() && overlay.account.is_none();
        let state = overlay.state.clone().or_else(|| fields.text("state", found));
        Self {
            name: name.and_then(|name| checked(name, is_stack_name, "a stack name", NAME_HELP, found)),
            region: region.and_then(|region| checked(region, is_region, "a region", REGION_HELP, found)),
            account: account.and_then(|id| checked(id, is_account, "an account", ACCOUNT_HELP, found)),
            no_account,
            state_at: state.as_ref().map(|(_, span)| *span),
            state: state
                .and_then(|state| checked(state, is_state, "a place for the state", STATE_HELP, found))
                .unwrap_or_else(|| DEFAULT_STATE.to_owned()),
        }
    }
}

const DEFAULT_STATE: &str = "state";
const NAME_HELP: &str = "Write up to 31 of `a-z`, `0-9` and `-`, a letter first.";
const REGION_HELP: &str = "Write it as AWS does, such as `eu-west-1`.";
const ACCOUNT_HELP: &str = "Write the 12 digits in quotes, such as `\"123456789012\"`.";
const STATE_HELP: &str = "Write a folder, such as `state`, or `s3://BUCKET/KEY`.";

fn missing(key: &str, line: &str, span: Span) -> Diagnostic {
    Diagnostic::new("stackctl::missing_key", format!("[stack] has no `{key}`"), format!("Add `{line}`."))
        .at(span, format!("needs `{key}`"))
}

fn checked(
    (text, span): (String, Span),
    fits: impl Fn(&str) -> bool,
    what: &str,
    help: &str,
    found: &mut Diagnostics,
) -> Option<String> {
    if fits(&text) {
        return Some(text);
    }
    found.push(
        Diagnostic::new("stackctl::wrong_value", format!("`{text}` is not {what}"), help)
            .at(span, "has another form"),
    );
    None
}

fn is_stack_name(text: &str) -> bool {
    text.len() <= 31
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// `eu-west-1`, `us-gov-east-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let letters = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase());
    match parts.as_slice() {
        [area, middle @ .., number] => {
            letters(area)
                && !middle.is_empty()
                && middle.iter().all(letters)
                && !number.is_empty()
                && number.chars().all(|c| c.is_ascii_digit())
        }
        _ => false,
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.chars().all(|c| c.is_ascii_digit())
}

fn is_state(text: &str) -> bool {
    match text.strip_prefix("s3://") {
        Some(rest) => rest.split_once('/').is_some_and(|(bucket, key)| !bucket.is_empty() && !key.is_empty()),
        None => !text.is_empty() && !text.contains("://"),
    }
}
