use super::check::told;
use super::fields::{Fields, plain, wrong_type};
use super::overlay::Overlay;
use super::{BucketPlace, Node, Span};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::facts;
use crate::schema::policy;

/// `[stack]` with the chosen target laid over. A value that is wrong or missing is None, and reported.
#[derive(Debug, Default)]
pub(super) struct Header {
    pub name: Option<String>,
    pub region: Option<String>,
    /// Where that stands.
    region_at: Option<Span>,
    pub account: Option<String>,
    /// Nobody said which account, as opposed to saying it wrongly.
    pub no_account: bool,
    pub state: String,
    /// Where that stands, if anywhere.
    pub state_at: Option<Span>,
    pub encryption: Vec<String>,
    /// What `${file(…)}` may read outside of the project's folder.
    pub files: Vec<String>,
    /// Values that AWS has and the tables of facts do not know yet.
    pub new: Vec<String>,
}

const KEYS: [&str; 7] = ["name", "region", "state", "account", "encryption", "files", "new"];

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
        let encryption = overlay.encryption.as_ref().or(fields.get("encryption").map(|entry| &entry.node));
        let files = fields.get("files").map(|entry| texts("files", "paths", &entry.node, found));
        let new = fields.get("new").map(|entry| texts("new", "values", &entry.node, found));
        let header = Self {
            region_at: region.as_ref().map(|(_, span)| *span),
            files: files.unwrap_or_default(),
            new: new.unwrap_or_default(),
            encryption: encryption.map(|node| recipients(node, found)).unwrap_or_default(),
            name: name.and_then(|name| checked(name, is_stack_name, "a stack name", NAME_HELP, found)),
            region: region.and_then(|region| checked(region, is_region, "a region", REGION_HELP, found)),
            account: account
                .and_then(|id| checked(id, policy::is_account, "an account", ACCOUNT_HELP, found)),
            no_account,
            state_at: state.as_ref().map(|(_, span)| *span),
            state: state
                .and_then(|state| checked(state, is_state, "a place for the state", STATE_HELP, found))
                .unwrap_or_else(|| DEFAULT_STATE.to_owned()),
        };
        // Another server than AWS has any region.
        let elsewhere = overlay.target.as_ref().is_some_and(|target| !target.is_aws());
        if let (Some(region), Some(at), false) = (&header.region, header.region_at, elsewhere) {
            header.known(region, at, found);
        }
        for (region, at) in &overlay.regions {
            header.known(region, *at, found);
        }
        header
    }

    /// Whether AWS has that region.
    fn known(&self, region: &str, at: Span, found: &mut Diagnostics) {
        if !is_region(region) {
            return;
        }
        let mistake = facts::region(region).and_then(|finding| told(finding, region, self));
        found.extend(mistake.map(|(mistake, reason)| mistake.at(at, reason)));
    }
}

const DEFAULT_STATE: &str = "state";
const NAME_HELP: &str = "Write up to 31 of `a-z`, `0-9` and `-`, a letter first.";
const REGION_HELP: &str = "Write it as AWS does, such as `eu-west-1`.";
const ACCOUNT_HELP: &str = "Write the 12 digits in quotes, such as `\"123456789012\"`.";
const STATE_HELP: &str = "Write a folder, such as `state`, or `s3://BUCKET/KEY`; behind that `?region=…`, `?sse=aws:kms` or \
    `?kms_key=ARN`, joined by `&`.";
const ENCRYPTION_HELP: &str = "Write it as `age-keygen` prints it: `\"age1…\"`, or several in a list. The secret key never stands here.";

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

fn texts(key: &str, what: &str, node: &Node, found: &mut Diagnostics) -> Vec<String> {
    let Some(items) = node.as_list() else {
        found.push(wrong_type(&format!("`{key}` of [stack]"), &format!("a list of {what}"), node));
        return vec![];
    };
    items.iter().filter_map(|item| Some(plain(&format!("`{key}`"), item, found)?.to_owned())).collect()
}

/// One public key of age, or several.
fn recipients(node: &Node, found: &mut Diagnostics) -> Vec<String> {
    let items = node.as_list().unwrap_or(std::slice::from_ref(node));
    let keys = items.iter().filter_map(|item| {
        let key = plain("`encryption`", item, found)?.to_owned();
        if key.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
            // Without its place, which would be shown with the secret.
            found.push(Diagnostic::new(
                "stackctl::wrong_value",
                "`encryption` holds a secret key",
                format!("{ENCRYPTION_HELP} Make a new pair: that one is in a file now."),
            ));
            return None;
        }
        checked((key, item.span), is_recipient, "a public key of age", ENCRYPTION_HELP, found)
    });
    keys.collect()
}

fn is_recipient(text: &str) -> bool {
    text.parse::<age::x25519::Recipient>().is_ok()
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

fn is_state(text: &str) -> bool {
    match BucketPlace::parse(text) {
        Some(place) => place.is_ok_and(|place| !place.bucket.is_empty() && !place.key.is_empty()),
        None => !text.is_empty() && !text.contains("://"),
    }
}
