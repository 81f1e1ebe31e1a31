use super::word::{Word, find, word};

/// What to write instead of an argument with a single dash, such as `-auto-approve` or `-var-file=x`; nothing for what
/// Terraform does not know either.
pub fn flag(argument: &str) -> Option<&'static str> {
    let name = argument.strip_prefix('-')?.split('=').next()?;
    find(&FLAGS, name)
}

pub(super) const FLAGS: [Word; 27] = [
    word("auto-approve", "`--auto-approve`."),
    word("backend-config", "The place of the state stands in `stack.toml`: `state = \"s3://BUCKET/KEY\"`."),
    word("chdir", "`--file FOLDER`."),
    word("compact-warnings", "Warnings are short already; leave it away."),
    word("destroy", "`stackctl destroy`; to see it first, answer `no`."),
    word("detailed-exitcode", "`--detailed-exitcode`."),
    word("exclude", "`--exclude ADDRESS`."),
    word("force", "`--auto-approve`; what holds data needs `--allow-data-loss ADDRESS`."),
    word(
        "generate-config-out",
        "There is no import. `stackctl state recover --from-tags` takes in what has the tags of this stack.",
    ),
    word("input", "Nothing asks where there is no terminal; leave it away."),
    word("json", "`--json`."),
    word("lock", "A lock is always taken; leave it away."),
    word("lock-timeout", "`--lock-timeout SECONDS`."),
    word("migrate-state", "`stackctl state migrate --to PLACE`."),
    word("no-color", "`NO_COLOR=1` in the environment; a pipe gets no colours."),
    word("out", "`--out FILE`."),
    word("parallelism", "`--parallelism N`."),
    word("raw", "`stackctl output NAME` prints one value as it is."),
    word("reconfigure", "`stackctl state migrate --to PLACE` moves the state."),
    word("refresh", "`--refresh=false`."),
    word(
        "refresh-only",
        "`stackctl plan` shows what was changed outside; `stackctl apply` puts it right. Nothing takes it over into the state alone.",
    ),
    word("replace", "`--replace ADDRESS`."),
    word("state", "The place of the state stands in `stack.toml`: `state = \"FOLDER\"`."),
    word("target", "`--only ADDRESS` works on a part; `--target NAME` says where to."),
    word("upgrade", "Nothing is to be upgraded: there are no providers."),
    word("var", "`--set NAME=VALUE`."),
    word(
        "var-file",
        "Values for a place stand in `stack.toml`: `[targets.NAME]` with `params = { … }`; in the environment: `STACKCTL_PARAM_NAME`.",
    ),
];
