use std::collections::BTreeMap;

/// What the command line and the environment say about a stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// `--target`: which of `[targets]` to lay over.
    pub target: Option<String>,
    /// `--set name=value`, in the order given.
    pub set: Vec<(String, String)>,
    /// `--set-file name=path`: name and content. Unlike what stands on the command line, nobody else sees it.
    pub set_file: Vec<(String, String)>,
    /// The environment; only `STACKCTL_PARAM_*` is looked at.
    pub env: BTreeMap<String, String>,
}
