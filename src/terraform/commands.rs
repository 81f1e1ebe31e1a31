use super::word::{Word, find, word};

/// What to do instead of `terraform WORD`.
pub fn command(word: &str) -> Option<&'static str> {
    find(&COMMANDS, word)
}

/// Commands that stackctl has not; those of the same name (`plan`, `apply`, `output`, …) do the same.
pub(super) const COMMANDS: [Word; 20] = [
    word(
        "console",
        "There is no console. `stackctl validate` checks every reference, `stackctl output` prints what was applied.",
    ),
    word("fmt", "There is no formatter. A TOML formatter of your editor does it; stackctl does not care."),
    word(
        "force-unlock",
        "`stackctl lock status` says who has the lock, `stackctl unlock` takes it from a run that died.",
    ),
    word("get", "Nothing is to be fetched: there are no modules."),
    word("graph", "`stackctl plan --format html` draws what changes and what depends on it."),
    word(
        "import",
        "There is no import. Give the object the tags `stackctl:stack` and `stackctl:address`; `stackctl state recover --from-tags` takes it in, and the next plan shows what differs.",
    ),
    word(
        "login",
        "No account is needed. State goes to a folder or a bucket: `state = \"s3://BUCKET/KEY\"` in `[stack]`.",
    ),
    word("logout", "No account is needed; AWS credentials are your own, by profile or environment."),
    word("metadata", "`stackctl schema` prints every kind with its attributes."),
    word("modules", "There are no modules. Resources that are alike are one block with `for_each`."),
    word("move", "`stackctl state mv OLD NEW`."),
    word("providers", "There are no providers: AWS and the local cloud are built in."),
    word(
        "refresh",
        "`stackctl plan` reads what is there each time and shows what was changed outside; `stackctl apply` puts it right.",
    ),
    word("rm", "`stackctl state rm ADDRESS`."),
    word("stacks", "A stack is one `stack.toml`; `--target NAME` says where to."),
    word("taint", "`stackctl apply --replace ADDRESS` replaces it; there is no mark that stays."),
    word(
        "test",
        "There is no test command. `stackctl local up` and `stackctl apply --target local` try a stack on this machine.",
    ),
    word("untaint", "There is no mark to take away: `--replace ADDRESS` counts for one command."),
    word("version", "`stackctl --version`."),
    word(
        "workspace",
        "Places are tables of `stack.toml`: `[targets.dev]`, `[targets.prod]`; `--target dev` chooses, each with a state of its own.",
    ),
];
