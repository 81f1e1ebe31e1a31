use super::kinds;
use super::word::{Word, find, word};

/// What to write instead of `${TEXT}`.
pub fn expression(text: &str) -> Option<String> {
    let text = text.trim();
    if let Some(name) = text.strip_prefix("var.") {
        return Some(format!("Params are `${{param.{name}}}` here."));
    }
    if let Some(rest) = text.strip_prefix("aws_") {
        let (theirs, rest) = rest.split_once('.').unwrap_or((rest, "NAME"));
        let rest = if rest.contains('.') { rest.to_owned() } else { format!("{rest}.ATTRIBUTE") };
        return Some(match kinds::kind(theirs) {
            Some(kind) => format!("Write `${{{kind}.{rest}}}`: kinds have no prefix here."),
            None => kinds::table(theirs)?.to_owned(),
        });
    }
    if let Some((call, _)) = text.split_once('(')
        && !call.is_empty()
        && call.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    {
        return Some(find(&FUNCTIONS, call).unwrap_or(FUNCTION).to_owned());
    }
    if text.contains(" ? ") || text.contains('?') && text.contains(':') {
        return Some(CONDITION.to_owned());
    }
    let head = text.split(['.', '[']).next()?;
    find(&EXPRESSIONS, head).map(str::to_owned)
}

const FUNCTION: &str = "The only function is `${file(PATH)}`. Write the value out, or give it as a param: `[targets.NAME] params`.";
const CONDITION: &str = "There are no conditions. A param that differs between `[targets.NAME]` says which value; a block \
    with `for_each = \"${param.NAME}\"` and an empty list is not made at all.";

pub(super) const EXPRESSIONS: [Word; 9] = [
    word("count", "There is no `count`: `for_each` names its objects, and `${each.key}` is the name."),
    word(
        "data",
        "Nothing is looked up. Write the id or the ARN into a param: `${param.NAME}`; the account is `${stack.account}`, the region `${stack.region}`.",
    ),
    word("local", "There are no locals: a param with a `default` is one, `${param.NAME}`."),
    word("module", "There are no modules. Refer to the resource itself: `${KIND.NAME.ATTRIBUTE}`."),
    word("path", "Paths start in the folder of `stack.toml`; leave it away."),
    word("self", "Write the address out: `${KIND.NAME.ATTRIBUTE}`."),
    word(
        "terraform",
        "The stack is `${stack.name}`; a value that differs between places is a param of `[targets.NAME]`.",
    ),
    word("var", "Params are `${param.NAME}` here."),
    word("aws_…", "Kinds have no prefix here: `${bucket.loans.arn}`."),
];

pub(super) const FUNCTIONS: [Word; 9] = [
    word(
        "cidrsubnet",
        "There is no arithmetic on networks. Write them out, one for each key: `for_each = { a = \"10.0.0.0/24\", b = \"10.0.1.0/24\" }`.",
    ),
    word("file", "`${file(PATH)}`, without quotes around the path."),
    word(
        "filebase64",
        "`${file(PATH)}` reads text. A function's code is `source` or `artifact`, its other files are `files`.",
    ),
    word("format", "Put references into the text: `\"${stack.name}-logs\"`."),
    word(
        "join",
        "Put references into the text, `\"${param.a},${param.b}\"`, or use a list where the attribute takes one.",
    ),
    word(
        "jsonencode",
        "Policies are tables of TOML: `[[bucket.loans.policy.Statement]]`. A policy in a file is `${file(policy.json)}`.",
    ),
    word("lookup", "`${param.NAME.KEY}` goes into a table."),
    word("templatefile", "`${file(PATH)}` reads the text as it is; values go into `environment`."),
    word("toset", "`for_each` takes a list as it is."),
];
